//! A Redis that is absent, silent or cut off costs little time and no answer.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{RedisUrl, fresh_key, process, put, version_in_redis};
use crate::debts::Debts;
use crate::{Cache, Key, Kind, Source};

const REQUESTS: u64 = 200;

/// Asks for many keys one after the other; every answer comes from the loader.
async fn ask_many(cache: &Cache) -> Duration {
    let start = Instant::now();
    for version in 1..=REQUESTS {
        let load = async { Ok::<_, Infallible>(Some((version, b"{}".to_vec()))) };
        let answer = cache.get_or_load(&fresh_key(), load).await.unwrap();
        assert_eq!((answer.source, answer.entry.version), (Source::Loader, version));
    }
    start.elapsed()
}

/// Three failures of 50 ms each open the breaker; afterwards one probe a second is tried.
fn assert_cheap(cache: &Cache, elapsed: Duration) {
    let stats = cache.stats();
    assert!(elapsed < Duration::from_secs(2), "{elapsed:?} for {REQUESTS} requests, {stats:?}");
    assert!(stats.errors >= 3 && stats.skipped > 2 * REQUESTS - 20, "{stats:?}");
    assert_eq!((stats.loads, stats.misses), (REQUESTS, REQUESTS));
}

#[tokio::test]
async fn a_dead_redis_costs_nothing_after_the_first_failures() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let cache = Cache::connect(Some(&format!("redis://{closed}/0")));
    let elapsed = ask_many(&cache).await;
    assert_cheap(&cache, elapsed);
}

#[tokio::test]
async fn a_silent_redis_costs_nothing_after_the_first_failures() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let cache = Cache::connect(Some(&format!("redis://{}/0", silent.local_addr().unwrap())));
    let elapsed = ask_many(&cache).await;
    assert_cheap(&cache, elapsed);
}

/// Whoever set `rediss://` has to read why there is no connection, not that there is none.
#[tokio::test]
async fn a_redis_that_speaks_no_tls_is_told_apart() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut plain = JoinSet::new();
    plain.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::io::AsyncWriteExt::write_all(&mut stream, b"-ERR plain text\r\n").await.ok();
        }
    });
    let cache = Cache::connect(Some(&format!("rediss://{address}/0")));
    let elapsed = ask_many(&cache).await;
    assert_cheap(&cache, elapsed);
    let cause = cache.redis.as_ref().unwrap().connecting().expect("it never connected");
    assert!(cause.contains("InvalidContentType") || cause.contains("corrupt message"), "{cause}");
}

#[tokio::test]
async fn starting_does_not_wait_for_redis() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let start = Instant::now();
    let cache = Cache::connect(Some(&format!("redis://{}/0", silent.local_addr().unwrap())));
    assert!(start.elapsed() < Duration::from_millis(500));
    let key = fresh_key();
    put(&cache, &key, 1).await;
    let answer = cache.get(&key).await.unwrap();
    assert_eq!((answer.source, answer.entry.version), (Source::Process, 1));
}

#[tokio::test]
async fn a_url_that_cannot_be_used_leaves_the_process_level() {
    for url in ["", "nonsense", "http://h/", "redis://h:99999", "rediss://h:1/0"] {
        let cache = Cache::connect(Some(url));
        let key = fresh_key();
        put(&cache, &key, 2).await;
        assert_eq!(cache.get(&key).await.unwrap().entry.version, 2, "{url}");
    }
}

/// Forwards to the real Redis until it is dropped, and then cuts every connection.
async fn forward(listener: &TcpListener) {
    let server = RedisUrl::given().address;
    let mut connections = JoinSet::new();
    loop {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut far = TcpStream::connect(&server).await.unwrap();
        connections.spawn(async move {
            let _ended = tokio::io::copy_bidirectional(&mut near, &mut far).await;
        });
    }
}

/// Puts and asks again until Redis itself answers or refuses to.
async fn until(cache: &Cache, reached: impl Fn(&Cache) -> bool) {
    let give_up = Instant::now() + Duration::from_secs(20);
    let mut pace = tokio::time::interval(Duration::from_millis(20));
    while !reached(cache) {
        assert!(Instant::now() < give_up, "{:?}", cache.stats());
        pace.tick().await;
        put(cache, &fresh_key(), 1).await;
    }
}

#[tokio::test]
async fn a_redis_that_was_cut_off_is_used_again() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let url = RedisUrl { address, ..RedisUrl::given() }.to_string();
    let cache = Cache::connect(Some(&url));

    tokio::select! {
        () = forward(&listener) => unreachable!("forwards for ever"),
        () = until(&cache, |cache| cache.stats().writes > 0) => {}
    }
    // Every connection is cut now, and new ones are taken by nobody.
    until(&cache, |cache| cache.stats().skipped > 0).await;
    let before = cache.stats().writes;
    tokio::select! {
        () = forward(&listener) => unreachable!("forwards for ever"),
        () = until(&cache, |cache| cache.stats().writes > before) => {}
    }
}

/// A status that changed while Redis was away: the copy that it still holds is an old one.
#[tokio::test]
async fn what_redis_could_not_be_told_is_dropped_when_it_is_back() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let url = RedisUrl { address, ..RedisUrl::given() }.to_string();
    let (writer, key) = (Cache::connect(Some(&url)), fresh_key());
    put(&process(), &key, 1).await;

    // connections are taken by nobody
    put(&writer, &key, 2).await;
    assert_eq!((writer.stats().owed, writer.stats().paid), (1, 0));
    assert_eq!(version_in_redis(&key).await, Some(1), "Redis has not heard of it");
    tokio::select! {
        () = forward(&listener) => unreachable!("forwards for ever"),
        () = until(&writer, |writer| writer.stats().paid > 0) => {}
    }
    assert_eq!(version_in_redis(&key).await, None, "the next who asks is told by the record");
}

#[test]
fn debts_are_bounded_and_name_the_newest_version() {
    let debts = Debts::default();
    let key = fresh_key();
    assert_eq!(debts.owe([(key.clone(), 3), (key.clone(), 5), (key.clone(), 4)]), 3);
    assert_eq!(debts.take(10), [(key.clone(), 5)]);
    assert!(debts.take(10).is_empty());
    let many = |count: usize| (0..count).map(|n| (Key::new(Kind::Waybill, n.to_string()), 1));
    assert_eq!(debts.owe(many(20_001)), 20_000);
    assert_eq!(debts.owe(many(1)), 1, "one that is remembered already");
    assert_eq!(debts.take(30_000).len(), 20_000);
}
