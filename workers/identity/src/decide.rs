//! The rules, pure: who may ask for what, which passwords are good, when too many attempts were made,
//! what becomes of a refresh token, which keys are live.

use contracts::{AccountName, Actor, AskIdentity, Merchant, Refusal, Role, Timestamp};
use uuid::Uuid;

use crate::policy::{
    ATTEMPT_WINDOW, ATTEMPTS_A_NAME, ATTEMPTS_A_SOURCE, COMMON, KEY_AFTERLIFE, PASSWORD_MAX_BYTES,
    PASSWORD_MIN, PASSWORD_VARIETY_MIN, REFRESH_LIFE, RESEND_WINDOW,
};

/// A "no" with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct No {
    /// Why.
    pub refusal: Refusal,
    /// When there is a point in trying again, in seconds.
    pub retry_after_s: Option<u64>,
}

impl No {
    pub(crate) fn because(code: &str, detail: impl Into<String>) -> Self {
        Self { refusal: Refusal::new(code, detail), retry_after_s: None }
    }

    /// Unknown name, wrong password and disabled account are one answer.
    pub(crate) fn sign_in() -> Self {
        Self::because("SIGN_IN_FAILED", "name or password is wrong, or the account is disabled")
    }

    /// Whatever is wrong with a refresh token is one answer.
    pub(crate) fn refresh() -> Self {
        Self::because("SESSION_OVER", "the session is over: sign in again")
    }

    pub(crate) fn unknown(name: &AccountName) -> Self {
        Self::because("UNKNOWN_ACCOUNT", format!("there is no account {}", name.as_str()))
    }

    pub(crate) fn exists(name: &AccountName) -> Self {
        let detail = format!("the account {} exists: use another name", name.as_str());
        Self::because("ACCOUNT_EXISTS", detail)
    }
}

/// Whether somebody may ask this. Sessions and public keys are for everybody whom the broker lets ask;
/// accounts and keys are for administrators, and for operators at the command line (`at_console`), who make
/// the first administrator.
pub(crate) fn permit(asker: &Actor, at_console: bool, ask: &AskIdentity) -> Result<(), No> {
    let is_open = match ask {
        AskIdentity::SignIn { .. }
        | AskIdentity::Refresh { .. }
        | AskIdentity::SignOut { .. }
        | AskIdentity::PublicKeys {} => true,
        AskIdentity::Accounts {}
        | AskIdentity::AddAccount { .. }
        | AskIdentity::DisableAccount { .. }
        | AskIdentity::EnableAccount { .. }
        | AskIdentity::SetPassword { .. }
        | AskIdentity::SetRole { .. }
        | AskIdentity::RevokeSessions { .. }
        | AskIdentity::RotateKeys { .. }
        | AskIdentity::IssueToken { .. } => false,
    };
    let administers = asker.role == Role::Admin || (at_console && asker.role == Role::Operator);
    if is_open || administers {
        return Ok(());
    }
    Err(No::because("FORBIDDEN", "accounts and keys are kept by administrators"))
}

/// Whether an account may have this role and scope.
pub(crate) fn check_role(role: Role, merchant: Option<&Merchant>) -> Result<(), No> {
    if !Role::OF_ACCOUNTS.contains(&role) {
        let detail = "this role belongs to machines: give one of customer, merchant, cs_agent, \
                      cs_supervisor, dispatcher, warehouse, operator, admin";
        return Err(No::because("ROLE_NOT_FOR_ACCOUNTS", detail));
    }
    match (role == Role::Merchant, merchant) {
        (true, None) => {
            Err(No::because("MERCHANT_MISSING", "the role merchant needs the merchant's code"))
        }
        (false, Some(_)) => {
            Err(No::because("MERCHANT_NOT_ALLOWED", "only the role merchant has a merchant's code"))
        }
        (true, Some(_)) | (false, None) => Ok(()),
    }
}

/// Whether a password is good enough. The answer quotes nothing of it.
pub(crate) fn check_password(name: &AccountName, password: &str) -> Result<(), No> {
    let no = |code, detail: String| Err(No::because(code, detail));
    let lower = password.to_lowercase();
    if password.chars().count() < PASSWORD_MIN {
        return no("PASSWORD_TOO_SHORT", format!("at least {PASSWORD_MIN} characters are needed"));
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return no("PASSWORD_TOO_LONG", format!("at most {PASSWORD_MAX_BYTES} bytes are taken"));
    }
    if password.chars().any(char::is_control) {
        return no("PASSWORD_HAS_CONTROLS", "control characters are not taken".to_owned());
    }
    if lower.contains(name.as_str()) {
        return no("PASSWORD_HAS_NAME", "it must not contain the account's name".to_owned());
    }
    let variety: std::collections::BTreeSet<char> = lower.chars().collect();
    if COMMON.contains(&lower.as_str()) || variety.len() < PASSWORD_VARIETY_MIN {
        return no("PASSWORD_COMMON", "everybody tries this one first: take another".to_owned());
    }
    Ok(())
}

