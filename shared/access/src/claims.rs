//! What a token says of its bearer.

use chrono::TimeDelta;
use contracts::{Actor, Merchant, Role, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is good, in seconds.
pub const LIFETIME_S: i64 = 15 * 60;

/// The claims of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom.
    pub aud: String,
    /// The account.
    pub sub: String,
    /// Good until, in seconds since 1970.
    pub exp: i64,
    /// Issued at, in seconds since 1970.
    pub iat: i64,
    /// Its own id.
    pub jti: Uuid,
    /// What its bearer may do.
    pub role: Role,
    /// Whose goods alone its bearer may touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<Merchant>,
}

impl Claims {
    /// Those of an account from `now` on.
    #[must_use]
    pub fn of(
        issuer: &str,
        audience: &str,
        account: (&str, Role),
        now: Timestamp,
        id: Uuid,
    ) -> Self {
        let iat = now.as_datetime().timestamp();
        Self {
            iss: issuer.to_owned(),
            aud: audience.to_owned(),
            sub: account.0.to_owned(),
            exp: iat + LIFETIME_S,
            iat,
            jti: id,
            role: account.1,
            merchant: None,
        }
    }

    /// The same within the goods of a merchant.
    #[must_use]
    pub fn within(mut self, merchant: Option<Merchant>) -> Self {
        self.merchant = merchant;
        self
    }

    /// Until when it is good, by the time at which it was issued.
    #[must_use]
    pub fn expires_at(&self, issued: Timestamp) -> Timestamp {
        (issued.as_datetime() + TimeDelta::seconds(self.exp - self.iat)).into()
    }

    /// On whose behalf its bearer acts.
    #[must_use]
    pub fn actor(&self, origin: Option<String>) -> Actor {
        Actor {
            subject: self.sub.clone(),
            role: self.role,
            merchant: self.merchant.as_ref().map(|merchant| merchant.as_str().to_owned()),
            origin,
        }
    }
}
