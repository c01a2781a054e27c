//! What customer service and customers change: cancellations, amendments, returns, replacements, cases.

use contracts::*;

use super::{Visitor, date, id, time, uuid};

pub(crate) fn visit(visitor: &mut impl Visitor) {
    cancellations(visitor);
    amendments(visitor);
    returns(visitor);
    receipts(visitor);
    replacements(visitor);
    cases(visitor);
    places(visitor);
    for_a_version(visitor);
}

fn cancellations(visitor: &mut impl Visitor) {
    visitor.visit(
        "order.cancel.v1",
        CancelOrder {
            source: id("uci"),
            order_ref: id("536365"),
            line_no: Some(2),
            reason: Some("ordered twice".to_owned()),
            expected_version: None,
            occurred_at: time("2010-12-01T10:00:00Z"),
        },
    );
    visitor.visit(
        "order.cancellation-requested.v1",
        OrderCancellationRequested {
            waybill_no: id("uci-536365-1"),
            requested_by: "cs-anna".to_owned(),
            reason: Some("ordered twice".to_owned()),
            occurred_at: time("2010-12-01T10:00:00Z"),
        },
    );
    visitor.visit(
        "waybill.cancel.v1",
        CancelWaybill {
            waybill_no: id("uci-536365-1"),
            reason: Some("ordered twice".to_owned()),
            occurred_at: time("2010-12-01T10:00:00Z"),
        },
    );
    visitor.visit(
        "sales-order.cancellation-asked.v1",
        CancellationAsked {
            waybill_no: id("uci-536365-1"),
            sales_order_no: Some(id("uci-536365-1/1")),
            question: 1,
            fulfilled_by: FulfilledBy::Warehouse,
            warehouse: Some(id("WH-N1")),
            merchant: Some(id("M01")),
            reason: Some("ordered twice".to_owned()),
            occurred_at: time("2010-12-01T10:00:00Z"),
        },
    );
    visitor.visit(
        "sales-order.record-cancellation-answer.v1",
        RecordCancellationAnswer {
            waybill_no: id("uci-536365-1"),
            question: 1,
            answer: CancellationVerdict::Rejected,
            reason: Some("packed".to_owned()),
            occurred_at: time("2010-12-01T10:05:00Z"),
        },
    );
    visitor.visit(
        "sales-order.cancellation-overdue.v1",
        CancellationOverdue {
            waybill_no: id("uci-536365-1"),
            question: 1,
            asked_at: time("2010-12-01T10:00:00Z"),
        },
    );
}

fn amendment() -> WaybillAmendment {
    WaybillAmendment {
        amendment_id: uuid(9),
        kind: AmendmentKind::Quantities,
        order_id: uuid(1),
        source: id("uci"),
        order_ref: id("536365"),
        waybill_no: id("uci-536365-1"),
        lines: vec![WaybillDraftLine {
            line_no: 1,
            sku: id("85123A"),
            quantity: 4,
            sku_type: SkuType::Dry,
        }],
        sku_type: SkuType::Dry,
        dry_ml: 6_504,
        frozen_ml: 0,
        weight_g: 6_284,
        district: id("D063"),
        address_key: "9f86d081884c7d65".to_owned(),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        occurred_at: time("2010-12-01T10:00:00Z"),
    }
}

fn amendments(visitor: &mut impl Visitor) {
    let amend = AmendOrder {
        source: id("uci"),
        order_ref: id("536365"),
        expected_version: 3,
        lines: vec![AmendedLine { line_no: 1, quantity: 4 }],
        destination: None,
        reason: Some("fewer".to_owned()),
        occurred_at: time("2010-12-01T10:00:00Z"),
    };
    let destination = AmendedDestination {
        district: Some(id("D064")),
        delivery_date: Some(date("2010-12-03")),
        timeslot: Some(id("1300-1800")),
        recipient: Some(Personal::new("Zoë Müller")),
        phone: Some(Personal::new("+44 20 7946 0000")),
        postcode: Some(Personal::new("N1 9GU")),
        address: Some(Personal::new("2 Test Street")),
    };
    let elsewhere =
        AmendOrder { lines: Vec::new(), destination: Some(destination), ..amend.clone() };
    visitor.visit("order.amend.v1", amend);
    visitor.visit("order.amend.v1-destination", elsewhere);
    let amendment = amendment();
    visitor
        .visit("order.amendment-requested.v1", AmendmentRequested { amendment: amendment.clone() });
    visitor.visit(
        "assignment.amendment-reserved.v1",
        AmendmentReserved { amendment: amendment.clone() },
    );
    visitor.visit(
        "amendment.decided.v1",
        AmendmentDecided {
            by: AmendmentDecider::SalesOrder,
            refused: Some("AMEND_TOO_LATE".to_owned()),
            amendment,
        },
    );
}

