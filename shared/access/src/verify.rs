//! The public half: whoever takes tokens verifies them by itself.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contracts::{PublicKey, Timestamp};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde::Deserialize;
use thiserror::Error;

use crate::{ALGORITHM, Claims, LIFETIME_S, read_base64url};

/// No token of ours is longer, in bytes.
const MAX_BYTES: usize = 4_096;
/// By how much the issuer's clock may be ahead of ours, in seconds.
const CLOCK_SKEW_S: i64 = 60;

/// So many tokens are remembered, about 600 bytes each; then it begins anew.
const REMEMBERED_MAX: usize = 4_096;

/// Why a token is not taken. No variant quotes the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// It has not the form of our tokens, or names another algorithm.
    #[error("this is no access token: sign in again")]
    Malformed,
    /// None of the known keys signed it: ask identity for its keys once more.
    #[error("the token is of an unknown key: sign in again")]
    UnknownKey,
    /// Its signature is not of what it says.
    #[error("the token's signature is wrong: sign in again")]
    Signature,
    /// It was issued by or for somebody else.
    #[error("the token is not meant for this service: sign in here")]
    NotForUs,
    /// It is too old, or of the future, or good for too long.
    #[error("the token has expired: refresh it or sign in again")]
    Expired,
}

/// What tokens are verified with. It remembers whose signature was good: a token comes with every request for
/// a quarter of an hour, and a signature is dear to check. Whoever asks for keys anew makes a new one, which
/// remembers nothing.
#[derive(Clone)]
pub struct Verifier {
    issuer: String,
    audience: String,
    keys: BTreeMap<String, Vec<u8>>,
    remembered: Arc<Mutex<HashMap<Box<str>, Claims>>>,
}

impl fmt::Debug for Verifier {
    /// Without the tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { issuer, audience, keys, remembered: _ } = self;
        let keys: Vec<&String> = keys.keys().collect();
        f.debug_struct("Verifier")
            .field("issuer", issuer)
            .field("audience", audience)
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
}

impl Verifier {
    /// Takes the tokens of `issuer` for `audience` that one of `keys` signed. Keys of other algorithms are
    /// left out.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>, keys: &[PublicKey]) -> Self {
        let ours = keys.iter().filter(|key| key.alg == ALGORITHM && key.crv == "Ed25519");
        let keys = ours.filter_map(|key| Some((key.kid.clone(), read_base64url(&key.x)?)));
        let (issuer, audience, keys) = (issuer.into(), audience.into(), keys.collect());
        Self { issuer, audience, keys, remembered: Arc::default() }
    }

    /// What a token says, if it is good at `now`.
    ///
    /// # Errors
    /// [`TokenError`]; on [`TokenError::UnknownKey`] fresh keys may help.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed);
        }
        let now = now.as_datetime().timestamp();
        let remembered = self.remembered().get(token).cloned();
        if let Some(claims) = remembered {
            return self.check(claims, now);
        }
        let (unsigned, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, claims) = unsigned.split_once('.').ok_or(TokenError::Malformed)?;
        let header: Header = read(header)?;
        if header.alg != ALGORITHM {
            return Err(TokenError::Malformed);
        }
        let key = self.keys.get(&header.kid).ok_or(TokenError::UnknownKey)?;
        let signature = read_base64url(signature).ok_or(TokenError::Malformed)?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(unsigned.as_bytes(), &signature)
            .map_err(|_unspecified| TokenError::Signature)?;
        let claims = self.check(read(claims)?, now)?;
        let mut remembered = self.remembered();
        if remembered.len() >= REMEMBERED_MAX {
            remembered.clear();
        }
        remembered.insert(token.into(), claims.clone());
        Ok(claims)
    }

    fn remembered(&self) -> MutexGuard<'_, HashMap<Box<str>, Claims>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, claims: Claims, now: i64) -> Result<Claims, TokenError> {
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(TokenError::NotForUs);
        }
        let lives = claims.exp.saturating_sub(claims.iat);
        let is_good = claims.iat <= now + CLOCK_SKEW_S
            && now < claims.exp
            && (1..=LIFETIME_S).contains(&lives);
        if is_good { Ok(claims) } else { Err(TokenError::Expired) }
    }
}

fn read<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, TokenError> {
    let json = read_base64url(part).ok_or(TokenError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_unreadable| TokenError::Malformed)
}
