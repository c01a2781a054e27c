//! Why a question is not answered now. A "no" is an answer and lives in `decide.rs`.

use ::store::{ErrorClass, StoreError};
use access::KeyError;
use thiserror::Error;

/// Something is not as it should be around us. No variant quotes a secret.
#[derive(Debug, Clone, Error)]
pub(crate) enum IdentityError {
    /// The database does not answer as it should.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key cannot be made, read or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The secret is short or a sample.
    #[error(
        "DRAY_IDENTITY_SECRET is no secret: set it to 32 random characters or more, for example from \
         `openssl rand -hex 32`; `dray fleet up` derives it by itself"
    )]
    WeakSecret,
    /// A private key was sealed with another secret.
    #[error(
        "the private key {0} was sealed with another DRAY_IDENTITY_SECRET: set the one of before, or \
         `dray keys rotate --at-once`, which voids all tokens"
    )]
    Sealed(String),
    /// Random numbers or a cipher failed.
    #[error("the system's random numbers or ciphers failed: see its log")]
    Cipher,
    /// The password hash failed.
    #[error("a password could not be hashed or checked: {0}")]
    Hash(String),
}

impl IdentityError {
    /// True when the same question may be answered by trying again at once.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Store(error) => error.class() == ErrorClass::Retry,
            Self::Key(_) | Self::WeakSecret | Self::Sealed(_) | Self::Cipher | Self::Hash(_) => {
                false
            }
        }
    }
}
