//! The decision about one order: refused, known already, or accepted with its split. And, in the files of
//! this folder, what becomes of it afterwards.
//!
//! Pure: the same order, network, policy and stored state always give the same decision. Never
//! here: IO, a clock, the environment, random numbers (the row id of a new order is handed in).

mod amend;
mod cancel;
mod check;
mod content;
mod effect;
mod follow;
mod permit;
mod split;
mod standing;

use contracts::{
    Actor, CreateOrder, FieldError, MAX_MESSAGE_BYTES, Money, OrderAccepted, Refusal, Timestamp,
    WaybillDraft,
};
use uuid::Uuid;

use crate::network::Network;
use crate::order::Order;

pub(crate) use self::amend::amend;
pub(crate) use self::cancel::cancel;
pub(crate) use self::content::{ContentHash, address_key, address_key_of, content_hash};
pub(crate) use self::effect::{Change, Effect, News};
pub(crate) use self::follow::{decided, moved, returned};
pub(crate) use self::permit::{may_change, unknown_order};
pub(crate) use self::split::{Compartments, SplitPolicy, split};
pub(crate) use self::standing::line_standings;

/// The version of an order that was just accepted.
pub(crate) const FIRST_VERSION: u64 = 1;

/// What is stored of an order that was accepted before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// What its command said.
    pub(crate) content_hash: ContentHash,
    /// Its version now.
    pub(crate) version: u64,
}

/// What an order is judged by, besides itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Circumstances<'a> {
    /// On whose behalf it was sent.
    pub(crate) actor: &'a Actor,
    /// The order stored under the same source and reference.
    pub(crate) known: Option<&'a Known>,
    /// Where and when we deliver.
    pub(crate) network: &'a Network,
    /// How orders are split.
    pub(crate) policy: &'a SplitPolicy,
    /// The row id that the order gets if it is new and accepted.
    pub(crate) order_id: Uuid,
}

/// Who asks something of an order that is there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asker<'a> {
    /// On whose behalf.
    pub(crate) actor: &'a Actor,
    /// The message it came in.
    pub(crate) message_id: Uuid,
    /// When it was published.
    pub(crate) asked_at: Timestamp,
}

impl Asker<'_> {
    fn may_change(&self, order: &Order) -> Result<(), Refusal> {
        may_change(self.actor, &order.key.source, order.customer_ref.as_ref())
    }
}

/// How a command ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// A new order.
    Accepted(Box<Accepted>),
    /// The same order once more.
    Duplicate {
        /// The version of the stored order.
        version: u64,
    },
    /// No order of ours, and why.
    Refused(Refusal),
}

/// A new order with everything that is worked out from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accepted {
    /// What the other workers are told, the split included.
    pub(crate) event: OrderAccepted,
    /// Sum of all lines.
    pub(crate) total: Money,
    /// What the command said.
    pub(crate) content_hash: ContentHash,
    /// The personal fields as a JSON object; absent when there are none.
    pub(crate) personal: Option<String>,
}

/// Decides about one order.
pub(crate) fn decide(order: &CreateOrder, circumstances: &Circumstances<'_>) -> Decision {
    if let Err(refusal) = permit::may_create(circumstances.actor, &order.source) {
        return Decision::Refused(refusal);
    }
    let content_hash = content_hash(order);
    match circumstances.known {
        Some(known) if known.content_hash == content_hash => {
            Decision::Duplicate { version: known.version }
        }
        Some(_) => Decision::Refused(conflict(order)),
        None => match accept(order, content_hash, circumstances) {
            Ok(accepted) => Decision::Accepted(Box::new(accepted)),
            Err(refusal) => Decision::Refused(refusal),
        },
    }
}

fn conflict(order: &CreateOrder) -> Refusal {
    Refusal::new(
        "CONFLICT",
        format!(
            "order {} of {} is there already and says something else: send a change as an amendment, or a new order under a new reference",
            order.order_ref, order.source
        ),
    )
}

/// Every check runs, so that the sender hears of all errors at once.
fn accept(
    order: &CreateOrder,
    content_hash: ContentHash,
    circumstances: &Circumstances<'_>,
) -> Result<Accepted, Refusal> {
    let personal = content::personal_json(order);
    let mut errors = circumstances.network.unknown_places(&order.district, &order.timeslot);
    errors.extend(check::misfits(order, personal.as_deref()));
    let total = check::total(order).map_err(|found| errors.extend(found));
    let waybills = split(order, circumstances.policy).map_err(|found| errors.push(found));
    let (Ok(total), Ok(waybills), true) = (total, waybills, errors.is_empty()) else {
        return Err(refusal_of(errors, "INVALID_ORDER"));
    };
    let event = event_of(order, circumstances.order_id, waybills);
    if !fits_a_message(order, &event) {
        return Err(too_large(&event));
    }
    Ok(Accepted { event, total, content_hash, personal })
}

fn event_of(order: &CreateOrder, order_id: Uuid, waybills: Vec<WaybillDraft>) -> OrderAccepted {
    OrderAccepted {
        order_id,
        source: order.source.clone(),
        order_ref: order.order_ref.clone(),
        ordered_at: order.ordered_at,
        customer_ref: order.customer_ref.clone(),
        district: order.district.clone(),
        delivery_date: order.delivery_date,
        timeslot: order.timeslot.clone(),
        address_key: address_key(order),
        waybills,
    }
}

/// One code when all errors agree on it, else the one for `several`.
fn refusal_of(errors: Vec<FieldError>, several: &str) -> Refusal {
    let first = errors.first().map_or(several, |error| error.code.as_str());
    let agreed = errors.iter().all(|error| error.code == first);
    let code = if agreed { first } else { several }.to_owned();
    let detail = match errors.as_slice() {
        [only] => only.message.clone(),
        several => {
            format!("there are {} errors: correct them all and send it again", several.len())
        }
    };
    Refusal { code, detail, errors }
}

/// A line takes less than 1 KiB even when it makes a waybill of its own, so that only the largest
/// orders have to be measured.
fn fits_a_message(order: &CreateOrder, event: &OrderAccepted) -> bool {
    order.lines.len() < MAX_MESSAGE_BYTES / 1_024
        || serde_json::to_vec(event).is_ok_and(|body| body.len() <= MAX_MESSAGE_BYTES)
}

fn too_large(event: &OrderAccepted) -> Refusal {
    Refusal::new(
        "ORDER_TOO_LARGE",
        format!(
            "the order makes {} waybills, more than one message of {MAX_MESSAGE_BYTES} bytes can carry: divide it into several orders",
            event.waybills.len()
        ),
    )
}
