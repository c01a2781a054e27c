//! The level in Redis: every operation is over in time, and after a few failures none is tried.
//!
//! An entry is one string: the version as 20 digits, then the body; no body means absent.

mod link;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use bb8_redis::bb8::{Pool, PooledConnection, RunError};
use bb8_redis::redis::{self, RedisError};
use pacing::Breaker;

use self::link::{LastFailure, LinkManager};
use crate::debts::Debts;
use crate::stats::Counters;
use crate::{Key, Versioned};

/// What does not exist may be created at any moment by somebody who writes nothing through.
const ABSENT_TIME_TO_LIVE: Duration = Duration::from_secs(5);
const CONNECTIONS_MAX: u32 = 8;
/// Commands in one pipeline, so that a large batch fits the timeout piece by piece.
const PIPELINE_MAX: usize = 256;

const FAILURES_TO_OPEN: NonZeroU32 = NonZeroU32::MIN.saturating_add(2);
const OPEN_FOR: Duration = Duration::from_secs(1);

const VERSION_DIGITS: usize = 20;
const PUT_IF_NEWER: &str = include_str!("redis/put_if_newer.lua");
const DROP_OLDER: &str = include_str!("redis/drop_older.lua");

#[derive(Debug, Clone)]
pub(crate) struct Redis(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: Pool<LinkManager>,
    last_failure: LastFailure,
    timeout: Duration,
    breaker: Mutex<Breaker>,
    put_if_newer: Script,
    drop_older: Script,
    debts: Debts,
    counters: Arc<Counters>,
}

/// A script, and the digest under which Redis knows it. That never changes; Redis may forget it.
#[derive(Debug)]
struct Script {
    text: &'static str,
    digest: OnceLock<String>,
}

impl Script {
    const fn new(text: &'static str) -> Self {
        Self { text, digest: OnceLock::new() }
    }

    fn load(&self) -> redis::Cmd {
        let mut command = redis::cmd("SCRIPT");
        command.arg("LOAD").arg(self.text);
        command
    }
}

/// Why an operation brought nothing. All of them mean: go on without Redis.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("no answer in time")]
    Timeout,
    #[error(transparent)]
    Redis(#[from] RedisError),
}

impl Trouble {
    /// Redis itself said no. It lives, so the breaker has nothing to learn from this.
    fn is_reply(&self) -> bool {
        match self {
            Self::Timeout => false,
            Self::Redis(error) => link::is_reply(error),
        }
    }
}

impl Redis {
    /// `None`, and a line in the log, when the URL cannot be used.
    pub(crate) fn new(url: &str, timeout: Duration, counters: Arc<Counters>) -> Option<Self> {
        let manager = match LinkManager::new(url) {
            Ok(manager) => manager,
            // Only the category: the whole message may quote the URL with its password.
            Err(error) => {
                let reason = error.category();
                tracing::warn!(reason, "redis url cannot be used, answering without redis");
                return None;
            }
        };
        let last_failure = manager.last_failure();
        let pool = Pool::builder()
            .max_size(CONNECTIONS_MAX)
            .connection_timeout(timeout)
            // A link knows by itself whether it is broken; asking with a ping doubles the load.
            .test_on_check_out(false)
            .build_unchecked(manager);
        let breaker = Mutex::new(Breaker::new(FAILURES_TO_OPEN, OPEN_FOR));
        Some(Self(Arc::new(Shared {
            pool,
            last_failure,
            timeout,
            breaker,
            put_if_newer: Script::new(PUT_IF_NEWER),
            drop_older: Script::new(DROP_OLDER),
            debts: Debts::default(),
            counters,
        })))
    }

    /// Why the last attempt to connect failed.
    #[cfg(test)]
    pub(crate) fn connecting(&self) -> Option<String> {
        self.0.last_failure.cause()
    }

    /// What it has of these keys, in their order, in one round trip.
    pub(crate) async fn get(&self, keys: &[Key]) -> Vec<Option<Versioned>> {
        let texts = self.guarded(self.0.read(keys)).await.unwrap_or_default();
        let mut found: Vec<_> =
            texts.iter().map(|text| text.as_deref().and_then(decoded)).collect();
        found.resize(keys.len(), None);
        found
    }

