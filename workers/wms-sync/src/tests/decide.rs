//! The dictionary, word by word.

use contracts::{
    Actor, CancellationAsked, Contract, FulfilledBy, Refusal, Role, Timestamp,
    WmsCancellationConfirmation, WmsConfirmation, WmsOrderConfirmation, WmsOrderProgress, WmsStep,
};
use serde_json::{Value, json};

use super::samples::{LABEL, NUMBER, asked, submitted};
use crate::decide::{
    AboutSalesOrder, Told, cancellation, cancellation_confirmation, cancellation_request,
    confirmation, outbound_order, permit, progress,
};

const AT: &str = "2010-12-01T10:00:00Z";

fn at() -> Timestamp {
    serde_json::from_value(json!(AT)).unwrap()
}

fn confirm(result: WmsConfirmation, reason_code: Option<&str>) -> Result<Told, Refusal> {
    confirmation(&WmsOrderConfirmation {
        order_number: NUMBER.to_owned(),
        label: LABEL.to_owned(),
        result,
        reason_code: reason_code.map(str::to_owned),
        at: at(),
    })
}

fn cancel(result: WmsConfirmation, reason_code: Option<&str>) -> Result<Told, Refusal> {
    cancellation_confirmation(&WmsCancellationConfirmation {
        order_number: NUMBER.to_owned(),
        label: LABEL.to_owned(),
        request: 2,
        result,
        reason_code: reason_code.map(str::to_owned),
        at: at(),
    })
}

fn step(step: WmsStep) -> Result<Told, Refusal> {
    progress_of(NUMBER, LABEL, step)
}

fn progress_of(order_number: &str, label: &str, step: WmsStep) -> Result<Told, Refusal> {
    let (order_number, label) = (order_number.to_owned(), label.to_owned());
    progress(&WmsOrderProgress { order_number, label, step, at: at() })
}

fn wire<C: Contract>(command: &C) -> (&'static str, Value) {
    (C::TYPE, serde_json::to_value(command).unwrap())
}

fn answer(answer: &str) -> Value {
    json!({"sales_order_no": NUMBER, "answer": answer, "occurred_at": AT})
}

fn progressed(progress: &str) -> Value {
    json!({"sales_order_no": NUMBER, "progress": progress, "occurred_at": AT})
}

#[test]
fn the_words_of_the_wms() {
    let refused =
        json!({"sales_order_no": NUMBER, "answer": "REJECTED", "reason": "E17", "occurred_at": AT});
    let cancelled = |answer: &str| json!({"waybill_no": LABEL, "question": 2, "answer": answer, "occurred_at": AT});
    let mut kept = cancelled("REJECTED");
    kept["reason"] = json!("PACKED");
    let answers = "sales-order.record-answer.v1";
    let cancellations = "sales-order.record-cancellation-answer.v1";
    let steps = "sales-order.record-progress.v1";
    let dictionary = [
        (
            confirm(WmsConfirmation::Ok, None),
            "OK",
            answers,
            answer("ACCEPTED"),
            Some("ACKNOWLEDGED"),
        ),
        (confirm(WmsConfirmation::Nok, None), "NOK", answers, answer("REJECTED"), None),
        (confirm(WmsConfirmation::Nok, Some("E17")), "NOK", answers, refused, None),
        (step(WmsStep::PickStart), "PICK_START", steps, progressed("PICKING"), None),
        (step(WmsStep::PickEnd), "PICK_END", steps, progressed("PICKED"), Some("PICKED")),
        (step(WmsStep::PackEnd), "PACK_END", steps, progressed("PACKED"), Some("PACKED")),
        (step(WmsStep::HandOver), "HAND_OVER", steps, progressed("HANDED_OVER"), None),
        (
            cancel(WmsConfirmation::Ok, None),
            "CANCELLATION_OK/2",
            cancellations,
            cancelled("ACCEPTED"),
            None,
        ),
        (
            cancel(WmsConfirmation::Nok, Some("PACKED")),
            "CANCELLATION_NOK/2",
            cancellations,
            kept,
            None,
        ),
    ];
    for (told, word, command_type, command, status) in dictionary {
        let told = told.unwrap();
        assert_eq!((&*told.word, told.number.as_str()), (word, NUMBER));
        let sent = match &told.about_sales_order {
            AboutSalesOrder::Answer(command) => wire(command),
            AboutSalesOrder::Progress(command) => wire(command),
            AboutSalesOrder::Cancellation(command) => wire(command),
        };
        assert_eq!(sent, (command_type, command), "{word}");
        let report = told.about_waybill.map(|report| serde_json::to_value(report).unwrap());
        let expected =
            status.map(|status| json!({"waybill_no": LABEL, "status": status, "occurred_at": AT}));
        assert_eq!(report, expected, "{word}");
    }
}

#[test]
fn what_the_wms_reads() {
    let expected = json!({
        "order_number": NUMBER, "label": LABEL, "site": "WH-1", "process": "PICK_BY_ZONE",
        "ship_date": "2010-12-02", "wave": "NORTH-007",
        "positions": [
            {"position": 1, "article": "85123A", "pieces": 6, "cold": false},
            {"position": 4, "article": "ICE", "pieces": 6, "cold": true},
        ],
    });
    assert_eq!(wire(&outbound_order(&submitted())), ("wms.outbound-order.v1", expected));
}

#[test]
fn a_question_for_cancellation_carries_its_number() {
    let expected = json!({"order_number": NUMBER, "label": LABEL, "site": "WH-1", "request": 2});
    let request = cancellation(&asked(2)).unwrap();
    assert_eq!(wire(&request), ("wms.cancellation-request.v1", expected));
    assert_eq!(cancellation_request(u32::MAX), "CANCELLATION_REQUEST/4294967295");
    assert!(cancellation_request(u32::MAX).len() <= 32, "the column holds 32");

    let by_merchant = CancellationAsked {
        sales_order_no: None,
        warehouse: None,
        fulfilled_by: FulfilledBy::Merchant,
        ..asked(1)
    };
    assert_eq!(cancellation(&by_merchant).unwrap_err().code, "NOT_FOR_A_WAREHOUSE");
}

#[test]
fn references_that_are_not_ours() {
    let long = "x".repeat(113);
    let cases = [
        ("", LABEL),
        (NUMBER, ""),
        (NUMBER, "uci-536365-2"),
        (NUMBER, "uci-53636"),
        (LABEL, LABEL),
        ("uci-536365-1/", LABEL),
        ("uci-536365-1/one", LABEL),
        ("uci-536365-1/1/", LABEL),
        ("uci-536365-1/-1", LABEL),
        ("uci\t-1/1", "uci\t-1"),
        ("ä/1", "ä"),
        (&format!("{long}/1"), long.as_str()),
    ];
    for (order_number, label) in cases {
        let refusal = progress_of(order_number, label, WmsStep::PickEnd).unwrap_err();
        assert_eq!(refusal.code, "UNKNOWN_REFERENCE", "{order_number:?} with {label:?}");
    }
}

#[test]
fn only_the_warehouse_speaks_its_words() {
    let actor = |role| Actor { subject: "somebody".to_owned(), role, merchant: None, origin: None };
    permit(&actor(Role::Warehouse)).unwrap();
    for role in Role::ALL.into_iter().filter(|role| *role != Role::Warehouse) {
        assert_eq!(permit(&actor(role)).unwrap_err().code, "NOT_ALLOWED", "{role:?}");
    }
}
