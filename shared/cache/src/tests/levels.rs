//! Versions, lifetimes, single flight and what is found where, with a Redis that works.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bb8_redis::redis;
use tokio::sync::oneshot;

use super::{RedisUrl, body, command, fresh_key, patient, process, put, version_in_redis};
use crate::{Answer, Cache, Entry, Key, Kind, Source, Versioned};

type Loaded = Result<Option<(u64, Vec<u8>)>, Infallible>;

async fn at_version(version: u64) -> Loaded {
    Ok(Some((version, body(&format!("v{version}")))))
}

async fn nothing() -> Loaded {
    Ok(None)
}

#[tokio::test]
async fn an_older_entry_never_replaces_a_newer_one() {
    let (key, writer, late) = (fresh_key(), process(), process());
    put(&writer, &key, 5).await;
    put(&late, &key, 3).await;
    assert_eq!(version_in_redis(&key).await, Some(5));
    assert_eq!((late.stats().writes, late.stats().refused_older), (0, 1));
    put(&late, &key, 6).await;
    assert_eq!(version_in_redis(&key).await, Some(6));
    assert_eq!(late.stats().writes, 1);
}

#[tokio::test]
async fn versions_are_compared_exactly() {
    let (key, writer) = (fresh_key(), process());
    for (offered, held) in [
        (9, 9),
        (10, 10),
        (1 << 53, 1 << 53),
        ((1 << 53) + 1, (1 << 53) + 1),
        (1 << 53, (1 << 53) + 1),
        (u64::MAX, u64::MAX),
        (u64::MAX - 1, u64::MAX),
    ] {
        put(&writer, &key, offered).await;
        assert_eq!(version_in_redis(&key).await, Some(held), "after {offered}");
    }
}

#[tokio::test]
async fn what_is_older_than_its_record_is_dropped_and_nothing_else() {
    let (older, equal, newer) = (fresh_key(), fresh_key(), fresh_key());
    let (writer, other) = (process(), process());
    for (key, version) in [(&older, 4), (&equal, 5), (&newer, 6)] {
        put(&writer, key, version).await;
    }
    let absent = fresh_key();
    let keys = [&older, &equal, &newer, &absent].map(|key| (key.clone(), 5));
    other.drop_older(&keys).await;
    assert_eq!(version_in_redis(&older).await, None);
    assert_eq!(version_in_redis(&equal).await, Some(5));
    assert_eq!(version_in_redis(&newer).await, Some(6));
    assert_eq!(version_in_redis(&absent).await, None);

    assert!(writer.get(&older).await.is_some(), "its own copy lasts two seconds at most");
    writer.drop_older(&keys).await;
    assert_eq!(writer.get(&older).await, None);
}

#[tokio::test]
async fn the_process_keeps_the_newer_one_too() {
    let (key, alone) = (fresh_key(), Cache::connect(None));
    put(&alone, &key, 5).await;
    put(&alone, &key, 3).await;
    let expected = Answer { entry: Versioned::new(5, body("v5")), source: Source::Process };
    assert_eq!(alone.get(&key).await, Some(expected));
}

#[tokio::test]
async fn the_same_version_lives_longer() {
    let (key, writer) = (fresh_key(), process());
    put(&writer, &key, 5).await;
    let name = key.to_string();
    let _set: i64 = command(&["PEXPIRE", &name, "30000"]).await;
    put(&writer, &key, 5).await;
    let left_ms: i64 = command(&["PTTL", &name]).await;
    assert!((250_000..=300_000).contains(&left_ms), "{left_ms}");
}

