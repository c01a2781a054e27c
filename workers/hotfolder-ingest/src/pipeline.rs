//! The orders of one file on their way: sent side by side, recorded in the order of the file.
//!
//! The checkpoint is the settled prefix: everything before it is answered and recorded. It moves in
//! one transaction with the errors before it, and a new one begins as soon as the last is through,
//! with whatever has been answered meanwhile.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use ::store::{ErrorClass, StoreError};
use contracts::derive_message_id;
use pacing::Backoff;
use runtime::Shutdown;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};

use crate::content::ContentError;
use crate::desk::{Answer, AnswerEnd, Desk, Request};
use crate::errors::{of_answer, of_faults};
use crate::format::{SoundUnit, Unit};
use crate::import::ImportError;
use crate::metrics::Metrics;
use crate::name::FileName;
use crate::reporters::Reporters;
use crate::store::{ErrorRow, FileRecord, Progress, Store};
use crate::verdict::{VerdictRow, is_an_answer, of_rows};
use crate::window::Place;

/// Bytes that the orders of one file may hold in memory while they are unanswered.
const HELD_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// What a byte of a file takes in memory as part of an order, about.
const ORDER_GROWTH: u64 = 4;
/// What an error takes in memory, about.
const ERROR_BYTES: u64 = 256;
/// Open orders of one file: those on their way, and those behind them that are answered already.
const SLOTS_MAX: usize = 1_600;
/// Errors that wait for their commit; beyond them reading waits, too.
const ERRORS_MAX: usize = 10_000;

/// What becomes of sound orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They are sent.
    Send,
    /// They are rejected with their file.
    RefuseAll,
}

/// What the reader hands over.
pub type Read = Result<Unit, ContentError>;

/// Everything that one file needs.
#[derive(Debug, Clone)]
pub struct Work {
    /// The file.
    pub file: FileName,
    /// Its record, with the fence of our lease.
    pub record: FileRecord,
    /// The database.
    pub store: Store,
    /// Where commands are sent.
    pub desk: Arc<Desk>,
    /// What is counted.
    pub metrics: Metrics,
    /// In whose name the file speaks.
    pub reporters: Reporters,
    /// What becomes of sound orders.
    pub mode: Mode,
}

/// One order between reading and recording.
#[derive(Debug)]
struct Slot {
    order: Span,
    outcome: Option<Outcome>,
    /// What became of each of its rows, where the report tells.
    verdicts: Vec<VerdictRow>,
    weight: u64,
}

/// Where an order stands in its file.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) reference: Option<String>,
    pub(crate) first_line: u64,
    pub(crate) last_line: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) lines: u64,
    /// For each line of the command, its line in the file.
    pub(crate) file_lines: Vec<u64>,
    /// `line_no` of each of them.
    pub(crate) line_numbers: Vec<u32>,
    /// True when the report tells what became of each row.
    pub(crate) has_verdicts: bool,
}

impl Span {
    pub(crate) fn of(order: &Unit) -> Self {
        Self {
            reference: order.reference.clone(),
            first_line: order.first_line,
            last_line: order.last_line,
            start: order.start,
            end: order.end,
            lines: order.lines,
            file_lines: Vec::new(),
            line_numbers: Vec::new(),
            has_verdicts: false,
        }
    }
}

#[derive(Debug)]
enum Outcome {
    Accepted,
    Duplicate,
    Rejected(Vec<ErrorRow>),
}

/// See the module.
#[derive(Debug)]
pub struct Pipeline {
    work: Work,
    slots: VecDeque<Slot>,
    /// Number of the slot at the front.
    front: u64,
    /// Read but not admitted yet.
    next: Option<Unit>,
    /// The place in the window that `next` will take.
    place: Option<Place>,
    has_ended: bool,
    held_bytes: u64,
    asks: JoinSet<(u64, Option<String>, Answer)>,
    /// What is on its way and has to be answered before the next of its kind is sent.
    on_the_way: HashSet<String>,
    progress: Progress,
    errors: Vec<ErrorRow>,
    verdicts: Vec<VerdictRow>,
    has_news: bool,
    /// What the commit on its way will have recorded, and what is recorded.
    recording: Progress,
    recorded: Progress,
    commits: JoinSet<Result<bool, StoreError>>,
}

