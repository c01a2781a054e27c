//! One request that is several messages: split where a message is full, answered as one operation whose name
//! says how many parts it has.
//!
//! Under one Idempotency-Key there is one request, however many messages it makes. The first part has the id
//! that a request of one message would have, and every part carries the digest of the whole. So another
//! request under the same key, shorter or longer, has another first part under the same id, and the worker's
//! inbox refuses that (`KEY_REUSED`). The others are sent, side by side, only when the first is settled: what
//! is refused there has left nothing behind. A request sent again is the same parts, and goes on where it was.

use std::fmt;
use std::iter;
use std::str::FromStr;

use axum::response::Response;
use contracts::{Contract, CreateOrders, MessageId, Refusal, ReportStatuses};
use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::command::Command;
use crate::gateway::Outcome;
use crate::outcome::{Item, Operation, State, respond};
use crate::problem::Problem;

/// Parts of an operation at most.
const PARTS_MAX: u16 = 100;

/// The name of an operation: a UUID, and how many parts it has if there are several (`UUID.5`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OperationName {
    id: MessageId,
    parts: u16,
}

impl OperationName {
    /// An operation of so many parts.
    pub(crate) const fn new(id: MessageId, parts: u16) -> Self {
        Self { id, parts }
    }

    /// The ids of its messages, in order: the first one's is the operation's own.
    pub(crate) fn messages(self) -> Vec<MessageId> {
        let others = (1..self.parts).map(|part| self.id.of_item(part.into()));
        iter::once(self.id).chain(others).collect()
    }
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts {
            0 | 1 => write!(f, "{}", self.id),
            parts => write!(f, "{}.{parts}", self.id),
        }
    }
}

/// A text that is no name of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoName;

impl FromStr for OperationName {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let (id, parts) = match text.split_once('.') {
            Some((id, parts)) => (id, parts.parse().map_err(|_no_number| NoName)?),
            None => (text, 1),
        };
        let id = Uuid::try_parse(id).map(MessageId).map_err(|_no_uuid| NoName)?;
        let name = Self { id, parts };
        let is_written_so = name.to_string() == text && (1..=PARTS_MAX).contains(&parts);
        if is_written_so { Ok(name) } else { Err(NoName) }
    }
}

/// Where the items of a part stand in its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// The first one, from 0.
    pub(crate) first: u32,
    /// How many.
    pub(crate) items: u32,
}

/// One message of several.
#[derive(Debug)]
pub(crate) struct Part<C> {
    /// Its items.
    pub(crate) place: Place,
    /// The message.
    pub(crate) message: C,
}

/// A message that one request may make several of.
pub(crate) trait Divided: Contract {
    /// Says of which whole it is a part.
    fn bind(&mut self, whole: String);
}

impl Divided for ReportStatuses {
    fn bind(&mut self, whole: String) {
        self.whole = Some(whole);
    }
}

impl Divided for CreateOrders {
    fn bind(&mut self, whole: String) {
        self.whole = Some(whole);
    }
}

/// Messages with their numbers of items, as parts that follow one another.
pub(crate) fn in_order<C>(messages: impl IntoIterator<Item = (usize, C)>) -> Vec<Part<C>> {
    let mut first = 0_u32;
    let mut parts = Vec::new();
    for (items, message) in messages {
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        parts.push(Part { place: Place { first, items }, message });
        first = first.saturating_add(items);
    }
    parts
}

/// Sends all parts and answers as one.
///
/// # Errors
/// 400 when there are several and no key: what is taken in part has to be sent again as the same. 503 when
/// the first of several is not settled in time: the others are not sent. Else as [`Command::send`]; sent again
/// with its key, the rest follows.
pub(crate) async fn send<C: Divided>(
    command: Command,
    mut parts: Vec<Part<C>>,
) -> Result<Response, Problem> {
    let count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
    if count > PARTS_MAX {
        let detail =
            format!("this makes {count} messages, at most {PARTS_MAX} are taken: split it");
        return Err(Problem::bad_request("TOO_MANY_ITEMS", detail));
    }
    if count > 1 && !command.is_keyed() {
        let detail =
            "this is more than one message: send an Idempotency-Key, so that it can be sent again";
        return Err(Problem::bad_request("KEY_NEEDED", detail));
    }
    let name = OperationName::new(command.id(), count);
    if count > 1 {
        bind_all(&mut parts);
    }
    let outcomes = in_turn(&command, name, &parts).await;
    let outcomes = outcomes.map_err(|problem| problem.of_operation(name.to_string()))?;
    let mut response = if let ([outcome], 0 | 1) = (outcomes.as_slice(), count) {
        respond(&name.to_string(), outcome.clone(), None)?
    } else {
        let answered = parts.iter().map(|part| Some(part.place)).zip(outcomes);
        merge(name, answered)?.answered(None)
    };
    command.tell_wait(&mut response);
    Ok(response)
}

