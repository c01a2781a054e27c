//! Both levels against a real Redis, and against what a network does to one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod levels;
mod outage;

use std::fmt;
use std::time::Duration;

use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{self, Client, FromRedisValue};
use uuid::Uuid;

use crate::{Cache, Key, Kind};

fn redis_url() -> String {
    let url = settings::var("REDIS_URL").expect("REDIS_URL is text");
    url.expect("REDIS_URL is not set and these tests need a real Redis: run ops/test")
}

/// The URL of the tests' Redis in parts, so that a test can change one.
struct RedisUrl {
    /// Scheme, user and password.
    login: String,
    address: String,
    database: String,
}

impl RedisUrl {
    fn given() -> Self {
        let url = redis_url();
        let start = url.rfind('@').map_or_else(|| url.find("://").unwrap() + 3, |at| at + 1);
        let (login, place) = url.split_at(start);
        let (address, database) = place.split_once('/').unwrap_or((place, "0"));
        Self { login: login.to_owned(), address: address.to_owned(), database: database.to_owned() }
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", self.login, self.address, self.database)
    }
}

/// As production does, with a timeout that a machine busy with other tests keeps.
fn patient(url: &str) -> Cache {
    Cache::with_timeout(Some(url), Duration::from_secs(5))
}

/// Another process on the same Redis.
fn process() -> Cache {
    patient(&redis_url())
}

fn fresh_key() -> Key {
    Key::new(Kind::Waybill, format!("test-{}", Uuid::new_v4()))
}

fn body(text: &str) -> Vec<u8> {
    format!("\"{text}\"").into_bytes()
}

async fn put(cache: &Cache, key: &Key, version: u64) {
    cache.put_if_newer(&[(key.clone(), version, body(&format!("v{version}")))]).await;
}

/// The version that a process which has seen nothing yet finds.
async fn version_in_redis(key: &Key) -> Option<u64> {
    process().get(key).await.map(|answer| answer.entry.version)
}

/// A connection that goes around the cache.
async fn by_hand() -> MultiplexedConnection {
    Client::open(redis_url()).unwrap().get_multiplexed_async_connection().await.unwrap()
}

async fn command<T: FromRedisValue>(words: &[&str]) -> T {
    let mut command = redis::cmd(words[0]);
    for word in &words[1..] {
        command.arg(*word);
    }
    command.query_async(&mut by_hand().await).await.unwrap()
}