fn returns(visitor: &mut impl Visitor) {
    let (source, return_ref): (Source, ReturnRef) = (id("uci"), id("C536379"));
    visitor.visit(
        "return.request.v1",
        RequestReturn {
            source: source.clone(),
            return_ref: return_ref.clone(),
            requested_at: time("2010-12-05T09:41:00Z"),
            order_ref: Some(id("536365")),
            customer_ref: Some(id("17850")),
            currency: Some(Currency::new("GBP").expect("a currency")),
            lines: vec![ReturnLine {
                line_no: 1,
                sku: id("85123A"),
                description: Some("WHITE HANGING HEART T-LIGHT HOLDER".to_owned()),
                quantity: 2,
                unit_price: Some(
                    UnitPrice::new("2.55".parse().expect("a decimal")).expect("a price"),
                ),
                reason: Some("chipped".to_owned()),
            }],
        },
    );
    visitor.visit(
        "return.approve.v1",
        ApproveReturn {
            source: source.clone(),
            return_ref: return_ref.clone(),
            pickup_date: Some(date("2010-12-07")),
            timeslot: Some(id("0900-1300")),
            expected_version: None,
            occurred_at: time("2010-12-05T10:00:00Z"),
        },
    );
    visitor.visit(
        "return.reject.v1",
        RejectReturn {
            source: source.clone(),
            return_ref: return_ref.clone(),
            reason: "worn".to_owned(),
            expected_version: None,
            occurred_at: time("2010-12-05T10:00:00Z"),
        },
    );
    visitor.visit(
        "return.cancel.v1",
        CancelReturn {
            source: source.clone(),
            return_ref: return_ref.clone(),
            reason: Some("keeps it".to_owned()),
            expected_version: None,
            occurred_at: time("2010-12-05T10:00:00Z"),
        },
    );
    visitor.visit(
        "return.close.v1",
        CloseReturn {
            source,
            return_ref,
            expected_version: None,
            occurred_at: time("2010-12-09T10:00:00Z"),
        },
    );
    visitor.visit("return.changed.v1", ReturnChanged { standing: standing() });
    let (source, return_ref) = (id("uci"), id("C536379"));
    visitor.visit("query.ask.v1-return", Query::Return { source, return_ref });
    visitor.visit_answer("query-answer-return", QueryAnswer::Return(Box::new(standing())));
}

pub(super) fn standing() -> ReturnStanding {
    ReturnStanding {
        return_id: uuid(10),
        source: id("uci"),
        return_ref: id("C536379"),
        customer_ref: Some(id("17850")),
        status: ReturnStatus::Received,
        reason: Some("chipped".to_owned()),
        lines: vec![ReturnLineStanding {
            line_no: 1,
            sku: id("85123A"),
            requested: 2,
            verdict: ReturnVerdict::Spread,
            parts: vec![ReturnedPart { order_ref: id("536365"), line_no: 1, quantity: 2 }],
            received: 2,
            damaged: 1,
            restocked: 1,
            written_off: 1,
            refused: 0,
        }],
        waybills: vec![id("uci-536365-r1")],
        requested_at: time("2010-12-05T09:41:00Z"),
        updated_at: time("2010-12-08T10:00:00Z"),
        version: 4,
    }
}

fn receipts(visitor: &mut impl Visitor) {
    visitor.visit(
        "return.record-receipt.v1",
        RecordReturnReceipt {
            source: id("uci"),
            return_ref: id("C536379"),
            lines: vec![ReceiptLine { line_no: 1, received: 2, damaged: 1 }],
            complete: true,
            expected_version: None,
            occurred_at: time("2010-12-08T10:00:00Z"),
        },
    );
    visitor.visit(
        "return.record-inspection.v1",
        RecordReturnInspection {
            source: id("uci"),
            return_ref: id("C536379"),
            lines: vec![InspectionLine { line_no: 1, restocked: 1, written_off: 1, refused: 0 }],
            expected_version: None,
            occurred_at: time("2010-12-08T11:00:00Z"),
        },
    );
}

fn replacements(visitor: &mut impl Visitor) {
    let replacement = RequestReplacement {
        source: id("uci"),
        order_ref: id("536365"),
        lines: vec![ReplacementLine { line_no: 1, quantity: 2 }],
        timing: ReplacementTiming::AfterReturn { return_ref: id("C536379") },
        delivery_date: date("2010-12-10"),
        timeslot: id("0900-1300"),
        reason: Some("chipped".to_owned()),
        occurred_at: time("2010-12-05T10:00:00Z"),
    };
    let in_advance =
        RequestReplacement { timing: ReplacementTiming::InAdvance {}, ..replacement.clone() };
    visitor.visit("replacement.request.v1", replacement);
    visitor.visit("replacement.request.v1-in-advance", in_advance);
}

