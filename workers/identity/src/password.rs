//! Hashing and checking passwords: argon2id on a few blocking threads, so that a rush of sign-ins waits
//! instead of taking all memory and every core. The memory of a hash is used again by the next: an allocator
//! that is given so much by one thread and another keeps it for each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::password_hash::{Output, ParamsString, SaltString};
use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use contracts::Hidden;
use tokio::sync::Semaphore;

use crate::error::IdentityError;
use crate::vault::Vault;

/// 19 MiB, in KiB.
const MEMORY_KIB: u32 = 19 * 1_024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;
/// Hashes at once at most: each has memory of its own, which is kept.
const AT_ONCE: usize = 2;

/// Hashes and checks, a few at once.
#[derive(Debug)]
pub(crate) struct Passwords {
    slots: Arc<Semaphore>,
    memory: Arc<Memory>,
    /// The hash of a password that nobody knows: what unknown names are checked against.
    nobody: String,
}

impl Passwords {
    /// As many at once as there are cores, two at most.
    pub(crate) async fn new(vault: &Vault) -> Result<Self, IdentityError> {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from).min(AT_ONCE);
        let slots = Arc::new(Semaphore::new(at_once));
        let mut passwords = Self { slots, memory: Arc::default(), nobody: String::new() };
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
        self.blocking(move |blocks| {
            let salt = SaltString::encode_b64(&salt).map_err(failed)?;
            hashed(password.expose(), &salt, blocks).map_err(failed)
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
        self.blocking(move |blocks| {
            let fits = fits(password.expose(), &hash, blocks).map_err(failed)?;
            Ok(fits && is_known)
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T, IdentityError> + Send + 'static,
    ) -> Result<T, IdentityError> {
        let slot = Arc::clone(&self.slots).acquire_owned().await;
        let slot = slot.map_err(|closed| IdentityError::Hash(closed.to_string()))?;
        let memory = Arc::clone(&self.memory);
        let done = tokio::task::spawn_blocking(move || {
            // given back when the work ends, also when nobody waits for it any more
            let _slot = slot;
            let mut blocks = memory.take();
            let done = work(&mut blocks);
            memory.put(blocks);
            done
        });
        done.await.map_err(|ended| IdentityError::Hash(ended.to_string()))?
    }
}

/// Memory of hashes that nobody uses at this moment; as much as ever was used at once.
#[derive(Debug, Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn take(&self) -> Vec<Block> {
        self.free().pop().unwrap_or_default()
    }

    fn put(&self, blocks: Vec<Block>) {
        self.free().push(blocks);
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type HashError = argon2::password_hash::Error;

/// A new hash in the PHC form.
fn hashed(password: &str, salt: &SaltString, blocks: &mut Vec<Block>) -> Result<String, HashError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)?;
    let kept = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params)?,
        salt: Some(salt.as_salt()),
        hash: None,
    };
    let hash = output_of(password, &kept, blocks)?;
    Ok(PasswordHash { hash: Some(hash), ..kept }.to_string())
}

/// Whether this hash in the PHC form is that of the password. The comparison takes the same time whatever
/// it finds.
fn fits(password: &str, kept: &str, blocks: &mut Vec<Block>) -> Result<bool, HashError> {
    let kept = PasswordHash::new(kept)?;
    let hash = output_of(password, &kept, blocks)?;
    Ok(kept.hash == Some(hash))
}

/// What comes of the password with the method, parameters and salt of `kept`.
fn output_of(
    password: &str,
    kept: &PasswordHash<'_>,
    blocks: &mut Vec<Block>,
) -> Result<Output, HashError> {
    let algorithm = Algorithm::try_from(kept.algorithm)?;
    let version = kept.version.map_or(Ok(Version::V0x13), Version::try_from)?;
    let params = Params::try_from(kept)?;
    let mut buffer = [0_u8; 64];
    let salt = kept.salt.ok_or(HashError::PhcStringField)?.decode_b64(&mut buffer)?;
    blocks.resize(params.block_count(), Block::default());
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let argon2 = Argon2::new(algorithm, version, params);
    Output::init_with(length, |out| {
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, blocks)?;
        Ok(())
    })
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: HashError) -> IdentityError {
    IdentityError::Hash(error.to_string())
}
