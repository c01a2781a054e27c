//! The private half: only identity has use for it.

use contracts::PublicKey;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde::Serialize;
use thiserror::Error;

use crate::{ALGORITHM, Claims, base64url};

/// Why there is no key or no signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// The system has no random numbers.
    #[error("the system gives no random numbers: no key can be made")]
    NoRandom,
    /// The bytes are no Ed25519 key.
    #[error("the private key {0} cannot be read: make a new one")]
    Unreadable(String),
    /// Claims that are no JSON.
    #[error("the claims cannot be written: {0}")]
    Claims(String),
}

/// A signing key with its name.
pub struct SigningKey {
    kid: String,
    pair: Ed25519KeyPair,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    typ: &'static str,
    kid: &'a str,
}

impl SigningKey {
    /// A new private key as PKCS #8: for sealing and keeping, never for printing.
    ///
    /// # Errors
    /// [`KeyError::NoRandom`].
    pub fn generate_pkcs8(random: &SystemRandom) -> Result<Vec<u8>, KeyError> {
        let document = Ed25519KeyPair::generate_pkcs8(random);
        document.map(|it| it.as_ref().to_vec()).map_err(|_unspecified| KeyError::NoRandom)
    }

    /// Reads a private key.
    ///
    /// # Errors
    /// [`KeyError::Unreadable`].
    pub fn from_pkcs8(kid: impl Into<String>, pkcs8: &[u8]) -> Result<Self, KeyError> {
        let kid = kid.into();
        match Ed25519KeyPair::from_pkcs8(pkcs8) {
            Ok(pair) => Ok(Self { kid, pair }),
            Err(_rejected) => Err(KeyError::Unreadable(kid)),
        }
    }

    /// The half that everybody may have.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey::ed25519(&self.kid, base64url(self.pair.public_key().as_ref()))
    }

    /// A token that says this.
    ///
    /// # Errors
    /// [`KeyError::Claims`].
    pub fn sign(&self, claims: &Claims) -> Result<String, KeyError> {
        let header = Header { alg: ALGORITHM, typ: "JWT", kid: &self.kid };
        let unsigned = format!("{}.{}", part(&header)?, part(claims)?);
        let signature = base64url(self.pair.sign(unsigned.as_bytes()).as_ref());
        Ok(format!("{unsigned}.{signature}"))
    }
}

fn part(value: &impl Serialize) -> Result<String, KeyError> {
    let json = serde_json::to_vec(value).map_err(|error| KeyError::Claims(error.to_string()))?;
    Ok(base64url(&json))
}
