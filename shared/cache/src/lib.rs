//! Copies of answers, near the reader: a small one in the process and a larger one in Redis.
//!
//! Never the record and never a reason to fail: Redis may be empty, slow, hanging or gone at any
//! moment, and then answers are slower and as right as before. A copy carries the version of what
//! it was made from, and an older copy never replaces a newer one. This is the only crate that
//! names Redis and moka. Whether an entry may be shown to somebody is not decided here, and
//! nothing here may be used to decide anything.

mod debts;
mod process;
mod redis;
mod stats;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use telemetry::Registry;

use crate::process::Process;
use crate::redis::Redis;
pub use crate::stats::CacheStats;
use crate::stats::Counters;

/// For a whole operation on Redis, waiting for a connection included.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(50);

/// What a cached body describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// How a waybill stands and whose it is, by waybill number.
    Waybill,
    /// A waybill's place, by waybill number.
    Assignment,
    /// What the warehouse was asked for a waybill, by waybill number.
    SalesOrder,
    /// An order's state, by source and order number.
    OrderStatus,
    /// Whose an order and its parts are, by source, order number and version.
    OrderOwner,
    /// What the public may know of a waybill, by waybill number and version.
    Tracking,
    /// The code that a waybill is tracked by, by waybill number; for a number that there is none of a body
    /// that says so.
    TrackingCode,
    /// The slots of a zone and day that still have room, for showing.
    FreeSlots,
    /// What is left of a zone's quota, for showing.
    ZoneQuota,
}

impl Kind {
    /// How long Redis keeps a body of this kind.
    const fn time_to_live(self) -> Duration {
        match self {
            // nobody drops what it says of a number that there is none of: the waybill may be made soon
            Self::TrackingCode => Duration::from_secs(30),
            Self::Waybill
            | Self::Assignment
            | Self::SalesOrder
            | Self::OrderStatus
            | Self::OrderOwner
            | Self::Tracking
            | Self::FreeSlots
            | Self::ZoneQuota => Duration::from_secs(5 * 60),
        }
    }

    /// The part of the Redis key that names the kind.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waybill => "waybill",
            Self::Assignment => "assignment",
            Self::SalesOrder => "sales-order",
            Self::OrderStatus => "order-status",
            Self::OrderOwner => "order-owner",
            Self::Tracking => "tracking",
            Self::TrackingCode => "tracking-code",
            Self::FreeSlots => "free-slots",
            Self::ZoneQuota => "zone-quota",
        }
    }
}

/// The name of a cached body: `dray:{kind}:{id}` in Redis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    kind: Kind,
    id: String,
}

impl Key {
    /// The key of the `kind` with this identifier.
    #[must_use]
    pub fn new(kind: Kind, id: impl Into<String>) -> Self {
        Self { kind, id: id.into() }
    }

    /// The identifier alone.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A body for a key, with the version of the record that it was made from.
pub type Entry = (Key, u64, Vec<u8>);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dray:{}:{}", self.kind.label(), self.id)
    }
}

/// A body with the version it was made from. No body means that there is no such thing, which is
/// worth remembering too; its version is 0, so that anything real replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// Version of the record behind it, from 1; 0 for what does not exist.
    pub version: u64,
    /// JSON.
    pub body: Option<Arc<[u8]>>,
}

impl Versioned {
    /// A body made from `version` of its record.
    #[must_use]
    pub fn new(version: u64, body: impl Into<Arc<[u8]>>) -> Self {
        Self { version, body: Some(body.into()) }
    }

    /// The knowledge that there is no such record.
    #[must_use]
    pub const fn absent() -> Self {
        Self { version: 0, body: None }
    }

    /// The body as a value; `None` when there is no such record.
    ///
    /// # Errors
    /// The body is no JSON of this shape: an older program wrote it.
    pub fn json<T: DeserializeOwned>(&self) -> Result<Option<T>, serde_json::Error> {
        self.body.as_deref().map(serde_json::from_slice).transpose()
    }
}

/// Who knew an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This process, at most two seconds old.
    Process,
    /// Redis.
    Redis,
    /// The loader, hence the record itself.
    Loader,
}

/// What was found and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The entry.
    pub entry: Versioned,
    /// Who knew it.
    pub source: Source,
}

