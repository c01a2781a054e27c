//! I2, counted once: the counters of an order's lines are what became of its waybills and returns now, and
//! both statuses of an order are what its lines say. Counted here anew, from the tables of others.

use super::{Check, Invariant};

const fn miscounted(
    name: &'static str,
    says: &'static str,
    examined: &'static str,
    violations: &'static str,
) -> Check {
    Check { invariant: Invariant::OneEffect, name, says, examined, violations }
}

/// The checks of counters and of what is derived from them.
pub(crate) const CHECKS: [Check; 6] = [
    // what is loaded for a further attempt was on the road before: nobody tells the order that it is back
    miscounted(
        "line-counts-its-waybill",
        "an order line counts its units by the status of its waybill; one that was removed is cancelled",
        "SELECT COUNT(*) FROM order_line",
        "SELECT CONCAT(o.source, '/', o.order_ref, ' line ', l.line_no) AS subject, \
           CONCAT('of ', l.quantity, ': ', l.cancelled, ' cancelled, ', l.shipped, ' shipped, ', l.delivered, \
             ' delivered, ', l.returned_to_origin, ' returned to origin, ', l.lost, ' lost; ', \
             IF(l.removed = 1, 'it was removed', COALESCE(CONCAT('waybill ', w.status), 'no waybill'))) AS detail \
         FROM order_line l JOIN orders o ON o.id = l.order_id \
           LEFT JOIN waybill w ON w.waybill_no = l.waybill_no AND w.exists_since IS NOT NULL \
         WHERE (l.removed = 1 OR l.waybill_no IS NOT NULL) AND ( \
           l.cancelled <> IF(l.removed = 1 OR w.status = 'CANCELLED', l.quantity, 0) \
           OR l.delivered <> IF(l.removed = 0 AND w.status = 'DELIVERED', l.quantity, 0) \
           OR l.returned_to_origin <> IF(l.removed = 0 AND w.status = 'RETURNED_TO_ORIGIN', l.quantity, 0) \
           OR l.lost <> IF(l.removed = 0 AND w.status IN ('LOST', 'DAMAGED'), l.quantity, 0) \
           OR (l.shipped <> IF(l.removed = 0 AND (w.status IN ('DISPATCHED', 'OUT_FOR_DELIVERY', \
                 'READY_FOR_COLLECTION', 'DELIVERY_FAILED', 'RETURNING', 'DELIVERED', 'RETURNED_TO_ORIGIN') \
               OR (w.status IN ('LOST', 'DAMAGED') AND w.attempt > 0)), l.quantity, 0) \
             AND NOT (COALESCE(w.status, '') = 'LOADED' AND l.shipped = l.quantity)))",
    ),
    miscounted(
        "fee-shares-the-fate",
        "a line that makes no parcel is cancelled or delivered when all that makes one has ended, not before",
        "SELECT COUNT(*) FROM order_line WHERE waybill_no IS NULL AND removed = 0",
        "SELECT CONCAT(o.source, '/', o.order_ref, ' line ', l.line_no) AS subject, \
           CONCAT('of ', l.quantity, ': ', l.cancelled, ' cancelled, ', l.delivered, ' delivered; ', t.under_way, \
             ' lines under way, ', t.kept, ' not cancelled') AS detail \
         FROM order_line l JOIN orders o ON o.id = l.order_id JOIN \
           (SELECT order_id, SUM(waybill_no IS NOT NULL) AS goods, \
              SUM(waybill_no IS NOT NULL AND quantity <> cancelled + delivered + returned_to_origin + lost) \
                AS under_way, \
              SUM(waybill_no IS NOT NULL AND cancelled <> quantity) AS kept \
            FROM order_line GROUP BY order_id) t ON t.order_id = l.order_id \
         WHERE l.waybill_no IS NULL AND l.removed = 0 AND ( \
           l.cancelled <> IF(t.goods > 0 AND t.under_way = 0 AND t.kept = 0, l.quantity, 0) \
           OR l.delivered <> IF(t.goods > 0 AND t.under_way = 0 AND t.kept > 0, l.quantity, 0) \
           OR l.shipped + l.returned_to_origin + l.lost > 0)",
    ),
    miscounted(
        "order-is-what-its-lines-are",
        "the status of an order follows from the counters of its lines",
        "SELECT COUNT(*) FROM orders",
        "SELECT CONCAT(d.source, '/', d.order_ref) AS subject, \
           CONCAT(d.status, ', by its lines ', d.expected) AS detail \
         FROM (SELECT o.source, o.order_ref, o.status, CASE \
                 WHEN t.kept = 0 THEN 'CANCELLED' \
                 WHEN t.under_way = 0 THEN IF(o.open_amendment IS NULL, 'COMPLETED', 'DELIVERED') \
                 WHEN t.delivered > 0 THEN 'PARTIALLY_DELIVERED' \
                 WHEN t.shipped = 0 THEN IF(o.status = 'RELEASED', 'RELEASED', 'PAID') \
                 WHEN t.waiting = 0 THEN 'SHIPPED' \
                 ELSE 'PARTIALLY_SHIPPED' END AS expected \
               FROM orders o JOIN \
                 (SELECT l.order_id, SUM(l.cancelled <> l.quantity) AS kept, \
                    SUM(l.quantity <> l.cancelled + l.delivered + l.returned_to_origin + l.lost) AS under_way, \
                    SUM(l.delivered) AS delivered, SUM(l.shipped) AS shipped, \
                    SUM(l.quantity <> l.cancelled + GREATEST(l.shipped, l.lost)) AS waiting \
                  FROM (SELECT order_line.*, SUM(waybill_no IS NOT NULL) OVER (PARTITION BY order_id) AS goods \
                    FROM order_line) l \
                  WHERE l.goods = 0 OR l.removed = 1 OR l.waybill_no IS NOT NULL GROUP BY l.order_id) t \
                 ON t.order_id = o.id \
               WHERE o.status IN ('PAID', 'RELEASED', 'PARTIALLY_SHIPPED', 'SHIPPED', 'PARTIALLY_DELIVERED', \
                 'DELIVERED', 'COMPLETED', 'CANCELLED')) d \
         WHERE d.status <> d.expected",
    ),
    miscounted(
        "return-status-follows",
        "the return status of an order follows from what its lines say was delivered and returned",
        "SELECT COUNT(*) FROM orders",
        "SELECT CONCAT(d.source, '/', d.order_ref) AS subject, \
           CONCAT(d.return_status, ', by its lines ', d.expected) AS detail \
         FROM (SELECT o.source, o.order_ref, o.return_status, CASE \
                 WHEN t.delivered > 0 AND t.returned >= t.delivered THEN 'RETURNED' \
                 WHEN t.most > 0 THEN 'PARTIALLY_RETURNED' \
                 ELSE 'NONE' END AS expected \
               FROM orders o JOIN \
                 (SELECT order_id, SUM(IF(waybill_no IS NULL, 0, delivered)) AS delivered, \
                    SUM(IF(waybill_no IS NULL, 0, returned)) AS returned, MAX(returned) AS most \
                  FROM order_line GROUP BY order_id) t ON t.order_id = o.id) d \
         WHERE d.return_status <> d.expected",
    ),
    miscounted(
        "line-counts-its-returns",
        "an order line counts what each return took of it",
        "SELECT COUNT(*) FROM order_line",
        "SELECT CONCAT(o.source, '/', o.order_ref, ' line ', t.line_no) AS subject, \
           CONCAT(t.returned, ' counted, ', t.taken, ' taken by returns') AS detail \
         FROM (SELECT l.order_id, l.line_no, l.returned, SUM(COALESCE(CAST(JSON_EXTRACT(r.taken, \
                 CONCAT('$.\"', l.line_no, '\"')) AS UNSIGNED), 0)) AS taken \
               FROM order_line l LEFT JOIN order_return r ON r.order_id = l.order_id \
               GROUP BY l.order_id, l.line_no, l.returned) t \
           JOIN orders o ON o.id = t.order_id \
         WHERE t.returned <> t.taken",
    ),
    miscounted(
        "return-is-counted-once",
        "the orders of a return have counted what arrived of it and was not sent back again",
        "SELECT COUNT(*) FROM customer_return",
        "SELECT CONCAT(c.source, '/', c.return_ref) AS subject, \
           CONCAT(c.status, ': ', COALESCE(a.arrived, 0), ' arrived, ', COALESCE(k.taken, 0), ' counted') AS detail \
         FROM customer_return c LEFT JOIN \
           (SELECT l.return_id, SUM(LEAST(CAST(l.received AS SIGNED) - CAST(l.refused AS SIGNED), p.units)) AS arrived \
            FROM customer_return_line l JOIN \
              (SELECT return_id, line_no, CAST(SUM(quantity) AS SIGNED) AS units FROM customer_return_part \
               GROUP BY return_id, line_no) p ON p.return_id = l.return_id AND p.line_no = l.line_no \
            GROUP BY l.return_id) a ON a.return_id = c.id LEFT JOIN \
           (SELECT r.return_id, SUM(u.units) AS taken FROM order_return r JOIN \
              JSON_TABLE(r.taken, '$.*' COLUMNS(units INT UNSIGNED PATH '$')) u \
            GROUP BY r.return_id) k ON k.return_id = c.id \
         WHERE COALESCE(k.taken, 0) <> IF(c.status IN ('REJECTED', 'CANCELLED'), 0, COALESCE(a.arrived, 0))",
    ),
];
