//! What the simulated warehouse has on its desk: messages that are not answered in full, and answers that
//! wait for their time. In memory only: what is lost with it is delivered again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use chrono::DateTime;
use contracts::{Contract, WmsCancellationRequest, WmsOutboundOrder};
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicRejectOptions};
use lapin::{Acker, Confirmation};
use tokio::time::Instant;

use super::plan::{Answer, Asked, Habits, Plan, Progress, accepts, cancellation, plan, revision};
use super::{Journal, PartnerError, Tally, WmsArgs};
use crate::journal::{JournalEntry, SendState};

/// An answer that met a full queue is sent again after this.
const PUSH_BACK: Duration = Duration::from_millis(250);

/// An answer that waits for its time, and the message it belongs to.
#[derive(Debug)]
pub(super) struct Due {
    message: u64,
    pub(super) answer: Answer,
}

/// What a message asks for, and what it is told.
#[derive(Debug, Clone, Copy)]
enum Work {
    Order { accepts: bool },
    Cancellation { grants: bool },
}

/// A message that is not answered in full yet.
struct Open {
    acker: Acker,
    work: Work,
    unconfirmed: usize,
    cause: Option<String>,
}

/// An order that came in this session.
struct Order {
    /// The message that brought it first.
    message: u64,
    /// When it is packed; none when it was refused or given up.
    packed_at: Option<Instant>,
}

/// The work of one session.
pub(super) struct Desk {
    habits: Habits,
    open: HashMap<u64, Open>,
    orders: HashMap<String, Order>,
    /// By due time; the number keeps answers of one moment in the order in which they were planned.
    waiting: BTreeMap<(Instant, u64), Due>,
    planned: u64,
    messages: u64,
}

/// A message as the warehouse reads it.
enum Read {
    Order(WmsOutboundOrder),
    Cancellation(WmsCancellationRequest),
    Nothing,
}

fn read(delivery: &Delivery) -> Read {
    let word = delivery.properties.kind().as_ref().map(|word| word.as_str());
    if word == Some(WmsCancellationRequest::TYPE) {
        return serde_json::from_slice(&delivery.data).map_or(Read::Nothing, Read::Cancellation);
    }
    serde_json::from_slice(&delivery.data).map_or(Read::Nothing, Read::Order)
}

impl Desk {
    pub(super) fn new(args: &WmsArgs) -> Self {
        let WmsArgs { seed, reject_rate, delay_ms_median, .. } = *args;
        Self {
            habits: Habits { seed, reject_rate, delay_ms_median },
            open: HashMap::new(),
            orders: HashMap::new(),
            waiting: BTreeMap::new(),
            planned: 0,
            messages: 0,
        }
    }

    /// Reads a message and plans its answers. What is no message of ours is refused for good.
    ///
    /// # Errors
    /// [`PartnerError`] when the channel is gone.
    pub(super) async fn take(
        &mut self,
        delivery: Delivery,
        user: &str,
        tally: &mut Tally,
    ) -> Result<(), PartnerError> {
        tally.received += 1;
        tally.redelivered += u64::from(delivery.redelivered);
        let seconds = delivery.properties.timestamp().and_then(|at| i64::try_from(at).ok());
        let cause = delivery.properties.message_id().as_ref().map(ToString::to_string);
        let asked = Asked {
            message_id: cause.as_deref().unwrap_or_default(),
            at: seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            sender: user,
        };
        let (work, answers) = match read(&delivery) {
            Read::Order(order) => self.order(order, asked),
            Read::Cancellation(request) => self.cancellation(&request, asked, tally).await?,
            Read::Nothing => {
                tally.unreadable += 1;
                delivery.acker.reject(BasicRejectOptions { requeue: false }).await?;
                return Ok(());
            }
        };
        let message = self.messages;
        self.messages += 1;
        let open = Open { acker: delivery.acker, work, unconfirmed: answers.len(), cause };
        self.open.insert(message, open);
        let now = Instant::now();
        for answer in answers {
            self.wait(now + answer.after, Due { message, answer });
        }
        Ok(())
    }

    fn order(&mut self, order: WmsOutboundOrder, asked: Asked<'_>) -> (Work, Vec<Answer>) {
        if self.orders.contains_key(&order.order_number) {
            let Plan { accepts, answers } = revision(&order, asked, self.habits);
            return (Work::Order { accepts }, answers);
        }
        let Plan { accepts, answers } = plan(&order, asked, self.habits);
        let packed_after = answers.last().map(|answer| answer.after).filter(|_| accepts);
        let packed_at = packed_after.map(|after| Instant::now() + after);
        self.orders.insert(order.order_number, Order { message: self.messages, packed_at });
        (Work::Order { accepts }, answers)
    }

