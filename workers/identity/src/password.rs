//! Hashing and checking passwords: argon2id on a few blocking threads, so that a rush of sign-ins waits
//! instead of taking all memory and every core.

use std::sync::Arc;

use argon2::password_hash::SaltString;
use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher as _, PasswordVerifier as _, Version,
};
use contracts::Hidden;
use tokio::sync::Semaphore;

use crate::error::IdentityError;
use crate::vault::Vault;

/// 19 MiB, in KiB.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// Hashes and checks, a few at once.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    /// The hash of a password that nobody knows: what unknown names are checked against.
    nobody: String,
}

impl Passwords {
    /// As many at once as there are cores.
    pub(crate) async fn new(vault: &Vault) -> Result<Self, IdentityError> {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let mut passwords =
            Self { slots: Arc::new(Semaphore::new(at_once)), nobody: String::new() };
        passwords.nobody = passwords.hash(vault, vault.token()?).await?;
        Ok(passwords)
    }

    /// The hash to keep, in the PHC form.
    pub(crate) async fn hash(
        &self,
        vault: &Vault,
        password: Hidden,
    ) -> Result<String, IdentityError> {
        let mut salt = [0_u8; SALT_BYTES];
        vault.fill(&mut salt)?;
        self.blocking(move || {
            let salt = SaltString::encode_b64(&salt).map_err(failed)?;
            let hashed = argon2id()?.hash_password(password.expose().as_bytes(), &salt);
            Ok(hashed.map_err(failed)?.to_string())
        })
        .await
    }

    /// Whether it is the password of this hash. Without a hash the answer is no, after the same work.
    pub(crate) async fn check(
        &self,
        kept: Option<&str>,
        password: Hidden,
    ) -> Result<bool, IdentityError> {
        let is_known = kept.is_some();
        let hash = kept.unwrap_or(&self.nobody).to_owned();
        self.blocking(move || {
            let hash = PasswordHash::new(&hash).map_err(failed)?;
            match argon2id()?.verify_password(password.expose().as_bytes(), &hash) {
                Ok(()) => Ok(is_known),
                Err(argon2::password_hash::Error::Password) => Ok(false),
                Err(error) => Err(failed(error)),
            }
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|closed| IdentityError::Hash(closed.to_string()))?;
        let done = tokio::task::spawn_blocking(move || {
            // given back when the work ends, also when nobody waits for it any more
            let _slot = slot;
            work()
        });
        done.await.map_err(|ended| IdentityError::Hash(ended.to_string()))?
    }
}

fn argon2id() -> Result<Argon2<'static>, IdentityError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .map_err(|error| IdentityError::Hash(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: argon2::password_hash::Error) -> IdentityError {
    IdentityError::Hash(error.to_string())
}
