//! What the fleet says about an order: how far its waybills are, what became of its amendments, what came
//! back. Each of them is kept by its version, so that the order in which they arrive does not matter.

use std::collections::BTreeMap;

use contracts::{AmendmentDecided, AmendmentKind, ReturnStanding, ReturnStatus, WaybillNo};
use runtime::Outcome;

use super::amend::{destination_in_words, merged, quantities_in_words, total};
use super::effect::{Effect, What};
use super::standing::{in_words, recount};
use crate::order::{Destination, Order, Parcel, Taken, Verdict};

/// A waybill got further, or was set right.
pub(crate) fn moved(order: &mut Order, waybill_no: &WaybillNo, parcel: Parcel) -> Effect {
    // returns and replacements are not what was ordered
    if !order.has(waybill_no) {
        return Effect::none(Outcome::Stale);
    }
    match order.parcels.get(waybill_no) {
        Some(known) if known.seq == parcel.seq => return Effect::none(Outcome::Duplicate),
        Some(known) if known.seq > parcel.seq => return Effect::none(Outcome::Stale),
        Some(_) | None => {}
    }
    order.parcels.insert(waybill_no.clone(), parcel);
    let (was, before) = (in_words(order), counted(order));
    recount(order);
    if counted(order) == before {
        return Effect::none(Outcome::Applied);
    }
    let is = in_words(order);
    Effect::changed(order, What::WaybillMoved).between(Some(was), Some(is)).of(waybill_no)
}

/// Everything that readers of an order can see of its units.
fn counted(order: &Order) -> impl PartialEq + use<> {
    let lines: Vec<_> = order.lines.values().map(|line| line.counters).collect();
    (order.status, order.return_status, lines)
}

/// An amendment of one waybill was decided.
pub(crate) fn decided(order: &mut Order, decided: &AmendmentDecided) -> Effect {
    let amendment = &decided.amendment;
    let waybill_no = &amendment.waybill_no;
    let key = (amendment.amendment_id, waybill_no.clone());
    let Some(asked) = order.asked.get_mut(&key) else {
        return Effect::refused("UNKNOWN_AMENDMENT", "nobody asked to amend this waybill so");
    };
    if asked.verdict != Verdict::Open {
        return Effect::none(Outcome::Duplicate);
    }
    let personal = asked.personal.take();
    asked.verdict = decided.refused.clone().map_or(Verdict::Done, Verdict::Refused);
    let (what, was, is) = match (&decided.refused, amendment.kind) {
        (Some(code), _) => (What::AmendmentRefused, None, Some(code.clone())),
        (None, AmendmentKind::Quantities) => {
            let (was, is) = requantified(order, decided);
            (What::Amended, Some(was), Some(is))
        }
        (None, AmendmentKind::Destination) => {
            let (was, is) = redirected(order, decided, personal.as_deref());
            (What::Amended, Some(was), Some(is))
        }
    };
    let is_open = order
        .asked
        .iter()
        .any(|((id, _), asked)| *id == amendment.amendment_id && asked.verdict == Verdict::Open);
    if !is_open && order.open_amendment == Some(amendment.amendment_id) {
        order.open_amendment = None;
    }
    recount(order);
    Effect::changed(order, what).between(was, is).of(waybill_no)
}

/// Gives the lines of a waybill their new quantities; what is not on it any more is cancelled for good.
fn requantified(order: &mut Order, decided: &AmendmentDecided) -> (String, String) {
    let amendment = &decided.amendment;
    let wanted: BTreeMap<u32, u32> =
        amendment.lines.iter().map(|line| (line.line_no, line.quantity)).collect();
    let quantity = |line_no: u32| wanted.get(&line_no).copied().unwrap_or(0);
    let concerned: Vec<u32> = order
        .lines_on(&amendment.waybill_no)
        .filter(|line| line.quantity != quantity(line.line_no))
        .map(|line| line.line_no)
        .collect();
    let was = quantities_in_words(order, &concerned, &BTreeMap::new());
    let wanted = concerned.iter().map(|line_no| (*line_no, quantity(*line_no))).collect();
    let is = quantities_in_words(order, &concerned, &wanted);
    for (line_no, quantity) in wanted {
        match (order.lines.get_mut(&line_no), quantity) {
            (Some(line), 0) => (line.removed, line.waybill_no) = (true, None),
            (Some(line), _) => line.quantity = quantity,
            (None, _) => {}
        }
    }
    // it was judged when it was asked for, and has become less since then if anything
    if let Ok(total) = total(order, |line| line.quantity) {
        order.total_minor = total;
    }
    (was, is)
}

/// Sends the order elsewhere.
fn redirected(
    order: &mut Order,
    decided: &AmendmentDecided,
    personal: Option<&str>,
) -> (String, String) {
    let amendment = &decided.amendment;
    let to = Destination {
        district: amendment.district.clone(),
        delivery_date: amendment.delivery_date,
        timeslot: amendment.timeslot.clone(),
    };
    let was = destination_in_words(&order.destination, None);
    let is = destination_in_words(&to, personal);
    order.personal = merged(order.personal.as_deref(), personal);
    order.destination = to;
    (was, is)
}

/// A return is another one now.
pub(crate) fn returned(order: &mut Order, standing: &ReturnStanding) -> Effect {
    let id = standing.return_id;
    match order.returns.get(&id) {
        Some(known) if known.seq == standing.version => return Effect::none(Outcome::Duplicate),
        Some(known) if known.seq > standing.version => return Effect::none(Outcome::Stale),
        Some(_) | None => {}
    }
    let taken = Taken { seq: standing.version, units: taken(order, standing) };
    order.returns.insert(id, taken);
    let (was, before) = (in_words(order), counted(order));
    for line in order.lines.values_mut() {
        let units = order.returns.values().filter_map(|taken| taken.units.get(&line.line_no));
        line.counters.returned = units.fold(0, |sum: u32, units| sum.saturating_add(*units));
    }
    recount(order);
    if counted(order) == before {
        return Effect::none(Outcome::Applied);
    }
    let is = in_words(order);
    let reason = format!("return {}", standing.return_ref);
    Effect::changed(order, What::Returned).between(Some(was), Some(is)).because(Some(&reason))
}

/// What a return took of each line of this order: what arrived and was not sent back again, given to the
/// parts of the return's line in their order.
fn taken(order: &Order, standing: &ReturnStanding) -> BTreeMap<u32, u32> {
    let mut units: BTreeMap<u32, u32> = BTreeMap::new();
    match standing.status {
        ReturnStatus::Rejected | ReturnStatus::Cancelled => return units,
        ReturnStatus::Requested
        | ReturnStatus::Approved
        | ReturnStatus::Collected
        | ReturnStatus::Received
        | ReturnStatus::Inspected
        | ReturnStatus::Closed => {}
    }
    for line in &standing.lines {
        let mut left = line.received.saturating_sub(line.refused);
        for part in &line.parts {
            let given = left.min(part.quantity);
            left -= given;
            if part.order_ref == order.key.order_ref && given > 0 {
                let units = units.entry(part.line_no).or_default();
                *units = units.saturating_add(given);
            }
        }
    }
    units
}
