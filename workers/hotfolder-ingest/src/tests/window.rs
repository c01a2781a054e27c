//! The window of unanswered commands.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::window::{Place, Window, places};

type Entering = Pin<Box<dyn Future<Output = Place>>>;

fn enter(window: &Arc<Window>) -> Entering {
    let window = Arc::clone(window);
    Box::pin(async move { window.enter().await })
}

fn poll_once(entering: &mut Entering) -> Poll<Place> {
    entering.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn unanswered_commands_and_the_deepest_queue_share_one_limit() {
    assert_eq!(places(400, 400, 0), 400);
    assert_eq!(places(400, 400, 150), 250);
    assert_eq!(places(400, 400, 400), 0);
    assert_eq!(places(400, 400, 9_000), 0);
    assert_eq!(places(50, 400, 100), 50);
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
