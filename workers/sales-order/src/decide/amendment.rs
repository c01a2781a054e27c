//! Whether the quantities of a waybill may still change.
//!
//! What lives here: that decision. What never does: room on the truck (adra-assigner has reserved it), the
//! order itself (order-intake).

use contracts::{
    AmendmentDecided, AmendmentDecider, AmendmentKind, FulfilledBy, InvalidId, Refusal,
    SalesOrderLine, WaybillAmendment, WaybillNo,
};
use runtime::Outcome;
use uuid::Uuid;

use super::events::submitted;
use super::{Decision, Event, Lines, Note, SalesOrder};
use crate::standing::Submission;
use crate::waybill::Waybill;

/// Why an amendment is refused, as its asker reads it.
const AMEND_TOO_LATE: &str = "AMEND_TOO_LATE";

/// A decided amendment, for the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amended {
    pub waybill_no: WaybillNo,
    pub amendment_id: Uuid,
    /// None: it was taken over.
    pub refused: Option<&'static str>,
}

/// New quantities, for which there is room. They are taken over as long as nothing is in hand and no
/// cancellation is asked for or accepted; whoever has the order hears of it. A waybill that waits for its
/// first place keeps them until then. `is_decided`: this amendment was decided before.
///
/// # Errors
/// The waybill's number leaves no room for the suffix.
pub(crate) fn amend(
    current: Option<&SalesOrder>,
    waybill: Option<&Waybill>,
    amendment: &WaybillAmendment,
    is_decided: bool,
) -> Result<Decision, InvalidId> {
    match amendment.kind {
        AmendmentKind::Quantities => {}
        AmendmentKind::Destination => return Ok(not_ours()),
    }
    if is_decided {
        return Ok(Decision::unchanged(Outcome::Duplicate));
    }
    let lines = lines_of(amendment);
    let is_open = current.is_none_or(|order| order.standing.row().is_amendable)
        && waybill.is_none_or(Waybill::is_untouched);
    if lines.is_empty() || !is_open {
        return Ok(too_late(amendment));
    }
    if merchant_picks(current, waybill) {
        let outcome = Outcome::Applied;
        return Ok(Decision {
            events: vec![decided(amendment, None)],
            note: Some(note(amendment, None)),
            ..Decision::unchanged(outcome)
        });
    }
    let mut order = match current {
        Some(current) => current.clone(),
        None => SalesOrder::without_place(&amendment.waybill_no, Submission::Waiting)?,
    };
    order.version += 1;
    let mut events = vec![decided(amendment, None)];
    events.extend(submitted(&order, &lines));
    Ok(Decision {
        lines: Lines::Are(lines),
        events,
        note: Some(note(amendment, None)),
        ..Decision::changed(Outcome::Applied, order)
    })
}

fn merchant_picks(current: Option<&SalesOrder>, waybill: Option<&Waybill>) -> bool {
    match current {
        Some(order) => order.standing.submission() == Submission::Merchant,
        None => waybill.is_some_and(|waybill| waybill.fulfilled_by == FulfilledBy::Merchant),
    }
}

/// A line with nothing left on it is no line.
fn lines_of(amendment: &WaybillAmendment) -> Vec<SalesOrderLine> {
    let left = amendment.lines.iter().filter(|line| line.quantity > 0);
    left.map(|line| SalesOrderLine {
        line_no: line.line_no,
        sku: line.sku.clone(),
        quantity: line.quantity,
        sku_type: line.sku_type,
    })
    .collect()
}

fn not_ours() -> Decision {
    Decision::refused(Refusal::new(
        "NOT_QUANTITIES",
        "a new destination is adra-assigner's to decide: only quantities are decided here",
    ))
}

fn too_late(amendment: &WaybillAmendment) -> Decision {
    let why = "it is being picked, or its cancellation was asked for";
    Decision {
        events: vec![decided(amendment, Some(AMEND_TOO_LATE))],
        note: Some(note(amendment, Some(AMEND_TOO_LATE))),
        ..Decision::refused(Refusal::new(AMEND_TOO_LATE, why))
    }
}

fn note(amendment: &WaybillAmendment, refused: Option<&'static str>) -> Note {
    let (waybill_no, amendment_id) = (amendment.waybill_no.clone(), amendment.amendment_id);
    Note::Amended(Amended { waybill_no, amendment_id, refused })
}

fn decided(amendment: &WaybillAmendment, refused: Option<&str>) -> Event {
    Event::AmendmentDecided(Box::new(AmendmentDecided {
        by: AmendmentDecider::SalesOrder,
        refused: refused.map(str::to_owned),
        amendment: amendment.clone(),
    }))
}
