//! The rate of sending.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, advance};

use crate::pace::{Pace, Rate, Turnstile};

/// Looks of half a second.
const LOOKS: u32 = 10;

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
    let mut pace = Pace::new(400);
    assert!(factor(&mut pace, 0, true) > 1.03);
    assert!(factor(&mut pace, 100, true) > 1.03);
    assert_eq!(factor(&mut pace, 0, false), 1.0, "nobody was held back");
}

#[test]
fn after_the_first_queue_that_stood_it_grows_slower_than_it_shrinks() {
    let mut pace = Pace::new(400);
    let shrunk = factor(&mut pace, 101, true);
    let grown = factor(&mut pace, 0, true);
    assert!(shrunk < 1.0 && grown > 1.0 && shrunk * grown < 1.0, "{shrunk} {grown}");
}

#[test]
fn a_burst_is_no_queue_that_stands() {
    let mut pace = Pace::new(400);
    for depth in [399, 399, 399, 399, 399, 20, 399, 399, 399, 399] {
        assert!(!pace.look(depth, || true).stopped);
    }
    assert!(pace.rate().per_second > Pace::new(400).rate().per_second);
}

#[test]
fn a_full_queue_stops_everything_until_it_is_half_empty() {
    let mut pace = Pace::new(400);
    assert!(pace.look(400, || true).stopped);
    assert!(pace.look(9_000, || true).stopped);
    assert!(pace.look(201, || true).stopped);
    assert!(!pace.look(200, || true).stopped);
}

#[test]
fn a_queue_that_was_full_for_a_moment_shrinks_the_rate_more_than_one_that_stands() {
    let mut pace = Pace::new(400);
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
    let mut pace = Pace::new(400);
    for _ in 0..1_000 {
        factor(&mut pace, 9_000, true);
    }
    assert_eq!(pace.look(0, || false), steady(1.0));
}

#[tokio::test(start_paused = true)]
async fn one_passes_after_the_other() {
    let turnstile = Turnstile::new(steady(10.0));
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
    let turnstile = Turnstile::new(steady(100.0));
    advance(Duration::from_secs(60)).await;
    let start = Instant::now();
    for _ in 0..100 {
        turnstile.pass().await;
    }
    assert!(start.elapsed() >= Duration::from_millis(960), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_in_force_for_who_waits_already() {
    let turnstile = Arc::new(Turnstile::new(Rate { per_second: 1_000.0, stopped: true }));
    let passing = Arc::clone(&turnstile);
    let mut passing = Box::pin(async move { passing.pass().await });
    assert_eq!(futures_util::poll!(&mut passing), Poll::Pending);
    turnstile.set(steady(1_000.0));
    passing.await;
}
