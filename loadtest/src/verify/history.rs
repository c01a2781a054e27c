//! I2, one effect a message, and I3, a legal history without gaps.

use super::{Check, Invariant};

const fn twice(
    name: &'static str,
    says: &'static str,
    examined: &'static str,
    violations: &'static str,
) -> Check {
    Check { invariant: Invariant::OneEffect, name, says, examined, violations }
}

const fn illegal(
    name: &'static str,
    says: &'static str,
    examined: &'static str,
    violations: &'static str,
) -> Check {
    Check { invariant: Invariant::LegalHistory, name, says, examined, violations }
}

/// The checks of I2 and I3. Inbox rows are kept for seven days: comparisons with them are made only
/// while the oldest one is younger than six.
pub(crate) const CHECKS: [Check; 7] = [
    twice(
        "order-was-created-once",
        "as many create commands, alone or in a batch, had an effect as there are orders",
        "SELECT COUNT(*) FROM inbox WHERE consumer = 'order-intake' AND version = 1",
        "SELECT 'orders' AS subject, CONCAT(o.found, ' orders, ', i.found, ' commands that made one') AS detail \
         FROM (SELECT COUNT(*) AS found FROM orders) o, \
           (SELECT (SELECT COUNT(DISTINCT aggregate) FROM inbox \
              WHERE consumer = 'order-intake' AND outcome = 'applied' AND version = 1) \
            + (SELECT COUNT(*) FROM inbox b JOIN JSON_TABLE(b.items, '$[*]' COLUMNS( \
                code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code')) r \
              WHERE b.consumer = 'order-intake' AND b.items IS NOT NULL AND r.code = 'APPLIED') \
            AS found) i, \
           (SELECT MIN(settled_at) AS oldest FROM inbox) k \
         WHERE o.found <> i.found \
           AND COALESCE(k.oldest, UTC_TIMESTAMP()) > UTC_TIMESTAMP() - INTERVAL 6 DAY",
    ),
    twice(
        "message-moved-a-waybill-once",
        "no message is in the history of a waybill twice, but for those that were parked first",
        "SELECT COUNT(*) FROM waybill_event",
        "SELECT CONCAT(COALESCE(w.waybill_no, HEX(e.waybill_id)), ' ', HEX(e.message_id)) AS subject, \
           CONCAT(e.found, ' entries') AS detail \
         FROM (SELECT waybill_id, message_id, COUNT(*) AS found FROM waybill_event \
               WHERE outcome <> 'PARKED' GROUP BY waybill_id, message_id HAVING COUNT(*) > 1) e \
           LEFT JOIN waybill w ON w.id = e.waybill_id",
    ),
    twice(
        "history-came-by-message",
        "every entry of a history belongs to a settled message",
        "SELECT COUNT(*) FROM waybill_event",
        "SELECT CONCAT(HEX(e.waybill_id), ' version ', e.version) AS subject, \
           CONCAT('message ', HEX(e.message_id), ' is not in the inbox') AS detail \
         FROM waybill_event e LEFT JOIN \
           (SELECT DISTINCT message_id FROM inbox WHERE consumer = 'waybill-status') i \
             ON i.message_id = COALESCE(e.batch_id, e.message_id), \
           (SELECT MIN(settled_at) AS oldest FROM inbox) k \
         WHERE i.message_id IS NULL \
           AND COALESCE(k.oldest, UTC_TIMESTAMP()) > UTC_TIMESTAMP() - INTERVAL 6 DAY",
    ),
    illegal(
        "history-has-no-gap",
        "the versions in a waybill's history run from 1 to the waybill's version",
        "SELECT COUNT(*) FROM waybill",
        "SELECT w.waybill_no AS subject, CONCAT('at version ', w.version, ' with ', COALESCE(e.found, 0), \
             ' entries up to ', COALESCE(e.last, 0)) AS detail \
         FROM waybill w LEFT JOIN \
           (SELECT waybill_id, COUNT(*) AS found, MIN(version) AS first, MAX(version) AS last \
            FROM waybill_event GROUP BY waybill_id) e ON e.waybill_id = w.id \
         WHERE e.found IS NULL OR e.first <> 1 OR e.last <> e.found OR e.last <> w.version",
    ),
    illegal(
        "history-has-its-waybill",
        "a history belongs to a waybill",
        "SELECT COUNT(DISTINCT waybill_id) FROM waybill_event",
        "SELECT DISTINCT HEX(e.waybill_id) AS subject, 'no such waybill' AS detail \
         FROM waybill_event e LEFT JOIN waybill w ON w.id = e.waybill_id WHERE w.id IS NULL",
    ),
    illegal(
        "history-ends-at-the-status",
        "the last entry of a history has the waybill's status",
        "SELECT COUNT(*) FROM waybill WHERE exists_since IS NOT NULL",
        "SELECT w.waybill_no AS subject, CONCAT(w.status, ', history ends at ', e.status) AS detail \
         FROM waybill w JOIN waybill_event e ON e.waybill_id = w.id AND e.version = w.version \
         WHERE w.exists_since IS NOT NULL AND e.status <> w.status",
    ),
    illegal(
        "history-moves-forward",
        "nothing but a correction moves a waybill back: warehouse, then road (any number of attempts), \
         then the end",
        "SELECT COUNT(*) FROM waybill_event",
        "SELECT CONCAT(COALESCE(w.waybill_no, HEX(s.waybill_id)), ' version ', s.version) AS subject, \
           CONCAT(s.status, ' after ', s.status_before) AS detail \
         FROM (SELECT waybill_id, version, status, position, message_type, \
                 LAG(status) OVER (PARTITION BY waybill_id ORDER BY version) AS status_before, \
                 LAG(position) OVER (PARTITION BY waybill_id ORDER BY version) AS position_before \
               FROM (SELECT e.waybill_id, e.version, e.status, e.message_type, CASE e.status \
                       WHEN 'CREATED' THEN 10 WHEN 'ACKNOWLEDGED' THEN 11 WHEN 'PICKED' THEN 12 \
                       WHEN 'PACKED' THEN 13 WHEN 'CANCELLED' THEN IF(k.kind = 'RETURN', 29, 14) \
                       WHEN 'LOADED' THEN 20 WHEN 'DISPATCHED' THEN 20 WHEN 'OUT_FOR_DELIVERY' THEN 20 \
                       WHEN 'READY_FOR_COLLECTION' THEN 20 WHEN 'DELIVERY_FAILED' THEN 20 \
                       WHEN 'OUT_FOR_PICKUP' THEN 20 WHEN 'PICKUP_FAILED' THEN 20 \
                       WHEN 'COLLECTED' THEN 30 WHEN 'RETURNING' THEN 20 WHEN 'LOST' THEN 31 WHEN 'DAMAGED' THEN 32 \
                       WHEN 'RETURNED_TO_ORIGIN' THEN 33 WHEN 'DELIVERED' THEN 34 ELSE 0 END AS position \
                     FROM waybill_event e LEFT JOIN waybill k ON k.id = e.waybill_id) p) s \
           LEFT JOIN waybill w ON w.id = s.waybill_id \
         WHERE s.position_before > s.position AND s.message_type <> 'waybill.correct.v1'",
    ),
];