/// What tracking knows of a number lives as long for one that there is none of: a body says so, of version 0.
#[tokio::test]
async fn a_tracking_code_lives_for_seconds_whether_there_is_one_or_not() {
    let writer = process();
    for version in [0, 1] {
        let key = Key::new(Kind::TrackingCode, format!("test-{}", uuid::Uuid::new_v4()));
        put(&writer, &key, version).await;
        let left_ms: i64 = command(&["PTTL", &key.to_string()]).await;
        assert!((10_000..=30_000).contains(&left_ms), "{left_ms}");
        assert_eq!(version_in_redis(&key).await, Some(version));
        put(&writer, &key, 1).await;
        put(&process(), &key, 0).await;
        assert_eq!(version_in_redis(&key).await, Some(1), "what is there wins");
    }
}

#[tokio::test]
async fn a_batch_goes_through_in_pieces() {
    let writer = process();
    let batch: Vec<_> = (1..=600).map(|n| (fresh_key(), n, body("x"))).collect();
    writer.put_if_newer(&batch).await;
    assert_eq!((writer.stats().writes, writer.stats().errors), (600, 0));
    for position in [0, 255, 256, 599] {
        let (key, version, _) = &batch[position];
        assert_eq!(version_in_redis(key).await, Some(*version));
    }
    writer.put_if_newer(&[]).await;
}

#[tokio::test]
async fn each_level_answers_before_the_next() {
    let (key, reader) = (fresh_key(), process());
    assert_eq!(reader.get(&key).await, None);
    let first = reader.get_or_load(&key, at_version(7)).await.unwrap();
    assert_eq!(first.source, Source::Loader);
    assert_eq!(first.entry.json::<String>().unwrap().as_deref(), Some("v7"));

    let again = reader.get_or_load(&key, async { panic!("not needed") as Loaded }).await.unwrap();
    assert_eq!((again.source, again.entry), (Source::Process, first.entry.clone()));

    let elsewhere = process();
    let found = elsewhere.get_or_load(&key, async { panic!("not needed") as Loaded }).await;
    let found = found.unwrap();
    assert_eq!((found.source, found.entry), (Source::Redis, first.entry));

    let stats = reader.stats();
    assert_eq!((stats.misses, stats.loads, stats.process_hits), (2, 1, 1));
    assert_eq!((elsewhere.stats().redis_hits, elsewhere.stats().misses), (1, 0));
}

#[tokio::test]
async fn what_does_not_exist_is_remembered_briefly_and_replaced_at_once() {
    let (key, reader) = (fresh_key(), process());
    let absent = reader.get_or_load(&key, nothing()).await.unwrap();
    assert_eq!(absent.entry, Versioned::absent());
    assert_eq!(absent.entry.json::<String>().unwrap(), None);
    assert_eq!(reader.get(&key).await.map(|answer| answer.source), Some(Source::Process));
    let elsewhere = process().get(&key).await.unwrap();
    assert_eq!((elsewhere.entry, elsewhere.source), (Versioned::absent(), Source::Redis));
    let left_ms: i64 = command(&["PTTL", &key.to_string()]).await;
    assert!((1..=5_000).contains(&left_ms), "{left_ms}");

    put(&reader, &key, 1).await;
    assert_eq!(reader.get(&key).await.unwrap().entry.version, 1);
    assert_eq!(version_in_redis(&key).await, Some(1));

    // Somebody who looked before it was created must not take it away again.
    let late = Cache::connect(None);
    put(&late, &key, 1).await;
    let kept = late.process.keep_newer(&key, Versioned::absent()).await;
    assert_eq!(kept.version, 1);
}

#[tokio::test]
async fn one_loader_runs_for_all_who_ask() {
    let (key, reader) = (fresh_key(), process());
    let loads = Arc::new(AtomicUsize::new(0));
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (key, reader, loads) = (key.clone(), reader.clone(), Arc::clone(&loads));
        askers.spawn(async move {
            let load = async {
                loads.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                at_version(1).await
            };
            reader.get_or_load(&key, load).await.unwrap().entry.version
        });
    }
    assert_eq!(askers.join_all().await, [1; 50]);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

