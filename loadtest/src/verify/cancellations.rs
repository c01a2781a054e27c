//! I1 and I3 of cancellations and transfers: every question that was asked is open or decided, whoever picks
//! heard of it, sales order and waybill agree about what is cancelled, and sales orders that took the place of
//! others are linked with them.

use super::orders::lost;
use super::{Check, Invariant};

/// The checks of cancellations.
pub(crate) const CHECKS: [Check; 7] = [
    Check {
        invariant: Invariant::LegalHistory,
        name: "questions-are-numbered",
        says: "the questions for cancellation of a waybill are numbered from 1 without a gap",
        examined: "SELECT COUNT(*) FROM sales_order_question",
        violations: "SELECT waybill_no AS subject, \
           CONCAT(COUNT(*), ' questions, the last is number ', MAX(question)) AS detail \
         FROM sales_order_question GROUP BY waybill_no HAVING COUNT(*) <> MAX(question)",
    },
    lost(
        "open-question-is-waited-for",
        "a question for cancellation is open exactly while its sales order waits for the answer",
        "SELECT COUNT(*) FROM sales_order_question WHERE verdict IS NULL",
        "SELECT t.waybill_no AS subject, \
           CONCAT(SUM(t.open), ' open questions, ', SUM(t.waits), ' sales orders that wait') AS detail \
         FROM (SELECT waybill_no, 1 AS open, 0 AS waits FROM sales_order_question WHERE verdict IS NULL \
             UNION ALL SELECT waybill_no, 0, 1 FROM sales_order \
               WHERE live = 1 AND status = 'CANCELLATION_REQUESTED') t \
         GROUP BY t.waybill_no HAVING SUM(t.open) <> 1 OR SUM(t.waits) <> 1",
    ),
    Check {
        invariant: Invariant::LegalHistory,
        name: "cancelled-was-granted",
        says: "a sales order is cancelled exactly when its last question for cancellation was granted",
        examined: "SELECT COUNT(*) FROM sales_order WHERE live = 1 AND status = 'CANCELLED'",
        violations: "SELECT s.waybill_no AS subject, \
           CONCAT(s.status, ', granted: ', COALESCE(q.granted, 0)) AS detail \
         FROM sales_order s LEFT JOIN \
           (SELECT waybill_no, MAX(IF(verdict = 'ACCEPTED', question, 0)) AS granted, MAX(question) AS last \
            FROM sales_order_question WHERE purpose = 'CANCEL' GROUP BY waybill_no) q ON q.waybill_no = s.waybill_no \
         WHERE s.live = 1 AND ((s.status = 'CANCELLED' AND COALESCE(q.granted, 0) <> COALESCE(q.last, -1)) \
           OR (s.status <> 'CANCELLED' AND COALESCE(q.granted, 0) > 0))",
    },
    lost(
        "warehouse-was-asked",
        "a warehouse was sent every question for cancellation that waits or that it answered",
        "SELECT COUNT(*) FROM sales_order_question",
        "SELECT q.waybill_no AS subject, CONCAT('question ', q.question, ', nothing sent') AS detail \
         FROM sales_order_question q \
           JOIN sales_order s ON s.waybill_no = q.waybill_no AND s.live = 1 \
         WHERE s.reached LIKE 'SUBMITTED%' AND (q.verdict IS NULL OR q.decided_by <> 'sales-order') \
           AND NOT EXISTS (SELECT 1 FROM sales_order x \
             JOIN partner_delivery d ON d.partner = 'wms' AND d.reference = x.sales_order_no \
               AND d.direction = 'out' AND d.step = CONCAT('CANCELLATION_REQUEST/', q.question) \
             WHERE x.waybill_no = q.waybill_no)",
    ),
    lost(
        "cancelled-is-cancelled",
        "what sales-order cancelled is cancelled or got further, and nothing else is cancelled",
        "SELECT COUNT(*) FROM sales_order WHERE live = 1 AND status = 'CANCELLED'",
        "SELECT w.waybill_no AS subject, \
           CONCAT('waybill ', w.status, ', sales order ', COALESCE(s.status, 'missing')) AS detail \
         FROM waybill w LEFT JOIN sales_order s ON s.waybill_no = w.waybill_no AND s.live = 1 \
         WHERE w.exists_since IS NOT NULL \
           AND ((w.status = 'CANCELLED' AND COALESCE(s.status, '') <> 'CANCELLED') \
             OR (s.status = 'CANCELLED' AND w.status IN ('CREATED', 'ACKNOWLEDGED', 'PICKED', 'PACKED'))) \
           AND NOT EXISTS (SELECT 1 FROM waybill_event e \
             WHERE e.waybill_id = w.id AND e.message_type = 'waybill.correct.v1')",
    ),
    Check {
        invariant: Invariant::LegalHistory,
        name: "sales-orders-are-linked",
        says: "a sales order is in force, or the one that took its place names it",
        examined: "SELECT COUNT(*) FROM sales_order",
        violations: "SELECT s.sales_order_no AS subject, \
           CONCAT(IF(s.live = 1, 'in force', 'not in force'), ', then ', COALESCE(n.sales_order_no, 'none')) AS detail \
         FROM sales_order s LEFT JOIN sales_order n \
           ON n.sales_order_no = s.successor AND n.predecessor = s.sales_order_no AND n.waybill_no = s.waybill_no \
         WHERE (s.live IS NULL) <> (n.id IS NOT NULL) OR (s.live = 1 AND s.successor IS NOT NULL)",
    },
    Check {
        invariant: Invariant::LegalHistory,
        name: "sales-order-has-its-history",
        says: "who made each version of a sales order is kept, up to the one it has",
        examined: "SELECT COUNT(*) FROM sales_order",
        violations: "SELECT s.sales_order_no AS subject, \
           CONCAT('version ', s.version, ', kept: ', COALESCE(c.found, 0), ' up to ', COALESCE(c.last, 0)) AS detail \
         FROM sales_order s LEFT JOIN \
           (SELECT sales_order_no, COUNT(*) AS found, MIN(version) AS first, MAX(version) AS last \
            FROM sales_order_change GROUP BY sales_order_no) c ON c.sales_order_no = s.sales_order_no \
         WHERE c.last IS NULL OR c.last <> s.version OR c.found <> c.last - c.first + 1",
    },
];
