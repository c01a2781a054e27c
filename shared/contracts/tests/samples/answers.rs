//! Answers about one order, one waybill or one command.

use contracts::*;

use super::orders::line_standing;
use super::{Visitor, date, id, time, uuid};

pub(crate) fn visit(visitor: &mut impl Visitor) {
    let refusal = Refusal {
        code: "INVALID_ORDER".to_owned(),
        detail: "one error".to_owned(),
        errors: vec![FieldError {
            line_no: Some(1),
            field: Some("district".to_owned()),
            code: "UNKNOWN_DISTRICT".to_owned(),
            message: "D063 is not in the network".to_owned(),
        }],
    };
    let reply = Reply {
        message_id: MessageId(uuid(3)),
        outcome: ReplyOutcome::Rejected,
        code: "INVALID_ORDER".to_owned(),
        refusal: Some(refusal),
        items: vec![ItemReply {
            item: 0,
            code: "NOT_ALLOWED".to_owned(),
            detail: Some("Sorting may not report DELIVERED of this waybill".to_owned()),
        }],
        aggregate: Some("uci/536365".to_owned()),
        version: Some(1),
    };
    visitor.visit_answer("reply", reply.clone());
    visitor.visit_answer("query-answer-operation", QueryAnswer::Operation(reply));
    visitor.visit_answer("query-answer-not-found", QueryAnswer::NotFound);
    let waybill = waybill_view();
    visitor.visit_answer("query-answer-waybill", QueryAnswer::Waybill(Box::new(waybill.clone())));
    let orders = sales_order_view();
    visitor.visit_answer("query-answer-sales-order", QueryAnswer::SalesOrder(Box::new(orders)));
    let standing = OrderStanding {
        source: id("uci"),
        order_ref: id("536365"),
        status: OrderStatus::Paid,
        return_status: OrderReturnStatus::None,
        ordered_at: time("2010-12-01T08:26:00Z"),
        district: id("D063"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        lines: 1,
        line_standings: vec![line_standing()],
        waybill_numbers: vec![id("uci-536365-1")],
        version: 1,
    };
    let order = OrderView { standing, waybills: vec![waybill] };
    visitor.visit_answer("query-answer-order", QueryAnswer::Order(Box::new(order)));
}

fn sales_order_view() -> SalesOrderView {
    let first = SalesOrderShown {
        sales_order_no: "uci-536365-1/1".to_owned(),
        status: "REJECTED".to_owned(),
        in_force: false,
        warehouse: Some("WH-N1".to_owned()),
        reason: Some("OUT_OF_STOCK".to_owned()),
        transfer_to: Some("WH-N2".to_owned()),
        predecessor: Some("uci-536365-1/0".to_owned()),
        successor: Some("uci-536365-1/2".to_owned()),
        version: 3,
    };
    let step = SalesOrderStep {
        at: time("2010-12-01T22:00:00Z"),
        sales_order_no: "uci-536365-1/1".to_owned(),
        version: 3,
        message_type: "sales-order.resubmit.v1".to_owned(),
        from: Some("REJECTED".to_owned()),
        to: "REJECTED".to_owned(),
        who: "anna".to_owned(),
        role: "cs_agent".to_owned(),
        origin: Some("portal".to_owned()),
        correlation_id: Some("c-1".to_owned()),
    };
    SalesOrderView { waybill_no: id("uci-536365-1"), orders: vec![first], history: vec![step] }
}

fn waybill_view() -> WaybillView {
    WaybillView {
        standing: WaybillStanding {
            waybill_no: id("uci-536365-1"),
            kind: WaybillKind::Forward,
            status: WaybillStatus::Packed,
            held: false,
            failed_attempts: 0,
            gaps: vec![WaybillStatus::Picked],
            district: Some(id("D-101")),
            delivery_date: date("2010-12-02"),
            timeslot: id("0900-1300"),
            updated_at: time("2010-12-01T22:00:00.123456Z"),
            version: 5,
        },
        names: StatusNames::of(WaybillKind::Forward, WaybillStatus::Packed),
        tracking_code: Some(id("7ZX4M0QK9C")),
        assignment: Some(AssignmentStanding {
            state: "UNASSIGNABLE".to_owned(),
            reason: Some("ZONE_QUOTA".to_owned()),
            route_id: Some(RouteId(uuid(4))),
            route_ref: Some("NORTH-20101202-0900-1300-Z01-007".to_owned()),
            version: 2,
        }),
        sales_order: Some(SalesOrderStanding {
            sales_order_no: "uci-536365-1-r1".to_owned(),
            status: "PACKED".to_owned(),
            version: 6,
        }),
    }
}
