//! Answers questions: checks who asks, hands the question on, and makes one answer of what comes back.
//!
//! A responder and not a consumer of a work queue, although sessions and accounts change: questions carry
//! passwords and answers carry tokens, so neither may lie in a durable queue, a dead letter, an inbox or an
//! outbox. Changes are made once a message all the same: each row keeps the id of the message behind it.

use ::store::Database;
use contracts::{Actor, AskIdentity, Envelope, IdentityAnswer, Timestamp};
use queue_topology::WorkerKind;
use runtime::Responder;

use crate::accounts::{self, Change, NewAccount};
use crate::decide::{self, No};
use crate::error::IdentityError;
use crate::keys::{self, Parties};
use crate::password::Passwords;
use crate::settings::Settings;
use crate::vault::Vault;
use crate::{sessions, store};

/// A lost race is run again so often.
const TRIES: u32 = 3;

/// Answers for accounts, sessions and keys.
pub(crate) struct Identity {
    pub(crate) database: Database,
    pub(crate) vault: Vault,
    pub(crate) passwords: Passwords,
    pub(crate) parties: Parties,
}

impl Identity {
    /// Refuses to start with a secret that is none.
    pub(crate) async fn new(
        settings: &Settings,
        database: Database,
    ) -> Result<Self, IdentityError> {
        let vault = Vault::new(&settings.identity_secret)?;
        let passwords = Passwords::new(&vault).await?;
        let parties = Parties {
            issuer: settings.token_issuer.clone(),
            audience: settings.token_audience.clone(),
        };
        Ok(Self { database, vault, passwords, parties })
    }

    async fn answer_at(
        &self,
        ask: &AskIdentity,
        envelope: &Envelope,
        now: Timestamp,
    ) -> Result<Result<IdentityAnswer, No>, IdentityError> {
        if let Err(no) = decide::permit(&envelope.actor, is_console(envelope), ask) {
            return Ok(Err(no));
        }
        let message = envelope.message_id.0;
        let change = Change { message, by: &envelope.actor.subject, now };
        match ask {
            AskIdentity::SignIn { login, password, source } => {
                sessions::sign_in(self, login, password, source.as_deref(), now).await
            }
            AskIdentity::Refresh { refresh_token } => {
                sessions::refresh(self, refresh_token, message, now).await
            }
            AskIdentity::SignOut { refresh_token } => {
                sessions::sign_out(self, refresh_token, now).await
            }
            AskIdentity::PublicKeys {} => {
                let keys = keys::published(&self.database, &self.vault, now).await?;
                Ok(Ok(self.public_keys(keys)))
            }
            AskIdentity::RotateKeys { at_once } => {
                let keys =
                    keys::rotate(&self.database, &self.vault, *at_once, message, now).await?;
                Ok(keys.map(|keys| self.public_keys(keys)))
            }
            AskIdentity::Accounts {} => {
                let accounts = store::all(&self.database).await?;
                Ok(Ok(IdentityAnswer::Accounts { accounts }))
            }
            AskIdentity::AddAccount { name, password, role, merchant } => {
                let merchant = merchant.as_ref();
                let new = NewAccount { name, password, role: *role, merchant };
                accounts::add(self, &new, change).await
            }
            AskIdentity::DisableAccount { name } => accounts::disable(self, name, change).await,
            AskIdentity::EnableAccount { name } => accounts::enable(self, name, change).await,
            AskIdentity::SetPassword { name, password } => {
                accounts::set_password(self, name, password, change).await
            }
            AskIdentity::SetRole { name, role, merchant } => {
                accounts::set_role(self, name, (*role, merchant.as_ref()), change).await
            }
            AskIdentity::RevokeSessions { name } => accounts::revoke(self, name, change).await,
            AskIdentity::IssueToken { name } => self.issue(name, change).await,
        }
    }

    async fn issue(
        &self,
        name: &contracts::AccountName,
        change: Change<'_>,
    ) -> Result<Result<IdentityAnswer, No>, IdentityError> {
        let account = store::find(&self.database, name).await?.map(|account| account.standing);
        let Some(account) = account.filter(|account| !account.disabled) else {
            return Ok(Err(No::unknown(name)));
        };
        let (access_token, expires_at) =
            keys::sign(&self.database, &self.vault, &self.parties, &account, change.now).await?;
        tracing::info!(account = name.as_str(), by = change.by, "access token issued");
        Ok(Ok(IdentityAnswer::Token { access_token, expires_at }))
    }

    fn public_keys(&self, keys: Vec<contracts::PublicKey>) -> IdentityAnswer {
        let Parties { issuer, audience } = self.parties.clone();
        IdentityAnswer::PublicKeys { issuer, audience, keys }
    }
}

/// True for the command line: it logs in as the operator or the broker's administrator.
fn is_console(envelope: &Envelope) -> bool {
    let itself = Actor::itself(&envelope.user_id);
    [contracts::Role::Operator, contracts::Role::Admin].contains(&itself.role)
}

impl Responder for Identity {
    type Question = AskIdentity;
    type Answer = IdentityAnswer;
    const KIND: WorkerKind = WorkerKind::Identity;
    const ANSWER_TYPE: &'static str = "identity.answer.v1";

    async fn answer(&self, question: AskIdentity, envelope: &Envelope) -> Option<IdentityAnswer> {
        for tries_left in (0..TRIES).rev() {
            match self.answer_at(&question, envelope, Timestamp::now()).await {
                Ok(Ok(answer)) => return Some(answer),
                Ok(Err(No { refusal, retry_after_s })) => {
                    return Some(IdentityAnswer::Refused { refusal, retry_after_s });
                }
                Err(error) if tries_left > 0 && error.is_passing() => {
                    tracing::debug!(%error, "once more");
                }
                Err(error) => {
                    tracing::warn!(%error, "a question could not be answered");
                    return None;
                }
            }
        }
        None
    }
}
