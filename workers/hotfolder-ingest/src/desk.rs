//! Asks the fleet: one command, one answer, however often it has to be sent for that.
//!
//! Every resend carries the same message id, so that it has one effect. What never happens here:
//! reading a file, writing a row.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contracts::{Actor, ItemReply, MessageId, Refusal, Reply, ReplyOutcome, Timestamp};
use pacing::{Backoff, Course, LOOKED_AT_EVERY, Pace, Turnstile};
use queue_topology::{BEHIND_AN_ORDER, WorkQueue, WorkerKind};
use runtime::{Ingress, SendError, Shutdown};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::format::Command;
use crate::metrics::Metrics;
use crate::window::{Place, Window};

/// Sends without an answer after which an order is reported as unanswered.
const SENDS_MAX: u32 = 8;
/// The longest wait for one answer.
const PATIENCE_MAX: Duration = Duration::from_secs(600);
/// Orders a second at the start.
const FIRST_RATE: f64 = 50.0;
/// Orders a second at least.
const LEAST_RATE: f64 = 1.0;
/// What the rate grows by in half a second, once a queue stood.
const GROWTH: f64 = 1.02;
/// Senders wait for their turn and pass evenly.
const CATCH_UP: Duration = Duration::from_millis(20);

/// One command to be answered.
#[derive(Debug)]
pub struct Request {
    /// Derived from the file, so that a resend is the same message.
    pub message_id: MessageId,
    /// On whose behalf, and from which line.
    pub actor: Actor,
    /// The id of the file.
    pub correlation_id: String,
    /// The command.
    pub command: Command,
    /// When its file came.
    pub file_came_at: Timestamp,
}

/// How a command was answered.
#[derive(Debug)]
pub struct Answer {
    /// In general.
    pub end: AnswerEnd,
    /// The outcome in one word.
    pub code: String,
    /// What became of each of its lines, where that differs.
    pub items: Vec<ItemReply>,
}

/// The same in general.
#[derive(Debug)]
pub enum AnswerEnd {
    /// It has its effect.
    Accepted,
    /// It had its effect before.
    Duplicate,
    /// No, and why.
    Refused(Refusal),
}

impl Answer {
    fn refused(refusal: Refusal) -> Self {
        Self { code: refusal.code.clone(), end: AnswerEnd::Refused(refusal), items: Vec::new() }
    }
}

/// Sends commands and hears their answers.
#[derive(Debug)]
pub struct Desk {
    ingress: Ingress,
    pending: Mutex<HashMap<MessageId, oneshot::Sender<Reply>>>,
    window: Window,
    turnstile: Turnstile,
    course: Course,
    patience: Duration,
    /// Ready messages in the queue that takes the commands, as last measured.
    backlog: AtomicU32,
    /// True while sending fails, so that the log says it once.
    is_troubled: AtomicBool,
    metrics: Metrics,
}

/// How much a desk takes on.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Commands without an answer at most.
    pub window_max: usize,
    /// Ready messages of the deepest queue at which nothing more is sent.
    pub depth_max: u32,
    /// How long the first answer may take.
    pub patience: Duration,
}

impl Desk {
    /// A desk that sends through `ingress`.
    #[must_use]
    pub fn new(ingress: Ingress, limits: Limits, metrics: Metrics) -> Arc<Self> {
        let depth_max = limits.depth_max;
        let course = Course { depth_max, first: FIRST_RATE, least: LEAST_RATE, growth: GROWTH };
        Arc::new(Self {
            ingress,
            pending: Mutex::default(),
            window: Window::new(limits.window_max),
            turnstile: Turnstile::new(Pace::new(course).rate(), CATCH_UP),
            course,
            patience: limits.patience,
            backlog: AtomicU32::new(0),
            is_troubled: AtomicBool::new(false),
            metrics,
        })
    }

    /// Waits for one's turn and for a place in the window. Whoever has none holds no order in memory.
    pub async fn place(&self) -> Place {
        let place = self.window.enter().await;
        self.turnstile.pass().await;
        place
    }

    /// Sends the command until it is answered, and keeps its place for so long. Safe to drop at any
    /// moment.
    pub async fn ask(&self, request: &Request, _place: Place) -> Answer {
        let mut patience = self.patience;
        for attempt in 1..=SENDS_MAX {
            if attempt > 1 {
                self.metrics.resent.inc();
            }
            let waiting = Waiting::begin(self, request.message_id);
            if let Err(error) = self.send(request).await {
                return unsendable(&error);
            }
            if let Some(reply) = self.answer(waiting, patience).await {
                return answer_of(reply);
            }
            patience = (patience * 2).min(PATIENCE_MAX);
        }
        let worker = request.command.taken_by().name();
        tracing::error!(message_id = %request.message_id, sends = SENDS_MAX, worker, "no answer");
        Answer::refused(Refusal::new(
            "NO_ANSWER",
            format!(
                "{worker} did not answer: look for this in its dead letters, then send it again \
                 as a repair of this file"
            ),
        ))
    }

