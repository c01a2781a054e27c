//! The window of unanswered commands.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::window::{Pace, Place, Window};

type Entering = Pin<Box<dyn Future<Output = Place>>>;

fn enter(window: &Arc<Window>) -> Entering {
    let window = Arc::clone(window);
    Box::pin(async move { window.enter().await })
}

fn poll_once(entering: &mut Entering) -> Poll<Place> {
    entering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn the_window_grows_while_queues_are_shallow_and_never_beyond_its_limit() {
    let mut pace = Pace::new(400, 400);
    let mut before = pace.next(0);
    for _ in 0..1_000 {
        let now = pace.next(0);
        assert!(now >= before && now <= 400, "{before} then {now}");
        before = now;
    }
    assert_eq!(before, 400);
}

#[test]
fn a_deep_queue_narrows_the_window_and_a_full_one_closes_it() {
    let mut pace = Pace::new(400, 400);
    for _ in 0..1_000 {
        pace.next(0);
    }
    assert!(pace.next(150) < 400);
    assert_eq!(pace.next(400), 0);
    assert_eq!(pace.next(9_000), 0);
    for _ in 0..100 {
        pace.next(150);
    }
    assert_eq!(pace.next(150), 1, "one place always stays while no queue is full");
    assert_eq!(pace.next(70), 1, "in between it stays as it is");
}

#[test]
fn a_full_window_lets_the_next_in_when_a_place_is_free() {
    let window = Window::new(2);
    let (mut a, mut b, mut c) = (enter(&window), enter(&window), enter(&window));
    let first = poll_once(&mut a);
    let second = poll_once(&mut b);
    assert!(first.is_ready() && second.is_ready() && poll_once(&mut c).is_pending());
    assert_eq!(window.taken(), 2);
    drop(first);
    assert!(poll_once(&mut c).is_ready());
    assert_eq!(window.taken(), 1);
}

#[test]
fn a_narrower_window_keeps_whoever_is_inside_and_a_wider_one_lets_all_in() {
    let window = Window::new(1);
    let mut inside = enter(&window);
    let place = poll_once(&mut inside);
    assert!(place.is_ready());
    window.set_limit(0);
    let (mut a, mut b) = (enter(&window), enter(&window));
    assert!(poll_once(&mut a).is_pending() && poll_once(&mut b).is_pending());
    drop(place);
    assert!(poll_once(&mut a).is_pending());
    window.set_limit(2);
    let places = (poll_once(&mut a), poll_once(&mut b));
    assert!(places.0.is_ready() && places.1.is_ready());
    assert_eq!(window.taken(), 2);
}
