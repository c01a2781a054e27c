//! Secrets of our own making: random tokens, what is derived from the one secret of the settings, and the
//! seal of private keys.
//!
//! Never here: passwords, a row.

use ::settings::Secret;
use access::base64url;
use contracts::Hidden;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use uuid::Uuid;

use crate::error::IdentityError;

/// A secret that guards everything has so many characters at least, so many of them different.
const SECRET_MIN: usize = 32;
const SECRET_VARIETY_MIN: usize = 8;
const NONCE_BYTES: usize = 12;

/// Keeps what is derived from the secret.
pub(crate) struct Vault {
    seal: LessSafeKey,
    derive: hmac::Key,
    random: SystemRandom,
}

impl Vault {
    /// Of a secret that is one.
    pub(crate) fn new(secret: &Secret) -> Result<Self, IdentityError> {
        let text = secret.expose();
        let variety: std::collections::BTreeSet<char> = text.chars().collect();
        if text.chars().count() < SECRET_MIN || variety.len() < SECRET_VARIETY_MIN {
            return Err(IdentityError::WeakSecret);
        }
        let root = hmac::Key::new(hmac::HMAC_SHA256, text.as_bytes());
        let seal = hmac::sign(&root, b"dray identity: seal of private keys");
        let derive = hmac::sign(&root, b"dray identity: derived values");
        let seal = UnboundKey::new(&AES_256_GCM, seal.as_ref())
            .map_err(|_unspecified| IdentityError::Cipher)?;
        Ok(Self {
            seal: LessSafeKey::new(seal),
            derive: hmac::Key::new(hmac::HMAC_SHA256, derive.as_ref()),
            random: SystemRandom::new(),
        })
    }

    /// Where random numbers come from.
    pub(crate) const fn random(&self) -> &SystemRandom {
        &self.random
    }

    /// 256 random bits as text: a refresh token.
    pub(crate) fn token(&self) -> Result<Hidden, IdentityError> {
        let mut bytes = [0_u8; 32];
        self.fill(&mut bytes)?;
        Ok(Hidden::new(base64url(&bytes)))
    }

    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), IdentityError> {
        self.random.fill(bytes).map_err(|_unspecified| IdentityError::Cipher)
    }

    /// The token that follows `token` when `message` exchanges it: the same for a resend, and not to be
    /// found without the secret.
    pub(crate) fn successor(&self, token: &Hidden, message: Uuid) -> Hidden {
        let mut signing = hmac::Context::with_key(&self.derive);
        signing.update(b"successor\0");
        signing.update(message.as_bytes());
        signing.update(token.expose().as_bytes());
        Hidden::new(base64url(signing.sign().as_ref()))
    }

    /// Under what attempts are counted. People type passwords where names belong, so not even a name that
    /// was typed is kept.
    pub(crate) fn bucket(&self, kind: &str, typed: &str) -> Vec<u8> {
        let mut signing = hmac::Context::with_key(&self.derive);
        for part in ["bucket", kind, typed] {
            signing.update(part.as_bytes());
            signing.update(b"\0");
        }
        signing.sign().as_ref().to_vec()
    }

    /// Encrypts a private key; it opens under its own name only.
    pub(crate) fn seal(&self, kid: &str, private: Vec<u8>) -> Result<String, IdentityError> {
        let mut nonce = [0_u8; NONCE_BYTES];
        self.fill(&mut nonce)?;
        let mut sealed = private;
        self.seal
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(kid.as_bytes()),
                &mut sealed,
            )
            .map_err(|_unspecified| IdentityError::Cipher)?;
        Ok(format!("{}.{}", base64url(&nonce), base64url(&sealed)))
    }

    /// Decrypts what [`Self::seal`] gave.
    pub(crate) fn open(&self, kid: &str, sealed: &str) -> Result<Vec<u8>, IdentityError> {
        let unreadable = || IdentityError::Sealed(kid.to_owned());
        let (nonce, sealed) = sealed.split_once('.').ok_or_else(unreadable)?;
        let nonce = access::read_base64url(nonce).ok_or_else(unreadable)?;
        let nonce =
            Nonce::try_assume_unique_for_key(&nonce).map_err(|_unspecified| unreadable())?;
        let mut bytes = access::read_base64url(sealed).ok_or_else(unreadable)?;
        let aad = Aad::from(kid.as_bytes());
        let opened =
            self.seal.open_in_place(nonce, aad, &mut bytes).map_err(|_unspecified| unreadable())?;
        Ok(opened.to_vec())
    }
}
