//! Amendments: whether they make sense for the order, and what ADRA is asked for each waybill. Nothing of
//! the order changes before they are decided.

mod destination;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use contracts::{
    AmendOrder, AmendmentKind, AmendmentRequested, FieldError, SkuType, Timestamp,
    WaybillAmendment, WaybillDraftLine, WaybillNo, WaybillStatus,
};
use runtime::Outcome;

use super::cancel::{requested, wrong_status};
use super::check::{error, sum};
use super::effect::{Effect, News, What};
use super::{Asker, content, refusal_of};
use crate::network::Network;
use crate::order::{Asked, Destination, Line, Order, Verdict};

pub(super) use destination::{in_words as destination_in_words, merged};

/// New quantities by line number; 0: the line goes.
type Quantities = BTreeMap<u32, u32>;

/// Why an amendment was asked for, and when.
type Because<'a> = (Option<&'a String>, Timestamp);

/// Decides about an amendment. `network` is needed for a destination only.
pub(crate) fn amend(
    order: &mut Order,
    command: &AmendOrder,
    asker: &Asker<'_>,
    network: Option<&Network>,
) -> Effect {
    if let Err(refusal) = asker.may_change(order) {
        return refusal.into();
    }
    if order.open_amendment.is_some() {
        return pending();
    }
    if command.expected_version != order.version {
        let version = order.version;
        return Effect::refused(
            "VERSION_CONFLICT",
            format!("the order is at version {version} by now: look at it and ask again"),
        );
    }
    if !order.status.row().may_amend {
        return wrong_status(order);
    }
    let because = (command.reason.as_ref(), command.occurred_at);
    match &command.destination {
        Some(destination) => destination::amend(order, destination, because, asker, network),
        None => {
            let wanted = command.lines.iter().map(|line| (line.line_no, line.quantity));
            quantities(order, &wanted.collect(), because, asker)
        }
    }
}

/// Takes a line off a waybill that has others.
pub(super) fn without_line(
    order: &mut Order,
    line_no: u32,
    because: Because<'_>,
    asker: &Asker<'_>,
) -> Effect {
    if order.open_amendment.is_some() {
        return pending();
    }
    quantities(order, &Quantities::from([(line_no, 0)]), because, asker)
}

fn pending() -> Effect {
    Effect::refused(
        "AMENDMENT_PENDING",
        "another amendment of the order is not decided yet: ask again when it is",
    )
}

fn quantities(
    order: &mut Order,
    wanted: &Quantities,
    because: Because<'_>,
    asker: &Asker<'_>,
) -> Effect {
    let (concerned, errors) = judge(order, wanted);
    if !errors.is_empty() {
        return refusal_of(errors, "INVALID_AMENDMENT").into();
    }
    if concerned.is_empty() {
        return Effect::none(Outcome::Duplicate);
    }
    let was = quantities_in_words(order, &concerned, &Quantities::new());
    let is = quantities_in_words(order, &concerned, wanted);
    let waybills: BTreeSet<WaybillNo> = concerned
        .iter()
        .filter_map(|line_no| order.lines.get(line_no)?.waybill_no.clone())
        .collect();
    let (emptied, changed): (Vec<WaybillNo>, Vec<WaybillNo>) =
        waybills.into_iter().partition(|no| lines_left(order, no, wanted).is_empty());
    open(order, AmendmentKind::Quantities, (&changed, None), because.1, asker);
    let mut effect = Effect::changed(order, What::AmendmentRequested)
        .between(Some(was), Some(is))
        .because(because.0);
    for waybill_no in &changed {
        let news = ask(order, waybill_no, AmendmentKind::Quantities, wanted, asker);
        effect.asks(waybill_no, news);
    }
    // a parcel without anything in it is none
    for waybill_no in &emptied {
        effect.asks(waybill_no, requested(waybill_no, because.0, because.1, asker));
    }
    effect
}

/// The lines that would change, and everything that is wrong.
fn judge(order: &Order, wanted: &Quantities) -> (Vec<u32>, Vec<FieldError>) {
    let (mut concerned, mut errors) = (Vec::new(), Vec::new());
    for (line_no, quantity) in wanted {
        let wrong = |code: &str, message: &str| error(Some(*line_no), "line_no", code, message);
        match order.lines.get(line_no) {
            None => errors.push(wrong("UNKNOWN_LINE", "the order has no such line")),
            Some(line) if line.removed || line.counters.cancelled > 0 => {
                errors.push(wrong("LINE_CANCELLED", "the line is cancelled: order it again"));
            }
            Some(line) => match &line.waybill_no {
                None => errors.push(wrong("NO_PARCEL", "the line makes no parcel: cancel it")),
                Some(waybill_no) if is_on_the_road(order, waybill_no) => {
                    errors.push(wrong("AMEND_TOO_LATE", "the line has left the warehouse"));
                }
                Some(_) if line.quantity == *quantity => {}
                Some(_) => concerned.push(*line_no),
            },
        }
    }
    let agreed = |line: &Line| wanted.get(&line.line_no).copied().unwrap_or(line.quantity);
    if let Err(found) = total(order, agreed) {
        errors.extend(found);
    }
    (concerned, errors)
}

/// The sum of the lines that are not removed, with these quantities.
pub(super) fn total(
    order: &Order,
    quantity: impl Fn(&Line) -> u32,
) -> Result<i64, Vec<FieldError>> {
    let kept = order.lines.values().filter(|line| !line.removed);
    let amounts = kept.map(|line| (line.line_no, line.unit_price, quantity(line)));
    Ok(sum(amounts, order.currency)?.minor_units)
}