/// Both levels. Clones share them.
#[derive(Debug, Clone)]
pub struct Cache {
    process: Process,
    redis: Option<Redis>,
    counters: Arc<Counters>,
}

impl Cache {
    /// A cache over the Redis at `redis_url`, or over this process alone. Never fails and never
    /// waits: connections are made when they are first needed. A URL that cannot be used is logged.
    ///
    /// Call it inside a tokio runtime.
    #[must_use]
    pub fn connect(redis_url: Option<&str>) -> Self {
        Self::with_timeout(redis_url, OPERATION_TIMEOUT)
    }

    /// The same, with its counts in `registry`: how many requests each level answered.
    ///
    /// Call it inside a tokio runtime, once a process.
    #[must_use]
    pub fn counted(redis_url: Option<&str>, registry: &Registry) -> Self {
        let cache = Self::connect(redis_url);
        let counted = cache.clone();
        registry.counters_from(
            "dray_cache_requests",
            "Cache requests by where they were answered",
            "result",
            move || counted.stats().labelled().to_vec(),
        );
        cache
    }

    fn with_timeout(redis_url: Option<&str>, timeout: Duration) -> Self {
        let counters = Arc::new(Counters::default());
        let redis = redis_url.and_then(|url| Redis::new(url, timeout, Arc::clone(&counters)));
        Self { process: Process::new(), redis, counters }
    }

    /// The entry, if either level has it.
    pub async fn get(&self, key: &Key) -> Option<Answer> {
        if let Some(entry) = self.process.get(key).await {
            self.counters.process_hit();
            return Some(Answer { entry, source: Source::Process });
        }
        let found = self.ask_redis(std::slice::from_ref(key)).await.into_iter().next()??;
        Some(Answer { entry: self.process.keep_newer(key, found).await, source: Source::Redis })
    }

    /// Writes entries through to both levels after their commit. Each replaces an older one, and
    /// one of the same version, whose time to live begins again; never a newer one.
    ///
    /// What Redis cannot be told now it is told later: with the next write that it takes, older copies of
    /// these entries are dropped.
    pub async fn put_if_newer(&self, entries: &[Entry]) {
        let entries: Vec<(Key, Versioned)> = entries
            .iter()
            .map(|(key, version, body)| (key.clone(), Versioned::new(*version, body.as_slice())))
            .collect();
        for (key, entry) in &entries {
            self.process.keep_newer(key, entry.clone()).await;
        }
        let Some(redis) = self.redis.as_ref().filter(|_| !entries.is_empty()) else {
            return;
        };
        match redis.put_if_newer(&entries).await {
            [] => redis.pay().await,
            untold => redis.owe(untold.iter().map(|(key, entry)| (key.clone(), entry.version))),
        }
    }

    /// Drops what is older than the version that the record is known to have had: whoever wrote that
    /// version could not write it through any more (its process died).
    pub async fn drop_older(&self, keys: &[(Key, u64)]) {
        for (key, version) in keys {
            self.process.drop_older(key, *version).await;
        }
        let Some(redis) = self.redis.as_ref().filter(|_| !keys.is_empty()) else {
            return;
        };
        match redis.drop_older(keys).await {
            [] => redis.pay().await,
            untold => redis.owe(untold.iter().cloned()),
        }
    }

    /// The entry from either level, or else from `loader`, whose answer both levels keep. `None`
    /// from the loader means that there is no such record; that is remembered for a few seconds.
    ///
    /// However many ask for one key at the same time, one loader runs and all share its answer.
    ///
    /// # Errors
    /// The error of that loader. Nothing is kept then.
    pub async fn get_or_load<E, L>(&self, key: &Key, loader: L) -> Result<Answer, Arc<E>>
    where
        L: Future<Output = Result<Option<(u64, Vec<u8>)>, E>> + Send,
        E: Send + Sync + 'static,
    {
        let load = move |_missing: Vec<Key>| async move {
            let entry = |(version, body)| (key.clone(), version, body);
            loader.await.map(|found| found.map(entry).into_iter().collect())
        };
        let answers = self.get_or_load_all::<E, _, _>(std::slice::from_ref(key), load).await?;
        // one key, one answer
        let none = || Answer { entry: Versioned::absent(), source: Source::Loader };
        Ok(answers.into_iter().next().unwrap_or_else(none))
    }