fn cases(visitor: &mut impl Visitor) {
    let subject = CaseSubject::Waybill { waybill_no: id("uci-536365-1") };
    let case = CaseChanged {
        case_id: uuid(11),
        kind: CaseKind::CancellationOverdue,
        subject: subject.name(),
        open: true,
        assigned_to: Some("cs-anna".to_owned()),
    };
    visitor.visit("case.changed.v1", case.clone());
    visitor.visit("query.ask.v1-case", Query::Case { case_id: uuid(11) });
    let view = CaseView {
        case,
        created_at: time("2010-12-03T09:00:00Z"),
        updated_at: time("2010-12-03T10:00:00Z"),
        version: 1,
        entries: vec![CaseEntry {
            at: time("2010-12-03T09:00:00Z"),
            by: "dray-sales-order".to_owned(),
            step: "OPENED".to_owned(),
            text: "nobody has answered".to_owned(),
        }],
    };
    visitor.visit_answer("query-answer-case", QueryAnswer::Case(Box::new(view)));
    visitor.visit(
        "case.open.v1",
        OpenCase {
            subject,
            text: "where is it?".to_owned(),
            occurred_at: time("2010-12-03T10:00:00Z"),
        },
    );
    visitor.visit(
        "case.update.v1",
        UpdateCase {
            case_id: uuid(11),
            step: CaseStep::Note { text: "called the driver".to_owned() },
            expected_version: None,
            occurred_at: time("2010-12-03T11:00:00Z"),
        },
    );
}

/// Changes that are made for a version of what they change.
fn for_a_version(visitor: &mut impl Visitor) {
    visitor.visit(
        "order.cancel.v1-versioned",
        CancelOrder {
            source: id("uci"),
            order_ref: id("536365"),
            line_no: None,
            reason: None,
            expected_version: Some(3),
            occurred_at: time("2010-12-01T10:00:00Z"),
        },
    );
    visitor.visit(
        "return.close.v1-versioned",
        CloseReturn {
            source: id("uci"),
            return_ref: id("C536379"),
            expected_version: Some(5),
            occurred_at: time("2010-12-09T10:00:00Z"),
        },
    );
    visitor.visit(
        "case.update.v1-versioned",
        UpdateCase {
            case_id: uuid(11),
            step: CaseStep::Close { text: "found".to_owned() },
            expected_version: Some(2),
            occurred_at: time("2010-12-03T12:00:00Z"),
        },
    );
}

fn places(visitor: &mut impl Visitor) {
    visitor.visit(
        "assignment.reschedule.v1",
        RescheduleWaybill {
            waybill_no: id("uci-536365-1"),
            delivery_date: date("2010-12-03"),
            timeslot: id("1300-1800"),
            reason: Some("not at home".to_owned()),
            occurred_at: time("2010-12-01T10:00:00Z"),
        },
    );
    visitor.visit(
        "route.lock.v1",
        LockRoute {
            route_ref: "NORTH-20101202-0900-1300-Z01-007".to_owned(),
            occurred_at: time("2010-12-01T20:00:00Z"),
        },
    );
    visitor.visit(
        "route.dispatch.v1",
        DispatchRoute {
            route_ref: "NORTH-20101202-0900-1300-Z01-007".to_owned(),
            occurred_at: time("2010-12-02T08:50:00Z"),
        },
    );
    visitor.visit(
        "waybill.corrected.v1",
        WaybillCorrected {
            waybill_id: uuid(2),
            waybill_no: id("uci-536365-1"),
            kind: WaybillKind::Forward,
            status: WaybillStatus::Packed,
            attempt: 0,
            failed_attempts: 0,
            occurred_at: time("2010-12-02T12:00:00Z"),
        },
    );
    visitor.visit(
        "wms.cancellation-request.v1",
        WmsCancellationRequest {
            order_number: "uci-536365-1/1".to_owned(),
            label: "uci-536365-1".to_owned(),
            site: "WH-N1".to_owned(),
            request: 1,
        },
    );
    visitor.visit(
        "wms.cancellation-confirmation.v1",
        WmsCancellationConfirmation {
            order_number: "uci-536365-1/1".to_owned(),
            label: "uci-536365-1".to_owned(),
            request: 1,
            result: WmsConfirmation::Nok,
            reason_code: Some("PACKED".to_owned()),
            at: time("2010-12-01T10:05:00Z"),
        },
    );
}
