//! The decisions, as tables.

use std::ffi::OsStr;

use super::source;
use crate::decide::{
    Claimed, FileState, NotSkipped, Refused, Standing, Turn, claimed, is_late, skip, turn,
};
use crate::name::FileName;

fn file(name: &str) -> FileName {
    FileName::parse(OsStr::new(name), &source()).unwrap()
}

const STANDING: Standing = Standing { first: 3, next: 5 };

#[test]
fn files_wait_for_their_turn_and_repairs_do_not() {
    assert_eq!(turn(&file("order-shop-5.tsv"), STANDING), Turn::Now);
    assert_eq!(turn(&file("order-shop-6.tsv"), STANDING), Turn::After(5));
    assert_eq!(turn(&file("order-shop-9.r1.tsv"), STANDING), Turn::Now);
    assert_eq!(turn(&file("order-shop-4.tsv"), STANDING), Turn::Now);
}

#[test]
fn a_number_that_was_passed_is_late_unless_it_is_a_repair() {
    assert!(is_late(&file("order-shop-4.tsv"), Some(STANDING)));
    assert!(!is_late(&file("order-shop-4.r1.tsv"), Some(STANDING)));
    assert!(!is_late(&file("order-shop-5.tsv"), Some(STANDING)));
    assert!(!is_late(&file("order-shop-0.tsv"), None));
}

#[test]
fn what_a_claimed_file_is_follows_from_the_record_of_its_place() {
    use FileState::{Done, DuplicateFile, Failed, Running, Skipped};
    let (a, b) = (Some([1; 32]), Some([2; 32]));
    let away = Claimed::TurnAway;
    for archived in [false, true] {
        assert_eq!(claimed(Running, a, b, archived), Claimed::Run);
        assert_eq!(claimed(Skipped, None, a, archived), away(Refused::Skipped));
        assert_eq!(claimed(Done, a, b, archived), away(Refused::Conflict));
        assert_eq!(claimed(Failed, None, a, archived), away(Refused::Conflict));
    }
    for state in [Done, DuplicateFile, Failed] {
        assert_eq!(claimed(state, a, a, false), Claimed::Answer);
        assert_eq!(claimed(state, a, a, true), away(Refused::DuplicateFile));
    }
    assert_eq!(claimed(Failed, None, None, false), Claimed::Answer);
    assert_eq!(claimed(Failed, None, None, true), away(Refused::Conflict));
}

#[test]
fn only_the_missing_number_can_be_passed() {
    assert_eq!(skip(Some(STANDING), 5, false), Ok(Standing { first: 3, next: 6 }));
    assert_eq!(skip(Some(STANDING), 5, true), Err(NotSkipped::FileHasCome));
    assert_eq!(skip(Some(STANDING), 4, false), Err(NotSkipped::AlreadyPassed(5)));
    assert_eq!(skip(Some(STANDING), 6, false), Err(NotSkipped::NotNext(5)));
    assert_eq!(skip(None, 5, false), Err(NotSkipped::UnknownSequence));
}

#[test]
fn states_read_as_they_are_written() {
    for state in ["RUNNING", "DONE", "DUPLICATE_FILE", "FAILED", "SKIPPED"] {
        assert_eq!(FileState::parse(state).unwrap().as_str(), state);
    }
    assert_eq!(FileState::parse("done"), None);
}
