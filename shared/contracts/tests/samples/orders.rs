//! Orders, waybills and sales orders: commands and events.

use contracts::*;

use super::{Visitor, date, id, time, uuid};

pub(crate) fn visit(visitor: &mut impl Visitor) {
    visitor.visit("order.create.v1", create_order());
    visitor
        .visit("order.create-batch.v1", CreateOrders { orders: vec![create_order()], whole: None });
    visitor.visit(
        "order.create-batch.v1-part",
        CreateOrders { orders: vec![create_order()], whole: Some("0a".repeat(32)) },
    );
    visitor.visit("order.accepted.v1", order_accepted());
    visitor.visit("order.changed.v1", order_changed());
    visitor.visit(
        "waybill-request.made.v1",
        WaybillsRequested { by: Requester::CustomerService, order: order_accepted() },
    );
    cancellations(visitor);
    commands_on_waybills(visitor);
    commands_for_a_version(visitor);
    events_of_waybills(visitor);
    sales_orders(visitor);
}

fn order_changed() -> OrderChanged {
    OrderChanged {
        order_id: uuid(1),
        source: id("uci"),
        order_ref: id("536365"),
        customer_ref: Some(id("17850")),
        status: OrderStatus::PartiallyDelivered,
        return_status: OrderReturnStatus::PartiallyReturned,
        open_amendment: Some(uuid(2)),
        lines: vec![line_standing()],
    }
}

/// One line as it stands, which an event and an answer carry.
pub(crate) fn line_standing() -> OrderLineStanding {
    OrderLineStanding {
        line_no: 1,
        merchant: id("M01"),
        ordered: 6,
        cancelled: 0,
        shipped: 6,
        delivered: 6,
        returned_to_origin: 0,
        lost: 0,
        returned: 2,
    }
}

