INSERT INTO zone_quota (zone, timeslot, waybills, dry_l, frozen_l, weight_kg) VALUES ('Z1', 'AM', 1, 20, 5, 9);

INSERT INTO truck_type (truck_type, max_weight_kg, max_stops, cost, profiles) VALUES ('VAN', 9, 1, 100, 'dry=20,frozen=5');

INSERT INTO truck_pool (depot, timeslot, truck_type, trucks) VALUES ('N', 'AM', 'VAN', 1);

INSERT INTO route_template (template, depot, zone, timeslot, sku_class, default_truck_type, waybill_quota) VALUES ('T1', 'N', 'Z1', 'AM', 'mixed', 'VAN', 1);

INSERT INTO import_file (id, kind, source, sequence, repair, file_name, size_bytes, state, fence, offset_bytes, offset_lines, lines_total, orders_accepted, orders_duplicate, orders_rejected, started_at) VALUES (x'F1', 'order', 'shop', 1, 0, 'order-shop-1.tsv', 9, 'DONE', 1, 9, 4, 4, 1, 0, 0, '2025-03-10');

INSERT INTO inbox (consumer, sender, message_id, body_hash, outcome, code, aggregate, version, settled_at) VALUES
('order-intake', 'dray-hotfolder-ingest', x'A1', x'00', 'applied', 'APPLIED', 'shop/7', 1, UTC_TIMESTAMP());

INSERT INTO inbox (consumer, sender, message_id, body_hash, outcome, code, settled_at) VALUES
('waybill-status', 'dray-order-intake', x'A2', x'00', 'applied', 'APPLIED', UTC_TIMESTAMP()),
('waybill-status', 'dray-wms-sync', x'A3', x'00', 'applied', 'APPLIED', UTC_TIMESTAMP()),
('wms-sync', 'partner-wms', x'0190A0B0C0D07000800000000000000A', x'00', 'applied', 'APPLIED', UTC_TIMESTAMP());

INSERT INTO orders (id, source, order_ref, content_hash, status, version, ordered_at, district, delivery_date, timeslot, currency, total_minor, line_count, waybill_count, actor, created_at, updated_at) VALUES (x'01', 'shop', '7', x'00', 'PAID', 1, '2025-03-10', 'D1', '2025-03-11', 'AM', 'EUR', 100, 4, 2, '{}', '2025-03-10', '2025-03-10');

INSERT INTO order_line (order_id, line_no, merchant, sku, quantity, unit_price, sku_type, volume_ml, weight_g, fulfilled_by, waybill_no) VALUES
(x'01', 1, 'M1', 'a', 2, 1, 'dry', 1000, 500, 'warehouse', 'shop-7-1'),
(x'01', 2, 'M1', 'b', 3, 1, 'frozen', 500, 100, 'warehouse', 'shop-7-1'),
(x'01', 3, 'M2', 'c', 1, 1, 'dry', 900000, 100, 'warehouse', 'shop-7-2'),
(x'01', 4, 'M2', 'POST', 1, 1, 'dry', 1, 1, 'warehouse', NULL);

INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, parked, lifecycle, kind, order_id, fulfilled_by, dry_ml, frozen_ml, weight_g, line_count, exists_since, first_seen_at, updated_at) VALUES
(x'11', 'shop-7-1', 2, 'ACKNOWLEDGED', 0, 0, 0, 0, '', 'FORWARD', x'01', 'warehouse', 2000, 1500, 1300, 2, '2025-03-10', '2025-03-10', '2025-03-10'),
(x'12', 'shop-7-2', 1, 'CREATED', 0, 0, 0, 0, '', 'FORWARD', x'01', 'warehouse', 900000, 0, 100, 1, '2025-03-10', '2025-03-10', '2025-03-10');

INSERT INTO waybill_line (waybill_id, line_no, sku, quantity, sku_type) VALUES (x'11', 1, 'a', 2, 'dry'), (x'11', 2, 'b', 3, 'frozen'), (x'12', 3, 'c', 1, 'dry');

INSERT INTO waybill_event (waybill_id, version, message_id, message_type, outcome, status, actor, occurred_at, received_at) VALUES
(x'11', 1, x'A2', 'order.accepted.v1', 'APPLIED', 'CREATED', '{}', '2025-03-10', '2025-03-10'),
(x'11', 2, x'A3', 'waybill.report-status.v1', 'APPLIED', 'ACKNOWLEDGED', '{}', '2025-03-10', '2025-03-10'),
(x'12', 1, x'A2', 'order.accepted.v1', 'APPLIED', 'CREATED', '{}', '2025-03-10', '2025-03-10');

INSERT INTO route (id, route_ref, depot, delivery_date, timeslot, zone, template, sku_class, truck_type, status, version, waybills, dry_ml, frozen_ml, weight_g, stops, created_at, updated_at) VALUES (x'21', 'R1', 'N', '2025-03-11', 'AM', 'Z1', 'T1', 'mixed', 'VAN', 'OPEN', 1, 1, 2000, 1500, 1300, 1, '2025-03-10', '2025-03-10');

