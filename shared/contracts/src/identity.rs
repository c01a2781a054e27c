//! What identity is asked, and its answers: sessions, accounts, keys.
//!
//! These messages carry passwords and tokens. They travel on short-lived, transient questions only, their
//! secrets are [`Hidden`], and nothing of them is stored in an inbox or an outbox. Never here: how a
//! password is kept or a token is signed.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::{AccountName, Contract, Exchange, Merchant, Refusal, Role, Timestamp};

/// The longest secret in bytes: longer ones only cost time.
const MAX_SECRET_BYTES: usize = 1_024;
/// The longest address of an asker in bytes.
const MAX_SOURCE_BYTES: usize = 200;

/// A password or a token. `Debug` shows nothing of it, nor do errors of reading it; there is no `Display`.
#[derive(Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Hidden(String);

impl Hidden {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for checking and sending; never for logging or storing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(***)")
    }
}

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own errors quote the value that does not fit
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self(text)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(serde::de::Error::custom("a secret has to be a text")),
        }
    }
}

/// What identity is asked. The answer goes to `reply_to`, within 2 s or never; a resend keeps its
/// `message_id`, so that a change is made once and a refresh token is rotated once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum AskIdentity {
    /// Begins a session.
    SignIn {
        /// The account's name as it was typed.
        login: Hidden,
        /// Its password.
        password: Hidden,
        /// From where, for the limit of attempts: an address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
    /// Gives new tokens for a refresh token, which ends with that.
    Refresh {
        /// The one of the last answer.
        refresh_token: Hidden,
    },
    /// Ends a session.
    SignOut {
        /// Any refresh token of it.
        refresh_token: Hidden,
    },
    /// With which keys are access tokens verified?
    PublicKeys {},
    /// Which accounts are there? For administrators.
    Accounts {},
    /// Makes an account. For administrators, like all that follow.
    AddAccount {
        /// Its name.
        name: AccountName,
        /// Its first password.
        password: Hidden,
        /// What it may do.
        role: Role,
        /// Whose goods alone it may touch; for the role merchant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merchant: Option<Merchant>,
    },
    /// Ends an account's sessions and begins no more.
    DisableAccount {
        /// Which.
        name: AccountName,
    },
    /// Lets an account sign in again; forgets its failed attempts.
    EnableAccount {
        /// Which.
        name: AccountName,
    },
    /// Gives an account another password and ends its sessions.
    SetPassword {
        /// Which.
        name: AccountName,
        /// The new one.
        password: Hidden,
    },
    /// Gives an account another role and ends its sessions.
    SetRole {
        /// Which.
        name: AccountName,
        /// What it may do.
        role: Role,
        /// Whose goods alone it may touch; for the role merchant.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        merchant: Option<Merchant>,
    },
    /// Ends an account's sessions. Access tokens live on for their 15 minutes at most.
    RevokeSessions {
        /// Which.
        name: AccountName,
    },
    /// Signs with a new key from now on.
    RotateKeys {
        /// True: tokens of all older keys are void at once, for a key that leaked.
        at_once: bool,
    },
    /// Gives an access token for an account, without a session.
    IssueToken {
        /// Which.
        name: AccountName,
    },
}

impl Contract for AskIdentity {
    const TYPE: &'static str = "identity.ask.v1";
    const EXCHANGE: Exchange = Exchange::Queries;

    fn validate(&self) -> Result<(), String> {
        match self {
            Self::SignIn { login, password, source } => {
                check_secret("login", login)?;
                check_secret("password", password)?;
                match source {
                    Some(source) if source.len() > MAX_SOURCE_BYTES => {
                        Err(format!("source has more than {MAX_SOURCE_BYTES} bytes"))
                    }
                    Some(_) | None => Ok(()),
                }
            }
            Self::Refresh { refresh_token } | Self::SignOut { refresh_token } => {
                check_secret("refresh_token", refresh_token)
            }
            Self::AddAccount { password, .. } | Self::SetPassword { password, .. } => {
                check_secret("password", password)
            }
            Self::PublicKeys {}
            | Self::Accounts {}
            | Self::DisableAccount { .. }
            | Self::EnableAccount { .. }
            | Self::SetRole { .. }
            | Self::RevokeSessions { .. }
            | Self::RotateKeys { .. }
            | Self::IssueToken { .. } => Ok(()),
        }
    }
}

fn check_secret(field: &str, secret: &Hidden) -> Result<(), String> {
    match secret.0.len() {
        0..=MAX_SECRET_BYTES => Ok(()),
        _ => Err(format!("{field} has more than {MAX_SECRET_BYTES} bytes")),
    }
}

/// The tokens of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Session {
    /// For every request: a JSON Web Token, signed with EdDSA.
    pub access_token: Hidden,
    /// Until when.
    pub access_expires_at: Timestamp,
    /// For the next pair of tokens; good once.
    pub refresh_token: Hidden,
    /// Until when.
    pub refresh_expires_at: Timestamp,
    /// The account as it stands.
    pub account: AccountStanding,
}

/// An account without its password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AccountStanding {
    /// Its name: the subject of its tokens.
    pub name: AccountName,
    /// What it may do.
    pub role: Role,
    /// Whose goods alone it may touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Merchant>,
    /// True when it cannot sign in.
    pub disabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Version of the row.
    pub version: u64,
}

/// The public half of a signing key, as a JSON Web Key (RFC 8037).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PublicKey {
    /// Key type: `OKP`.
    pub kty: String,
    /// Curve: `Ed25519`.
    pub crv: String,
    /// Algorithm: `EdDSA`.
    pub alg: String,
    /// Use: `sig`.
    #[serde(rename = "use")]
    pub usage: String,
    /// Its name in the header of tokens.
    pub kid: String,
    /// The key: 32 bytes in base64url without padding.
    pub x: String,
}

impl PublicKey {
    /// An Ed25519 key.
    #[must_use]
    pub fn ed25519(kid: impl Into<String>, x: impl Into<String>) -> Self {
        Self {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            alg: "EdDSA".to_owned(),
            usage: "sig".to_owned(),
            kid: kid.into(),
            x: x.into(),
        }
    }
}

/// What identity answers. No answer holds a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum IdentityAnswer {
    /// A session began or goes on.
    Session(Box<Session>),
    /// The session is over, or there was none.
    SignedOut,
    /// The keys that tokens are verified with.
    PublicKeys {
        /// Who issues tokens (`iss`).
        issuer: String,
        /// For whom (`aud`).
        audience: String,
        /// All that may have signed a token which is still good; the first one signs now.
        keys: Vec<PublicKey>,
    },
    /// All accounts by name.
    Accounts {
        /// Each.
        accounts: Vec<AccountStanding>,
    },
    /// An account as it stands after the change.
    Account(AccountStanding),
    /// An access token without a session.
    Token {
        /// The token.
        access_token: Hidden,
        /// Until when.
        expires_at: Timestamp,
    },
    /// No.
    Refused {
        /// Why.
        refusal: Refusal,
        /// When there is a point in trying again, in seconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u64>,
    },
}
