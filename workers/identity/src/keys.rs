//! The keys at work: the first one is made when it is needed, the newest signs, the live ones are shown.

use ::store::Database;
use access::{Claims, SigningKey};
use contracts::{AccountStanding, Hidden, PublicKey, Timestamp};
use uuid::Uuid;

use crate::decide::{self, KeptKey, No};
use crate::error::IdentityError;
use crate::store::keys::{self as rows, StoredKey};
use crate::vault::Vault;

/// Whom tokens are from and for.
#[derive(Debug, Clone)]
pub(crate) struct Parties {
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
}

/// Signs an access token for an account; gives it with the end of its life.
pub(crate) async fn sign(
    database: &Database,
    vault: &Vault,
    parties: &Parties,
    account: &AccountStanding,
    now: Timestamp,
) -> Result<(Hidden, Timestamp), IdentityError> {
    let stored = present(database, vault, now).await?;
    let kid = &stored.kept.kid;
    let key = SigningKey::from_pkcs8(kid.as_str(), &vault.open(kid, &stored.sealed)?)?;
    let bearer = (account.name.as_str(), account.role);
    let claims = Claims::of(&parties.issuer, &parties.audience, bearer, now, Uuid::new_v4())
        .within(account.merchant.clone());
    Ok((Hidden::new(key.sign(&claims)?), claims.expires_at(now)))
}

/// The key that signs now.
async fn present(
    database: &Database,
    vault: &Vault,
    now: Timestamp,
) -> Result<StoredKey, IdentityError> {
    let keys = rows::all(database).await?;
    match keys.into_iter().find(|key| key.kept.retires_at.is_none()) {
        Some(key) => Ok(key),
        None => first(database, vault, now).await,
    }
}

async fn first(
    database: &Database,
    vault: &Vault,
    now: Timestamp,
) -> Result<StoredKey, IdentityError> {
    let tx = database.begin().await?;
    let keys = rows::lock_all(&tx).await?;
    let key = make(vault, keys.len(), Uuid::now_v7(), now)?;
    rows::insert(&tx, &key).await?;
    tx.commit().await?;
    tracing::info!(kid = %key.kept.kid, "the first signing key");
    Ok(key)
}

/// Key number `before` + 1: no name is ever given twice.
fn make(
    vault: &Vault,
    before: usize,
    message: Uuid,
    now: Timestamp,
) -> Result<StoredKey, IdentityError> {
    let kid = format!("k{}", before + 1);
    let pkcs8 = SigningKey::generate_pkcs8(vault.random())?;
    let public = SigningKey::from_pkcs8(kid.as_str(), &pkcs8)?.public();
    let sealed = vault.seal(&kid, pkcs8)?;
    let kept = KeptKey { kid, created_at: now, retires_at: None };
    Ok(StoredKey { kept, public_key: public.x, sealed, message_id: message })
}

/// All keys that may have signed a token which is still good, the one that signs first.
pub(crate) async fn published(
    database: &Database,
    vault: &Vault,
    now: Timestamp,
) -> Result<Vec<PublicKey>, IdentityError> {
    present(database, vault, now).await?;
    Ok(live(&rows::all(database).await?, now))
}

fn live(keys: &[StoredKey], now: Timestamp) -> Vec<PublicKey> {
    let live = keys.iter().filter(|key| key.kept.is_live(now));
    live.map(|key| PublicKey::ed25519(&key.kept.kid, &key.public_key)).collect()
}

/// Lets a new key sign from now on. The same message once more changes nothing.
pub(crate) async fn rotate(
    database: &Database,
    vault: &Vault,
    at_once: bool,
    message: Uuid,
    now: Timestamp,
) -> Result<Result<Vec<PublicKey>, No>, IdentityError> {
    let tx = database.begin().await?;
    let keys = rows::lock_all(&tx).await?;
    if keys.iter().any(|key| key.message_id == message) {
        return Ok(Ok(live(&keys, now)));
    }
    let kept: Vec<KeptKey> = keys.iter().map(|key| key.kept.clone()).collect();
    let retired = match decide::rotate(&kept, at_once, now) {
        Ok(retired) => retired,
        Err(no) => return Ok(Err(no)),
    };
    let new = make(vault, keys.len(), message, now)?;
    rows::retire(&tx, &retired).await?;
    rows::insert(&tx, &new).await?;
    tx.commit().await?;
    tracing::info!(kid = %new.kept.kid, at_once, "a new key signs");
    let stored = rows::all(database).await?;
    Ok(Ok(live(&stored, now)))
}