INSERT INTO route_stop (route_id, stop_key, waybills) VALUES (x'21', x'31', 1);

INSERT INTO assignment (waybill_no, state, reason, route_id, place_no, version, waybill_version, held, pinned, order_key, stop_key, district, zone, depot, delivery_date, timeslot, sku_type, fulfilled_by, dry_ml, frozen_ml, weight_g, ordered_at, updated_at) VALUES
('shop-7-1', 'ASSIGNED', NULL, x'21', 1, 1, 1, 0, 0, 'shop/7', x'31', 'D1', 'Z1', 'N', '2025-03-11', 'AM', 'mixed', 'warehouse', 2000, 1500, 1300, '2025-03-10', '2025-03-10'),
('shop-7-2', 'UNASSIGNABLE', 'EXCEEDS_LARGEST_TRUCK', NULL, 0, 1, 1, 0, 0, 'shop/7', x'31', 'D1', 'Z1', 'N', '2025-03-11', 'AM', 'dry', 'warehouse', 900000, 0, 100, '2025-03-10', '2025-03-10');

INSERT INTO quota_bucket (zone, delivery_date, timeslot, version, waybills, dry_ml, frozen_ml, weight_g) VALUES ('Z1', '2025-03-11', 'AM', 3, 1, 2000, 1500, 1300);

INSERT INTO quota_ledger (zone, delivery_date, timeslot, version, waybill_no, route_id, waybills, dry_ml, frozen_ml, weight_g, at) VALUES
('Z1', '2025-03-11', 'AM', 1, 'shop-6-1', x'21', 1, 500, 0, 100, '2025-03-10'),
('Z1', '2025-03-11', 'AM', 2, 'shop-6-1', x'21', -1, -500, 0, -100, '2025-03-10'),
('Z1', '2025-03-11', 'AM', 3, 'shop-7-1', x'21', 1, 2000, 1500, 1300, '2025-03-10');

INSERT INTO truck_use (depot, delivery_date, timeslot, truck_type, used) VALUES ('N', '2025-03-11', 'AM', 'VAN', 1);

INSERT INTO sales_order (id, sales_order_no, waybill_no, live, revision, warehouse, pick_flow, status, reached, route_ref, delivery_date, timeslot, version, created_at, updated_at) VALUES (x'41', 'shop-7-1/1', 'shop-7-1', 1, 1, 'WH', 'PICK_BY_ZONE', 'ACCEPTED', 'SUBMITTED,ACCEPTED', 'R1', '2025-03-11', 'AM', 2, '2025-03-10', '2025-03-10');

INSERT INTO sales_order_change (sales_order_no, version, at, message_type, from_status, to_status, who, role, sender, message_id) VALUES ('shop-7-1/1', 1, '2025-03-10', 'assignment.assigned.v1', NULL, 'SUBMITTED', 'dray-adra-assigner', 'worker', 'dray-adra-assigner', x'61'), ('shop-7-1/1', 2, '2025-03-10', 'sales-order.record-answer.v1', 'SUBMITTED', 'ACCEPTED', 'partner-wms', 'warehouse', 'dray-wms-sync', x'62');
INSERT INTO sales_order_line (sales_order_id, line_no, sku, quantity, sku_type) VALUES (x'41', 1, 'a', 2, 'dry'), (x'41', 2, 'b', 3, 'frozen');

INSERT INTO partner_delivery (partner, reference, direction, step, message_id, at) VALUES ('wms', 'shop-7-1/1', 'out', 'OUTBOUND_ORDER', x'A4', '2025-03-10');

INSERT INTO customer_return (id, source, return_ref, content_hash, status, complete, requested_at, version, created_at, updated_at) VALUES
(x'51', 'shop', 'R1', x'00', 'RECEIVED', 0, '2025-03-12', 3, '2025-03-12', '2025-03-12'),
(x'52', 'shop', 'R2', x'00', 'CANCELLED', 0, '2025-03-12', 2, '2025-03-12', '2025-03-12');

INSERT INTO customer_return_line (return_id, line_no, sku, quantity, verdict, received, damaged, restocked, written_off, refused) VALUES
(x'51', 1, 'a', 2, 'MATCHED', 1, 0, 0, 0, 1),
(x'52', 1, 'b', 1, 'MATCHED', 0, 0, 0, 0, 0);

INSERT INTO customer_return_part (return_id, line_no, order_id, order_line_no, order_ref, quantity) VALUES
(x'51', 1, x'01', 1, '7', 2),
(x'52', 1, x'01', 2, '7', 1);

INSERT INTO order_return (order_id, return_id, seq, taken) VALUES (x'01', x'51', 3, '{}'), (x'01', x'52', 2, '{}');
