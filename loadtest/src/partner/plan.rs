//! What the simulated warehouse answers to one order or one request not to ship, when, and under which
//! message ids. Pure: the same message under the same seed gets the same bytes, so that answering it twice
//! is a resend. The same order in another message is a revision: it is confirmed again, under ids of its own.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use contracts::{
    Contract, MessageId, Timestamp, WmsCancellationConfirmation, WmsCancellationRequest,
    WmsConfirmation, WmsOrderConfirmation, WmsOrderProgress, WmsOutboundOrder, WmsStep,
    derive_message_id,
};
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use crate::dice::Dice;

/// The longest wait before one answer.
const DELAY_MAX: Duration = Duration::from_secs(60);
/// Share of the requests not to ship that are granted before the parcel is packed.
const GRANTED_BEFORE_PACKING: f64 = 0.95;
/// The same afterwards.
const GRANTED_WHEN_PACKED: f64 = 0.05;

/// How the warehouse behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Decides everything below for each order.
    pub(crate) seed: u64,
    /// Share of refused orders.
    pub(crate) reject_rate: f64,
    /// Median wait before an answer in milliseconds; 0 = none.
    pub(crate) delay_ms_median: u32,
}

/// One message to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// How long after the order came.
    pub(crate) after: Duration,
    /// Its id, the same at every try.
    pub(crate) message_id: MessageId,
    /// Wire name.
    pub(crate) message_type: &'static str,
    /// Exchange.
    pub(crate) exchange: &'static str,
    /// Routing key.
    pub(crate) routing_key: String,
    /// JSON.
    pub(crate) body: Vec<u8>,
}

/// All answers to one order, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    /// False: the only answer is a no.
    pub(crate) accepts: bool,
    /// The answers.
    pub(crate) answers: Vec<Answer>,
}

/// What the warehouse is asked, and by which message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The id of the message; empty when it has none.
    pub(crate) message_id: &'a str,
    /// The time that the message itself carries: a redelivered one gets answers with the same times.
    pub(crate) at: Option<DateTime<Utc>>,
    /// The broker user that answers.
    pub(crate) sender: &'a str,
}

/// How far the warehouse is with an order that it is asked not to ship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It refused the order.
    Refused,
    /// It will be packed after so long, if nothing comes in between.
    Working(Duration),
    /// It is packed.
    Packed,
}

/// What the warehouse says to a request not to ship.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// True: it is not shipped, whatever is left to do for it is not done.
    pub(crate) grants: bool,
    /// The answer; `None` only for a body that does not serialise.
    pub(crate) answer: Option<Answer>,
}

/// Whether the warehouse takes the order of this number; the same at every try and for every revision.
pub(crate) fn accepts(order_number: &str, habits: Habits) -> bool {
    !dice_of(order_number, habits).chance(habits.reject_rate)
}

fn dice_of(order_number: &str, habits: Habits) -> Dice {
    Dice::new(habits.seed, "warehouse", crate::dice::fixed_hash(order_number))
}

/// Plans the answers to an order that the warehouse sees for the first time.
pub(crate) fn plan(order: &WmsOutboundOrder, asked: Asked<'_>, habits: Habits) -> Plan {
    let Plan { accepts, mut answers } = revision(order, asked, habits);
    let mut dice = dice_of(&order.order_number, habits);
    dice.chance(habits.reject_rate);
    let mut clock = Clock::of(order, asked, habits);
    clock.next(&mut dice);
    if accepts {
        for (step, word) in [
            (WmsStep::PickStart, "PICK_START"),
            (WmsStep::PickEnd, "PICK_END"),
            (WmsStep::PackEnd, "PACK_END"),
        ] {
            let at = clock.next(&mut dice);
            let (order_number, label) = (order.order_number.clone(), order.label.clone());
            let progress = WmsOrderProgress { order_number, label, step, at };
            answers.extend(answer(&order.order_number, word, clock.elapsed, asked, &progress));
        }
    }
    Plan { accepts, answers }
}