/// What a loader finds of the keys that it is asked for: those of even position.
async fn even(keys: [Key; 4], missing: Vec<Key>) -> Result<Vec<Entry>, Infallible> {
    let found = keys.iter().step_by(2).filter(|key| missing.contains(key));
    Ok(found.map(|key| (key.clone(), 7, body("v7"))).collect())
}

#[tokio::test]
async fn several_keys_are_answered_in_their_order_from_wherever_they_are_known() {
    let keys = [fresh_key(), fresh_key(), fresh_key(), fresh_key()];
    let (reader, writer) = (process(), process());
    put(&reader, &keys[0], 3).await;
    put(&writer, &keys[1], 4).await;
    let load = |missing: Vec<Key>| {
        assert_eq!(missing.as_slice(), &keys[2..], "the others are known");
        even(keys.clone(), missing)
    };
    let answers = reader.get_or_load_all(&keys, load).await.unwrap();
    let seen: Vec<_> = answers.iter().map(|answer| (answer.entry.version, answer.source)).collect();
    let expected =
        [(3, Source::Process), (4, Source::Redis), (7, Source::Loader), (0, Source::Loader)];
    assert_eq!(seen, expected);
    assert_eq!(answers[3].entry, Versioned::absent());

    // what was loaded, and that there is nothing, is known to both levels
    for cache in [reader, process()] {
        let load = |_: Vec<Key>| async { panic!("known") as Result<Vec<Entry>, Infallible> };
        let again = cache.get_or_load_all(&keys, load).await.unwrap();
        let versions = again.iter().map(|answer| answer.entry.version);
        assert_eq!(versions.collect::<Vec<_>>(), [3, 4, 7, 0]);
    }
    assert_eq!(version_in_redis(&keys[2]).await, Some(7));
}

#[tokio::test]
async fn what_a_loader_finds_on_the_way_is_kept() {
    let (wanted, besides, reader) = (fresh_key(), fresh_key(), process());
    let load = |_missing: Vec<Key>| async {
        let entries = [&wanted, &besides].map(|key| (key.clone(), 2, body("v2")));
        Ok::<_, Infallible>(entries.to_vec())
    };
    let answers = reader.get_or_load_all(std::slice::from_ref(&wanted), load).await.unwrap();
    assert_eq!(answers.len(), 1);
    assert_eq!(version_in_redis(&besides).await, Some(2));
}

#[tokio::test]
async fn askers_of_the_same_keys_share_one_loader() {
    let (keys, reader) = ([fresh_key(), fresh_key(), fresh_key(), fresh_key()], process());
    let loads = Arc::new(AtomicUsize::new(0));
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (keys, reader, loads) = (keys.clone(), reader.clone(), Arc::clone(&loads));
        askers.spawn(async move {
            let of_all = keys.clone();
            let load = |missing: Vec<Key>| async move {
                loads.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                even(of_all, missing).await
            };
            reader.get_or_load_all(&keys, load).await.unwrap().len()
        });
    }
    assert_eq!(askers.join_all().await, [4; 50]);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_error_is_passed_on_and_not_kept() {
    let (key, reader) = (fresh_key(), process());
    let failed = reader.get_or_load(&key, async { Err("the database is away") }).await;
    assert_eq!(*failed.unwrap_err(), "the database is away");
    assert_eq!(reader.get(&key).await, None);
    let loaded = reader.get_or_load(&key, at_version(2)).await.unwrap();
    assert_eq!((loaded.entry.version, loaded.source), (2, Source::Loader));
}

#[tokio::test]
async fn an_abandoned_load_is_taken_over() {
    let (key, reader) = (fresh_key(), Cache::connect(None));
    let (started, has_started) = oneshot::channel();
    let abandoned = reader.get_or_load(&key, async {
        started.send(()).unwrap();
        std::future::pending::<Loaded>().await
    });
    tokio::select! {
        _never = abandoned => unreachable!("its load never ends"),
        _started = has_started => {}
    }
    let loaded = reader.get_or_load(&key, at_version(4)).await.unwrap();
    assert_eq!(loaded.entry.version, 4);
}