    /// A granted request stops what is left to do for its order.
    async fn cancellation(
        &mut self,
        request: &WmsCancellationRequest,
        asked: Asked<'_>,
        tally: &mut Tally,
    ) -> Result<(Work, Vec<Answer>), PartnerError> {
        let now = Instant::now();
        let progress = self.progress(&request.order_number, now);
        let word = cancellation(request, progress, asked, self.habits);
        let grants = word.grants;
        let answered_at = now + word.answer.as_ref().map_or(Duration::ZERO, |it| it.after);
        if let (true, Some(order)) = (grants, self.orders.get_mut(&request.order_number)) {
            order.packed_at = None;
            let message = order.message;
            self.stop(message, answered_at, tally).await?;
        }
        Ok((Work::Cancellation { grants }, word.answer.into_iter().collect()))
    }

    /// How far an order is. One of an earlier session was answered in full, or it would have come again.
    fn progress(&self, order_number: &str, now: Instant) -> Progress {
        match self.orders.get(order_number) {
            Some(Order { packed_at: Some(at), .. }) => Progress::Working(*at - now),
            Some(Order { packed_at: None, .. }) => Progress::Refused,
            None if accepts(order_number, self.habits) => Progress::Packed,
            None => Progress::Refused,
        }
    }

    /// Forgets the answers of a message that are due after a moment.
    async fn stop(
        &mut self,
        message: u64,
        after: Instant,
        tally: &mut Tally,
    ) -> Result<(), PartnerError> {
        let before = self.waiting.len();
        self.waiting.retain(|(due_at, _), due| due.message != message || *due_at <= after);
        let stopped = before - self.waiting.len();
        self.settle(message, stopped, tally).await
    }

    fn wait(&mut self, until: Instant, due: Due) {
        self.waiting.insert((until, self.planned), due);
        self.planned += 1;
    }

    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due_at, _), _)| *due_at)
    }

    pub(super) fn take_due(&mut self, now: Instant) -> Option<Due> {
        if self.next_due()? > now {
            return None;
        }
        self.waiting.pop_first().map(|(_, due)| due)
    }

    pub(super) fn cause_of(&self, due: &Due) -> Option<String> {
        self.open.get(&due.message)?.cause.clone()
    }

    /// Idle only while no message is open.
    pub(super) fn idle_deadline(
        &self,
        busy_at: Instant,
        idle: Option<Duration>,
    ) -> Option<Instant> {
        idle.filter(|_| self.open.is_empty()).map(|idle| busy_at + idle)
    }

    /// Takes the broker's word on an answer.
    ///
    /// # Errors
    /// [`PartnerError`] when the answer has no queue, the journal fails or the channel is gone.
    pub(super) async fn confirmed(
        &mut self,
        due: Due,
        word: Confirmation,
        user: &str,
        tally: &mut Tally,
        journal: &mut Journal,
    ) -> Result<(), PartnerError> {
        match word {
            Confirmation::Ack(None) => {}
            Confirmation::Ack(Some(_)) => {
                return Err(PartnerError::Unroutable(due.answer.routing_key));
            }
            Confirmation::Nack(_) | Confirmation::NotRequested => {
                tally.pushed_back += 1;
                self.wait(Instant::now() + PUSH_BACK, due);
                return Ok(());
            }
        }
        tally.answers += 1;
        journal.note(&JournalEntry {
            consumer: "wms-sync".to_owned(),
            sender: user.to_owned(),
            message_id: due.answer.message_id,
            state: SendState::Confirmed,
        })?;
        self.settle(due.message, 1, tally).await
    }

    /// Counts answers that are confirmed or will not be given; the last one settles the message.
    async fn settle(
        &mut self,
        message: u64,
        answers: usize,
        tally: &mut Tally,
    ) -> Result<(), PartnerError> {
        let Some(open) = self.open.get_mut(&message) else {
            return Ok(());
        };
        open.unconfirmed = open.unconfirmed.saturating_sub(answers);
        if open.unconfirmed > 0 {
            return Ok(());
        }
        if let Some(open) = self.open.remove(&message) {
            match open.work {
                Work::Order { accepts: true } => tally.accepted += 1,
                Work::Order { accepts: false } => tally.refused += 1,
                Work::Cancellation { grants: true } => tally.cancelled += 1,
                Work::Cancellation { grants: false } => tally.kept += 1,
            }
            open.acker.ack(BasicAckOptions { multiple: false }).await?;
        }
        Ok(())
    }
}
