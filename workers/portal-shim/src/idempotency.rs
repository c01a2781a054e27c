//! One effect a key: the id of a command is made of who sends it and of its Idempotency-Key, so that a
//! resend is the same message wherever it arrives; the worker's inbox does the rest.
//!
//! What lives here: the key, and which operations are in progress or were sent a moment ago by this process: of
//! what is still on its way nobody else knows. What never does: an outcome; those are kept by the fleet.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use contracts::{MessageId, derive_message_id};

use crate::caller::Caller;
use crate::problem::Problem;

/// draft-ietf-httpapi-idempotency-key-header.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Characters of a key at most.
const KEY_MAX: usize = 255;
/// Operations whose sender is remembered.
const REMEMBERED: usize = 20_000;

/// The key of a request.
///
/// # Errors
/// 400 when it cannot be one.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Problem::invalid_field("Idempotency-Key", "send one key"));
    }
    // the draft writes it as a structured string, in quotes; most clients do not
    let text = value.to_str().unwrap_or_default();
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if !(1..=KEY_MAX).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = format!("a key has 1 to {KEY_MAX} printable ASCII characters and no space");
        return Err(Problem::invalid_field("Idempotency-Key", message));
    }
    Ok(Some(text.to_owned()))
}

/// The id of a command: the same for the same caller, key, method and address, else a new one. Two commands
/// whose bodies look alike (lock a route, dispatch it) are never taken for one under one key.
pub(crate) fn message_id(caller: &Caller, key: Option<&str>, head: &Parts) -> MessageId {
    match key {
        Some(key) => {
            let of_what = format!("{} {} {key}", head.method, head.uri.path());
            derive_message_id(caller.subject(), &of_what)
        }
        None => MessageId::generate(),
    }
}

/// Operations of this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Operations(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    in_progress: HashSet<MessageId>,
    senders: HashMap<MessageId, Arc<str>>,
    /// The same ids, oldest first.
    order: VecDeque<MessageId>,
}

/// An operation in progress, until it is dropped.
#[derive(Debug)]
pub(crate) struct InProgress {
    operations: Operations,
    id: MessageId,
}

impl Operations {
    /// Begins an operation.
    ///
    /// # Errors
    /// 409 while the same is in progress here.
    pub(crate) fn begin(&self, id: MessageId) -> Result<InProgress, Problem> {
        let mut known = self.known();
        if !known.in_progress.insert(id) {
            let detail = "a request with this Idempotency-Key is in progress: wait for its answer";
            let problem = Problem::new(StatusCode::CONFLICT, "IN_PROGRESS", detail);
            return Err(problem.retry_after(1).of_operation(id.to_string()));
        }
        Ok(InProgress { operations: self.clone(), id })
    }

    /// The broker has the command of this caller.
    pub(crate) fn sent(&self, id: MessageId, caller: &Caller) {
        let mut known = self.known();
        if known.senders.insert(id, caller.subject().into()).is_none() {
            known.order.push_back(id);
        }
        while known.order.len() > REMEMBERED {
            if let Some(oldest) = known.order.pop_front() {
                known.senders.remove(&oldest);
            }
        }
    }

    /// True when this process sent the command for this caller not long ago.
    pub(crate) fn is_of(&self, id: MessageId, caller: &Caller) -> bool {
        self.known().senders.get(&id).is_some_and(|sender| **sender == *caller.subject())
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.operations.known().in_progress.remove(&self.id);
    }
}
