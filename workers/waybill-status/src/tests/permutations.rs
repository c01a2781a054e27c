//! Promise 2: any permutation and duplication of the same messages ends in the same state.

use contracts::{Role, WaybillStatus as S};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::story::{Said, Story, assigned, hold, release, report};

use Role::{CsAgent, CsSupervisor, Merchant, Road, Sorting, Warehouse, Worker};

/// A legal history and how it ends: status, attempt, failed attempts, open holds.
struct History {
    said: Vec<Said>,
    ends: (S, u16, u16, usize),
}

/// Everything up to the ramp, by the warehouse.
fn packed() -> Vec<Said> {
    vec![
        Said::Order,
        report(Warehouse, S::Acknowledged, 0, 1),
        report(Warehouse, S::Picked, 0, 2),
        report(Warehouse, S::Packed, 0, 3),
        assigned(1, 4),
    ]
}

fn histories() -> Vec<History> {
    let second_attempt = vec![
        report(Sorting, S::Loaded, 1, 10),
        report(Road, S::Dispatched, 1, 11),
        report(Road, S::OutForDelivery, 1, 12),
        report(Road, S::DeliveryFailed, 1, 13),
        assigned(2, 20),
        report(Sorting, S::Loaded, 2, 30),
        report(Road, S::OutForDelivery, 2, 32),
        report(Road, S::Delivered, 2, 33),
    ];
    // the road names no attempt: the places say which one it is
    let by_place = vec![
        report(Road, S::Dispatched, 0, 11),
        report(Road, S::DeliveryFailed, 0, 13),
        assigned(2, 20),
        report(Road, S::Dispatched, 0, 31),
        report(Road, S::DeliveryFailed, 0, 33),
        assigned(3, 40),
        report(Road, S::Loaded, 0, 41),
    ];
    let lost_and_found = vec![
        report(Road, S::Dispatched, 1, 11),
        report(CsAgent, S::Lost, 0, 50),
        report(Road, S::Delivered, 0, 60),
    ];
    let given_back = vec![
        report(Sorting, S::Loaded, 1, 10),
        report(Road, S::OutForDelivery, 1, 12),
        report(Road, S::DeliveryFailed, 1, 13),
        report(CsAgent, S::Returning, 1, 14),
        report(Warehouse, S::ReturnedToOrigin, 0, 20),
    ];
    let held = vec![
        hold(CsAgent, "fraud", 5),
        release(CsAgent, "fraud", None, 6),
        hold(Merchant, "stock", 5),
        release(CsSupervisor, "stock", Some(Merchant), 7),
        hold(Worker, "payment", 8),
        report(Sorting, S::Loaded, 1, 10),
    ];
    let cancelled = vec![report(Worker, S::Cancelled, 0, 5)];
    let cancelled_but_moved =
        vec![report(Worker, S::Cancelled, 0, 5), report(Sorting, S::Loaded, 1, 10)];
    [
        (second_attempt, (S::Delivered, 2, 1, 0)),
        (by_place, (S::Loaded, 3, 2, 0)),
        (lost_and_found, (S::Delivered, 1, 0, 0)),
        (given_back, (S::ReturnedToOrigin, 1, 1, 0)),
        (held, (S::Loaded, 1, 0, 1)),
        (cancelled, (S::Cancelled, 0, 0, 0)),
        (cancelled_but_moved, (S::Loaded, 1, 0, 0)),
    ]
    .into_iter()
    .map(|(said, ends)| History { said: [packed(), said].concat(), ends })
    .collect()
}

/// Anything that anybody may say, legal or not, on few attempts and in a short time, so that messages meet.
fn anything() -> impl Strategy<Value = Said> {
    let roles = vec![Merchant, CsAgent, CsSupervisor, Warehouse, Sorting, Road, Worker];
    let reports = (select(roles.clone()), select(S::ALL.to_vec()), 0..4_u16, 0..40_i64)
        .prop_map(|(role, status, on, minute)| report(role, status, on, minute));
    let road = (
        select(vec![S::Loaded, S::Dispatched, S::OutForDelivery, S::DeliveryFailed]),
        0..3_u16,
        0..40_i64,
    )
        .prop_map(|(status, on, minute)| report(Road, status, on, minute));
    // one time for each place, one reason for each hold: decisions are taken once
    let places = (1..4_u16).prop_map(|place| assigned(place, i64::from(place) * 10));
    let holds =
        (select(roles), select(vec!["a", "b"])).prop_map(|(role, handle)| hold(role, handle, 1));
    let releases =
        (select(vec![CsAgent, CsSupervisor, Merchant]), select(vec!["a", "b"]), any::<bool>())
            .prop_map(|(role, handle, own)| release(role, handle, (!own).then_some(CsAgent), 2));
    prop_oneof![4 => reports, 4 => road, 2 => places, 1 => holds, 1 => releases]
}

/// The same messages in another order, some of them twice or three times.
fn repeated(said: &[Said]) -> impl Strategy<Value = Vec<Said>> + use<> {
    let said = said.to_vec();
    proptest::collection::vec(any::<Index>(), 0..10).prop_flat_map(move |again| {
        let mut all = said.clone();
        all.extend(again.iter().map(|index| index.get(&said).clone()));
        Just(all).prop_shuffle()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_legal_history_ends_the_same_in_any_order(
        (index, said) in (0..histories().len())
            .prop_flat_map(|index| (Just(index), repeated(&histories()[index].said)))
    ) {
        let history = &histories()[index];
        let ending = Story::of(&said).ending();
        let ends = (ending.status.unwrap(), ending.attempt, ending.failed_attempts, ending.open_holds);
        prop_assert_eq!(ends, history.ends);
        prop_assert_eq!(&ending.parked, &[]);
        prop_assert_eq!(ending, Story::of(&history.said).ending());
    }

    #[test]
    fn whatever_anybody_says_ends_the_same_in_any_order(
        (said, again) in proptest::collection::vec(anything(), 0..24).prop_flat_map(|mut said| {
            said.push(Said::Order);
            let again = repeated(&said);
            (Just(said), again)
        })
    ) {
        prop_assert_eq!(Story::of(&again).ending(), Story::of(&said).ending());
    }

    #[test]
    fn versions_have_no_gap_and_every_event_has_its_own(
        said in proptest::collection::vec(anything(), 0..24),
        place in any::<Index>(),
    ) {
        let mut said = said;
        let order_at = place.index(said.len() + 1);
        said.insert(order_at, Said::Order);
        let mut story = Story::new(contracts::FulfilledBy::Warehouse);
        let (mut version, mut last_seq) = (0, 0);
        for message in &said {
            let decision = story.hear(message);
            for entry in &decision.log {
                version += 1;
                prop_assert_eq!(entry.version, version);
            }
            for event in &decision.events {
                prop_assert!(last_seq < event.seq && event.seq <= version);
                last_seq = event.seq;
            }
        }
        prop_assert_eq!(story.waybill.version, version);
    }
}
