//! Promise 2: any permutation and duplication of the same messages ends in the same state.

use contracts::{AmendmentKind, Role, WaybillStatus as S};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::story::{
    Said, Story, amended, assigned, cancelled, corrected, hold, on_route, release, report,
};

use super::attempts::{failed_now, names_every_attempt, told};
use super::histories::histories;

use Role::{CsAgent, CsSupervisor, Merchant, Road, Sorting, Warehouse, Worker};

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
    let by_route = (select(vec![S::Loaded, S::Dispatched, S::DeliveryFailed]), 1..4_u16, 0..40_i64)
        .prop_map(|(status, place, minute)| on_route(status, place, minute));
    let back = (select(vec![S::OutForPickup, S::PickupFailed, S::Collected]), 0..3_u16, 0..40_i64)
        .prop_map(|(status, on, minute)| report(Road, status, on, minute));
    let verdicts = (0..40_i64).prop_map(cancelled);
    let kinds = vec![AmendmentKind::Quantities, AmendmentKind::Destination];
    let amendments = (select(kinds), 1..4_i64).prop_map(|(kind, minute)| amended(kind, minute));
    prop_oneof![
        4 => reports, 4 => road, 2 => by_route, 2 => back, 2 => places, 1 => verdicts, 1 => holds,
        1 => releases, 2 => amendments
    ]
}

/// At most one correction: a second one is another decision, and decisions have an order.
fn corrections() -> impl Strategy<Value = Option<Said>> {
    let statuses = vec![S::Packed, S::Loaded, S::Dispatched, S::Delivered, S::Collected];
    let correction = (select(statuses), 0..3_u16, 0..40_i64)
        .prop_map(|(status, on, minute)| corrected(CsSupervisor, status, on, minute));
    proptest::option::of(correction)
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
        let ending = history.begin().after(&said).ending();
        let ends = (ending.status.unwrap(), ending.attempt, ending.failed_attempts, ending.open_holds);
        prop_assert_eq!(ends, history.ends);
        prop_assert_eq!(&ending.parked, &[]);
        prop_assert_eq!(ending, history.begin().after(&history.said).ending());
    }

    #[test]
    fn whatever_anybody_says_ends_the_same_in_any_order(
        (said, again) in (proptest::collection::vec(anything(), 0..24), corrections())
            .prop_flat_map(|(mut said, correction)| {
                said.push(Said::Order);
                said.extend(correction);
                let again = repeated(&said);
                (Just(said), again)
            }),
        comes_back in any::<bool>(),
    ) {
        let begin = || if comes_back { Story::of_return() } else { Story::of(&[]) };
        prop_assert_eq!(begin().after(&again).ending(), begin().after(&said).ending());
    }

    #[test]
    fn a_failed_attempt_is_told_once(
        (index, said) in (0..histories().len())
            .prop_flat_map(|index| (Just(index), repeated(&histories()[index].said)))
    ) {
        prop_assume!(names_every_attempt(&said));
        let mut story = histories()[index].begin();
        let mut heard: Vec<u16> = said.iter().flat_map(|said| told(&story.hear(said))).collect();
        heard.sort_unstable();
        prop_assert_eq!(heard, failed_now(&story));
    }

    #[test]
    fn whenever_a_failure_begins_to_count_it_is_told(
        (said, correction) in (proptest::collection::vec(anything(), 0..24), corrections()),
        comes_back in any::<bool>(),
    ) {
        let mut story = if comes_back { Story::of_return() } else { Story::of(&[]) };
        story.hear(&Said::Order);
        for message in said.iter().chain(&correction).chain(&said) {
            let before = failed_now(&story);
            let heard = told(&story.hear(message));
            let mut new = failed_now(&story);
            new.retain(|attempt| !before.contains(attempt));
            prop_assert_eq!(heard, new);
        }
    }

    #[test]
    fn versions_have_no_gap_and_events_follow_them(
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
                prop_assert!(last_seq <= event.seq && event.seq <= version);
                last_seq = event.seq;
            }
        }
        prop_assert_eq!(story.waybill.version, version);
    }
}