/// Writes the digest of the whole into every part of it.
fn bind_all<C: Divided>(parts: &mut [Part<C>]) {
    let mut digest = Sha256::new();
    for part in parts.iter() {
        // every message has a JSON form
        digest.update(serde_json::to_vec(&part.message).unwrap_or_default());
    }
    let whole: String = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    for part in parts {
        part.message.bind(whole.clone());
    }
}

/// Sends the first part, then the others side by side.
async fn in_turn<C: Contract>(
    command: &Command,
    name: OperationName,
    parts: &[Part<C>],
) -> Result<Vec<Outcome>, Problem> {
    let ids = name.messages();
    let mut each = ids.iter().zip(parts);
    let Some((id, first)) = each.next() else {
        return Ok(Vec::new());
    };
    if parts.len() == 1 {
        return Ok(vec![command.send_part(*id, &first.message).await?]);
    }
    let first = command.send_ahead(*id, &first.message).await?;
    may_follow(&first)?;
    let others = each.map(|(id, part)| command.send_part(*id, &part.message));
    iter::once(Ok(first)).chain(join_all(others).await).collect()
}

/// Whether the other parts may be sent after the first one ended so.
///
/// # Errors
/// Nobody knows yet whether the key is another request's (503), or it is, or the caller may not.
pub(crate) fn may_follow(first: &Outcome) -> Result<(), Problem> {
    let Outcome::Settled(reply) = first else {
        let detail = "the first of these messages is on its way and not carried out yet, the others were not \
                      sent: send the same again with its Idempotency-Key";
        return Err(Problem::unavailable("FIRST_PART_PENDING", detail));
    };
    match reply.refusal.clone().filter(|refusal| is_of_all(&refusal.code)) {
        Some(refusal) => Err(Problem::refused(refusal)),
        None => Ok(()),
    }
}

/// True for a refusal that has nothing to do with what a part holds.
fn is_of_all(code: &str) -> bool {
    matches!(code, "KEY_REUSED" | "NOT_ALLOWED")
}

/// What became of an operation whose parts ended so. While one part is pending the whole is; what is known
/// of the others is told, but for items whose place is not known.
///
/// # Errors
/// A part was refused as the wrong use of a key, or by somebody who may not: that is true of all.
pub(crate) fn merge(
    name: OperationName,
    parts: impl IntoIterator<Item = (Option<Place>, Outcome)>,
) -> Result<Operation, Problem> {
    let mut operation = Operation::pending(name.to_string());
    let mut outcomes = Vec::new();
    for (place, outcome) in parts {
        let Outcome::Settled(reply) = outcome else {
            outcomes.push(State::Pending);
            continue;
        };
        let part = Operation::settled(name.to_string(), *reply);
        if let Some(code) = part.code.clone().filter(|code| is_of_all(code)) {
            let refusal = Refusal::new(code, part.detail.unwrap_or_default());
            return Err(Problem::refused(refusal).of_operation(name.to_string()));
        }
        outcomes.push(part.outcome);
        operation.code = operation.code.or_else(|| part.code.clone());
        if let Some(place) = place {
            operation.items.extend(items_of(part, place));
        }
    }
    operation.outcome = together(&outcomes);
    Ok(operation)
}

/// The items of a part, counted in the request. Of one that was refused as a whole each was.
fn items_of(part: Operation, Place { first, items }: Place) -> Vec<Item> {
    if part.outcome == State::Rejected && part.items.is_empty() {
        let code = part.code.unwrap_or_default();
        let one = |item| Item { item, code: code.clone(), detail: part.detail.clone() };
        return (first..first.saturating_add(items)).map(one).collect();
    }
    let shifted = |it: Item| Item { item: first.saturating_add(it.item), ..it };
    part.items.into_iter().map(shifted).collect()
}

/// The outcome of parts together. A refused part does not undo the others: its items tell.
fn together(parts: &[State]) -> State {
    // what is true of the whole if it is true of one part, the strongest first
    let order =
        [State::Pending, State::Accepted, State::Applied, State::Duplicate, State::Rejected];
    let strongest = order.into_iter().find(|state| parts.contains(state));
    strongest.unwrap_or(State::Pending)
}