#[tokio::test]
async fn a_write_through_overtakes_a_slow_load() {
    let (key, reader) = (fresh_key(), process());
    let (finish, finished) = oneshot::channel();
    let slow = reader.get_or_load(&key, async {
        finished.await.unwrap();
        at_version(5).await
    });
    let overtaking = async {
        put(&reader, &key, 6).await;
        finish.send(()).unwrap();
    };
    let (answer, ()) = tokio::join!(slow, overtaking);
    assert_eq!(answer.unwrap().entry.version, 6);
    assert_eq!(reader.get(&key).await.unwrap().entry.version, 6);
    assert_eq!(version_in_redis(&key).await, Some(6));
}

#[tokio::test]
async fn a_key_of_another_type_is_a_miss_and_is_replaced() {
    let (key, reader) = (fresh_key(), process());
    let name = key.to_string();
    let _length: i64 = command(&["RPUSH", &name, "not", "ours"]).await;
    for _ in 0..10 {
        assert_eq!(reader.get(&key).await, None);
    }
    let stats = reader.stats();
    assert_eq!((stats.errors, stats.skipped), (0, 0), "it is no outage");
    put(&reader, &key, 1).await;
    assert_eq!(version_in_redis(&key).await, Some(1));
}

#[tokio::test]
async fn text_that_is_not_ours_is_a_miss_and_is_replaced() {
    for foreign in [
        "",
        "short",
        "zzzzzzzzzzzzzzzzzzzz and more",
        "99999999999999999999{}",
        "+0000000000000000001",
    ] {
        let (key, reader) = (fresh_key(), process());
        let _ok: String = command(&["SET", &key.to_string(), foreign]).await;
        assert_eq!(reader.get(&key).await, None, "{foreign}");
        put(&reader, &key, 1).await;
        assert_eq!(version_in_redis(&key).await, Some(1), "{foreign}");
    }
}

#[tokio::test]
async fn losing_everything_costs_one_load() {
    // A database of its own, because other tests look at theirs.
    let url = RedisUrl { database: "15".to_owned(), ..RedisUrl::given() }.to_string();
    let (key, before) = (fresh_key(), patient(&url));
    put(&before, &key, 3).await;

    let client = redis::Client::open(url.as_str()).unwrap();
    let mut by_hand = client.get_multiplexed_async_connection().await.unwrap();
    for words in [["FLUSHDB", "SYNC"], ["SCRIPT", "FLUSH"]] {
        let _ok: String =
            redis::cmd(words[0]).arg(words[1]).query_async(&mut by_hand).await.unwrap();
    }

    let after = patient(&url);
    let loaded = after.get_or_load(&key, at_version(3)).await.unwrap();
    assert_eq!((loaded.source, loaded.entry.version), (Source::Loader, 3));
    assert_eq!(patient(&url).get(&key).await.unwrap().source, Source::Redis);

    // The writer still holds the script's digest, which Redis has forgotten.
    put(&before, &key, 4).await;
    assert_eq!(before.stats().errors, 0);
    assert_eq!(patient(&url).get(&key).await.unwrap().entry.version, 4);
}

#[test]
fn keys_name_kind_and_identifier() {
    let names = [Kind::Waybill, Kind::OrderStatus, Kind::FreeSlots, Kind::ZoneQuota]
        .map(|kind| Key::new(kind, "A-1").to_string());
    let expected =
        ["dray:waybill:A-1", "dray:order-status:A-1", "dray:free-slots:A-1", "dray:zone-quota:A-1"];
    assert_eq!(names, expected);
}

#[test]
fn a_body_of_another_shape_is_an_error_and_no_panic() {
    assert!(Versioned::new(1, body("text")).json::<u32>().is_err());
    assert!(Versioned::new(1, *b"{").json::<u32>().is_err());
}
