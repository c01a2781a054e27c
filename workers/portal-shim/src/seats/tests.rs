//! Seats for each and for all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use super::*;

#[test]
fn each_caller_has_a_few_seats_and_gets_them_back() {
    let seats = Seats::new(2, 10);
    let taken: Vec<_> = (0..2).map(|_| seats.take("anna").unwrap()).collect();
    assert_eq!(seats.take("anna").unwrap_err(), Full::Own);
    assert!(seats.take("ben").is_ok(), "others have theirs");
    drop(taken);
    assert!(seats.take("anna").is_ok());
}

#[test]
fn all_callers_together_have_so_many() {
    let seats = Seats::new(2, 3);
    let taken: Vec<_> = ["a", "a", "b"].map(|who| seats.take(who).unwrap()).into();
    assert_eq!(seats.take("c").unwrap_err(), Full::All);
    assert_eq!(seats.take("a").unwrap_err(), Full::Own, "its own limit is told first");
    drop(taken);
    assert!(seats.take("c").is_ok());
}
