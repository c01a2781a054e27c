//! Properties of the split: nothing lost, nothing doubled, the same numbers every time.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{CreateOrder, OrderLine, SkuType, WaybillDraft};
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::fixture::{line, order, policy};
use crate::decide::{Compartments, SplitPolicy, split};

/// A SKU that the policies below keep off the waybills.
const POSTAGE: &str = "POST";

fn a_line() -> impl Strategy<Value = OrderLine> {
    let merchant = prop::sample::select(vec!["m1", "m2", "m3"]);
    let store = prop::sample::select(vec![None, Some("s1"), Some("s2")]);
    let sku = prop::sample::select(vec!["A", "a", "B", POSTAGE]);
    (merchant, store, sku, 1..=9_999_u32, any::<(bool, bool, u32, u32)>()).prop_map(
        |(merchant, store, sku, quantity, (frozen, by_merchant, volume_ml, weight_g))| {
            let mut line = line(0, merchant, sku);
            line.store = store.map(|store| store.to_owned().try_into().unwrap());
            line.quantity = quantity;
            line.sku_type = if frozen { SkuType::Frozen } else { SkuType::Dry };
            if by_merchant {
                line.fulfilled_by = contracts::FulfilledBy::Merchant;
            }
            (line.volume_ml, line.weight_g) = (volume_ml, weight_g);
            line
        },
    )
}

/// Line numbers in any order, with gaps.
fn an_order() -> impl Strategy<Value = CreateOrder> {
    let lines = prop::collection::vec(a_line(), 1..30);
    let numbers = subsequence((0..60_u32).collect::<Vec<_>>(), 30).prop_shuffle();
    (lines, numbers).prop_map(|(mut lines, numbers)| {
        for (line, number) in lines.iter_mut().zip(numbers) {
            line.line_no = number;
        }
        order(lines)
    })
}

fn a_policy() -> impl Strategy<Value = SplitPolicy> {
    let compartments = prop::sample::select(vec![Compartments::Mixed, Compartments::Split]);
    let no_ship = prop::sample::select(vec![&[][..], &[POSTAGE][..]]);
    (compartments, no_ship).prop_map(|(compartments, no_ship)| policy(compartments, no_ship))
}

fn shipped<'a>(order: &'a CreateOrder, policy: &SplitPolicy) -> BTreeMap<u32, &'a OrderLine> {
    let lines = order.lines.iter().filter(|line| !policy.no_ship.contains(line.sku.as_str()));
    lines.map(|line| (line.line_no, line)).collect()
}

fn numbers(waybills: &[WaybillDraft]) -> Vec<&str> {
    waybills.iter().map(|waybill| waybill.waybill_no.as_str()).collect()
}

proptest! {
    #[test]
    fn every_shipped_line_is_on_exactly_one_waybill(order in an_order(), policy in a_policy()) {
        let waybills = split(&order, &policy).unwrap();
        let mut placed: Vec<u32> =
            waybills.iter().flat_map(|waybill| &waybill.lines).map(|line| line.line_no).collect();
        placed.sort_unstable();
        let expected: Vec<u32> = shipped(&order, &policy).into_keys().collect();
        prop_assert_eq!(placed, expected);
        prop_assert!(waybills.iter().all(|waybill| !waybill.lines.is_empty()));
    }

    #[test]
    fn a_waybill_is_the_sum_of_its_lines(order in an_order(), policy in a_policy()) {
        let lines = shipped(&order, &policy);
        for waybill in split(&order, &policy).unwrap() {
            let (mut dry_ml, mut frozen_ml, mut weight_g) = (0, 0, 0);
            for drafted in &waybill.lines {
                let line = lines[&drafted.line_no];
                prop_assert_eq!((&drafted.sku, drafted.quantity), (&line.sku, line.quantity));
                prop_assert_eq!((&waybill.merchant, &waybill.store), (&line.merchant, &line.store));
                prop_assert_eq!(waybill.fulfilled_by, line.fulfilled_by);
                let units = u64::from(line.quantity);
                weight_g += units * u64::from(line.weight_g);
                let volume_ml = units * u64::from(line.volume_ml);
                if line.sku_type == SkuType::Frozen { frozen_ml += volume_ml } else { dry_ml += volume_ml }
            }
            let sums = (waybill.dry_ml, waybill.frozen_ml, waybill.weight_g);
            prop_assert_eq!(sums, (dry_ml, frozen_ml, weight_g));
        }
    }

    #[test]
    fn a_replay_makes_the_same_waybills(order in an_order(), policy in a_policy(), seed in any::<usize>()) {
        let mut again = order.clone();
        let middle = seed % again.lines.len();
        again.lines.rotate_left(middle);
        prop_assert_eq!(split(&again, &policy), split(&order, &policy));
    }

    #[test]
    fn numbers_count_up_by_first_line(order in an_order(), policy in a_policy()) {
        let waybills = split(&order, &policy).unwrap();
        let expected: Vec<String> = (1..=waybills.len()).map(|k| format!("uci-536365-{k}")).collect();
        prop_assert_eq!(numbers(&waybills), expected);
        let firsts: Vec<u32> = waybills.iter().map(|waybill| waybill.lines[0].line_no).collect();
        prop_assert!(firsts.is_sorted());
    }

    #[test]
    fn groups_differ_and_compartments_part_only_when_asked(order in an_order(), policy in a_policy()) {
        let waybills = split(&order, &policy).unwrap();
        let parted = policy.compartments == Compartments::Split;
        let groups: BTreeSet<_> = waybills
            .iter()
            .map(|waybill| {
                let compartment = parted.then_some(waybill.sku_type);
                (&waybill.merchant, &waybill.store, waybill.fulfilled_by, compartment)
            })
            .collect();
        prop_assert_eq!(groups.len(), waybills.len());
        prop_assert!(!parted || waybills.iter().all(|waybill| waybill.sku_type != SkuType::Mixed));
    }
}

#[test]
fn dry_and_frozen_of_a_merchant_share_a_waybill_by_default() {
    let mut lines = vec![line(1, "m1", "A"), line(2, "m2", "B"), line(3, "m1", "C")];
    lines[2].sku_type = SkuType::Frozen;
    let order = order(lines);

    let mixed = split(&order, &policy(Compartments::Mixed, &[])).unwrap();
    assert_eq!(numbers(&mixed), ["uci-536365-1", "uci-536365-2"]);
    assert_eq!(mixed[0].sku_type, SkuType::Mixed);
    assert_eq!((mixed[0].dry_ml, mixed[0].frozen_ml, mixed[0].weight_g), (1_500, 1_500, 1_400));

    let parted = split(&order, &policy(Compartments::Split, &[])).unwrap();
    let types: Vec<SkuType> = parted.iter().map(|waybill| waybill.sku_type).collect();
    assert_eq!(types, [SkuType::Dry, SkuType::Dry, SkuType::Frozen]);
}
