//! What the simulated warehouse plans: repeatable, bounded, in order of time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, Utc};
use contracts::{
    Contract, WmsConfirmation, WmsOrderConfirmation, WmsOrderProgress, WmsOutboundOrder, WmsStep,
};

use super::plan::{Habits, Plan, plan};

const PATIENT: Habits = Habits { seed: 3, reject_rate: 0.2, delay_ms_median: 400 };

fn order(number: u32) -> WmsOutboundOrder {
    WmsOutboundOrder {
        order_number: format!("shop-{number}-1/1"),
        label: format!("shop-{number}-1"),
        site: "WH-N1".to_owned(),
        process: "PICK_BY_ORDER".to_owned(),
        ship_date: "2025-03-11".parse().unwrap(),
        wave: "NORTH-1".to_owned(),
        positions: Vec::new(),
    }
}

fn planned(number: u32, habits: Habits) -> Plan {
    let submitted_at: DateTime<Utc> = "2025-03-10T12:00:00Z".parse().unwrap();
    plan(&order(number), Some(submitted_at), habits, "partner-wms")
}

#[test]
fn an_accepted_order_is_confirmed_picked_and_packed_in_order_of_time() {
    let plan = planned(1, Habits { reject_rate: 0.0, ..PATIENT });
    let types: Vec<&str> = plan.answers.iter().map(|answer| answer.message_type).collect();
    let progress = WmsOrderProgress::TYPE;
    assert_eq!(types, [WmsOrderConfirmation::TYPE, progress, progress, progress]);
    let first: WmsOrderConfirmation = serde_json::from_slice(&plan.answers[0].body).unwrap();
    assert_eq!(first.result, WmsConfirmation::Ok);
    let mut at = first.at;
    for (answer, step) in
        plan.answers[1..].iter().zip([WmsStep::PickStart, WmsStep::PickEnd, WmsStep::PackEnd])
    {
        let progress: WmsOrderProgress = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((progress.step, progress.label.as_str()), (step, "shop-1-1"));
        assert!(progress.at >= at);
        at = progress.at;
    }
    assert!(plan.answers.windows(2).all(|pair| pair[0].after <= pair[1].after));
    assert!(plan.answers[3].after <= Duration::from_secs(240));
}

#[test]
fn the_same_order_gets_the_same_answers_and_every_answer_its_own_id() {
    let mut ids = BTreeSet::new();
    for number in 0..200 {
        let plan = planned(number, PATIENT);
        assert_eq!(plan, planned(number, PATIENT));
        for answer in &plan.answers {
            assert!(ids.insert(answer.message_id), "an id comes up twice");
        }
    }
    let other = planned(7, Habits { seed: 4, ..PATIENT });
    assert_ne!(planned(7, PATIENT).answers[0].after, other.answers[0].after);
}

#[test]
fn refusals_come_at_their_rate_and_end_the_conversation() {
    let plans: Vec<Plan> = (0..2_000).map(|number| planned(number, PATIENT)).collect();
    let refused: Vec<&Plan> = plans.iter().filter(|plan| !plan.accepts).collect();
    assert!((300..500).contains(&refused.len()), "{} of 2,000", refused.len());
    for plan in refused {
        assert_eq!(plan.answers.len(), 1);
        let answer: WmsOrderConfirmation = serde_json::from_slice(&plan.answers[0].body).unwrap();
        assert_eq!((answer.result, answer.reason_code.as_deref()), (WmsConfirmation::Nok, Some("NO_STOCK")));
    }
}

#[test]
fn without_a_delay_everything_is_due_at_once() {
    let plan = planned(1, Habits { reject_rate: 0.0, delay_ms_median: 0, ..PATIENT });
    assert!(plan.answers.iter().all(|answer| answer.after == Duration::ZERO));
}
