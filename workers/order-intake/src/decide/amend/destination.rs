//! Amendments of the destination: district, day and window are ADRA's to give, and the address where it
//! makes another door; a name or a phone number changes nothing but the label.

use contracts::{AmendedDestination, AmendmentKind, Personal, WaybillNo};
use runtime::Outcome;
use serde_json::{Map, Value};

use super::{Because, Quantities, amendment, is_on_the_road, open};
use crate::decide::effect::{Effect, News, What};
use crate::decide::{Asker, check, content, refusal_of};
use crate::network::Network;
use crate::order::{Destination, Order};

pub(super) fn amend(
    order: &mut Order,
    wanted: &AmendedDestination,
    because: Because<'_>,
    asker: &Asker<'_>,
    network: Option<&Network>,
) -> Effect {
    let to = amended(&order.destination, wanted);
    let fields = personal(wanted);
    let merged = merged(order.personal.as_deref(), fields.as_deref());
    let mut errors = check::misplaced(&to, merged.as_deref());
    let unknown = network.map(|network| network.unknown_places(&to.district, &to.timeslot));
    errors.extend(unknown.unwrap_or_default());
    if !errors.is_empty() {
        return refusal_of(errors, "INVALID_AMENDMENT").into();
    }
    if to == order.destination && merged == order.personal {
        return Effect::none(Outcome::Duplicate);
    }
    let (door, other_door) = (
        content::address_key_of(order.personal.as_deref()),
        content::address_key_of(merged.as_deref()),
    );
    let is_elsewhere = to != order.destination || door != other_door;
    if !is_elsewhere || order.waybills().is_empty() {
        let was = in_words(&order.destination, None);
        let is = in_words(&to, fields.as_deref());
        (order.destination, order.personal) = (to, merged);
        let changed = Effect::changed(order, What::Amended);
        return changed.between(Some(was), Some(is)).because(because.0);
    }
    request(order, (&to, other_door, fields.as_ref()), because, asker)
}

/// Asks for each waybill that has not left.
fn request(
    order: &mut Order,
    (to, door, fields): (&Destination, String, Option<&String>),
    because: Because<'_>,
    asker: &Asker<'_>,
) -> Effect {
    let waybills: Vec<WaybillNo> =
        order.waybills().into_iter().filter(|no| !is_on_the_road(order, no)).collect();
    if waybills.is_empty() {
        return Effect::refused("AMEND_TOO_LATE", "every waybill of the order has left");
    }
    open(order, AmendmentKind::Destination, (&waybills, fields), because.1, asker);
    let was = in_words(&order.destination, None);
    let mut effect = Effect::changed(order, What::AmendmentRequested)
        .between(Some(was), Some(in_words(to, fields.map(String::as_str))))
        .because(because.0);
    let kind = (AmendmentKind::Destination, &Quantities::new());
    for waybill_no in &waybills {
        let amendment = amendment(order, waybill_no, kind, (to, door.clone()), asker);
        let asked = contracts::AmendmentRequested { amendment };
        effect.asks(waybill_no, News::AmendmentRequested(Box::new(asked)));
    }
    effect
}

fn amended(from: &Destination, wanted: &AmendedDestination) -> Destination {
    Destination {
        district: wanted.district.clone().unwrap_or_else(|| from.district.clone()),
        delivery_date: wanted.delivery_date.unwrap_or(from.delivery_date),
        timeslot: wanted.timeslot.clone().unwrap_or_else(|| from.timeslot.clone()),
    }
}

/// The new personal fields as a JSON object; `None` when there are none.
fn personal(wanted: &AmendedDestination) -> Option<String> {
    let fields = [
        ("recipient", &wanted.recipient),
        ("phone", &wanted.phone),
        ("postcode", &wanted.postcode),
        ("address", &wanted.address),
    ];
    let present = |(name, value): (&str, &Option<Personal>)| {
        let value = value.as_ref()?;
        Some((name.to_owned(), Value::from(value.expose())))
    };
    let fields: Map<String, Value> = fields.into_iter().filter_map(present).collect();
    (!fields.is_empty()).then(|| Value::Object(fields).to_string())
}

/// One set of personal fields over another.
pub(in crate::decide) fn merged(personal: Option<&str>, over: Option<&str>) -> Option<String> {
    let Some(over) = over else {
        return personal.map(str::to_owned);
    };
    let mut fields = content::personal_of(personal);
    fields.extend(content::personal_of(Some(over)));
    Some(Value::Object(fields).to_string())
}

/// `D001 2035-06-13 0900-1300, address, phone`: of personal fields their names only.
pub(in crate::decide) fn in_words(destination: &Destination, personal: Option<&str>) -> String {
    let Destination { district, delivery_date, timeslot } = destination;
    let names = content::personal_of(personal).into_iter().map(|(name, _)| format!(", {name}"));
    format!("{district} {delivery_date} {timeslot}{}", names.collect::<String>())
}