impl Pipeline {
    /// A pipeline that goes on where the record says.
    #[must_use]
    pub fn new(work: Work) -> Self {
        Self {
            progress: work.record.progress,
            slots: VecDeque::new(),
            front: 0,
            next: None,
            place: None,
            has_ended: false,
            held_bytes: 0,
            asks: JoinSet::new(),
            on_the_way: HashSet::new(),
            errors: Vec::new(),
            verdicts: Vec::new(),
            has_news: false,
            recording: work.record.progress,
            recorded: work.record.progress,
            commits: JoinSet::new(),
            work,
        }
    }

    /// Runs until every order of `orders` is answered and recorded, or shutdown begins.
    ///
    /// # Errors
    /// [`ImportError::Interrupted`] at shutdown, with everything recorded that was answered;
    /// [`ImportError::LeaseLost`] when somebody else has taken the file over.
    pub async fn run(
        mut self,
        orders: mpsc::Receiver<Read>,
        shutdown: &Shutdown,
    ) -> Result<Progress, ImportError> {
        let result = self.work(orders, shutdown).await;
        // A transaction is never cancelled, whatever else went wrong.
        while self.commits.join_next().await.is_some() {}
        result
    }

    async fn work(
        &mut self,
        mut orders: mpsc::Receiver<Read>,
        shutdown: &Shutdown,
    ) -> Result<Progress, ImportError> {
        let desk = Arc::clone(&self.work.desk);
        let mut is_stopping = false;
        loop {
            if !is_stopping {
                self.admit();
            }
            self.collect();
            self.commit(shutdown);
            if self.commits.is_empty() {
                if is_stopping {
                    return Err(ImportError::Interrupted);
                }
                if self.has_ended && self.next.is_none() && self.slots.is_empty() {
                    return Ok(self.progress);
                }
            }
            let wants_more = self.next.is_none() && !self.has_ended && !is_stopping;
            let wants_place = self.lacks_place() && self.has_room() && !is_stopping;
            tokio::select! {
                read = orders.recv(), if wants_more => match read {
                    Some(order) => self.next = Some(order?),
                    None => self.has_ended = true,
                },
                place = desk.place(), if wants_place => self.place = Some(place),
                Some(answered) = self.asks.join_next() => self.settle(answered)?,
                Some(committed) = self.commits.join_next() => {
                    committed_well(committed)?;
                    self.count();
                }
                () = shutdown.begun(), if !is_stopping => is_stopping = true,
            }
        }
    }

    /// True when one more order may be open, and the next one need not wait for another of its number.
    fn has_room(&self) -> bool {
        let next = self.next.as_ref().and_then(|order| order.result.as_ref().ok());
        self.slots.len() < SLOTS_MAX
            && self.held_bytes < HELD_BYTES_MAX
            && self.errors.len() + self.verdicts.len() < ERRORS_MAX
            && next
                .and_then(|sound| sound.command.follows())
                .is_none_or(|first| !self.on_the_way.contains(first))
    }

    /// True when the next order is to be sent and has no place in the window yet.
    fn lacks_place(&self) -> bool {
        let is_sound = self.next.as_ref().is_some_and(|order| order.result.is_ok());
        is_sound && self.work.mode == Mode::Send && self.place.is_none()
    }

    /// Takes the next order in, if there is room for it.
    fn admit(&mut self) {
        if !self.has_room() || self.lacks_place() {
            return;
        }
        let Some(order) = self.next.take() else {
            return;
        };
        let number = self.front + u64::try_from(self.slots.len()).unwrap_or(u64::MAX);
        let mut span = Span::of(&order);
        let (outcome, weight) = match order.result {
            Err(faults) => {
                let errors = of_faults(&span, faults);
                let count = u64::try_from(errors.len()).unwrap_or(u64::MAX);
                (Some(Outcome::Rejected(errors)), count.saturating_mul(ERROR_BYTES))
            }
            Ok(sound) => match self.place.take() {
                Some(place) => {
                    span.file_lines.clone_from(&sound.file_lines);
                    span.line_numbers = sound.command.line_numbers();
                    span.has_verdicts = sound.command.has_verdicts();
                    self.ask(number, &span, sound, place);
                    (None, (span.end - span.start).saturating_mul(ORDER_GROWTH))
                }
                // Only an order that shall not be sent comes here without a place.
                None => (Some(Outcome::Rejected(Vec::new())), 0),
            },
        };
        self.held_bytes += weight;
        self.slots.push_back(Slot { order: span, outcome, verdicts: Vec::new(), weight });
    }