/// What attempts are counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitedBy {
    /// The name that was typed.
    Name,
    /// Where it came from.
    Source,
}

/// Attempts within the window, this one among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// By what they were counted.
    pub by: LimitedBy,
    /// How many.
    pub count: u64,
    /// The oldest one's time.
    pub oldest: Timestamp,
}

/// Whether one more attempt is too many.
pub(crate) fn limit(attempts: &[Attempts], now: Timestamp) -> Result<(), No> {
    let is_over = |it: &&Attempts| {
        let most = match it.by {
            LimitedBy::Name => ATTEMPTS_A_NAME,
            LimitedBy::Source => ATTEMPTS_A_SOURCE,
        };
        it.count > most
    };
    let Some(oldest) = attempts.iter().filter(is_over).map(|it| it.oldest).max() else {
        return Ok(());
    };
    let free_at: Timestamp = (oldest.as_datetime() + ATTEMPT_WINDOW).into();
    Err(No {
        refusal: Refusal::new(
            "TOO_MANY_ATTEMPTS",
            "too many failed attempts: wait, then try again",
        ),
        retry_after_s: Some(free_at.since(now).as_secs().max(1)),
    })
}

/// A refresh token as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeptToken {
    /// Good until.
    pub expires_at: Timestamp,
    /// The session's end.
    pub session_ends_at: Timestamp,
    /// When and by which message it was exchanged for the next one.
    pub rotated: Option<(Timestamp, Uuid)>,
    /// True when its session was ended.
    pub revoked: bool,
}

/// What becomes of a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refresh {
    /// The token is exchanged for the next one, which is good until then.
    Rotate(Timestamp),
    /// The same message once more: it gets the same next token, good until then.
    Again(Timestamp),
    /// The token was used before by another message: somebody has a copy, the session ends.
    Reused,
    /// It is too old, or its session is over.
    Over,
}

/// Decides about a refresh that `message` asks for.
pub(crate) fn refresh(token: &KeptToken, disabled: bool, message: Uuid, now: Timestamp) -> Refresh {
    if token.revoked || disabled || token.session_ends_at <= now {
        return Refresh::Over;
    }
    match token.rotated {
        Some((at, by))
            if by == message && now.as_datetime() - at.as_datetime() <= RESEND_WINDOW =>
        {
            Refresh::Again(next_expiry(token.session_ends_at, at))
        }
        Some(_) => Refresh::Reused,
        None if token.expires_at <= now => Refresh::Over,
        None => Refresh::Rotate(next_expiry(token.session_ends_at, now)),
    }
}

/// Until when a refresh token is good that is issued now.
pub(crate) fn next_expiry(session_ends_at: Timestamp, now: Timestamp) -> Timestamp {
    session_ends_at.min((now.as_datetime() + REFRESH_LIFE).into())
}

/// A key as it is kept, without its secret half.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeptKey {
    /// Its name.
    pub kid: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it verifies; `None`: it is the one that signs.
    pub retires_at: Option<Timestamp>,
}

impl KeptKey {
    /// True while tokens of it may be good.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.retires_at.is_none_or(|at| now < at)
    }
}

/// When the present keys retire if a new one signs from now on: those that sign, and with `at_once` all.
/// Never more than two keys are live: until the last rotation is through, the next one is refused.
pub(crate) fn rotate(
    keys: &[KeptKey],
    at_once: bool,
    now: Timestamp,
) -> Result<Vec<(String, Timestamp)>, No> {
    if at_once {
        let live = keys.iter().filter(|key| key.is_live(now));
        return Ok(live.map(|key| (key.kid.clone(), now)).collect());
    }
    let waiting = keys.iter().filter_map(|key| key.retires_at).filter(|at| now < *at).max();
    if let Some(until) = waiting {
        return Err(No {
            refusal: Refusal::new(
                "ROTATED_JUST_NOW",
                "tokens of the key before the present one are still good: wait, or void them with at_once",
            ),
            retry_after_s: Some(until.since(now).as_secs().max(1)),
        });
    }
    let retires_at: Timestamp = (now.as_datetime() + KEY_AFTERLIFE).into();
    let signing = keys.iter().filter(|key| key.retires_at.is_none());
    Ok(signing.map(|key| (key.kid.clone(), retires_at)).collect())
}
