//! Lists, the story of a waybill and what the public sees of it: questions and answers.

use contracts::*;

use super::{Visitor, date, id, time, uuid};

const ROUTE: &str = "NORTH-20101202-0900-1300-Z01-007";

pub(crate) fn visit(visitor: &mut impl Visitor) {
    questions(visitor);
    visitor.visit_answer("query-answer-orders", QueryAnswer::Orders(Box::new(orders())));
    visitor.visit_answer("query-answer-waybills", QueryAnswer::Waybills(Box::new(waybills())));
    visitor.visit_answer("query-answer-timeline", QueryAnswer::Timeline(Box::new(timeline())));
    visitor.visit_answer("query-answer-tracking", QueryAnswer::Tracking(Box::new(tracking())));
}

fn questions(visitor: &mut impl Visitor) {
    let (after, limit) = (Some(Cursor(uuid(7))), 50);
    let filter = OrderFilter {
        merchant: Some(id("acme")),
        source: Some(id("uci")),
        status: Some(OrderStatus::Paid),
        delivery_date: Some(date("2010-12-02")),
        updated_since: Some(time("2010-12-01T08:00:00Z")),
    };
    visitor.visit("query.ask.v1-orders", Query::Orders { filter, after, limit });
    let filter = Box::new(WaybillFilter {
        merchant: Some(id("acme")),
        source: Some(id("uci")),
        status: Some(WaybillStatus::Created),
        kind: Some(WaybillKind::Forward),
        delivery_date: Some(date("2010-12-02")),
        depot: Some(id("NORTH")),
        held: Some(false),
        updated_since: Some(time("2010-12-01T08:00:00Z")),
        work: true,
    });
    visitor.visit("query.ask.v1-waybills", Query::Waybills { filter, after, limit });
    let waybill_no: WaybillNo = id("uci-536365-1");
    let no = waybill_no.clone();
    visitor.visit("query.ask.v1-timeline", Query::Timeline { waybill_no: no });
    let code = Hidden::new("7ZX4M-0QK9C");
    visitor.visit("query.ask.v1-tracking", Query::Tracking { waybill_no, code });
}

fn orders() -> OrderList {
    let head = OrderHead {
        source: id("uci"),
        order_ref: id("536365"),
        status: OrderStatus::Paid,
        return_status: OrderReturnStatus::None,
        ordered_at: time("2010-12-01T08:26:00Z"),
        district: id("D-101"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        lines: 7,
        updated_at: time("2010-12-01T08:30:00Z"),
        version: 1,
    };
    OrderList { orders: vec![head], next: Some(Cursor(uuid(8))) }
}

fn waybills() -> WaybillList {
    let head = WaybillHead {
        waybill_no: id("uci-536365-1"),
        kind: WaybillKind::Forward,
        status: WaybillStatus::Created,
        held: true,
        failed_attempts: 0,
        source: id("uci"),
        order_ref: id("536365"),
        merchant: id("acme"),
        fulfilled_by: FulfilledBy::Merchant,
        sku_type: SkuType::Dry,
        district: id("D-101"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        lines: 3,
        assignment: Some("ASSIGNED".to_owned()),
        depot: Some(id("NORTH")),
        route_ref: Some(ROUTE.to_owned()),
        updated_at: time("2010-12-01T08:30:00Z"),
        version: 2,
    };
    WaybillList { waybills: vec![head], next: Some(Cursor(uuid(8))) }
}

fn timeline() -> Timeline {
    let cause = TimelineCause {
        actor: Some("anna".to_owned()),
        role: Some(Role::CsAgent),
        sender: Some("dray-portal-shim".to_owned()),
        origin: Some("portal".to_owned()),
        correlation_id: Some("c-1".to_owned()),
    };
    let step = TimelineStep {
        at: time("2010-12-01T09:00:00.5Z"),
        occurred_at: Some(time("2010-12-01T09:00:00Z")),
        part: TimelinePart::Waybill,
        version: 2,
        what: "waybill.report-status.v1".to_owned(),
        fact: Some("PICKED".to_owned()),
        attempt: Some(1),
        outcome: "REJECTED".to_owned(),
        code: Some("NOT_THE_PACKER".to_owned()),
        status: Some("CREATED".to_owned()),
        reference: Some(ROUTE.to_owned()),
        detail: Some("all there".to_owned()),
        cause,
    };
    let hold = TimelineHold {
        reason: Some(HoldReason::AwaitingPayment),
        owner: Some("anna".to_owned()),
        handle: Some("payment".to_owned()),
        instance: 1,
        placed_at: Some(time("2010-12-01T09:00:00Z")),
        released_at: Some(time("2010-12-01T10:00:00Z")),
    };
    let (steps, holds) = (vec![step], vec![hold]);
    Timeline { waybill_no: id("uci-536365-1"), steps, holds, truncated: false }
}

fn tracking() -> TrackingView {
    let status = WaybillStatus::OutForDelivery;
    let name = status.public_name(WaybillKind::Forward).to_owned();
    let at = time("2010-12-02T09:12:00Z");
    TrackingView {
        waybill_no: id("uci-536365-1"),
        kind: WaybillKind::Forward,
        status,
        name: name.clone(),
        is_final: false,
        district: Some(id("D-101")),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        window_start: Some("09:00".to_owned()),
        window_end: Some("13:00".to_owned()),
        steps: vec![TrackingStep { status, name, at }],
        updated_at: time("2010-12-02T09:12:01Z"),
        version: 9,
    }
}