    /// Stops at the first failure and gives what it could not write.
    pub(crate) async fn put_if_newer<'a>(
        &self,
        entries: &'a [(Key, Versioned)],
    ) -> &'a [(Key, Versioned)] {
        let mut rest = entries;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(PIPELINE_MAX));
            let Some(taken) = self.guarded(self.0.write(chunk)).await else {
                return rest;
            };
            let taken: u64 = taken.into_iter().map(u64::from).sum();
            let offered = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            self.0.counters.written(taken, offered.saturating_sub(taken));
            rest = after;
        }
        rest
    }

    /// Stops at the first failure and gives what it could not drop.
    pub(crate) async fn drop_older<'a>(&self, keys: &'a [(Key, u64)]) -> &'a [(Key, u64)] {
        let mut rest = keys;
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(PIPELINE_MAX));
            if self.guarded(self.0.forget(chunk)).await.is_none() {
                return rest;
            }
            rest = after;
        }
        rest
    }

    /// Remembers changes that Redis could not be told of.
    pub(crate) fn owe(&self, keys: impl IntoIterator<Item = (Key, u64)>) {
        self.0.counters.owed(self.0.debts.owe(keys));
    }

    /// Drops the old copies of some changes that Redis could not be told of. Called when it has just
    /// answered; one piece at a time, so that nobody waits long.
    pub(crate) async fn pay(&self) {
        let owed = self.0.debts.take(PIPELINE_MAX);
        if owed.is_empty() {
            return;
        }
        let unpaid = self.drop_older(&owed).await;
        let paid = owed.len().saturating_sub(unpaid.len());
        self.0.counters.paid(u64::try_from(paid).unwrap_or(u64::MAX));
        self.0.debts.owe(unpaid.iter().cloned());
    }

    /// Runs an operation under timeout and breaker. `None` is a failure, counted and reported.
    async fn guarded<T>(&self, operation: impl Future<Output = Result<T, Trouble>>) -> Option<T> {
        if !self.0.with_breaker(|breaker| breaker.allow(Instant::now())) {
            self.0.counters.skipped();
            return None;
        }
        let result = tokio::time::timeout(self.0.timeout, operation).await;
        match result.unwrap_or(Err(Trouble::Timeout)) {
            Ok(value) => {
                self.0.lives();
                Some(value)
            }
            Err(trouble) => {
                self.0.counters.error();
                if trouble.is_reply() {
                    tracing::debug!(%trouble, "redis refused an operation");
                    self.0.lives();
                } else {
                    self.0.failed(&trouble);
                }
                None
            }
        }
    }
}

impl Shared {
    async fn read(&self, keys: &[Key]) -> Result<Vec<Option<Vec<u8>>>, Trouble> {
        let mut command = redis::cmd("MGET");
        for key in keys {
            command.arg(key.to_string());
        }
        Ok(self.link().await?.query(&command).await?)
    }

    /// Tells for each entry whether it was taken.
    async fn write(&self, entries: &[(Key, Versioned)]) -> Result<Vec<u8>, Trouble> {
        let calls = entries.iter().map(|(key, entry)| {
            let time_to_live =
                if entry.body.is_some() { key.kind.time_to_live() } else { ABSENT_TIME_TO_LIVE };
            let milliseconds = u64::try_from(time_to_live.as_millis()).unwrap_or(u64::MAX);
            (key, encoded(entry), Some(milliseconds))
        });
        self.run(&self.put_if_newer, calls.collect()).await
    }

    /// Tells for each key whether an older entry was there.
    async fn forget(&self, keys: &[(Key, u64)]) -> Result<Vec<u8>, Trouble> {
        let calls = keys.iter().map(|(key, version)| (key, digits(*version), None));
        self.run(&self.drop_older, calls.collect()).await
    }

    /// One script call each in one pipeline: a key, what is said of it, a time to live.
    async fn run(
        &self,
        script: &Script,
        calls: Vec<(&Key, Vec<u8>, Option<u64>)>,
    ) -> Result<Vec<u8>, Trouble> {
        let mut link = self.link().await?;
        let digest = match script.digest.get() {
            Some(digest) => digest,
            None => {
                let digest = link.query(&script.load()).await?;
                script.digest.get_or_init(|| digest)
            }
        };
        let mut pipeline = redis::Pipeline::with_capacity(calls.len());
        for (key, text, time_to_live) in calls {
            let call = pipeline.cmd("EVALSHA").arg(digest).arg(1).arg(key.to_string()).arg(text);
            if let Some(milliseconds) = time_to_live {
                call.arg(milliseconds);
            }
        }
        match link.query_pipeline(&pipeline).await {
            // Redis was restarted since. What the pipeline did before is harmless to repeat.
            Err(error) if link::is_unknown_script(&error) => {
                let _same_digest: String = link.query(&script.load()).await?;
                Ok(link.query_pipeline(&pipeline).await?)
            }
            result => Ok(result?),
        }
    }

    async fn link(&self) -> Result<PooledConnection<'_, LinkManager>, Trouble> {
        self.pool.get().await.map_err(|error| match error {
            RunError::User(error) => Trouble::Redis(error),
            RunError::TimedOut => Trouble::Timeout,
        })
    }

    fn lives(&self) {
        let was_open = self.with_breaker(|breaker| {
            let was_open = breaker.is_open();
            breaker.success();
            was_open
        });
        if was_open {
            tracing::info!("redis answers again");
        }
    }

    fn failed(&self, trouble: &Trouble) {
        let just_opened = self.with_breaker(|breaker| {
            let was_open = breaker.is_open();
            breaker.failure(Instant::now());
            breaker.is_open() && !was_open
        });
        if just_opened {
            let connecting = self.last_failure.cause();
            tracing::warn!(%trouble, connecting, "redis does not answer, going on without it");
        }
    }

    fn with_breaker<T>(&self, act: impl FnOnce(&mut Breaker) -> T) -> T {
        act(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn digits(version: u64) -> Vec<u8> {
    format!("{version:0VERSION_DIGITS$}").into_bytes()
}

fn encoded(entry: &Versioned) -> Vec<u8> {
    let mut text = digits(entry.version);
    text.extend_from_slice(entry.body.as_deref().unwrap_or_default());
    text
}

/// `None` for text that this crate has not written.
fn decoded(text: &[u8]) -> Option<Versioned> {
    let (digits, body) = text.split_at_checked(VERSION_DIGITS)?;
    let digits = std::str::from_utf8(digits).ok()?;
    let all_digits = digits.bytes().all(|digit| digit.is_ascii_digit());
    let version = all_digits.then(|| digits.parse().ok())??;
    Some(if body.is_empty() {
        Versioned { version, body: None }
    } else {
        Versioned::new(version, body)
    })
}