    /// Sends until the broker confirmed it.
    async fn send(&self, request: &Request) -> Result<(), SendError> {
        let mut backoff = Backoff::reconnect();
        loop {
            let Request { message_id, actor, correlation_id, command, file_came_at } = request;
            let (ingress, came_at) = (&self.ingress, *file_came_at);
            let sent = command.send(ingress, *message_id, actor, correlation_id, came_at).await;
            let error = match sent {
                Ok(()) => {
                    if self.is_troubled.swap(false, Ordering::Relaxed) {
                        tracing::info!("commands are taken again");
                    }
                    return Ok(());
                }
                Err(error @ SendError::Encode(_)) => return Err(error),
                Err(error) => error,
            };
            if !self.is_troubled.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "commands are not taken, waiting");
            }
            backoff.wait().await;
        }
    }

    /// Waits for the answer. While commands lie in front of the worker their age says nothing, so
    /// patience counts only once its queue was seen empty.
    async fn answer(&self, mut waiting: Waiting<'_>, patience: Duration) -> Option<Reply> {
        loop {
            match timeout(patience, &mut waiting.reply).await {
                Ok(reply) => return reply.ok(),
                Err(_elapsed) if self.backlog.load(Ordering::Relaxed) > 0 => {}
                Err(_elapsed) => return None,
            }
        }
    }

    /// Hands answers to those who wait for them, until shutdown.
    ///
    /// # Errors
    /// When somebody else hears them already.
    pub async fn hear(self: Arc<Self>, shutdown: Shutdown) -> Result<(), String> {
        let answers = self.ingress.answers().await;
        let mut answers = answers.ok_or("the answers are heard by somebody else")?;
        loop {
            tokio::select! {
                () = shutdown.begun() => return Ok(()),
                reply = answers.recv() => match reply {
                    Some(reply) => self.deliver(reply),
                    None => {
                        shutdown.begun().await;
                        return Ok(());
                    }
                },
            }
        }
    }

    fn deliver(&self, reply: Reply) {
        if let Some(waiting) = self.lock().remove(&reply.message_id) {
            // Whoever stopped waiting will ask again.
            let _ = waiting.send(reply);
        }
    }

    /// Fits the rate of sending to the depth of the queues, until shutdown.
    ///
    /// # Errors
    /// Never; the signature is that of a background task.
    pub async fn pace(self: Arc<Self>, shutdown: Shutdown) -> Result<(), String> {
        let mut pace = Pace::new(self.course);
        let mut tick = interval(LOOKED_AT_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.begun() => return Ok(()),
                () = async { self.window.in_use().await; tick.tick().await; } => {}
            }
            let deepest = self.deepest().await;
            let rate = pace.look(deepest, || self.turnstile.take_held_back());
            self.turnstile.set(rate);
            self.metrics.rate.set(rate.whole());
            self.metrics.unanswered.set(i64::try_from(self.window.taken()).unwrap_or(i64::MAX));
        }
    }

    /// Ready messages of the deepest queue that orders pass on their way, our own unanswered
    /// commands not counted. A queue that cannot be measured counts as empty: the window alone
    /// bounds it.
    async fn deepest(&self) -> u32 {
        let depths = self.ingress.depths();
        let own = u32::try_from(self.window.taken()).unwrap_or(u32::MAX);
        let (taking, returns) = (depths.of(FIRST).await, depths.of(RETURNS).await);
        let mut deepest = taking.saturating_sub(own).max(returns);
        // what files report and give back waits there as orders do in the first queue
        let mut backlog = taking.max(returns);
        for queue in BEHIND_AN_ORDER {
            let depth = depths.of(queue).await;
            deepest = deepest.max(depth);
            if queue == REPORTS {
                backlog = backlog.max(depth);
            }
        }
        self.backlog.store(backlog, Ordering::Relaxed);
        deepest
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MessageId, oneshot::Sender<Reply>>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where orders wait.
const FIRST: (WorkerKind, WorkQueue) = (WorkerKind::OrderIntake, WorkQueue::Commands);
/// Where reports wait, those of files and all others.
const REPORTS: (WorkerKind, WorkQueue) = (WorkerKind::WaybillStatus, WorkQueue::Commands);
/// Where returns wait.
const RETURNS: (WorkerKind, WorkQueue) = (WorkerKind::CustomerService, WorkQueue::Commands);

/// An entry among those who wait, gone when it is dropped.
struct Waiting<'a> {
    desk: &'a Desk,
    message_id: MessageId,
    reply: oneshot::Receiver<Reply>,
}

impl<'a> Waiting<'a> {
    fn begin(desk: &'a Desk, message_id: MessageId) -> Self {
        let (sender, reply) = oneshot::channel();
        desk.lock().insert(message_id, sender);
        Self { desk, message_id, reply }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.desk.lock().remove(&self.message_id);
    }
}

fn answer_of(reply: Reply) -> Answer {
    let Reply { outcome, code, refusal, items, .. } = reply;
    let end = match outcome {
        ReplyOutcome::Applied | ReplyOutcome::Accepted => AnswerEnd::Accepted,
        ReplyOutcome::Duplicate => AnswerEnd::Duplicate,
        ReplyOutcome::Rejected => AnswerEnd::Refused(
            refusal.unwrap_or_else(|| Refusal::new(code.as_str(), "it was refused")),
        ),
    };
    Answer { end, code, items }
}

fn unsendable(error: &SendError) -> Answer {
    Answer::refused(Refusal::new("UNSENDABLE", error.to_string()))
}
