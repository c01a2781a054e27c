//! I4, quota and trucks never oversold: ledger = buckets = live places, at every prefix within what the
//! network allows. A live place is an assignment in state ASSIGNED or LOCKED.

use super::{Check, Invariant};

const fn oversold(
    name: &'static str,
    says: &'static str,
    examined: &'static str,
    violations: &'static str,
) -> Check {
    Check { invariant: Invariant::NeverOversold, name, says, examined, violations }
}

/// The checks of I4 that SQL can do; what a truck holds is checked in [`super::trucks`].
pub(crate) const CHECKS: [Check; 13] = [
    oversold(
        "place-is-on-a-route",
        "a live place is on an open route of its day, window and depot",
        "SELECT COUNT(*) FROM assignment WHERE state IN ('ASSIGNED', 'LOCKED')",
        "SELECT a.waybill_no AS subject, COALESCE(CONCAT('on route ', r.route_ref, ' (', r.status, ')'), \
             'no such route') AS detail \
         FROM assignment a LEFT JOIN route r ON r.id = a.route_id \
         WHERE a.state IN ('ASSIGNED', 'LOCKED') AND (r.id IS NULL OR r.status = 'CLOSED' \
           OR r.delivery_date <> a.delivery_date OR r.timeslot <> a.timeslot OR r.depot <> a.depot)",
    ),
    oversold(
        "place-is-locked-with-its-route",
        "a live place is ASSIGNED on an open route, LOCKED on one that is being picked or has left",
        "SELECT COUNT(*) FROM assignment WHERE state IN ('ASSIGNED', 'LOCKED')",
        "SELECT a.waybill_no AS subject, CONCAT(a.state, ' on route ', r.route_ref, ' (', r.status, ')') AS detail \
         FROM assignment a JOIN route r ON r.id = a.route_id \
         WHERE a.state IN ('ASSIGNED', 'LOCKED') AND r.status <> 'CLOSED' \
           AND a.state <> IF(r.status IN ('LOCKED', 'DISPATCHED'), 'LOCKED', 'ASSIGNED')",
    ),
    oversold(
        "failed-place-is-free",
        "no waybill holds a place whose attempt came to nothing, however late that was reported",
        "SELECT COUNT(*) FROM assignment WHERE state IN ('ASSIGNED', 'LOCKED')",
        "SELECT a.waybill_no AS subject, CONCAT(a.state, ', place ', a.place_no, ' has failed; the waybill is ', \
             w.status) AS detail \
         FROM assignment a JOIN waybill w ON w.waybill_no = a.waybill_no \
         WHERE a.state IN ('ASSIGNED', 'LOCKED') \
           AND w.failed_places & (1 << (CAST(a.place_no AS SIGNED) - 1)) <> 0",
    ),
    oversold(
        "amendment-has-its-room",
        "while an amendment is not decided, its waybill holds room for the old quantities and for the new ones",
        "SELECT COUNT(*) FROM assignment_amendment",
        "SELECT m.waybill_no AS subject, CONCAT('holds ', COALESCE(a.dry_ml, 0), '+', COALESCE(a.frozen_ml, 0), \
             ' ml, ', COALESCE(a.weight_g, 0), ' g') AS detail \
         FROM assignment_amendment m LEFT JOIN assignment a ON a.waybill_no = m.waybill_no \
         WHERE m.state = 'RESERVED' AND (a.waybill_no IS NULL \
           OR a.dry_ml < GREATEST(m.dry_ml, m.dry_ml_before) \
           OR a.frozen_ml < GREATEST(m.frozen_ml, m.frozen_ml_before) \
           OR a.weight_g < GREATEST(m.weight_g, m.weight_g_before))",
    ),
    oversold(
        "ledger-adds-up-to-bucket",
        "the entries of a bucket's ledger run from 1 to its version and add up to it",
        "SELECT COUNT(*) FROM quota_bucket",
        "SELECT CONCAT_WS(' ', b.zone, b.delivery_date, b.timeslot) AS subject, \
           CONCAT('bucket v', b.version, ': ', b.waybills, ' waybills; ledger v', COALESCE(l.last, 0), ', ', \
             COALESCE(l.found, 0), ' entries: ', COALESCE(l.waybills, 0)) AS detail \
         FROM quota_bucket b LEFT JOIN \
           (SELECT zone, delivery_date, timeslot, COUNT(*) AS found, MAX(version) AS last, \
              SUM(waybills) AS waybills, SUM(dry_ml) AS dry_ml, SUM(frozen_ml) AS frozen_ml, \
              SUM(weight_g) AS weight_g \
            FROM quota_ledger GROUP BY zone, delivery_date, timeslot) l \
           ON l.zone = b.zone AND l.delivery_date = b.delivery_date AND l.timeslot = b.timeslot \
         WHERE COALESCE(l.last, 0) <> b.version OR COALESCE(l.found, 0) <> COALESCE(l.last, 0) \
           OR COALESCE(l.waybills, 0) <> b.waybills OR COALESCE(l.dry_ml, 0) <> b.dry_ml \
           OR COALESCE(l.frozen_ml, 0) <> b.frozen_ml OR COALESCE(l.weight_g, 0) <> b.weight_g \
         UNION ALL \
         SELECT CONCAT_WS(' ', l.zone, l.delivery_date, l.timeslot), 'a ledger without a bucket' \
         FROM (SELECT DISTINCT zone, delivery_date, timeslot FROM quota_ledger) l \
           LEFT JOIN quota_bucket b ON l.zone = b.zone AND l.delivery_date = b.delivery_date \
             AND l.timeslot = b.timeslot \
         WHERE b.zone IS NULL",
    ),
    oversold(
        "ledger-stays-within-quota",
        "at every prefix of a ledger the use is at least 0 and at most the zone's quota",
        "SELECT COUNT(*) FROM quota_ledger",
        "SELECT CONCAT_WS(' ', p.zone, p.delivery_date, p.timeslot, 'version', p.version) AS subject, \
           CONCAT(p.waybills, ' waybills, ', p.dry_ml, '+', p.frozen_ml, ' ml, ', p.weight_g, ' g of ', \
             COALESCE(q.waybills, 0), ', ', COALESCE(q.dry_l, 0), '+', COALESCE(q.frozen_l, 0), ' l, ', \
             COALESCE(q.weight_kg, 0), ' kg') AS detail \
         FROM (SELECT zone, delivery_date, timeslot, version, \
                 SUM(waybills) OVER prefix AS waybills, SUM(dry_ml) OVER prefix AS dry_ml, \
                 SUM(frozen_ml) OVER prefix AS frozen_ml, SUM(weight_g) OVER prefix AS weight_g \
               FROM quota_ledger \
               WINDOW prefix AS (PARTITION BY zone, delivery_date, timeslot ORDER BY version)) p \
           LEFT JOIN zone_quota q ON q.zone = p.zone AND q.timeslot = p.timeslot \
         WHERE p.waybills < 0 OR p.dry_ml < 0 OR p.frozen_ml < 0 OR p.weight_g < 0 \
           OR p.waybills > COALESCE(q.waybills, 0) OR p.dry_ml > COALESCE(q.dry_l, 0) * 1000 \
           OR p.frozen_ml > COALESCE(q.frozen_l, 0) * 1000 \
           OR p.weight_g > COALESCE(q.weight_kg, 0) * 1000",
    ),
    oversold(
        "ledger-matches-the-places",
        "what the ledger holds for a waybill is one place where it has a live one, and nothing otherwise",
        "SELECT COUNT(DISTINCT waybill_no) FROM quota_ledger",
        "SELECT l.waybill_no AS subject, CONCAT('ledger: ', l.waybills, ' places on this route; ', \
             IF(a.waybill_no IS NULL, 'not live there', 'live there')) AS detail \
         FROM (SELECT waybill_no, route_id, SUM(waybills) AS waybills, SUM(dry_ml) AS dry_ml, \
                 SUM(frozen_ml) AS frozen_ml, SUM(weight_g) AS weight_g \
               FROM quota_ledger GROUP BY waybill_no, route_id) l \
           LEFT JOIN assignment a ON a.waybill_no = l.waybill_no AND a.route_id = l.route_id \
             AND a.state IN ('ASSIGNED', 'LOCKED') \
         WHERE l.waybills <> IF(a.waybill_no IS NULL, 0, 1) \
           OR l.dry_ml <> COALESCE(a.dry_ml, 0) OR l.frozen_ml <> COALESCE(a.frozen_ml, 0) \
           OR l.weight_g <> COALESCE(a.weight_g, 0) \
         UNION ALL \
         SELECT a.waybill_no, 'a live place that the ledger does not know' \
         FROM assignment a LEFT JOIN (SELECT DISTINCT waybill_no, route_id FROM quota_ledger) l \
           ON l.waybill_no = a.waybill_no AND l.route_id = a.route_id \
         WHERE a.state IN ('ASSIGNED', 'LOCKED') AND l.waybill_no IS NULL",
    ),
    oversold(
        "bucket-is-its-places",
        "a bucket is the sum of the live places on its zone's routes",
        "SELECT COUNT(*) FROM quota_bucket",
        "SELECT CONCAT_WS(' ', b.zone, b.delivery_date, b.timeslot) AS subject, \
           CONCAT('bucket: ', b.waybills, ' waybills; places: ', COALESCE(p.waybills, 0)) AS detail \
         FROM quota_bucket b LEFT JOIN \
           (SELECT r.zone, r.delivery_date, r.timeslot, COUNT(*) AS waybills, SUM(a.dry_ml) AS dry_ml, \
              SUM(a.frozen_ml) AS frozen_ml, SUM(a.weight_g) AS weight_g \
            FROM assignment a JOIN route r ON r.id = a.route_id \
            WHERE a.state IN ('ASSIGNED', 'LOCKED') GROUP BY r.zone, r.delivery_date, r.timeslot) p \
           ON p.zone = b.zone AND p.delivery_date = b.delivery_date AND p.timeslot = b.timeslot \
         WHERE COALESCE(p.waybills, 0) <> b.waybills OR COALESCE(p.dry_ml, 0) <> b.dry_ml \
           OR COALESCE(p.frozen_ml, 0) <> b.frozen_ml OR COALESCE(p.weight_g, 0) <> b.weight_g",
    ),
    oversold(
        "route-is-its-places",
        "a route's load is the sum of its live places",
        "SELECT COUNT(*) FROM route",
        "SELECT r.route_ref AS subject, \
           CONCAT('route: ', r.waybills, ' waybills, ', r.dry_ml, '+', r.frozen_ml, ' ml, ', r.weight_g, \
             ' g; places: ', COALESCE(p.waybills, 0), ', ', COALESCE(p.dry_ml, 0), '+', \
             COALESCE(p.frozen_ml, 0), ', ', COALESCE(p.weight_g, 0)) AS detail \
         FROM route r LEFT JOIN \
           (SELECT route_id, COUNT(*) AS waybills, SUM(dry_ml) AS dry_ml, SUM(frozen_ml) AS frozen_ml, \
              SUM(weight_g) AS weight_g \
            FROM assignment WHERE state IN ('ASSIGNED', 'LOCKED') GROUP BY route_id) p \
           ON p.route_id = r.id \
         WHERE COALESCE(p.waybills, 0) <> r.waybills OR COALESCE(p.dry_ml, 0) <> r.dry_ml \
           OR COALESCE(p.frozen_ml, 0) <> r.frozen_ml OR COALESCE(p.weight_g, 0) <> r.weight_g",
    ),
    oversold(
        "stop-is-its-places",
        "a stop counts the live places at its door",
        "SELECT COUNT(*) FROM route_stop",
        "SELECT CONCAT(COALESCE(r.route_ref, HEX(s.route_id)), ' stop ', HEX(s.stop_key)) AS subject, \
           CONCAT(s.waybills, ' waybills, ', COALESCE(p.found, 0), ' places') AS detail \
         FROM route_stop s LEFT JOIN route r ON r.id = s.route_id LEFT JOIN \
           (SELECT route_id, stop_key, COUNT(*) AS found FROM assignment \
            WHERE state IN ('ASSIGNED', 'LOCKED') GROUP BY route_id, stop_key) p \
           ON p.route_id = s.route_id AND p.stop_key = s.stop_key \
         WHERE COALESCE(p.found, 0) <> s.waybills \
         UNION ALL \
         SELECT a.waybill_no, 'its door is no stop of its route' \
         FROM assignment a LEFT JOIN route_stop s ON s.route_id = a.route_id AND s.stop_key = a.stop_key \
         WHERE a.state IN ('ASSIGNED', 'LOCKED') AND s.route_id IS NULL",
    ),
    oversold(
        "route-counts-its-stops",
        "a route has as many stops as it says",
        "SELECT COUNT(*) FROM route",
        "SELECT r.route_ref AS subject, CONCAT(r.stops, ' stops, ', COALESCE(s.found, 0), ' doors') AS detail \
         FROM route r LEFT JOIN \
           (SELECT route_id, COUNT(*) AS found FROM route_stop WHERE waybills > 0 GROUP BY route_id) s \
           ON s.route_id = r.id \
         WHERE COALESCE(s.found, 0) <> r.stops",
    ),
    oversold(
        "truck-use-is-its-routes",
        "the trucks in use are the routes that are not closed",
        "SELECT COUNT(*) FROM truck_use",
        "SELECT CONCAT_WS(' ', u.depot, u.delivery_date, u.timeslot, u.truck_type) AS subject, \
           CONCAT(u.used, ' in use, ', COALESCE(r.found, 0), ' routes') AS detail \
         FROM truck_use u LEFT JOIN \
           (SELECT depot, delivery_date, timeslot, truck_type, COUNT(*) AS found FROM route \
            WHERE status <> 'CLOSED' GROUP BY depot, delivery_date, timeslot, truck_type) r \
           ON r.depot = u.depot AND r.delivery_date = u.delivery_date AND r.timeslot = u.timeslot \
             AND r.truck_type = u.truck_type \
         WHERE COALESCE(r.found, 0) <> u.used \
         UNION ALL \
         SELECT r.route_ref, CONCAT('its ', r.truck_type, ' is not counted') \
         FROM route r LEFT JOIN truck_use u ON r.depot = u.depot AND r.delivery_date = u.delivery_date \
           AND r.timeslot = u.timeslot AND r.truck_type = u.truck_type \
         WHERE r.status <> 'CLOSED' AND u.depot IS NULL",
    ),
    oversold(
        "truck-use-stays-within-the-pool",
        "no depot uses more trucks of a type in a window than it has",
        "SELECT COUNT(*) FROM truck_use",
        "SELECT CONCAT_WS(' ', u.depot, u.delivery_date, u.timeslot, u.truck_type) AS subject, \
           CONCAT(u.used, ' in use of ', COALESCE(p.trucks, 0)) AS detail \
         FROM truck_use u LEFT JOIN truck_pool p ON p.depot = u.depot AND p.timeslot = u.timeslot \
           AND p.truck_type = u.truck_type \
         WHERE u.used > COALESCE(p.trucks, 0)",
    ),
];
