//! The promises of this crate, each as a table or a sequence of instants.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod pace;

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use crate::{Backoff, Breaker, BreakerState, KeyedRate, RateLimit};

const fn per_second(rate: u32) -> NonZeroU32 {
    NonZeroU32::new(rate).unwrap()
}

#[test]
fn a_delay_stays_within_its_jitter_and_below_the_cap() {
    let (initial, cap) = (Duration::from_millis(50), Duration::from_secs(1));
    for _ in 0..200 {
        let mut backoff = Backoff::new(initial, cap);
        let mut nominal = initial;
        for _ in 0..12 {
            let delay = backoff.next_delay();
            assert!(delay >= nominal.div_f64(2.0), "{delay:?} under half of {nominal:?}");
            assert!(delay <= cap, "{delay:?} over the cap");
            nominal = (nominal * 2).min(cap.div_f64(1.5));
        }
    }
}

#[test]
fn long_waits_are_spread_out() {
    let mut backoff = Backoff::reconnect();
    for _ in 0..20 {
        backoff.next_delay();
    }
    let at_the_cap = (0..200).filter(|_| backoff.next_delay() == Duration::from_secs(1)).count();
    assert!(at_the_cap < 5, "{at_the_cap} of 200 processes would come back together");
}

#[test]
fn reset_begins_again_with_the_shortest_delay() {
    let mut backoff = Backoff::lane();
    for _ in 0..10 {
        backoff.next_delay();
    }
    backoff.reset();
    assert!(backoff.next_delay() <= Duration::from_millis(31));
}

#[test]
fn an_initial_delay_above_the_cap_is_cut() {
    let cap = Duration::from_millis(10);
    assert!(Backoff::new(Duration::from_secs(5), cap).next_delay() <= cap);
}

#[tokio::test]
async fn waiting_takes_the_delay_it_announced() {
    let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(15));
    let start = Instant::now();
    backoff.wait().await;
    assert!(start.elapsed() >= Duration::from_millis(5));
}

#[test]
fn a_breaker_opens_probes_and_closes() {
    let second = Duration::from_secs(1);
    let start = Instant::now();
    let mut breaker = Breaker::new(per_second(3), second);

    breaker.failure(start);
    breaker.failure(start);
    assert!(breaker.allow(start), "two of three failures");
    breaker.failure(start);
    assert!(breaker.is_open());
    assert!(!breaker.allow(start + second / 2));

    assert!(breaker.allow(start + second), "the probe");
    assert!(!breaker.allow(start + second), "and nobody else");
    breaker.failure(start + second);
    assert!(!breaker.allow(start + second + second / 2), "a failed probe opens it again");

    assert!(breaker.allow(start + second * 2));
    breaker.success();
    assert_eq!(breaker.state(), BreakerState::Closed { failures: 0 });
    assert!(breaker.allow(start + second * 2));
}

#[test]
fn a_success_in_between_starts_the_count_again() {
    let now = Instant::now();
    let mut breaker = Breaker::new(per_second(2), Duration::from_secs(1));
    for _ in 0..10 {
        breaker.failure(now);
        breaker.success();
    }
    assert!(!breaker.is_open());
}

#[test]
fn late_failures_do_not_extend_the_pause() {
    let second = Duration::from_secs(1);
    let start = Instant::now();
    let mut breaker = Breaker::new(per_second(1), second);
    breaker.failure(start);
    breaker.failure(start + second / 2);
    assert!(breaker.allow(start + second));
}

#[test]
fn a_lost_probe_is_replaced() {
    let second = Duration::from_secs(1);
    let start = Instant::now();
    let mut breaker = Breaker::new(per_second(1), second);
    breaker.failure(start);
    assert!(breaker.allow(start + second), "a probe that will never report");
    assert!(!breaker.allow(start + second + second / 2));
    assert!(breaker.allow(start + second * 2), "another one");
}

#[tokio::test]
async fn no_limit_means_no_wait() {
    let limit = RateLimit::unlimited();
    let start = Instant::now();
    limit.permit(u32::MAX).await;
    assert_eq!(limit.current(), None);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn more_than_a_burst_is_granted_in_portions_at_the_rate() {
    let limit = RateLimit::unlimited();
    limit.set(Some(per_second(2_000)));
    assert_eq!(limit.current(), Some(per_second(2_000)));
    let start = Instant::now();
    limit.permit(700).await;
    // 200 at once, 500 more at 2,000 a second.
    assert!(start.elapsed() >= Duration::from_millis(240), "{:?}", start.elapsed());
}

#[tokio::test]
async fn raising_the_limit_wakes_who_waits() {
    let limit = RateLimit::unlimited();
    limit.set(Some(per_second(1)));
    let start = Instant::now();
    let operator = async {
        tokio::task::yield_now().await;
        limit.clone().set(Some(per_second(1_000_000)));
    };
    tokio::join!(limit.permit(1_000), operator);
    assert!(start.elapsed() < Duration::from_secs(5), "1,000 permits at 1/s would take minutes");
}

#[tokio::test]
async fn lifting_the_limit_wakes_who_waits() {
    let limit = RateLimit::unlimited();
    limit.set(Some(per_second(1)));
    let operator = async {
        tokio::task::yield_now().await;
        limit.set(None);
    };
    let waiting = async { tokio::join!(limit.permit(1_000), operator) };
    tokio::time::timeout(Duration::from_secs(5), waiting).await.expect("woken");
}

#[tokio::test]
async fn repeating_a_setting_grants_no_fresh_burst() {
    let limit = RateLimit::unlimited();
    limit.set(Some(per_second(10)));
    limit.permit(1).await;
    limit.set(Some(per_second(10)));
    let start = Instant::now();
    limit.permit(1).await;
    assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_cancelled_wait_never_lets_more_through() {
    let limit = RateLimit::unlimited();
    limit.set(Some(per_second(1_000)));
    let start = Instant::now();
    let impatient = tokio::time::timeout(Duration::from_millis(10), limit.permit(10_000)).await;
    assert!(impatient.is_err());
    limit.permit(200).await;
    // The burst of 100 went to the cancelled wait, so these 200 are paid for in full.
    assert!(start.elapsed() >= Duration::from_millis(190), "{:?}", start.elapsed());
}

#[test]
fn each_key_has_a_share_of_its_own() {
    let rate = KeyedRate::new(per_second(1));
    assert_eq!(rate.take("a"), Ok(0));
    assert!(rate.take("a").is_err_and(|wait| wait <= Duration::from_secs(1)));
    assert_eq!(rate.take("b"), Ok(0));
}

#[test]
fn invented_keys_are_forgotten() {
    // a share is whole again within a millisecond
    let rate = KeyedRate::new(per_second(1_000));
    for key in 0..30_000 {
        assert!(rate.take(&key.to_string()).is_ok());
    }
    let most = rate.remembered();
    assert!(most <= 20_001, "{most} are remembered");
}
