//! The books of ADRA must agree at all times: what was promised, what was counted, and what is limited.

use testkit::Stage;

/// What must not be: each statement gives the rows that are wrong.
const MISTAKES: [(&str, &str); 11] = [
    (
        "at every prefix of the ledger a zone holds at most its quota and never less than nothing",
        "SELECT p.* FROM (SELECT l.zone, l.delivery_date, l.timeslot, l.version, \
           SUM(l.waybills) OVER (PARTITION BY l.zone, l.delivery_date, l.timeslot ORDER BY l.version) waybills \
         FROM quota_ledger l) p JOIN zone_quota q ON q.zone = p.zone AND q.timeslot = p.timeslot \
         WHERE p.waybills < 0 OR p.waybills > q.waybills",
    ),
    (
        "the ledger runs from 1 to the bucket's version and adds up to it",
        "SELECT b.zone, b.version, b.waybills, COUNT(l.version) entries, SUM(l.waybills) total \
         FROM quota_bucket b LEFT JOIN quota_ledger l ON l.zone = b.zone \
           AND l.delivery_date = b.delivery_date AND l.timeslot = b.timeslot \
         GROUP BY b.zone, b.delivery_date, b.timeslot, b.version, b.waybills, b.dry_ml, b.weight_g \
         HAVING COUNT(l.version) <> b.version OR COALESCE(MAX(l.version), 0) <> b.version \
           OR COALESCE(SUM(l.waybills), 0) <> b.waybills OR COALESCE(SUM(l.dry_ml), 0) <> b.dry_ml \
           OR COALESCE(SUM(l.weight_g), 0) <> b.weight_g",
    ),
    (
        "a route carries its places",
        "SELECT r.route_ref, r.waybills, COUNT(a.waybill_no) places FROM route r \
         LEFT JOIN assignment a ON a.route_id = r.id AND a.state IN ('ASSIGNED', 'LOCKED') \
         GROUP BY r.id, r.route_ref, r.waybills, r.dry_ml \
         HAVING COUNT(a.waybill_no) <> r.waybills OR COALESCE(SUM(a.dry_ml), 0) <> r.dry_ml",
    ),
    (
        "a bucket is the sum of its routes",
        "SELECT b.zone, b.waybills FROM quota_bucket b LEFT JOIN route r ON r.zone = b.zone \
           AND r.delivery_date = b.delivery_date AND r.timeslot = b.timeslot \
         GROUP BY b.zone, b.delivery_date, b.timeslot, b.waybills \
         HAVING COALESCE(SUM(r.waybills), 0) <> b.waybills",
    ),
    (
        "a route's stops are the doors of its places",
        "SELECT r.route_ref, r.stops FROM route r WHERE r.stops <> \
           (SELECT COUNT(*) FROM route_stop s WHERE s.route_id = r.id) OR r.stops <> \
           (SELECT COUNT(DISTINCT a.stop_key) FROM assignment a WHERE a.route_id = r.id) OR r.waybills <> \
           (SELECT COALESCE(SUM(s.waybills), 0) FROM route_stop s WHERE s.route_id = r.id)",
    ),
    (
        "trucks in use are those of live routes, and no more than there are",
        "SELECT u.truck_type, u.used FROM truck_use u JOIN truck_pool p ON p.depot = u.depot \
           AND p.timeslot = u.timeslot AND p.truck_type = u.truck_type \
         WHERE u.used > p.trucks OR u.used <> (SELECT COUNT(*) FROM route r WHERE r.depot = u.depot \
           AND r.delivery_date = u.delivery_date AND r.timeslot = u.timeslot \
           AND r.truck_type = u.truck_type AND r.status <> 'CLOSED')",
    ),
    (
        "what the ledger holds for a waybill is its place",
        "SELECT l.waybill_no, SUM(l.waybills) held FROM quota_ledger l \
         LEFT JOIN assignment a ON a.waybill_no = l.waybill_no GROUP BY l.waybill_no, a.route_id \
         HAVING SUM(l.waybills) <> IF(a.route_id IS NULL, 0, 1)",
    ),
    (
        "every answer is explained",
        "SELECT a.waybill_no, a.state, a.version FROM assignment a LEFT JOIN adra_decision d \
           ON d.waybill_no = a.waybill_no AND d.version <= a.version \
           AND d.route_id <=> a.route_id AND d.reason <=> a.reason \
         WHERE a.state IN ('ASSIGNED', 'UNASSIGNABLE') AND d.waybill_no IS NULL",
    ),
    (
        "a place is locked from the moment its route is",
        "SELECT a.waybill_no, a.state, r.status FROM assignment a JOIN route r ON r.id = a.route_id \
         WHERE a.state <> IF(r.status = 'OPEN', 'ASSIGNED', 'LOCKED') OR r.delivery_date <> a.delivery_date \
           OR r.timeslot <> a.timeslot OR r.depot <> a.depot",
    ),
    (
        "what the ledger holds for a waybill on a route is its load there",
        "SELECT l.waybill_no, SUM(l.dry_ml) held FROM quota_ledger l \
         LEFT JOIN assignment a ON a.waybill_no = l.waybill_no AND a.route_id = l.route_id \
         GROUP BY l.waybill_no, l.route_id, a.dry_ml, a.weight_g \
         HAVING SUM(l.dry_ml) <> COALESCE(a.dry_ml, 0) OR SUM(l.weight_g) <> COALESCE(a.weight_g, 0)",
    ),
    (
        "an amendment that is not decided has its room",
        "SELECT m.waybill_no FROM assignment_amendment m JOIN assignment a ON a.waybill_no = m.waybill_no \
         WHERE m.state = 'RESERVED' AND (a.dry_ml < m.dry_ml OR a.dry_ml < m.dry_ml_before \
           OR a.frozen_ml < m.frozen_ml OR a.frozen_ml < m.frozen_ml_before)",
    ),
];

/// Audits the stage's tables.
pub(super) async fn audit(stage: &Stage) {
    for (rule, sql) in MISTAKES {
        let found = stage.rows(sql).await;
        assert!(found.is_empty(), "{rule}, but: {found:?}");
    }
}

/// How many assignments are in each state, for example `ASSIGNED 3, UNASSIGNABLE ZONE_QUOTA 1`.
pub(super) async fn states(stage: &Stage) -> String {
    let sql = "SELECT COALESCE(GROUP_CONCAT(s.line ORDER BY s.line SEPARATOR ', '), '') FROM \
        (SELECT CONCAT(CONCAT_WS(' ', state, reason), ' ', COUNT(*)) line FROM assignment \
         GROUP BY state, reason) s";
    stage.scalar(sql).await
}