/// Plans the answer to an order that the warehouse has already: the steps that were planned for the first
/// one go on.
pub(crate) fn revision(order: &WmsOutboundOrder, asked: Asked<'_>, habits: Habits) -> Plan {
    let mut dice = dice_of(&order.order_number, habits);
    let accepts = !dice.chance(habits.reject_rate);
    let mut clock = Clock::of(order, asked, habits);
    let at = clock.next(&mut dice);
    let confirmation = confirmation(order, accepts, at);
    let answer = answer(&order.order_number, "CONFIRMATION", clock.elapsed, asked, &confirmation);
    Plan { accepts, answers: answer.into_iter().collect() }
}

/// Plans the answer to a request not to ship: mostly a yes before the parcel is packed, mostly a no after.
pub(crate) fn cancellation(
    request: &WmsCancellationRequest,
    progress: Progress,
    asked: Asked<'_>,
    habits: Habits,
) -> Word {
    let number = crate::dice::fixed_hash(&request.order_number);
    let subject = format!("cancellation {}", request.request);
    let mut dice = Dice::new(habits.seed, &subject, number);
    let start = asked.at.unwrap_or_default();
    let mut clock = Clock { start, elapsed: Duration::ZERO, median_ms: habits.delay_ms_median };
    let at = clock.next(&mut dice);
    let (chance, reason) = match progress {
        Progress::Refused => (1.0, "NO_STOCK"),
        Progress::Working(packed_after) if packed_after > clock.elapsed => {
            (GRANTED_BEFORE_PACKING, "IN_WORK")
        }
        Progress::Working(_) | Progress::Packed => (GRANTED_WHEN_PACKED, "PACKED"),
    };
    let grants = dice.chance(chance);
    let told = WmsCancellationConfirmation {
        order_number: request.order_number.clone(),
        label: request.label.clone(),
        request: request.request,
        result: if grants { WmsConfirmation::Ok } else { WmsConfirmation::Nok },
        reason_code: (!grants).then(|| reason.to_owned()),
        at,
    };
    let answer = answer(&request.order_number, "CANCELLATION", clock.elapsed, asked, &told);
    Word { grants, answer }
}

fn confirmation(order: &WmsOutboundOrder, accepts: bool, at: Timestamp) -> WmsOrderConfirmation {
    WmsOrderConfirmation {
        order_number: order.order_number.clone(),
        label: order.label.clone(),
        result: if accepts { WmsConfirmation::Ok } else { WmsConfirmation::Nok },
        reason_code: (!accepts).then(|| "NO_STOCK".to_owned()),
        at,
    }
}

/// `None` only for a body that does not serialise, which these types always do.
fn answer<C: Contract + Serialize>(
    order_number: &str,
    word: &str,
    after: Duration,
    asked: Asked<'_>,
    message: &C,
) -> Option<Answer> {
    let key = format!("{order_number} {word} {}", asked.message_id);
    Some(Answer {
        after,
        message_id: derive_message_id(asked.sender, &key),
        message_type: C::TYPE,
        exchange: C::EXCHANGE.name(),
        routing_key: message.routing_key().as_str().to_owned(),
        body: serde_json::to_vec(message).ok()?,
    })
}

struct Clock {
    start: DateTime<Utc>,
    elapsed: Duration,
    median_ms: u32,
}

impl Clock {
    fn of(order: &WmsOutboundOrder, asked: Asked<'_>, habits: Habits) -> Self {
        let midnight = order.ship_date.and_time(NaiveTime::MIN).and_utc();
        let start = asked.at.unwrap_or(midnight);
        Self { start, elapsed: Duration::ZERO, median_ms: habits.delay_ms_median }
    }

    /// Waits once more and reads the warehouse's clock.
    fn next(&mut self, dice: &mut Dice) -> Timestamp {
        let wait = dice.log_normal(f64::from(self.median_ms), 0.6).to_u64().unwrap_or(0);
        self.elapsed += Duration::from_millis(wait).min(DELAY_MAX);
        let elapsed = TimeDelta::from_std(self.elapsed).unwrap_or_default();
        Timestamp::from(self.start + elapsed)
    }
}