    /// The same for several keys, in their order: one look into Redis for all that the process does not
    /// have, then one call of `loader` with the keys that neither has. It gives what there is of them;
    /// whatever else it found on the way is kept too.
    ///
    /// Askers of the same keys share one loader.
    ///
    /// # Errors
    /// The error of that loader. Nothing is kept then.
    pub async fn get_or_load_all<E, L, F>(
        &self,
        keys: &[Key],
        loader: F,
    ) -> Result<Vec<Answer>, Arc<E>>
    where
        F: FnOnce(Vec<Key>) -> L + Send,
        L: Future<Output = Result<Vec<Entry>, E>> + Send,
        E: Send + Sync + 'static,
    {
        let (mut near, mut far) = (Vec::with_capacity(keys.len()), Vec::new());
        for key in keys {
            let found = self.process.get(key).await;
            match &found {
                Some(_) => self.counters.process_hit(),
                None => far.push(key.clone()),
            }
            near.push(found.map(|entry| Answer { entry, source: Source::Process }));
        }
        let mut fetched = self.fetch(&far, loader).await?.into_iter();
        Ok(near.into_iter().filter_map(|near| near.or_else(|| fetched.next())).collect())
    }

    /// Hits, misses and errors since the start.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        self.counters.read()
    }

    /// What the process does not have: from Redis or the loader, and then the process has it too.
    async fn fetch<E, L, F>(&self, keys: &[Key], loader: F) -> Result<Vec<Answer>, Arc<E>>
    where
        F: FnOnce(Vec<Key>) -> L + Send,
        L: Future<Output = Result<Vec<Entry>, E>> + Send,
        E: Send + Sync + 'static,
    {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let flight = self.process.single_flight(keys, self.redis_or(keys, loader));
        let mut answers = flight.await?;
        for (key, answer) in keys.iter().zip(&mut answers) {
            // A write-through may have overtaken the flight.
            answer.entry = self.process.keep_newer(key, answer.entry.clone()).await;
        }
        Ok(answers)
    }

    async fn redis_or<E, L, F>(&self, keys: &[Key], loader: F) -> Result<Vec<Answer>, E>
    where
        F: FnOnce(Vec<Key>) -> L + Send,
        L: Future<Output = Result<Vec<Entry>, E>> + Send,
    {
        let found = self.ask_redis(keys).await;
        let pairs = keys.iter().zip(&found);
        let missing: Vec<Key> =
            pairs.filter(|(_, found)| found.is_none()).map(|(key, _)| key.clone()).collect();
        let loaded = self.load(missing, loader).await?;
        let answers = keys.iter().zip(found).map(|(key, found)| match found {
            Some(entry) => Answer { entry, source: Source::Redis },
            None => {
                let entry = loaded.get(key).cloned().unwrap_or_else(Versioned::absent);
                Answer { entry, source: Source::Loader }
            }
        });
        Ok(answers.collect())
    }

    /// Loads the missing ones and tells Redis; those that the loader does not give are absent.
    async fn load<E, L, F>(
        &self,
        missing: Vec<Key>,
        loader: F,
    ) -> Result<HashMap<Key, Versioned>, E>
    where
        F: FnOnce(Vec<Key>) -> L + Send,
        L: Future<Output = Result<Vec<Entry>, E>> + Send,
    {
        if missing.is_empty() {
            return Ok(HashMap::new());
        }
        let wanted = u64::try_from(missing.len()).unwrap_or(u64::MAX);
        let absent = missing.iter().map(|key| (key.clone(), Versioned::absent()));
        let mut loaded: HashMap<Key, Versioned> = absent.collect();
        for (key, version, body) in loader(missing).await? {
            loaded.insert(key, Versioned::new(version, body));
        }
        self.counters.loaded(wanted);
        if let Some(redis) = &self.redis {
            let entries: Vec<_> =
                loaded.iter().map(|(key, entry)| (key.clone(), entry.clone())).collect();
            // what it could not be told is loaded again by the next who asks
            let _untold = redis.put_if_newer(&entries).await;
        }
        Ok(loaded)
    }

    async fn ask_redis(&self, keys: &[Key]) -> Vec<Option<Versioned>> {
        let found = match &self.redis {
            Some(redis) => redis.get(keys).await,
            None => vec![None; keys.len()],
        };
        for entry in &found {
            match entry {
                Some(_) => self.counters.redis_hit(),
                None => self.counters.miss(),
            }
        }
        found
    }
}
