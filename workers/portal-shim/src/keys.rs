//! The keys that access tokens are verified with: asked of identity, kept, and asked for again when a token
//! names one that is not known.
//!
//! Never here: what a token's bearer may do.

mod asked;
#[cfg(test)]
mod tests;

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use access::{Claims, TokenError, Verifier};
use contracts::{AskIdentity, IdentityAnswer, Timestamp};
use pacing::Backoff;
use runtime::Shutdown;
use telemetry::Latch;
use tokio::time::{Instant, sleep};

use self::asked::{Asked, Full};
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Keys are asked for again after this, so that one that was voided is not believed for long.
const REFRESH_EVERY: Duration = Duration::from_secs(60);

/// The keys. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    gateway: Gateway,
    known: Arc<RwLock<Option<Verifier>>>,
    /// Whether somebody asks for them now, and when somebody did.
    asked: Arc<Asked>,
}

impl Keys {
    /// None yet.
    pub(crate) fn new(gateway: Gateway) -> Self {
        Self { gateway, known: Arc::default(), asked: Arc::default() }
    }

    /// What a token says.
    ///
    /// A token of a known key waits for nothing.
    ///
    /// # Errors
    /// 401 when it is not good; 503 while no key is known, and while too many wait for an unknown one.
    pub(crate) async fn verify(&self, token: &str) -> Result<Claims, Problem> {
        let before = Instant::now();
        match self.try_verify(token) {
            Some(Ok(claims)) => return Ok(claims),
            Some(Err(TokenError::UnknownKey)) | None => {
                self.ask_again(before).await.map_err(|Full| undecided())?;
            }
            Some(Err(error)) => return Err(Problem::unauthenticated(error.to_string())),
        }
        match self.try_verify(token) {
            Some(verified) => verified.map_err(|error| Problem::unauthenticated(error.to_string())),
            None => Err(undecided()),
        }
    }

    fn try_verify(&self, token: &str) -> Option<Result<Claims, TokenError>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|verifier| verifier.verify(token, Timestamp::now()))
    }

    /// Asks for the keys, unless somebody did a moment ago.
    async fn ask_again(&self, before: Instant) -> Result<(), Full> {
        let keys = self.clone();
        let fetch = async move {
            if let Err(problem) = keys.fetch().await {
                tracing::warn!(
                    code = problem.code(),
                    "the keys of access tokens cannot be asked for"
                );
            }
        };
        self.asked.again(before, fetch).await
    }

    async fn fetch(&self) -> Result<(), Problem> {
        let answer = self.gateway.identity_itself(&AskIdentity::PublicKeys {}).await?;
        let IdentityAnswer::PublicKeys { issuer, audience, keys } = answer else {
            return Err(Problem::unavailable("IDENTITY_AWAY", "identity answers something else"));
        };
        let verifier = Verifier::new(issuer, audience, &keys);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(verifier);
        Ok(())
    }

    /// Asks at once and then again and again, until shutdown; `known` says whether there are any.
    pub(crate) async fn keep(self, known: Latch, shutdown: Shutdown) {
        let mut backoff = Backoff::reconnect();
        loop {
            let wait = match self.fetch().await {
                Ok(()) => {
                    known.set(true);
                    backoff.reset();
                    REFRESH_EVERY
                }
                // what is known stays good: tokens live a quarter of an hour
                Err(problem) => {
                    tracing::debug!(code = problem.code(), "no keys yet");
                    backoff.next_delay()
                }
            };
            tokio::select! {
                () = sleep(wait) => {}
                () = shutdown.begun() => return,
            }
        }
    }
}

fn undecided() -> Problem {
    let detail = "nobody can say at this moment whether the token is good: try again";
    Problem::unavailable("IDENTITY_AWAY", detail)
}
