//! The way to the fleet: questions and their answers, commands and what becomes of them.
//!
//! What lives here: sending, waiting, and what it means when nobody answers. What never does: a route, a
//! status of a business refusal (`outcome.rs`).

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use contracts::{
    Actor, AskIdentity, Contract, IdentityAnswer, MessageId, Query, QueryAnswer, Reply,
    TraceContext,
};
use runtime::{Feed, Letter, SendError, Switchboard, Unsent};
use serde::de::DeserializeOwned;
use tokio::sync::broadcast;

use crate::caller::Caller;
use crate::problem::Problem;

/// A question is worthless afterwards: it is gone from its queue.
const QUESTION_LIVES: Duration = Duration::from_secs(2);

/// Questions, commands, events. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    switchboard: Switchboard,
    feed: Feed,
}

/// What became of a command within the time that its sender waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A worker answered.
    Settled(Box<Reply>),
    /// The broker has it; it will be carried out.
    Pending,
}

impl Gateway {
    /// Through this switchboard.
    pub(crate) const fn new(switchboard: Switchboard, feed: Feed) -> Self {
        Self { switchboard, feed }
    }

    /// Asks query-desk in the caller's name: what is not the caller's is [`QueryAnswer::NotFound`].
    ///
    /// # Errors
    /// 503 when it could not be asked, 504 when nobody answered in time.
    pub(crate) async fn ask(&self, caller: &Caller, query: &Query) -> Result<QueryAnswer, Problem> {
        query.validate().map_err(Problem::unprocessable)?;
        self.question(&letter(caller, MessageId::generate()), query).await
    }

    /// Asks identity in the caller's name.
    ///
    /// # Errors
    /// As [`Gateway::ask`], and a refusal as the problem that it is.
    pub(crate) async fn identity(
        &self,
        caller: &Caller,
        ask: &AskIdentity,
    ) -> Result<IdentityAnswer, Problem> {
        self.identity_once(caller, MessageId::generate(), ask).await
    }

    /// The same under an id of one's own: asked again under the same id, it is the same question, and what it
    /// changes is changed once.
    ///
    /// # Errors
    /// As [`Gateway::identity`].
    pub(crate) async fn identity_once(
        &self,
        caller: &Caller,
        message_id: MessageId,
        ask: &AskIdentity,
    ) -> Result<IdentityAnswer, Problem> {
        ask.validate().map_err(Problem::unprocessable)?;
        granted(self.question(&letter(caller, message_id), ask).await?)
    }

    /// Asks identity in this process's own name.
    ///
    /// # Errors
    /// As [`Gateway::identity`].
    pub(crate) async fn identity_itself(
        &self,
        ask: &AskIdentity,
    ) -> Result<IdentityAnswer, Problem> {
        let actor = Actor::itself(self.switchboard.user());
        let (trace, message_id) = (TraceContext::default(), MessageId::generate());
        let letter = Letter { message_id, actor: &actor, conversation: "keys", trace: &trace };
        granted(self.question(&letter, ask).await?)
    }

    /// Sends a command under this id and waits for its outcome, `wait` at most. The same id with the same
    /// body is the same command, however often it is sent.
    ///
    /// # Errors
    /// 422 when it contradicts itself, 503 when it was not taken, or when nobody knows whether it was.
    pub(crate) async fn send<C: Contract>(
        &self,
        caller: &Caller,
        message_id: MessageId,
        command: &C,
        wait: Duration,
    ) -> Result<Outcome, Problem> {
        command.validate().map_err(Problem::unprocessable)?;
        let letter = letter(caller, message_id);
        match self.switchboard.send(letter, command, wait).await {
            Ok(Some(body)) => read(&body).map(|reply| Outcome::Settled(Box::new(reply))),
            Ok(None) => Ok(Outcome::Pending),
            Err(error) => Err(not_sent(&error)),
        }
    }

    /// What happens from now on, to everybody; whoever listens picks what its caller may see.
    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<runtime::Happened>> {
        self.feed.listen()
    }

    /// The name under which the fleet keeps the ids of our commands.
    pub(crate) fn sender(&self) -> String {
        self.switchboard.user().to_string()
    }

    /// True while the fleet can be reached.
    pub(crate) fn is_connected(&self) -> bool {
        self.switchboard.is_connected()
    }

    async fn question<Q: Contract, A: DeserializeOwned>(
        &self,
        letter: &Letter<'_>,
        question: &Q,
    ) -> Result<A, Problem> {
        if !self.switchboard.is_connected() {
            return Err(not_sent(&SendError::Disconnected));
        }
        match self.switchboard.send(*letter, question, QUESTION_LIVES).await {
            Ok(Some(body)) => read(&body),
            Ok(None) => Err(nobody_answers()),
            Err(error) => Err(not_sent(&error)),
        }
    }
}

fn letter(caller: &Caller, message_id: MessageId) -> Letter<'_> {
    let request = caller.request();
    Letter { message_id, actor: caller.actor(), conversation: &request.id, trace: &request.trace }
}

fn granted(answer: IdentityAnswer) -> Result<IdentityAnswer, Problem> {
    match answer {
        IdentityAnswer::Refused { refusal, retry_after_s } => {
            let problem = Problem::refused(refusal);
            Err(match retry_after_s {
                Some(seconds) => problem.retry_after(seconds),
                None => problem,
            })
        }
        IdentityAnswer::Session(_)
        | IdentityAnswer::SignedOut
        | IdentityAnswer::PublicKeys { .. }
        | IdentityAnswer::Accounts { .. }
        | IdentityAnswer::Account(_)
        | IdentityAnswer::Token { .. } => Ok(answer),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        tracing::error!(%error, "an answer of the fleet that cannot be read");
        Problem::new(
            StatusCode::BAD_GATEWAY,
            "UNREADABLE_ANSWER",
            "the fleet answered what this service cannot read: its versions differ",
        )
    })
}

fn nobody_answers() -> Problem {
    let detail = "nobody answered in time: try again";
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "NO_ANSWER", detail).retry_after(1)
}

/// Nothing was sent, or nobody knows.
fn not_sent(error: &SendError) -> Problem {
    match error.unsent() {
        Unsent::Full => Problem::unavailable(
            "OVERLOADED",
            "the fleet has more to do than it takes: nothing was done, try again",
        ),
        Unsent::Unknown => Problem::unavailable(
            "OUTCOME_UNKNOWN",
            "the broker did not confirm in time, so this may have been taken or not: send it again with \
             the same Idempotency-Key, or look at the operation",
        ),
        Unsent::Away => Problem::unavailable(
            "FLEET_AWAY",
            "the fleet cannot be reached at this moment: nothing was done, try again",
        ),
        Unsent::TooLarge => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "BODY_TOO_LARGE",
            "this is more than one message can hold: split it",
        ),
        Unsent::Broken => {
            tracing::error!(%error, "a message that cannot be sent");
            Problem::unavailable(
                "FLEET_INCOMPLETE",
                "the fleet has no place for this: tell support",
            )
        }
    }
}
