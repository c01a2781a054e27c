//! Who waits for a question about keys, and how many. What a token is worth is tried over HTTP, in
//! `crate::tests`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::pin::pin;

use futures_util::FutureExt as _;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::asked::{Asked, Full, WAITING_MAX};

/// A second question would be one too many.
async fn never() {
    panic!("it was asked twice");
}

#[tokio::test]
async fn one_asks_some_wait_for_its_answer_and_the_rest_is_told_at_once() {
    let asked = Asked::default();
    let now = Instant::now();
    let (answer, answered) = oneshot::channel::<()>();
    let mut first = pin!(asked.again(now, async move { answered.await.unwrap() }));
    assert_eq!(first.as_mut().now_or_never(), None);
    let waiting = (1..WAITING_MAX).map(|_| Box::pin(asked.again(now, never())));
    let mut waiting: Vec<_> = waiting.collect();
    for one in &mut waiting {
        assert_eq!(one.as_mut().now_or_never(), None);
    }
    assert_eq!(asked.again(now, never()).now_or_never(), Some(Err(Full)));
    answer.send(()).unwrap();
    assert_eq!(first.await, Ok(()));
    for one in waiting {
        assert_eq!(one.await, Ok(()));
    }
    let later = Instant::now();
    assert_eq!(asked.again(later, never()).now_or_never(), Some(Ok(())), "it was asked just now");
}

#[tokio::test]
async fn a_question_goes_on_when_whoever_asked_hangs_up() {
    let asked = Asked::default();
    let now = Instant::now();
    let (answer, answered) = oneshot::channel::<()>();
    let mut first = Box::pin(asked.again(now, async move { answered.await.unwrap() }));
    assert_eq!(first.as_mut().now_or_never(), None);
    drop(first);
    let mut second = pin!(asked.again(now, never()));
    assert_eq!(second.as_mut().now_or_never(), None, "there is no answer yet");
    answer.send(()).unwrap();
    assert_eq!(second.await, Ok(()));
}
