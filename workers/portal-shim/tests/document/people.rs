//! Everybody who may knock: one of each role, and those whose tokens are not good.
//!
//! The tokens are signed by a key of the test, which identity publishes beside its own: that is how one can be of
//! yesterday, or for another service. Never here: what they may do.

use access::{Claims, SigningKey};
use contracts::{Merchant, Role, Timestamp};
use ring::rand::SystemRandom;
use testkit::Stage;
use uuid::Uuid;

/// The merchant whose goods the test's order has, and which is the merchant of the test.
pub(crate) const MERCHANT: &str = "acme";
/// The customer of the test.
pub(crate) const CUSTOMER: &str = "C-1001";

/// Somebody who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// Without a token.
    Nobody,
    /// With a token that was good an hour ago.
    Yesterday,
    /// With a token for another service.
    Elsewhere,
    /// With a token that nobody signed who is known.
    Forger,
    /// With a good token.
    With(Role),
}

impl Person {
    /// Everybody.
    pub(crate) fn all() -> Vec<Self> {
        let strangers = [Self::Nobody, Self::Yesterday, Self::Elsewhere, Self::Forger];
        strangers.into_iter().chain(Role::OF_ACCOUNTS.map(Self::With)).collect()
    }

    /// True for those to whom what is not theirs is as if it were not there.
    pub(crate) fn owns_a_part(self) -> bool {
        matches!(self, Self::With(Role::Customer | Role::Merchant))
    }
}

/// Signs for everybody.
pub(crate) struct Signer {
    known: SigningKey,
    unknown: SigningKey,
}

impl Signer {
    /// With a key that identity publishes from now on, and never signs with.
    pub(crate) async fn publish(stage: &Stage) -> Self {
        let (known, unknown) = (key("test"), key("test"));
        stage
            .run_sql(&format!(
                "INSERT INTO account_key (kid, public_key, sealed, message_id, created_at, retires_at) VALUES \
                   ('test', '{}', 'nobody opens it', UNHEX('{}'), UTC_TIMESTAMP(6), \
                    UTC_TIMESTAMP(6) + INTERVAL 1 HOUR)",
                known.public().x,
                Uuid::new_v4().simple()
            ))
            .await;
        Self { known, unknown }
    }

    /// The token of somebody; `None` for nobody.
    pub(crate) fn token(&self, person: Person) -> Option<String> {
        let now = Timestamp::now();
        let signed = match person {
            Person::Nobody => return None,
            Person::Yesterday => {
                let hour_ago = now.as_datetime() - chrono::TimeDelta::hours(1);
                self.known.sign(&claims("dray-portal", Role::Admin, hour_ago.into()))
            }
            Person::Elsewhere => self.known.sign(&claims("dray-elsewhere", Role::Admin, now)),
            Person::Forger => self.unknown.sign(&claims("dray-portal", Role::Admin, now)),
            Person::With(role) => self.known.sign(&claims("dray-portal", role, now)),
        };
        Some(signed.expect("a token"))
    }
}

fn key(kid: &str) -> SigningKey {
    let pkcs8 = SigningKey::generate_pkcs8(&SystemRandom::new()).expect("a key");
    SigningKey::from_pkcs8(kid, &pkcs8).expect("a key")
}

fn claims(audience: &str, role: Role, at: Timestamp) -> Claims {
    let subject = if role == Role::Customer { CUSTOMER } else { "somebody" };
    let merchant = (role == Role::Merchant).then(|| Merchant::new(MERCHANT).expect("a merchant"));
    Claims::of("dray", audience, (subject, role), at, Uuid::new_v4()).within(merchant)
}
