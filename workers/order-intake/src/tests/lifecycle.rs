//! The table of an order's states: it is whole, units move an order along its edges only, and the README
//! shows it.

use std::collections::BTreeSet;

use contracts::{ORDER_ENTRY, ORDER_STATES, OrderReached, OrderStatus, WaybillStatus as S};
use proptest::prelude::*;
use proptest::sample::select;

use super::fixture::{no, parcel, two_waybills};
use crate::decide::moved;
use crate::drawing;

#[test]
fn every_status_has_its_row_and_can_be_reached() {
    let rows: Vec<OrderStatus> = ORDER_STATES.iter().map(|row| row.status).collect();
    let statuses: BTreeSet<OrderStatus> = rows.iter().copied().collect();
    assert_eq!((rows.len(), statuses), (17, OrderStatus::ALL.into_iter().collect()));
    for status in OrderStatus::ALL {
        assert_eq!(status.row().status, status);
        assert!(!status.row().reached.is_empty(), "{status:?} is never reached");
    }
    assert!(ORDER_ENTRY.row().reached.contains(&(None, OrderReached::Taken)));
}

#[test]
fn what_the_saga_reaches_no_count_of_units_does() {
    for row in ORDER_STATES {
        let by_count = row.reached.iter().any(|(_, by)| *by == OrderReached::Counted);
        assert!(!by_count || row.counted, "{:?}", row.status);
        for (from, by) in row.reached.iter().filter(|(_, by)| *by == OrderReached::Counted) {
            assert!(from.is_some_and(|from| from.row().counted), "{from:?} by {by:?}");
        }
    }
}

#[test]
fn an_order_that_the_saga_keeps_is_not_moved_by_its_units() {
    for status in OrderStatus::ALL.into_iter().filter(|status| !status.row().counted) {
        let mut order = two_waybills();
        order.status = status;
        moved(&mut order, &no(1), parcel(S::Delivered, 2));
        assert_eq!(order.status, status);
        assert_eq!(order.lines[&1].counters.delivered, 3, "the units are counted all the same");
    }
}

#[test]
fn the_readme_shows_the_table() {
    let readme = include_str!("../../README.md");
    for part in [drawing::markdown(), drawing::mermaid()] {
        assert!(readme.contains(&part), "README.md needs:\n{part}");
    }
}

/// Which statuses a waybill may have after this one, if nobody corrects it.
fn later(status: S) -> &'static [S] {
    match status {
        S::Dispatched => &[S::OutForDelivery, S::Returning, S::Lost, S::Damaged],
        S::OutForDelivery => &[S::DeliveryFailed, S::ReadyForCollection, S::Delivered, S::Lost],
        S::DeliveryFailed | S::ReadyForCollection => &[S::Dispatched, S::Returning, S::Delivered],
        S::Returning => &[S::ReturnedToOrigin, S::Lost, S::Damaged],
        S::Lost => &[S::Damaged, S::ReturnedToOrigin, S::Delivered],
        S::Damaged => &[S::ReturnedToOrigin, S::Delivered],
        S::ReturnedToOrigin => &[S::Delivered],
        S::Created => &[S::Dispatched, S::OutForDelivery, S::Cancelled, S::Lost],
        S::Acknowledged
        | S::Picked
        | S::Packed
        | S::Loaded
        | S::Delivered
        | S::Cancelled
        | S::OutForPickup
        | S::PickupFailed
        | S::Collected => &[],
    }
}

proptest! {
    /// Whatever way two waybills take, the order follows an edge of the table at each step.
    #[test]
    fn units_move_an_order_along_the_edges_only(steps in prop::collection::vec((1..3_usize, any::<prop::sample::Index>()), 1..14)) {
        let mut order = two_waybills();
        let mut at = [S::Created; 3];
        for (seq, (k, pick)) in (2..).zip(steps) {
            let ways = later(at[k]);
            if ways.is_empty() {
                continue;
            }
            at[k] = *pick.get(ways);
            let before = order.status;
            moved(&mut order, &no(k), parcel(at[k], seq));
            let edge = (Some(before), OrderReached::Counted);
            prop_assert!(
                order.status == before || order.status.row().reached.contains(&edge),
                "{before:?} to {:?} is no edge", order.status
            );
        }
    }

    /// A correction may move it back, and still to a status that units give.
    #[test]
    fn units_give_statuses_of_their_own_only(seen in prop::collection::vec((1..3_usize, select(S::ALL.to_vec())), 1..10)) {
        let mut order = two_waybills();
        for (seq, (k, status)) in (2..).zip(seen) {
            moved(&mut order, &no(k), parcel(status, seq));
            prop_assert!(order.status.row().counted);
        }
    }
}