    fn ask(&mut self, number: u64, span: &Span, sound: SoundUnit, place: Place) {
        let Work { file, record, desk, reporters, .. } = &self.work;
        let first = sound.command.follows().map(str::to_owned);
        self.on_the_way.extend(first.clone());
        let key = format!("{}/{}/{}", file.plain(), sound.command.reference(), span.first_line);
        let request = Request {
            message_id: derive_message_id(&format!("hotfolder/{}", file.source()), &key),
            actor: reporters.actor(
                file.kind(),
                file.source(),
                format!("{file}:{}", span.first_line),
            ),
            correlation_id: record.id.to_string(),
            command: sound.command,
            file_came_at: record.started_at,
        };
        let desk = Arc::clone(desk);
        self.asks.spawn(async move { (number, first, desk.ask(&request, place).await) });
    }

    fn settle(
        &mut self,
        answered: Result<(u64, Option<String>, Answer), JoinError>,
    ) -> Result<(), ImportError> {
        let (number, first, answer) =
            answered.map_err(|panicked| ImportError::Defect(panicked.to_string()))?;
        if let Some(first) = first {
            self.on_the_way.remove(&first);
        }
        let index = usize::try_from(number - self.front).unwrap_or(usize::MAX);
        if let Some(slot) = self.slots.get_mut(index) {
            slot.verdicts = of_rows(&slot.order, &answer);
            slot.outcome = Some(match answer.end {
                AnswerEnd::Accepted => Outcome::Accepted,
                AnswerEnd::Duplicate => Outcome::Duplicate,
                AnswerEnd::Refused(refusal) if is_an_answer(&refusal) => Outcome::Accepted,
                AnswerEnd::Refused(refusal) => Outcome::Rejected(of_answer(&slot.order, refusal)),
            });
        }
        Ok(())
    }

    /// Moves the settled prefix from the slots into what the next commit records.
    fn collect(&mut self) {
        while let Some(slot) = self.slots.pop_front() {
            let Some(outcome) = slot.outcome else {
                self.slots.push_front(slot);
                return;
            };
            self.front += 1;
            self.held_bytes -= slot.weight;
            self.has_news = true;
            match outcome {
                Outcome::Accepted => self.progress.accepted += 1,
                Outcome::Duplicate => self.progress.duplicate += 1,
                Outcome::Rejected(errors) => {
                    self.progress.rejected += 1;
                    self.errors.extend(errors);
                }
            }
            self.verdicts.extend(slot.verdicts);
            self.progress.lines += slot.order.lines;
            self.progress.offset_bytes = slot.order.end;
            self.progress.offset_lines = slot.order.last_line;
        }
    }

    /// Begins the next checkpoint, once the last one is through.
    fn commit(&mut self, shutdown: &Shutdown) {
        if !self.has_news || !self.commits.is_empty() {
            return;
        }
        self.has_news = false;
        self.recording = self.progress;
        let (store, record) = (self.work.store.clone(), self.work.record.clone());
        let (progress, errors) = (self.progress, std::mem::take(&mut self.errors));
        let verdicts = std::mem::take(&mut self.verdicts);
        let shutdown = shutdown.clone();
        self.commits.spawn(async move {
            let mut backoff = Backoff::lane();
            loop {
                match store.checkpoint(&record, progress, &errors, &verdicts).await {
                    Err(error)
                        if error.class() != ErrorClass::Statement && !shutdown.has_begun() =>
                    {
                        tracing::warn!(%error, "a checkpoint waits for the database");
                        backoff.wait().await;
                    }
                    result => return result,
                }
            }
        });
    }

    /// Counts what the last commit recorded.
    fn count(&mut self) {
        let (before, now) = (self.recorded, self.recording);
        self.work.metrics.orders(
            now.accepted - before.accepted,
            now.duplicate - before.duplicate,
            now.rejected - before.rejected,
        );
        self.recorded = now;
    }
}

fn committed_well(
    committed: Result<Result<bool, StoreError>, JoinError>,
) -> Result<(), ImportError> {
    match committed {
        Ok(Ok(true)) => Ok(()),
        Ok(Ok(false)) => Err(ImportError::LeaseLost),
        Ok(Err(error)) => Err(error.into()),
        Err(panicked) => Err(ImportError::Defect(panicked.to_string())),
    }
}
