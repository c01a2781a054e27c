//! The lifecycle of a sales order as people read it: Markdown tables made from the table in `lifecycle.rs`.
//! A test holds README.md equal to them. Nothing here decides anything.

use std::fmt::Write as _;

use contracts::SalesOrderStatus;

use crate::lifecycle::{Fact, OnRequest, OnTransfer, StatusRow, row};

const STATUSES: [SalesOrderStatus; 10] = [
    SalesOrderStatus::Created,
    SalesOrderStatus::Submitted,
    SalesOrderStatus::Accepted,
    SalesOrderStatus::Rejected,
    SalesOrderStatus::Picking,
    SalesOrderStatus::Picked,
    SalesOrderStatus::Packed,
    SalesOrderStatus::HandedOver,
    SalesOrderStatus::CancellationRequested,
    SalesOrderStatus::Cancelled,
];

/// What may follow from each status.
pub(crate) fn statuses() -> String {
    let mut text = String::from(
        "| status | request for cancellation | transfer | resubmission | new quantities | hears of changes |\n\
         |---|---|---|---|---|---|\n",
    );
    for status in STATUSES {
        let StatusRow { word, on_request, on_transfer, is_resubmittable, .. } = row(status);
        let (request, transfer) = (request(*on_request), transfer(*on_transfer));
        let again = if *is_resubmittable { "a successor" } else { "refused" };
        let amended = if row(status).is_amendable { "taken over" } else { "refused" };
        let hears = if row(status).is_expected { "yes" } else { "" };
        let _ =
            writeln!(text, "| {word} | {request} | {transfer} | {again} | {amended} | {hears} |");
    }
    text
}

/// What a warehouse may tell, weakest first, and who may say it.
pub(crate) fn facts() -> String {
    let mut text = String::from("| fact | told by |\n|---|---|\n");
    for fact in Fact::ALL {
        let reporters: Vec<String> =
            fact.row().reporters.iter().map(|role| format!("{role:?}").to_lowercase()).collect();
        let word = row(fact.row().status).word;
        let _ = writeln!(text, "| {word} | {} |", reporters.join(", "));
    }
    text
}

const fn request(on_request: OnRequest) -> &'static str {
    match on_request {
        OnRequest::Cancel => "cancelled at once",
        OnRequest::Ask => "whoever picks is asked",
        OnRequest::Refuse => "refused",
        OnRequest::Known => "known, nothing changes",
    }
}

const fn transfer(on_transfer: OnTransfer) -> &'static str {
    match on_transfer {
        OnTransfer::Move => "a successor at once",
        OnTransfer::Ask => "the warehouse is asked; its yes makes a successor",
        OnTransfer::Wait => "known or refused",
        OnTransfer::Refuse => "refused",
    }
}
