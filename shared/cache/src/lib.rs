//! Copies of answers, near the reader: a small one in the process and a larger one in Redis.
//!
//! Never the record and never a reason to fail: Redis may be empty, slow, hanging or gone at any
//! moment, and then answers are slower and as right as before. A copy carries the version of what
//! it was made from, and an older copy never replaces a newer one. This is the only crate that
//! names Redis and moka. Whether an entry may be shown to somebody is not decided here, and
//! nothing here may be used to decide anything.

mod process;
mod redis;
mod stats;

#[cfg(test)]
mod tests;

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
    /// A waybill's state, by waybill number.
    WaybillStatus,
    /// A waybill's place, by waybill number.
    Assignment,
    /// What the warehouse was asked for a waybill, by waybill number.
    SalesOrder,
    /// An order's state, by source and order number.
    OrderStatus,
    /// Whose a waybill is, by waybill number.
    WaybillOwner,
    /// Whose an order and its parts are, by source and order number.
    OrderOwner,
    /// The slots of a zone and day that still have room, for showing.
    FreeSlots,
    /// What is left of a zone's quota, for showing.
    ZoneQuota,
}

impl Kind {
    /// The part of the Redis key that names the kind.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::WaybillStatus => "waybill-status",
            Self::Assignment => "assignment",
            Self::SalesOrder => "sales-order",
            Self::OrderStatus => "order-status",
            Self::WaybillOwner => "waybill-owner",
            Self::OrderOwner => "order-owner",
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
}

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
        let found = self.ask_redis(key).await?;
        Some(Answer { entry: self.process.keep_newer(key, found).await, source: Source::Redis })
    }

    /// Writes entries through to both levels after their commit. Each replaces an older one, and
    /// one of the same version, whose time to live begins again; never a newer one.
    pub async fn put_if_newer(&self, entries: &[(Key, u64, Vec<u8>)]) {
        let entries: Vec<(Key, Versioned)> = entries
            .iter()
            .map(|(key, version, body)| (key.clone(), Versioned::new(*version, body.as_slice())))
            .collect();
        for (key, entry) in &entries {
            self.process.keep_newer(key, entry.clone()).await;
        }
        self.tell_redis(&entries).await;
    }

    /// Drops what is older than the version that the record is known to have had: whoever wrote that
    /// version could not write it through any more (its process died).
    pub async fn drop_older(&self, keys: &[(Key, u64)]) {
        for (key, version) in keys {
            self.process.drop_older(key, *version).await;
        }
        if let (Some(redis), false) = (&self.redis, keys.is_empty()) {
            redis.drop_older(keys).await;
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
        if let Some(entry) = self.process.get(key).await {
            self.counters.process_hit();
            return Ok(Answer { entry, source: Source::Process });
        }
        let flight = self.process.single_flight(key, self.redis_or(key, loader));
        let Answer { entry, source } = flight.await?;
        // A write-through may have overtaken the flight.
        Ok(Answer { entry: self.process.keep_newer(key, entry).await, source })
    }

    /// Hits, misses and errors since the start.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        self.counters.read()
    }

    async fn redis_or<E, L>(&self, key: &Key, loader: L) -> Result<Answer, E>
    where
        L: Future<Output = Result<Option<(u64, Vec<u8>)>, E>> + Send,
    {
        if let Some(entry) = self.ask_redis(key).await {
            return Ok(Answer { entry, source: Source::Redis });
        }
        let entry = match loader.await? {
            Some((version, body)) => Versioned::new(version, body),
            None => Versioned::absent(),
        };
        self.counters.load();
        self.tell_redis(&[(key.clone(), entry.clone())]).await;
        Ok(Answer { entry, source: Source::Loader })
    }

    async fn ask_redis(&self, key: &Key) -> Option<Versioned> {
        let found = match &self.redis {
            Some(redis) => redis.get(key).await,
            None => None,
        };
        match &found {
            Some(_) => self.counters.redis_hit(),
            None => self.counters.miss(),
        }
        found
    }

    async fn tell_redis(&self, entries: &[(Key, Versioned)]) {
        if let Some(redis) = &self.redis {
            redis.put_if_newer(entries).await;
        }
    }
}
