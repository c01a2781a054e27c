//! Who is signed in, with a token that is good now.
//!
//! What lives here: signing in through the shim, again before a token ends. What never does: an account's making.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hyper::Method;
use hyper::body::Bytes;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::PortalError;
use super::accounts::Account;
use super::client::{Ask, Connection, Target};

/// A token is good for 15 minutes.
const RENEWED_EVERY: Duration = Duration::from_secs(8 * 60);
/// How often somebody who is not let in tries again.
const TRIES: u32 = 20;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum By {
    /// Somebody who may do everything.
    Staff,
    /// One of the merchants, by its place in the world.
    Merchant(usize),
}

type Held = Arc<RwLock<BTreeMap<By, Arc<str>>>>;

/// The tokens of everybody.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    held: Held,
    _renewing: Arc<JoinSet<()>>,
}

#[derive(Deserialize)]
struct Session {
    access_token: String,
}

impl Tokens {
    /// Signs everybody in, and again from time to time as long as the tokens are held.
    pub(crate) async fn sign_in(
        target: &Arc<Target>,
        accounts: Vec<Account>,
    ) -> Result<Self, PortalError> {
        let held = Held::default();
        let mut connection = Connection::new(Arc::clone(target));
        for account in &accounts {
            let token = patiently(&mut connection, account).await?;
            keep(&held, account.by, token);
        }
        let mut renewing = JoinSet::new();
        let renewed = Arc::clone(&held);
        renewing.spawn(async move {
            loop {
                sleep(RENEWED_EVERY).await;
                for account in &accounts {
                    match patiently(&mut connection, account).await {
                        Ok(token) => keep(&renewed, account.by, token),
                        Err(error) => eprintln!("loadtest: {error}"),
                    }
                }
            }
        });
        Ok(Self { held, _renewing: Arc::new(renewing) })
    }

    /// The token of somebody who has one.
    pub(crate) fn of(&self, by: By) -> Option<Arc<str>> {
        self.held.read().unwrap_or_else(PoisonError::into_inner).get(&by).cloned()
    }
}

fn keep(held: &Held, by: By, token: String) {
    held.write().unwrap_or_else(PoisonError::into_inner).insert(by, token.into());
}

/// A worker may just be starting again: what is no answer of identity is asked again.
async fn patiently(connection: &mut Connection, account: &Account) -> Result<String, PortalError> {
    let refused = |said: String| PortalError::Account { name: account.name.clone(), said };
    let body = json!({"login": account.name, "password": account.password.expose()});
    let ask = Ask {
        method: Method::POST,
        path: super::say::SIGN_IN.to_owned(),
        body: Some(Bytes::from(body.to_string())),
        idempotency_key: None,
    };
    let mut backoff = pacing::Backoff::reconnect();
    let mut last = String::new();
    for _ in 0..TRIES {
        last = match connection.ask(&ask, None).await {
            Ok(answer) if matches!(answer.status, 200 | 201) => {
                let session: Session = serde_json::from_slice(&answer.body)
                    .map_err(|error| refused(format!("the answer to the sign-in: {error}")))?;
                return Ok(session.access_token);
            }
            Ok(answer) if matches!(answer.status, 429 | 500..=599) => format!("{}", answer.status),
            Ok(answer) => {
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                return Err(refused(format!("{}: {said}", answer.status)));
            }
            Err(error) => error.to_string(),
        };
        backoff.wait().await;
    }
    Err(refused(last))
}
