//! What administrators do with accounts: each change is one version of the row, made once a message.

use contracts::{AccountName, AccountStanding, Hidden, IdentityAnswer, Merchant, Role, Timestamp};
use uuid::Uuid;

use crate::decide::{self, No};
use crate::error::IdentityError;
use crate::sessions::name_bucket;
use crate::store::{self, Account, attempts, tokens};
use crate::worker::Identity;

type Answered = Result<Result<IdentityAnswer, No>, IdentityError>;

/// By which message a change is made, by whom and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    /// The message.
    pub message: Uuid,
    /// Who asked.
    pub by: &'a str,
    /// When.
    pub now: Timestamp,
}

/// What is made of a new account.
#[derive(Debug)]
pub(crate) struct NewAccount<'a> {
    /// Its name.
    pub name: &'a AccountName,
    /// Its first password.
    pub password: &'a Hidden,
    /// Its role.
    pub role: Role,
    /// Its scope.
    pub merchant: Option<&'a Merchant>,
}

/// Makes an account.
pub(crate) async fn add(identity: &Identity, new: &NewAccount<'_>, change: Change<'_>) -> Answered {
    let checked = decide::check_role(new.role, new.merchant)
        .and_then(|()| decide::check_password(new.name, new.password.expose()));
    if let Err(no) = checked {
        return Ok(Err(no));
    }
    let password_hash = identity.passwords.hash(&identity.vault, new.password.clone()).await?;
    let tx = identity.database.begin().await?;
    if let Some(existing) = store::lock(&tx, new.name).await? {
        let is_resent = existing.message_id == change.message;
        let answer = IdentityAnswer::Account(existing.standing);
        return Ok(if is_resent { Ok(answer) } else { Err(No::exists(new.name)) });
    }
    let account = Account {
        standing: AccountStanding {
            name: new.name.clone(),
            role: new.role,
            merchant: new.merchant.cloned(),
            disabled: false,
            created_at: change.now,
            updated_at: change.now,
            version: 1,
        },
        password_hash,
        message_id: change.message,
    };
    store::insert(&tx, &account, change.by).await?;
    tx.commit().await?;
    tracing::info!(account = new.name.as_str(), role = ?new.role, by = change.by, "account added");
    Ok(Ok(IdentityAnswer::Account(account.standing)))
}

/// What is changed of an account.
#[derive(Clone)]
enum Edit {
    Disabled(bool),
    PasswordHash(String),
    Role(Role, Option<Merchant>),
    Nothing,
}

/// Lets it sign in no more.
pub(crate) async fn disable(
    identity: &Identity,
    name: &AccountName,
    change: Change<'_>,
) -> Answered {
    edit(identity, name, Edit::Disabled(true), change).await
}

/// Lets it sign in again.
pub(crate) async fn enable(
    identity: &Identity,
    name: &AccountName,
    change: Change<'_>,
) -> Answered {
    attempts::forgive(&identity.database, &name_bucket(identity, name.as_str())).await?;
    edit(identity, name, Edit::Disabled(false), change).await
}

/// Gives it another password.
pub(crate) async fn set_password(
    identity: &Identity,
    name: &AccountName,
    password: &Hidden,
    change: Change<'_>,
) -> Answered {
    if let Err(no) = decide::check_password(name, password.expose()) {
        return Ok(Err(no));
    }
    let hash = identity.passwords.hash(&identity.vault, password.clone()).await?;
    edit(identity, name, Edit::PasswordHash(hash), change).await
}

/// Gives it another role.
pub(crate) async fn set_role(
    identity: &Identity,
    name: &AccountName,
    (role, merchant): (Role, Option<&Merchant>),
    change: Change<'_>,
) -> Answered {
    if let Err(no) = decide::check_role(role, merchant) {
        return Ok(Err(no));
    }
    edit(identity, name, Edit::Role(role, merchant.cloned()), change).await
}

/// Ends its sessions.
pub(crate) async fn revoke(
    identity: &Identity,
    name: &AccountName,
    change: Change<'_>,
) -> Answered {
    edit(identity, name, Edit::Nothing, change).await
}

/// Every change ends all sessions: none goes on with what no longer holds.
async fn edit(identity: &Identity, name: &AccountName, edit: Edit, change: Change<'_>) -> Answered {
    let tx = identity.database.begin().await?;
    let Some(mut account) = store::lock(&tx, name).await? else {
        return Ok(Err(No::unknown(name)));
    };
    if account.message_id == change.message {
        return Ok(Ok(IdentityAnswer::Account(account.standing)));
    }
    let standing = &mut account.standing;
    match edit {
        Edit::Disabled(disabled) => standing.disabled = disabled,
        Edit::PasswordHash(hash) => account.password_hash = hash,
        Edit::Role(role, merchant) => (standing.role, standing.merchant) = (role, merchant),
        Edit::Nothing => {}
    }
    standing.version += 1;
    standing.updated_at = change.now;
    account.message_id = change.message;
    store::update(&tx, &account, change.by).await?;
    tokens::revoke_all(&tx, name, change.now).await?;
    tx.commit().await?;
    let version = account.standing.version;
    tracing::info!(account = name.as_str(), version, by = change.by, "account changed");
    Ok(Ok(IdentityAnswer::Account(account.standing)))
}
