//! Signing in, refreshing, signing out.

use contracts::{AccountName, Hidden, IdentityAnswer, Session, Timestamp};
use uuid::Uuid;

use crate::decide::{self, LimitedBy, No, Refresh};
use crate::error::IdentityError;
use crate::keys;
use crate::policy::SESSION_LIFE;
use crate::store::attempts::{self, Attempt};
use crate::store::tokens::{self, NewToken};
use crate::store::{self, Account};
use crate::worker::Identity;

/// An answer, or a "no".
type Answered = Result<Result<IdentityAnswer, No>, IdentityError>;

/// Under what attempts at a name are counted; also what an administrator forgives.
pub(crate) fn name_bucket(identity: &Identity, name: &str) -> Vec<u8> {
    identity.vault.bucket("name", name)
}

/// Begins a session, unless too many attempts failed.
pub(crate) async fn sign_in(
    identity: &Identity,
    login: &Hidden,
    password: &Hidden,
    source: Option<&str>,
    now: Timestamp,
) -> Answered {
    let database = &identity.database;
    let typed = login.expose().trim().to_lowercase();
    let mut buckets = vec![(LimitedBy::Name, name_bucket(identity, &typed))];
    buckets.extend(source.map(|it| (LimitedBy::Source, identity.vault.bucket("source", it))));
    let attempt = Attempt { id: Uuid::now_v7(), at: now, buckets };
    if let Err(no) = decide::limit(&attempt.record(database).await?, now) {
        attempt.take_back(database).await?;
        return Ok(Err(no));
    }
    let account = match AccountName::new(typed.as_str()) {
        Ok(name) => store::find(database, &name).await?,
        Err(_no_name) => None,
    };
    let hash = account.as_ref().map(|account| account.password_hash.as_str());
    let is_right = identity.passwords.check(hash, password.clone()).await?;
    let Some(account) = account.filter(|account| is_right && !account.standing.disabled) else {
        return Ok(Err(No::sign_in()));
    };
    let Some(begun) = begin(identity, &account, now).await? else {
        return Ok(Err(No::sign_in()));
    };
    attempt.take_back(database).await?;
    attempts::forgive(database, &name_bucket(identity, &typed)).await?;
    tokens::forget(database, now).await?;
    answer(identity, account, begun, now).await
}

/// A refresh token with its end.
type Begun = (Hidden, Timestamp);

/// Writes a new session down, if the account still is what the password was checked against.
async fn begin(
    identity: &Identity,
    checked: &Account,
    now: Timestamp,
) -> Result<Option<Begun>, IdentityError> {
    let name = &checked.standing.name;
    let tx = identity.database.begin().await?;
    let locked = store::lock(&tx, name).await?;
    if locked.is_none_or(|account| account.standing.version != checked.standing.version) {
        return Ok(None);
    }
    let token = identity.vault.token()?;
    let session_ends_at: Timestamp = (now.as_datetime() + SESSION_LIFE).into();
    let expires_at = decide::next_expiry(session_ends_at, now);
    let new = NewToken {
        token: &token,
        family: Uuid::now_v7(),
        account: name,
        issued_at: now,
        expires_at,
        session_ends_at,
    };
    tokens::insert(&tx, &new).await?;
    tx.commit().await?;
    Ok(Some((token, expires_at)))
}

async fn answer(
    identity: &Identity,
    account: Account,
    (refresh_token, refresh_expires_at): Begun,
    now: Timestamp,
) -> Answered {
    let account = account.standing;
    let Identity { database, vault, parties, .. } = identity;
    let (access_token, access_expires_at) =
        keys::sign(database, vault, parties, &account, now).await?;
    let session =
        Session { access_token, access_expires_at, refresh_token, refresh_expires_at, account };
    Ok(Ok(IdentityAnswer::Session(Box::new(session))))
}

/// Exchanges a refresh token for new tokens. One that was used before ends its session.
pub(crate) async fn refresh(
    identity: &Identity,
    token: &Hidden,
    message: Uuid,
    now: Timestamp,
) -> Answered {
    let tx = identity.database.begin().await?;
    let Some(name) = tokens::owner(&tx, token).await? else {
        return Ok(Err(No::refresh()));
    };
    let account = store::lock(&tx, &name).await?;
    let kept = tokens::lock(&tx, token).await?;
    let (Some(account), Some((family, kept))) = (account, kept) else {
        return Ok(Err(No::refresh()));
    };
    let next = identity.vault.successor(token, message);
    let expires_at = match decide::refresh(&kept, account.standing.disabled, message, now) {
        Refresh::Over => return Ok(Err(No::refresh())),
        Refresh::Reused => {
            tokens::revoke_family(&tx, family, now).await?;
            tx.commit().await?;
            tracing::warn!(
                account = name.as_str(),
                "a refresh token was used twice: session ended"
            );
            return Ok(Err(No::refresh()));
        }
        Refresh::Again(expires_at) => expires_at,
        Refresh::Rotate(expires_at) => {
            let new = NewToken {
                token: &next,
                family,
                account: &name,
                issued_at: now,
                expires_at,
                session_ends_at: kept.session_ends_at,
            };
            tokens::rotate(&tx, token, message, now).await?;
            tokens::insert(&tx, &new).await?;
            expires_at
        }
    };
    tx.commit().await?;
    answer(identity, account, (next, expires_at), now).await
}

/// Ends the session of a refresh token, whether it is the last one or not.
pub(crate) async fn sign_out(identity: &Identity, token: &Hidden, now: Timestamp) -> Answered {
    let tx = identity.database.begin().await?;
    if let Some(name) = tokens::owner(&tx, token).await? {
        store::lock(&tx, &name).await?;
        if let Some((family, _)) = tokens::lock(&tx, token).await? {
            tokens::revoke_family(&tx, family, now).await?;
        }
        tx.commit().await?;
    }
    Ok(Ok(IdentityAnswer::SignedOut))
}
