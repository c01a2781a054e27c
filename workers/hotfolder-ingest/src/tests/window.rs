//! The window of unanswered commands.

use std::task::Poll;

use futures_util::poll;

use crate::window::Window;

#[tokio::test]
async fn a_full_window_lets_the_next_in_when_a_place_is_free() {
    let window = Window::new(2);
    let (first, _second) = (window.enter().await, window.enter().await);
    let mut third = Box::pin(window.enter());
    assert!(poll!(&mut third).is_pending());
    assert_eq!(window.taken(), 2);
    drop(first);
    let Poll::Ready(_place) = poll!(&mut third) else { panic!("the first one's place is free") };
    assert_eq!(window.taken(), 2);
}

#[tokio::test]
async fn a_dropped_wait_keeps_no_place() {
    let window = Window::new(1);
    let inside = window.enter().await;
    let mut waiting = Box::pin(window.enter());
    assert!(poll!(&mut waiting).is_pending());
    drop(waiting);
    drop(inside);
    assert_eq!(window.taken(), 0);
    drop(window.enter().await);
}

#[tokio::test]
async fn it_is_in_use_from_the_first_who_wants_in() {
    let window = Window::new(1);
    let mut in_use = Box::pin(window.in_use());
    assert_eq!(poll!(&mut in_use), Poll::Pending);
    let place = window.enter().await;
    in_use.await;
    window.in_use().await;
    drop(place);
}
