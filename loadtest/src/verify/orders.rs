//! I1, nothing lost: whatever was accepted has its lines, its waybills, a decision about each of them,
//! and a sales order where one is due. Each check is a pair of statements: how many were looked at, and
//! which of them break the rule.

use super::{Check, Invariant};

pub(super) const fn lost(
    name: &'static str,
    says: &'static str,
    examined: &'static str,
    violations: &'static str,
) -> Check {
    Check { invariant: Invariant::NothingLost, name, says, examined, violations }
}

/// The checks of I1.
pub(crate) const CHECKS: [Check; 15] = [
    lost(
        "order-has-its-lines",
        "an order has as many lines as it came with",
        "SELECT COUNT(*) FROM orders",
        "SELECT CONCAT(o.source, '/', o.order_ref) AS subject, \
           CONCAT(o.line_count, ' lines expected, ', COALESCE(l.found, 0), ' found') AS detail \
         FROM orders o LEFT JOIN \
           (SELECT order_id, COUNT(*) AS found FROM order_line GROUP BY order_id) l ON l.order_id = o.id \
         WHERE COALESCE(l.found, 0) <> o.line_count",
    ),
    lost(
        "line-has-its-order",
        "a line belongs to an order",
        "SELECT COUNT(*) FROM order_line",
        "SELECT CONCAT(HEX(l.order_id), ' line ', l.line_no) AS subject, 'no such order' AS detail \
         FROM order_line l LEFT JOIN orders o ON o.id = l.order_id WHERE o.id IS NULL",
    ),
    lost(
        "order-has-its-waybills",
        "an order has as many waybills as its split said",
        "SELECT COUNT(*) FROM orders",
        "SELECT CONCAT(o.source, '/', o.order_ref) AS subject, \
           CONCAT(o.waybill_count, ' waybills expected, ', COALESCE(w.found, 0), ' found') AS detail \
         FROM orders o LEFT JOIN \
           (SELECT order_id, COUNT(*) AS found FROM waybill \
            WHERE exists_since IS NOT NULL AND kind = 'FORWARD' GROUP BY order_id) w ON w.order_id = o.id \
         WHERE COALESCE(w.found, 0) <> o.waybill_count",
    ),
    lost(
        "waybill-has-its-order",
        "a waybill belongs to an order",
        "SELECT COUNT(*) FROM waybill WHERE exists_since IS NOT NULL",
        "SELECT w.waybill_no AS subject, 'no such order' AS detail \
         FROM waybill w LEFT JOIN orders o ON o.id = w.order_id \
         WHERE w.exists_since IS NOT NULL AND o.id IS NULL",
    ),
    lost(
        "line-is-on-one-waybill",
        "an order line that ships is on exactly one waybill with its whole quantity, any other on none",
        "SELECT COUNT(*) FROM order_line",
        "SELECT CONCAT(o.source, '/', o.order_ref, ' line ', l.line_no) AS subject, \
           CONCAT('on ', COALESCE(t.found, 0), ' waybills with ', COALESCE(t.quantity, 0), ' of ', \
             l.quantity, ' units') AS detail \
         FROM order_line l JOIN orders o ON o.id = l.order_id LEFT JOIN \
           (SELECT w.order_id, p.line_no, COUNT(*) AS found, SUM(p.quantity) AS quantity \
            FROM waybill w JOIN waybill_line p ON p.waybill_id = w.id \
            WHERE w.exists_since IS NOT NULL AND w.kind = 'FORWARD' GROUP BY w.order_id, p.line_no) t \
           ON t.order_id = l.order_id AND t.line_no = l.line_no \
         WHERE (l.waybill_no IS NOT NULL AND (COALESCE(t.found, 0) <> 1 OR t.quantity <> l.quantity)) \
            OR (l.waybill_no IS NULL AND t.found IS NOT NULL)",
    ),
    lost(
        "waybill-line-is-an-order-line",
        "what is on a waybill was ordered, and the order says on which waybill it is (what comes back, is sent again or goes to another warehouse is a part of it)",
        "SELECT COUNT(*) FROM waybill_line",
        "SELECT CONCAT(COALESCE(w.waybill_no, HEX(p.waybill_id)), ' line ', p.line_no) AS subject, \
           IF(w.id IS NULL, 'no such waybill', 'its order has no such line') AS detail \
         FROM waybill_line p LEFT JOIN waybill w ON w.id = p.waybill_id \
           LEFT JOIN order_line l ON l.order_id = w.order_id AND l.line_no = p.line_no \
         WHERE w.id IS NULL OR l.line_no IS NULL OR l.sku <> p.sku OR l.sku_type <> p.sku_type \
           OR CASE WHEN w.kind IN ('RETURN', 'REPLACEMENT', 'TRANSFER') THEN p.quantity > l.quantity \
             ELSE l.quantity <> p.quantity OR COALESCE(l.waybill_no, '') <> w.waybill_no END",
    ),
    lost(
        "waybill-adds-up",
        "a waybill's line count, volumes and weight are those of its lines",
        "SELECT COUNT(*) FROM waybill WHERE exists_since IS NOT NULL",
        "SELECT w.waybill_no AS subject, \
           CONCAT(w.line_count, ' lines, ', w.dry_ml, '+', w.frozen_ml, ' ml, ', w.weight_g, ' g; its lines: ', \
             COALESCE(t.found, 0), ', ', COALESCE(t.dry, 0), '+', COALESCE(t.frozen, 0), ', ', \
             COALESCE(t.grams, 0)) AS detail \
         FROM waybill w LEFT JOIN \
           (SELECT waybill_no, COUNT(*) AS found, \
              SUM(IF(sku_type = 'dry', CAST(quantity AS UNSIGNED) * volume_ml, 0)) AS dry, \
              SUM(IF(sku_type = 'frozen', CAST(quantity AS UNSIGNED) * volume_ml, 0)) AS frozen, \
              SUM(CAST(quantity AS UNSIGNED) * weight_g) AS grams \
            FROM order_line WHERE waybill_no IS NOT NULL GROUP BY waybill_no) t \
           ON t.waybill_no = w.waybill_no \
         WHERE w.exists_since IS NOT NULL AND w.kind = 'FORWARD' AND (t.found IS NULL \
           OR t.found <> w.line_count OR t.dry <> w.dry_ml OR t.frozen <> w.frozen_ml \
           OR t.grams <> w.weight_g)",
    ),
    lost(
        "waybill-is-decided",
        "a waybill is assigned, or unassignable with a reason; neither may be what is held or cancelled, came \
         back from a door, was corrected, or travels between warehouses",
        "SELECT COUNT(*) FROM waybill WHERE exists_since IS NOT NULL",
        "SELECT w.waybill_no AS subject, \
           COALESCE(CONCAT('assignment is ', a.state), 'no assignment') AS detail \
         FROM waybill w LEFT JOIN assignment a ON a.waybill_no = w.waybill_no \
         WHERE w.exists_since IS NOT NULL AND (a.waybill_no IS NULL \
           OR (a.state = 'UNASSIGNED' AND a.held = 0 AND w.open_holds = 0 AND w.kind <> 'TRANSFER' \
             AND w.status IN ('CREATED', 'ACKNOWLEDGED', 'PICKED', 'PACKED') AND NOT EXISTS \
               (SELECT 1 FROM waybill_event e \
                WHERE e.waybill_id = w.id AND e.message_type = 'waybill.correct.v1')) \
           OR (a.state = 'UNASSIGNABLE' AND a.reason IS NULL))",
    ),
    lost(
        "assignment-carries-its-waybill",
        "an assignment belongs to a waybill and has its load, unless an amendment is not decided",
        "SELECT COUNT(*) FROM assignment",
        "SELECT a.waybill_no AS subject, IF(w.id IS NULL, 'no such waybill', 'another load') AS detail \
         FROM assignment a \
           LEFT JOIN waybill w ON w.waybill_no = a.waybill_no AND w.exists_since IS NOT NULL \
         WHERE w.id IS NULL OR ((w.dry_ml <> a.dry_ml OR w.frozen_ml <> a.frozen_ml \
             OR w.weight_g <> a.weight_g) AND NOT EXISTS (SELECT 1 FROM assignment_amendment m \
               WHERE m.waybill_no = a.waybill_no AND m.state = 'RESERVED'))",
    ),
    lost(
        "assigned-has-a-sales-order",
        "an assigned waybill that a warehouse picks has exactly one live sales order, unless it is held",
        "SELECT COUNT(*) FROM assignment \
         WHERE state IN ('ASSIGNED', 'LOCKED') AND fulfilled_by = 'warehouse'",
        "SELECT a.waybill_no AS subject, CONCAT(COALESCE(s.found, 0), ' live sales orders') AS detail \
         FROM assignment a LEFT JOIN \
           (SELECT waybill_no, COUNT(*) AS found FROM sales_order WHERE live = 1 GROUP BY waybill_no) s \
           ON s.waybill_no = a.waybill_no \
           LEFT JOIN waybill w ON w.waybill_no = a.waybill_no \
         WHERE a.state IN ('ASSIGNED', 'LOCKED') AND a.fulfilled_by = 'warehouse' AND a.held = 0 \
           AND COALESCE(w.kind, '') NOT IN ('RETURN', 'TRANSFER') AND COALESCE(s.found, 0) <> 1",
    ),
    lost(
        "sales-order-has-its-waybill",
        "a sales order belongs to a waybill, unless it was cancelled before there was one",
        "SELECT COUNT(*) FROM sales_order",
        "SELECT s.sales_order_no AS subject, 'no such waybill' AS detail FROM sales_order s \
           LEFT JOIN waybill w ON w.waybill_no = s.waybill_no AND w.exists_since IS NOT NULL \
         WHERE w.id IS NULL AND NOT (s.status = 'CANCELLED' AND s.delivery_date IS NULL)",
    ),
    lost(
        "sales-order-has-the-lines",
        "a live sales order that had a place asks for exactly what is on its waybill",
        "SELECT COUNT(*) FROM sales_order WHERE live = 1 AND delivery_date IS NOT NULL",
        "SELECT s.sales_order_no AS subject, CONCAT(w.line_count, ' lines on the waybill, ', \
             COALESCE(t.found, 0), ' on the sales order, ', COALESCE(t.same, 0), ' the same') AS detail \
         FROM sales_order s JOIN waybill w ON w.waybill_no = s.waybill_no LEFT JOIN \
           (SELECT l.sales_order_id, COUNT(*) AS found, COUNT(p.line_no) AS same \
            FROM sales_order_line l JOIN sales_order o ON o.id = l.sales_order_id \
              JOIN waybill v ON v.waybill_no = o.waybill_no \
              LEFT JOIN waybill_line p ON p.waybill_id = v.id AND p.line_no = l.line_no \
                AND p.sku = l.sku AND p.quantity = l.quantity AND p.sku_type = l.sku_type \
            GROUP BY l.sales_order_id) t ON t.sales_order_id = s.id \
         WHERE s.live = 1 AND s.delivery_date IS NOT NULL \
           AND (COALESCE(t.found, 0) <> w.line_count OR t.same <> w.line_count)",
    ),
    lost(
        "warehouse-was-told",
        "the warehouse was sent every live sales order that is submitted",
        "SELECT COUNT(*) FROM sales_order WHERE live = 1 AND reached LIKE 'SUBMITTED%'",
        "SELECT s.sales_order_no AS subject, CONCAT(s.status, ', nothing sent') AS detail \
         FROM sales_order s LEFT JOIN partner_delivery d ON d.partner = 'wms' \
           AND d.reference = s.sales_order_no AND d.direction = 'out' AND d.step = 'OUTBOUND_ORDER' \
         WHERE s.live = 1 AND s.reached LIKE 'SUBMITTED%' AND d.partner IS NULL",
    ),
    lost(
        "file-is-accounted-for",
        "every order of a file that was accepted, now or before, is in the database",
        "SELECT COUNT(*) FROM import_file",
        "SELECT f.source AS subject, \
           CONCAT(f.accepted, ' accepted and ', f.known, ' known orders in its files, ', \
             COALESCE(o.found, 0), ' in the database') AS detail \
         FROM (SELECT source, SUM(orders_accepted) AS accepted, SUM(orders_duplicate) AS known \
               FROM import_file WHERE kind = 'order' GROUP BY source) f LEFT JOIN \
           (SELECT source, COUNT(*) AS found FROM orders GROUP BY source) o ON o.source = f.source \
         WHERE COALESCE(o.found, 0) < f.accepted OR COALESCE(o.found, 0) > f.accepted + f.known",
    ),
    lost(
        "file-is-done",
        "no file is half read",
        "SELECT COUNT(*) FROM import_file",
        "SELECT file_name AS subject, CONCAT(state, ' at line ', offset_lines) AS detail \
         FROM import_file WHERE state = 'RUNNING'",
    ),
];