/// True when a waybill has left, or its way has ended: it is not changed any more.
pub(super) fn is_on_the_road(order: &Order, waybill_no: &WaybillNo) -> bool {
    order.parcels.get(waybill_no).is_some_and(|parcel| match parcel.status {
        WaybillStatus::Created
        | WaybillStatus::Acknowledged
        | WaybillStatus::Picked
        | WaybillStatus::Packed
        | WaybillStatus::Loaded => false,
        WaybillStatus::Dispatched
        | WaybillStatus::OutForDelivery
        | WaybillStatus::ReadyForCollection
        | WaybillStatus::DeliveryFailed
        | WaybillStatus::Delivered
        | WaybillStatus::Returning
        | WaybillStatus::ReturnedToOrigin
        | WaybillStatus::Lost
        | WaybillStatus::Damaged
        | WaybillStatus::Cancelled
        | WaybillStatus::OutForPickup
        | WaybillStatus::PickupFailed
        | WaybillStatus::Collected => true,
    })
}

/// Opens an amendment of these waybills; with none of them nothing is left to decide. A later amendment
/// has a later time than the ones before it, whatever the senders' clocks say.
pub(super) fn open(
    order: &mut Order,
    kind: AmendmentKind,
    (waybills, personal): (&[WaybillNo], Option<&String>),
    occurred_at: Timestamp,
    asker: &Asker<'_>,
) {
    let next = |last: Timestamp| (last.as_datetime() + TimeDelta::microseconds(1)).into();
    let asked_at = order.amended_at.map_or(occurred_at, |last| occurred_at.max(next(last)));
    order.amended_at = Some(asked_at);
    order.open_amendment = (!waybills.is_empty()).then_some(asker.message_id);
    for waybill_no in waybills {
        let asked = Asked { kind, personal: personal.cloned(), verdict: Verdict::Open, asked_at };
        order.asked.insert((asker.message_id, waybill_no.clone()), asked);
    }
}

/// What ADRA is asked: the waybill as it is to be.
fn ask(
    order: &Order,
    waybill_no: &WaybillNo,
    kind: AmendmentKind,
    wanted: &Quantities,
    asker: &Asker<'_>,
) -> News {
    let address_key = content::address_key_of(order.personal.as_deref());
    let destination = (&order.destination, address_key);
    let amendment = amendment(order, waybill_no, (kind, wanted), destination, asker);
    News::AmendmentRequested(Box::new(AmendmentRequested { amendment }))
}

pub(super) fn amendment(
    order: &Order,
    waybill_no: &WaybillNo,
    (kind, wanted): (AmendmentKind, &Quantities),
    (destination, address_key): (&Destination, String),
    asker: &Asker<'_>,
) -> WaybillAmendment {
    let lines = lines_left(order, waybill_no, wanted);
    let millilitres = |sku_type: SkuType| -> u64 {
        let of_type = lines.iter().filter(|(line, _)| line.sku_type == sku_type);
        of_type.map(|(line, quantity)| u64::from(*quantity) * u64::from(line.volume_ml)).sum()
    };
    let grams =
        lines.iter().map(|(line, quantity)| u64::from(*quantity) * u64::from(line.weight_g));
    let asked = order.asked.get(&(asker.message_id, waybill_no.clone()));
    WaybillAmendment {
        amendment_id: asker.message_id,
        kind,
        order_id: order.id,
        source: order.key.source.clone(),
        order_ref: order.key.order_ref.clone(),
        waybill_no: waybill_no.clone(),
        sku_type: sku_type_of(&lines),
        dry_ml: millilitres(SkuType::Dry),
        frozen_ml: millilitres(SkuType::Frozen),
        weight_g: grams.sum(),
        lines: lines.iter().map(|(line, quantity)| draft_line(line, *quantity)).collect(),
        district: destination.district.clone(),
        address_key,
        delivery_date: destination.delivery_date,
        timeslot: destination.timeslot.clone(),
        occurred_at: asked.map_or(asker.asked_at, |asked| asked.asked_at),
    }
}

/// What stays on a waybill, each line with its quantity.
fn lines_left<'a>(
    order: &'a Order,
    waybill_no: &'a WaybillNo,
    wanted: &Quantities,
) -> Vec<(&'a Line, u32)> {
    let with_quantity =
        |line: &'a Line| (line, wanted.get(&line.line_no).copied().unwrap_or(line.quantity));
    order.lines_on(waybill_no).map(with_quantity).filter(|(_, quantity)| *quantity > 0).collect()
}

fn sku_type_of(lines: &[(&Line, u32)]) -> SkuType {
    let mut types = lines.iter().map(|(line, _)| line.sku_type);
    let first = types.next().unwrap_or(SkuType::Dry);
    if types.all(|other| other == first) { first } else { SkuType::Mixed }
}

fn draft_line(line: &Line, quantity: u32) -> WaybillDraftLine {
    let Line { line_no, sku_type, .. } = *line;
    WaybillDraftLine { line_no, sku: line.sku.clone(), quantity, sku_type }
}

/// `1: 5, 2: cancelled`.
pub(super) fn quantities_in_words(order: &Order, lines: &[u32], wanted: &Quantities) -> String {
    let word = |line_no: &u32| {
        let line = order.lines.get(line_no)?;
        Some(match wanted.get(line_no).copied().unwrap_or(line.quantity) {
            0 => format!("{line_no}: cancelled"),
            units => format!("{line_no}: {units}"),
        })
    };
    lines.iter().filter_map(word).collect::<Vec<_>>().join(", ")
}
