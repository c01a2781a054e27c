//! The rate of sending.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, advance};

use crate::pace::{Pace, Rate, Turnstile};

const SECOND: u32 = 20;

fn steady(per_second: f64) -> Rate {
    Rate { per_second, stopped: false }
}

#[test]
fn the_rate_grows_while_it_holds_back_and_every_queue_is_shallow() {
    let mut pace = Pace::new(400);
    let first = pace.rate().per_second;
    for _ in 0..SECOND {
        pace.judge(0, true);
    }
    let grown = pace.rate().per_second / first;
    assert!((1.1..1.2).contains(&grown), "{grown}");
    let before = pace.rate();
    assert_eq!(pace.judge(0, false), before, "nobody was held back");
    assert_eq!(pace.judge(150, true), before, "neither shallow nor deep");
}

#[test]
fn after_the_first_deep_queue_it_grows_slower_than_it_shrinks() {
    let mut pace = Pace::new(400);
    pace.judge(250, true);
    let before = pace.rate().per_second;
    for _ in 0..SECOND {
        pace.judge(0, true);
    }
    let grown = pace.rate().per_second / before;
    assert!((1.02..1.06).contains(&grown), "{grown}");
    for _ in 0..SECOND {
        pace.judge(250, true);
    }
    assert!(pace.rate().per_second < before);
}

#[test]
fn a_full_queue_stops_everything_until_it_is_half_empty() {
    let mut pace = Pace::new(400);
    let before = pace.rate().per_second;
    let stopped = pace.judge(400, true);
    assert!(stopped.stopped && stopped.per_second < before);
    assert!(pace.judge(9_000, true).stopped);
    assert!(pace.judge(201, true).stopped);
    assert!(!pace.judge(200, true).stopped);
}

#[test]
fn it_never_stops_for_good() {
    let mut pace = Pace::new(400);
    for _ in 0..100_000 {
        pace.judge(9_000, true);
    }
    assert_eq!(pace.judge(0, false), steady(1.0));
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
