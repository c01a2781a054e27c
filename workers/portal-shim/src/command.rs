//! Everything of a request that is not what it asks for: who sends the command, under which id, how long its
//! sender waits, and which version it has seen. A handler takes it as an argument and sends its message by it.

use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use contracts::{Contract, MessageId, Query, QueryAnswer, WaybillNo};

use crate::caller::Caller;
use crate::gateway::{Gateway, Outcome};
use crate::idempotency::{self, InProgress, Operations};
use crate::outcome::respond;
use crate::portal::Portal;
use crate::precondition::IfMatch;
use crate::problem::Problem;

/// RFC 7240.
pub(crate) const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// How long a sender waits when it does not say.
const WAIT_DEFAULT: Duration = Duration::from_secs(2);
/// How long it may wait, in seconds.
const WAIT_MAX_S: u64 = 10;

/// A command on its way, but for its content.
#[derive(Debug)]
pub(crate) struct Command {
    /// Who sends it.
    pub(crate) caller: Caller,
    /// The version it was made for.
    pub(crate) if_match: IfMatch,
    gateway: Gateway,
    operations: Operations,
    id: MessageId,
    /// Its sender gave it a key: it can be sent again as the same command.
    is_keyed: bool,
    wait: Duration,
    preferred: Option<u64>,
    _in_progress: InProgress,
}

impl<S> FromRequestParts<S> for Command
where
    S: Send + Sync,
    Portal: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let portal = Portal::from_ref(state);
        let (gateway, operations) = (portal.gateway.clone(), portal.operations.clone());
        let key = idempotency::key(&parts.headers)?;
        let id = idempotency::message_id(&caller, key.as_deref(), parts);
        let if_match = IfMatch::read(&parts.headers)?;
        let preferred = preferred_wait(&parts.headers);
        let wait = preferred.map_or(WAIT_DEFAULT, Duration::from_secs);
        let _in_progress = operations.begin(id)?;
        Ok(Self {
            caller,
            if_match,
            gateway,
            operations,
            id,
            is_keyed: key.is_some(),
            wait,
            preferred,
            _in_progress,
        })
    }
}

impl Command {
    /// Its id: the operation's name.
    pub(crate) const fn id(&self) -> MessageId {
        self.id
    }

    /// True when its sender can send it again as the same command.
    pub(crate) const fn is_keyed(&self) -> bool {
        self.is_keyed
    }

    /// Sends it. 200 when it had its effect, 202 when it will have, else the worker's refusal as a problem.
    ///
    /// # Errors
    /// As [`Gateway::send`], or the refusal.
    pub(crate) async fn send<C: Contract>(self, message: &C) -> Result<Response, Problem> {
        self.finish(message, None).await
    }

    /// The same for a message that makes something, which is then found at `path`: 201.
    ///
    /// # Errors
    /// As [`Command::send`].
    pub(crate) async fn create<C: Contract>(
        self,
        message: &C,
        path: &str,
    ) -> Result<Response, Problem> {
        self.finish(message, Some(path)).await
    }

    async fn finish<C: Contract>(
        self,
        message: &C,
        made: Option<&str>,
    ) -> Result<Response, Problem> {
        let outcome = self.send_part(self.id, message).await?;
        let mut response = respond(&self.id.to_string(), outcome, made)?;
        self.tell_wait(&mut response);
        Ok(response)
    }

    /// Sends one of several messages of this command, under an id of its own.
    ///
    /// # Errors
    /// As [`Gateway::send`].
    pub(crate) async fn send_part<C: Contract>(
        &self,
        id: MessageId,
        message: &C,
    ) -> Result<Outcome, Problem> {
        self.send_within(id, message, self.wait).await
    }

    /// The same for the message that the others have to wait for: as long as any sender may wait.
    ///
    /// # Errors
    /// As [`Gateway::send`].
    pub(crate) async fn send_ahead<C: Contract>(
        &self,
        id: MessageId,
        message: &C,
    ) -> Result<Outcome, Problem> {
        self.send_within(id, message, Duration::from_secs(WAIT_MAX_S)).await
    }

    async fn send_within<C: Contract>(
        &self,
        id: MessageId,
        message: &C,
        wait: Duration,
    ) -> Result<Outcome, Problem> {
        let outcome = self.gateway.send(&self.caller, id, message, wait).await?;
        self.operations.sent(id, &self.caller);
        Ok(outcome)
    }

    /// Says in the answer that the wish for a waiting time was heard.
    pub(crate) fn tell_wait(&self, response: &mut Response) {
        let applied = self.preferred.map(|seconds| format!("wait={seconds}"));
        if let Some(applied) = applied.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(PREFERENCE_APPLIED, applied);
        }
    }

    /// The version that the message names, for the worker that owns what is changed: it compares under the lock
    /// of its row and answers 412 itself, and a resend under the same key gets the same answer.
    pub(crate) const fn seen(&self) -> Option<u64> {
        self.if_match.version()
    }

    /// Looks whether the caller may know of this waybill. Staff are not asked for: a command may come before its
    /// waybill.
    ///
    /// # Errors
    /// 404 when it is not there or not the caller's.
    pub(crate) async fn about_waybill(&self, waybill_no: &WaybillNo) -> Result<(), Problem> {
        if !self.caller.is_scoped() {
            return Ok(());
        }
        self.version_of(waybill_no).await.map(|_version| ())
    }

    /// The same, and whether it is the version that the caller has seen: for what is decided by a worker that
    /// does not know the waybill's version.
    ///
    /// # Errors
    /// 404 when it is not there or not the caller's, 412 when it has changed.
    pub(crate) async fn about_waybill_as_seen(
        &self,
        waybill_no: &WaybillNo,
    ) -> Result<(), Problem> {
        if self.if_match == IfMatch::Any {
            return self.about_waybill(waybill_no).await;
        }
        self.if_match.check(self.version_of(waybill_no).await?)
    }

    async fn version_of(&self, waybill_no: &WaybillNo) -> Result<u64, Problem> {
        let query = Query::Waybill { waybill_no: waybill_no.clone() };
        let QueryAnswer::Waybill(view) = self.gateway.ask(&self.caller, &query).await? else {
            return Err(Problem::not_found("waybill"));
        };
        Ok(view.standing.version)
    }
}

/// `Prefer: wait=N` in seconds, or `respond-async`.
pub(crate) fn preferred_wait(headers: &HeaderMap) -> Option<u64> {
    let values = headers.get_all(PREFER).iter().filter_map(|value| value.to_str().ok());
    let mut wishes = values.flat_map(|value| value.split([',', ';'])).map(str::trim);
    wishes.find_map(|wish| match wish.split_once('=') {
        Some((name, seconds)) if name.trim().eq_ignore_ascii_case("wait") => {
            let seconds: u64 = seconds.trim().trim_matches('"').parse().ok()?;
            Some(seconds.min(WAIT_MAX_S))
        }
        None if wish.eq_ignore_ascii_case("respond-async") => Some(0),
        Some(_) | None => None,
    })
}