fn create_order() -> CreateOrder {
    CreateOrder {
        source: id("uci"),
        order_ref: id("536365"),
        ordered_at: time("2010-12-01T08:26:00Z"),
        customer_ref: Some(id("17850")),
        district: id("D063"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        currency: Currency::new("GBP").expect("a currency"),
        recipient: Some(Personal::new("Zoë Müller")),
        phone: Some(Personal::new("+44 20 7946 0000")),
        postcode: Some(Personal::new("N1 9GU")),
        address: Some(Personal::new("1 Test Street")),
        country: Some("United Kingdom".to_owned()),
        promotion_codes: Some("SPRING".to_owned()),
        notes: Some(Personal::new("a gift")),
        delivery_instructions: Some(Personal::new("ring twice")),
        lines: vec![OrderLine {
            line_no: 1,
            merchant: id("M01"),
            store: Some(id("M01-S2")),
            sku: id("85123A"),
            description: Some("WHITE HANGING HEART T-LIGHT HOLDER".to_owned()),
            quantity: 6,
            unit_price: UnitPrice::new("2.55".parse().expect("a decimal")).expect("a price"),
            sku_type: SkuType::Dry,
            volume_ml: 1_626,
            weight_g: 1_571,
            fulfilled_by: FulfilledBy::Merchant,
        }],
    }
}

fn order_accepted() -> OrderAccepted {
    OrderAccepted {
        order_id: uuid(1),
        source: id("uci"),
        order_ref: id("536365"),
        ordered_at: time("2010-12-01T08:26:00Z"),
        customer_ref: Some(id("17850")),
        district: id("D063"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        address_key: "9f86d081884c7d65".to_owned(),
        waybills: vec![WaybillDraft {
            waybill_no: id("uci-536365-1"),
            kind: WaybillKind::Replacement,
            hold: Some(FirstHold {
                owner: "customer-service".to_owned(),
                handle: id("return R-7"),
                reason: HoldReason::AwaitingReturnItems,
            }),
            merchant: id("M01"),
            store: Some(id("M01-S2")),
            sku_type: SkuType::Mixed,
            fulfilled_by: FulfilledBy::Warehouse,
            dry_ml: 9_756,
            frozen_ml: 500,
            weight_g: 9_426,
            lines: vec![WaybillDraftLine {
                line_no: 1,
                sku: id("85123A"),
                quantity: 6,
                sku_type: SkuType::Frozen,
            }],
        }],
    }
}

fn report_status() -> ReportStatus {
    ReportStatus {
        waybill_no: id("uci-536365-1"),
        status: WaybillStatus::DeliveryFailed,
        attempt: Some(1),
        route_ref: Some("NORTH-20101202-0900-1300-Z01-007".to_owned()),
        expected_version: None,
        occurred_at: time("2010-12-02T10:15:30.25Z"),
        reason: Some("nobody at home".to_owned()),
    }
}

fn cancellations(visitor: &mut impl Visitor) {
    let waybill_no: WaybillNo = id("uci-536365-1");
    let reason = Some("ordered twice".to_owned());
    let occurred_at = time("2010-12-01T10:00:00Z");
    visitor.visit(
        "sales-order.cancellation-decided.v1",
        CancellationDecided {
            waybill_no,
            verdict: CancellationVerdict::Accepted,
            reason,
            occurred_at,
        },
    );
}

fn commands_on_waybills(visitor: &mut impl Visitor) {
    visitor.visit("waybill.report-status.v1", report_status());
    visitor.visit(
        "waybill.report-statuses.v1",
        ReportStatuses { reports: vec![report_status()], whole: None },
    );
    visitor.visit(
        "waybill.report-statuses.v1-part",
        ReportStatuses { reports: vec![report_status()], whole: Some("0a".repeat(32)) },
    );
    visitor.visit(
        "waybill.correct.v1",
        CorrectWaybill {
            waybill_no: id("uci-536365-1"),
            status: WaybillStatus::Dispatched,
            attempt: Some(1),
            reason: "scanned for the wrong parcel".to_owned(),
            occurred_at: time("2010-12-02T11:00:00Z"),
        },
    );
    visitor.visit(
        "waybill.place-hold.v1",
        PlaceHold {
            waybill_no: id("uci-536365-1"),
            handle: id("fraud check 7"),
            instance: HoldInstance(2),
            reason: HoldReason::HighRiskOfFraud,
            expected_version: None,
            occurred_at: time("2010-12-01T09:00:00Z"),
        },
    );
    visitor.visit(
        "waybill.release-hold.v1",
        ReleaseHold {
            waybill_no: id("uci-536365-1"),
            handle: id("fraud check 7"),
            instance: HoldInstance(2),
            owner: Some("ann".to_owned()),
            expected_version: None,
            occurred_at: time("2010-12-01T09:30:00Z"),
        },
    );
}

fn commands_for_a_version(visitor: &mut impl Visitor) {
    let expected_version = Some(7);
    visitor.visit(
        "waybill.report-status.v1-versioned",
        ReportStatus { expected_version, ..report_status() },
    );
    visitor.visit(
        "waybill.place-hold.v1-versioned",
        PlaceHold {
            waybill_no: id("uci-536365-1"),
            handle: id("payment"),
            instance: HoldInstance::default(),
            reason: HoldReason::AwaitingPayment,
            expected_version,
            occurred_at: time("2010-12-01T09:00:00Z"),
        },
    );
    visitor.visit(
        "waybill.release-hold.v1-versioned",
        ReleaseHold {
            waybill_no: id("uci-536365-1"),
            handle: id("payment"),
            instance: HoldInstance::default(),
            owner: None,
            expected_version,
            occurred_at: time("2010-12-01T09:30:00Z"),
        },
    );
}

fn events_of_waybills(visitor: &mut impl Visitor) {
    visitor.visit(
        "waybill.created.v1",
        WaybillCreated {
            waybill_id: uuid(2),
            waybill_no: id("uci-536365-1"),
            kind: WaybillKind::Forward,
            source: id("uci"),
            order_ref: id("536365"),
            ordered_at: time("2010-12-01T08:26:00Z"),
            customer_ref: Some(id("17850")),
            district: id("D063"),
            address_key: "9f86d081884c7d65".to_owned(),
            delivery_date: date("2010-12-02"),
            timeslot: id("0900-1300"),
            merchant: id("M01"),
            store: Some(id("M01-S2")),
            sku_type: SkuType::Dry,
            fulfilled_by: FulfilledBy::Warehouse,
            dry_ml: 9_756,
            frozen_ml: 0,
            weight_g: 9_426,
            line_count: 1,
            held: true,
        },
    );
    visitor.visit(
        "waybill.status-changed.v1",
        WaybillStatusChanged {
            waybill_id: uuid(2),
            waybill_no: id("uci-536365-1"),
            from: WaybillStatus::OutForDelivery,
            to: WaybillStatus::DeliveryFailed,
            attempt: 1,
            occurred_at: time("2010-12-02T10:15:30.25Z"),
            failed_attempts: 1,
            fulfilled_by: FulfilledBy::Warehouse,
            kind: WaybillKind::Replacement,
            held: true,
        },
    );
    waybills_in_trouble(visitor);
}

fn waybills_in_trouble(visitor: &mut impl Visitor) {
    let waybill_no: WaybillNo = id("uci-536365-1");
    visitor.visit(
        "waybill.attempt-failed.v1",
        WaybillAttemptFailed {
            waybill_id: uuid(2),
            waybill_no: waybill_no.clone(),
            kind: WaybillKind::Forward,
            attempt: 1,
            occurred_at: time("2010-12-02T10:15:30.25Z"),
            reason: Some("nobody at home".to_owned()),
            failed_attempts: 1,
            status: WaybillStatus::OutForDelivery,
            status_attempt: 2,
        },
    );
    visitor.visit(
        "waybill.cancelled-but-moved.v1",
        WaybillCancelledButMoved {
            waybill_id: uuid(2),
            waybill_no: waybill_no.clone(),
            status: WaybillStatus::Loaded,
            attempt: 1,
            occurred_at: time("2010-12-02T06:00:00Z"),
        },
    );
    visitor.visit(
        "waybill.held.v1",
        WaybillHeld {
            waybill_id: uuid(2),
            waybill_no: waybill_no.clone(),
            reason: HoldReason::CustomerRequest,
        },
    );
    visitor.visit("waybill.released.v1", WaybillReleased { waybill_id: uuid(2), waybill_no });
}

fn sales_orders(visitor: &mut impl Visitor) {
    let (sales_order_no, waybill_no): (SalesOrderNo, WaybillNo) =
        (id("uci-536365-1-r1"), id("uci-536365-1"));
    visitor.visit(
        "sales-order.submitted.v1",
        SalesOrderSubmitted {
            sales_order_no: sales_order_no.clone(),
            waybill_no: waybill_no.clone(),
            warehouse: id("WH-N1"),
            pick_flow: "PICK_BY_BATCH".to_owned(),
            delivery_date: date("2010-12-02"),
            timeslot: id("0900-1300"),
            route_ref: "NORTH-20101202-0900-1300-Z01-007".to_owned(),
            lines: vec![SalesOrderLine {
                line_no: 1,
                sku: id("85123A"),
                quantity: 6,
                sku_type: SkuType::Dry,
            }],
        },
    );
    visitor.visit(
        "sales-order.record-answer.v1",
        RecordWarehouseAnswer {
            sales_order_no: sales_order_no.clone(),
            answer: WarehouseAnswer::Rejected,
            reason: Some("OUT_OF_STOCK".to_owned()),
            occurred_at: time("2010-12-01T21:00:00Z"),
        },
    );
    visitor.visit(
        "sales-order.record-progress.v1",
        RecordWarehouseProgress {
            sales_order_no: sales_order_no.clone(),
            progress: WarehouseProgress::HandedOver,
            occurred_at: time("2010-12-02T06:00:00Z"),
        },
    );
    visitor.visit(
        "sales-order.answered.v1",
        SalesOrderAnswered {
            sales_order_no: sales_order_no.clone(),
            waybill_no: waybill_no.clone(),
            answer: WarehouseAnswer::Rejected,
            reason: Some("OUT_OF_STOCK".to_owned()),
        },
    );
    visitor.visit(
        "sales-order.progressed.v1",
        SalesOrderProgressed { sales_order_no, waybill_no, status: SalesOrderStatus::HandedOver },
    );
    successors(visitor);
}

/// Sales orders that take the place of others.
fn successors(visitor: &mut impl Visitor) {
    let sales_order_no: SalesOrderNo = id("uci-536365-1/1");
    let (reason, occurred_at) = (Some("no stock".to_owned()), time("2010-12-01T22:00:00Z"));
    visitor.visit(
        "sales-order.resubmit.v1",
        ResubmitSalesOrder {
            sales_order_no: sales_order_no.clone(),
            reason: reason.clone(),
            occurred_at,
        },
    );
    visitor.visit(
        "sales-order.transfer.v1",
        TransferSalesOrder {
            sales_order_no: sales_order_no.clone(),
            warehouse: id("WH-N2"),
            reason: reason.clone(),
            occurred_at,
        },
    );
    visitor.visit(
        "sales-order.transfer-decided.v1",
        SalesOrderTransferDecided {
            waybill_no: id("uci-536365-1"),
            sales_order_no,
            from: Some(id("WH-N1")),
            to: id("WH-N2"),
            verdict: CancellationVerdict::Accepted,
            successor: Some(id("uci-536365-1/2")),
            reason,
            occurred_at,
        },
    );
    visitor.visit(
        "sales-order.submission-due.v1",
        SubmissionDue {
            route_id: RouteId(uuid(4)),
            route_ref: "NORTH-20101202-0900-1300-Z01-007".to_owned(),
            after: id("uci-536365-1"),
        },
    );
}
