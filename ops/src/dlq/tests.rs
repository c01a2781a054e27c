//! Tests of what is pure about dead letters.

use contracts::{Assigned, Contract as _, OrderAccepted, ReportStatus};
use queue_topology::WorkerKind;
use serde_json::json;

use super::letters::mask;
use super::retry::home_of;

#[test]
fn a_message_goes_back_to_the_queue_of_its_type() {
    let kind = WorkerKind::WaybillStatus;
    let cases = [
        (OrderAccepted::TYPE, "waybill-status.events"),
        (Assigned::TYPE, "waybill-status.events"),
        (ReportStatus::TYPE, "waybill-status.commands"),
        ("nobody.knows-this.v1", "waybill-status.events"),
    ];
    for (message_type, expected) in cases {
        assert_eq!(home_of(kind, message_type), expected, "{message_type}");
    }
    assert_eq!(home_of(WorkerKind::SalesOrder, Assigned::TYPE), "sales-order.events");
}

#[test]
fn personal_data_is_masked_at_every_depth() {
    let mut body =
        json!({"recipient": "A", "lines": [{"sku": "X", "notes": "ring"}], "phone": null});
    mask(&mut body);
    assert_eq!(
        body,
        json!({"recipient": "***", "lines": [{"sku": "X", "notes": "***"}], "phone": null})
    );
}
