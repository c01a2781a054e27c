//! Vector arithmetic.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::Load;

fn load(waybills: u32, dry_ml: u64, frozen_ml: u64, weight_g: u64) -> Load {
    Load { waybills, dry_ml, frozen_ml, weight_g }
}

#[test]
fn sums_and_differences_are_component_wise() {
    let sum = load(1, 2, 3, 4).checked_add(load(10, 20, 30, 40)).unwrap();
    assert_eq!(sum, load(11, 22, 33, 44));
    assert_eq!(sum.checked_sub(load(10, 20, 30, 40)).unwrap(), load(1, 2, 3, 4));
}

#[test]
fn overflow_and_underflow_of_any_component_are_refused() {
    assert_eq!(load(u32::MAX, 0, 0, 0).checked_add(load(1, 0, 0, 0)), None);
    assert_eq!(load(0, u64::MAX, 0, 0).checked_add(load(0, 1, 0, 0)), None);
    for lacking in [load(0, 1, 1, 1), load(1, 0, 1, 1), load(1, 1, 0, 1), load(1, 1, 1, 0)] {
        assert_eq!(lacking.checked_sub(load(1, 1, 1, 1)), None);
    }
}

#[test]
fn a_load_fits_a_limit_only_in_every_component() {
    let limit = load(2, 20, 30, 40);
    assert!(limit.fits(limit));
    for over in [load(3, 0, 0, 0), load(0, 21, 0, 0), load(0, 0, 31, 0), load(0, 0, 0, 41)] {
        assert!(!over.fits(limit));
        assert_ne!(over.excess_over(limit), Load::ZERO);
    }
    assert_eq!(load(3, 0, 31, 0).excess_over(limit), load(1, 0, 1, 0));
}

#[test]
fn the_larger_of_two_loads_holds_either() {
    let (one, other) = (load(1, 30, 0, 7), load(1, 10, 20, 7));
    assert_eq!(one.larger(other), load(1, 30, 20, 7));
    assert!(one.fits(one.larger(other)) && other.fits(one.larger(other)));
}
