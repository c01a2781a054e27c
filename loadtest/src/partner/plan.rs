//! What the simulated warehouse answers to one order, when, and under which message ids. Pure: the
//! same order under the same seed gets the same bytes, so that answering it twice is a resend.

use std::time::Duration;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use contracts::{
    Contract, MessageId, Timestamp, WmsConfirmation, WmsOrderConfirmation, WmsOrderProgress,
    WmsOutboundOrder, WmsStep, derive_message_id,
};
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;

use crate::dice::Dice;

/// The longest wait before one answer.
const DELAY_MAX: Duration = Duration::from_secs(60);

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

/// Plans the answers of the broker user `sender`. `submitted_at` is the time that the order itself
/// carries: a redelivered order gets answers with the same times.
pub(crate) fn plan(
    order: &WmsOutboundOrder,
    submitted_at: Option<DateTime<Utc>>,
    habits: Habits,
    sender: &str,
) -> Plan {
    let number = crate::dice::fixed_hash(&order.order_number);
    let mut dice = Dice::new(habits.seed, "warehouse", number);
    let start = submitted_at.unwrap_or_else(|| order.ship_date.and_time(NaiveTime::MIN).and_utc());
    let mut clock = Clock { start, elapsed: Duration::ZERO, median_ms: habits.delay_ms_median };
    let accepts = !dice.chance(habits.reject_rate);

    let mut answers = Vec::new();
    let at = clock.next(&mut dice);
    let confirmation = confirmation(order, accepts, at);
    answers.extend(answer(order, "CONFIRMATION", clock.elapsed, sender, &confirmation));
    if accepts {
        for (step, word) in [
            (WmsStep::PickStart, "PICK_START"),
            (WmsStep::PickEnd, "PICK_END"),
            (WmsStep::PackEnd, "PACK_END"),
        ] {
            let at = clock.next(&mut dice);
            let (order_number, label) = (order.order_number.clone(), order.label.clone());
            let progress = WmsOrderProgress { order_number, label, step, at };
            answers.extend(answer(order, word, clock.elapsed, sender, &progress));
        }
    }
    Plan { accepts, answers }
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
    order: &WmsOutboundOrder,
    word: &str,
    after: Duration,
    sender: &str,
    message: &C,
) -> Option<Answer> {
    Some(Answer {
        after,
        message_id: derive_message_id(sender, &format!("{} {word}", order.order_number)),
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
    /// Waits once more and reads the warehouse's clock.
    fn next(&mut self, dice: &mut Dice) -> Timestamp {
        let wait = dice.log_normal(f64::from(self.median_ms), 0.6).to_u64().unwrap_or(0);
        self.elapsed += Duration::from_millis(wait).min(DELAY_MAX);
        let elapsed = TimeDelta::from_std(self.elapsed).unwrap_or_default();
        Timestamp::from(self.start + elapsed)
    }
}
