//! The rate of sending.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, advance};

use crate::{Course, Pace, Rate, Turnstile};

/// Looks of half a second.
const LOOKS: u32 = 10;

const COURSE: Course = Course { depth_max: 400, first: 50.0, least: 1.0, growth: 1.02 };
/// As long as the senders of files may make up for.
const CATCH_UP: Duration = Duration::from_millis(20);

fn steady(per_second: f64) -> Rate {
    Rate { per_second, stopped: false }
}

/// What half a second at this depth does to the rate.
fn factor(pace: &mut Pace, depth: u32, is_used: bool) -> f64 {
    let before = pace.rate().per_second;
    for _ in 0..LOOKS {
        pace.look(depth, || is_used);
    }
    pace.rate().per_second / before
}

#[test]
fn the_rate_grows_while_it_holds_back_and_no_queue_stands() {
    let mut pace = Pace::new(COURSE);
    assert!(factor(&mut pace, 0, true) > 1.03);
    assert!(factor(&mut pace, 100, true) > 1.03);
    assert_eq!(factor(&mut pace, 0, false), 1.0, "nobody was held back");
}

#[test]
fn after_the_first_queue_that_stood_it_grows_slower_than_it_shrinks() {
    let mut pace = Pace::new(COURSE);
    let shrunk = factor(&mut pace, 101, true);
    let grown = factor(&mut pace, 0, true);
    assert!(shrunk < 1.0 && grown > 1.0 && shrunk * grown < 1.0, "{shrunk} {grown}");
}

#[test]
fn a_burst_is_no_queue_that_stands() {
    let mut pace = Pace::new(COURSE);
    for depth in [399, 399, 399, 399, 399, 20, 399, 399, 399, 399] {
        assert!(!pace.look(depth, || true).stopped);
    }
    assert!(pace.rate().per_second > Pace::new(COURSE).rate().per_second);
}

#[test]
fn a_full_queue_stops_everything_until_it_is_half_empty() {
    let mut pace = Pace::new(COURSE);
    assert!(pace.look(400, || true).stopped);
    assert!(pace.look(9_000, || true).stopped);
    assert!(pace.look(201, || true).stopped);
    assert!(!pace.look(200, || true).stopped);
}

#[test]
fn a_queue_that_was_full_for_a_moment_shrinks_the_rate_more_than_one_that_stands() {
    let mut pace = Pace::new(COURSE);
    let standing = factor(&mut pace, 101, true);
    pace.look(400, || true);
    let before = pace.rate().per_second;
    for _ in 1..LOOKS {
        pace.look(0, || true);
    }
    assert!(pace.rate().per_second / before < standing);
}

#[test]
fn it_never_stops_for_good() {
    let mut pace = Pace::new(COURSE);
    for _ in 0..1_000 {
        factor(&mut pace, 9_000, true);
    }
    assert_eq!(pace.look(0, || false), steady(1.0));
}

#[test]
fn a_rate_that_holds_nobody_back_finds_its_way_back_to_the_first_one_and_no_further() {
    let mut pace = Pace::new(COURSE);
    for _ in 0..20 {
        factor(&mut pace, 9_000, true);
    }
    // what was full stops everything at first
    for _ in 0..30 {
        factor(&mut pace, 0, false);
    }
    assert_eq!(pace.rate(), steady(50.0));
}

#[tokio::test(start_paused = true)]
async fn one_passes_after_the_other() {
    let turnstile = Turnstile::new(steady(10.0), CATCH_UP);
    let start = Instant::now();
    for _ in 0..11 {
        turnstile.pass().await;
    }
    assert_eq!(start.elapsed().as_millis(), 1_000);
    assert!(turnstile.take_held_back());
    assert!(!turnstile.take_held_back());
}

#[tokio::test(start_paused = true)]
async fn what_nobody_used_is_not_made_up_for() {
    let turnstile = Turnstile::new(steady(100.0), CATCH_UP);
    advance(Duration::from_secs(60)).await;
    let start = Instant::now();
    for _ in 0..100 {
        turnstile.pass().await;
    }
    assert!(start.elapsed() >= Duration::from_millis(960), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_in_force_for_who_waits_already() {
    let stopped = Rate { per_second: 1_000.0, stopped: true };
    let turnstile = Arc::new(Turnstile::new(stopped, CATCH_UP));
    let passing = Arc::clone(&turnstile);
    let mut passing = Box::pin(async move { passing.pass().await });
    assert_eq!(futures_util::poll!(&mut passing), Poll::Pending);
    turnstile.set(steady(1_000.0));
    passing.await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_wait_passes_at_once_or_is_told_how_long_it_takes() {
    let turnstile = Turnstile::new(steady(10.0), Duration::from_secs(1));
    advance(Duration::from_secs(60)).await;
    for sender in 0..11 {
        assert_eq!(turnstile.try_pass(), Ok(()), "{sender}: a second of what nobody used is kept");
    }
    assert_eq!(turnstile.try_pass(), Err(Duration::from_millis(100)));
    assert!(turnstile.take_held_back());
    advance(Duration::from_millis(100)).await;
    assert_eq!(turnstile.try_pass(), Ok(()));
    turnstile.set(Rate { per_second: 10.0, stopped: true });
    advance(Duration::from_secs(1)).await;
    assert_eq!(turnstile.try_pass(), Err(Duration::from_secs(1)), "everything is stopped");
}

#[tokio::test(start_paused = true)]
async fn one_that_brings_many_with_it_is_counted_as_many() {
    let turnstile = Turnstile::new(steady(10.0), Duration::ZERO);
    assert_eq!(turnstile.try_pass(), Ok(()));
    turnstile.count(19);
    assert_eq!(turnstile.try_pass(), Err(Duration::from_secs(2)));
    advance(Duration::from_secs(2)).await;
    assert_eq!(turnstile.try_pass(), Ok(()));
}
