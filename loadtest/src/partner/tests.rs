//! The simulated warehouse: what it plans (repeatable, bounded, in order of time), and that it says all
//! of it to a real broker.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use contracts::{
    Contract, MessageId, WmsCancellationConfirmation, WmsCancellationRequest, WmsConfirmation,
    WmsOrderConfirmation, WmsOrderProgress, WmsOutboundOrder, WmsStep,
};
use queue_topology::WorkerKind;
use settings::Secret;
use testkit::{PublishAs, Stage};

use super::plan::{Asked, Habits, Plan, Progress, Word, accepts, cancellation, plan, revision};
use super::{PartnerError, Tally, WmsArgs, run_wms};
use crate::journal::JournalEntry;

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

fn asked(message_id: &str) -> Asked<'_> {
    let at: DateTime<Utc> = "2025-03-10T12:00:00Z".parse().unwrap();
    Asked { message_id, at: Some(at), sender: "partner-wms" }
}

fn planned(number: u32, habits: Habits) -> Plan {
    plan(&order(number), asked("m1"), habits)
}

fn request(number: u32) -> WmsCancellationRequest {
    WmsCancellationRequest {
        order_number: format!("shop-{number}-1/1"),
        label: format!("shop-{number}-1"),
        site: "WH-N1".to_owned(),
        request: 1,
    }
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
        assert_eq!(
            (answer.result, answer.reason_code.as_deref()),
            (WmsConfirmation::Nok, Some("NO_STOCK"))
        );
    }
}

#[test]
fn without_a_delay_everything_is_due_at_once() {
    let plan = planned(1, Habits { reject_rate: 0.0, delay_ms_median: 0, ..PATIENT });
    assert!(plan.answers.iter().all(|answer| answer.after == Duration::ZERO));
}

#[test]
fn a_revision_is_confirmed_like_the_order_itself_under_an_id_of_its_own() {
    for number in 0..200 {
        let (first, second) =
            (planned(number, PATIENT), revision(&order(number), asked("m2"), PATIENT));
        assert_eq!((second.accepts, second.answers.len()), (first.accepts, 1));
        assert_eq!(second.accepts, accepts(&order(number).order_number, PATIENT));
        assert_eq!(second.answers[0].body, first.answers[0].body);
        assert_ne!(second.answers[0].message_id, first.answers[0].message_id);
    }
}

/// A second submission, and one at another site, is another order.
#[test]
fn the_next_number_of_a_parcel_is_an_order_of_its_own() {
    let next = |number: u32| WmsOutboundOrder {
        order_number: format!("shop-{number}-1/2"),
        ..order(number)
    };
    let refused = (0..2_000).filter(|number| !accepts(&order(*number).order_number, PATIENT));
    let taken = |number: &u32| accepts(&next(*number).order_number, PATIENT);
    let (again, still_no): (Vec<u32>, Vec<u32>) = refused.partition(taken);
    assert!(again.len() > still_no.len(), "a no to the first number is no no to the next");
    let plan = plan(&next(again[0]), asked("m2"), PATIENT);
    let told: WmsOrderConfirmation = serde_json::from_slice(&plan.answers[0].body).unwrap();
    assert_eq!(told.order_number, next(again[0]).order_number);
    assert_eq!((plan.accepts, plan.answers.len()), (true, 4));
}

fn granted(progress: Progress) -> usize {
    let words =
        (0..1_000).map(|number| cancellation(&request(number), progress, asked("m"), PATIENT));
    let grants = |word: &Word| {
        let answer = word.answer.as_ref().unwrap();
        let told: WmsCancellationConfirmation = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(told.result == WmsConfirmation::Ok, word.grants);
        assert_eq!((told.request, told.reason_code.is_some()), (1, !word.grants));
        assert!(answer.after <= Duration::from_secs(60));
        word.grants
    };
    words.filter(grants).count()
}

#[test]
fn what_is_packed_is_mostly_kept_and_anything_else_mostly_given_up() {
    assert_eq!(granted(Progress::Refused), 1_000);
    assert!((920..980).contains(&granted(Progress::Working(Duration::from_secs(3_600)))));
    assert!((20..80).contains(&granted(Progress::Packed)));
    assert_eq!(granted(Progress::Working(Duration::ZERO)), granted(Progress::Packed));
    let word = || cancellation(&request(1), Progress::Packed, asked("m"), PATIENT);
    assert_eq!(word(), word());
}

fn arguments(stage: &Stage, journal: PathBuf) -> WmsArgs {
    WmsArgs {
        amqp_url: Secret::new(stage.amqp_url()),
        queue: "wms.outbound".to_owned(),
        seed: 3,
        reject_rate: 0.2,
        delay_ms_median: 1,
        prefetch: 7,
        duration: Some(60),
        until_idle: Some(1),
        journal: Some(journal),
    }
}

#[tokio::test]
async fn every_order_is_answered_in_full_and_the_journal_says_so() {
    let stage = Stage::new(&[WorkerKind::WmsSync]).await;
    let mut ids = Vec::new();
    for number in 0..40 {
        let id = stage.publish(PublishAs::default(), &order(number)).await.unwrap();
        ids.push(id.to_string());
    }
    let garbage = |properties: testkit::BasicProperties| properties.with_message_id("x".into());
    stage.publish_raw("partner.wms.out", "wms.outbound-order", garbage, b"no order").await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let args = arguments(&stage, dir.path().join("journal.jsonl"));
    let tally = run_wms(&args).await.unwrap();

    let user = stage.amqp_url().split(['/', ':']).nth(3).unwrap().to_owned();
    let habits = Habits { seed: 3, reject_rate: 0.2, delay_ms_median: 1 };
    let asked = |id| Asked { message_id: id, at: None, sender: &user };
    let plans = (0..40).zip(&ids).map(|(number, id)| plan(&order(number), asked(id), habits));
    let plans: Vec<Plan> = plans.collect();
    let refused = plans.iter().filter(|plan| !plan.accepts).count() as u64;
    let expected: BTreeSet<MessageId> =
        plans.iter().flat_map(|plan| &plan.answers).map(|answer| answer.message_id).collect();
    assert_eq!((tally.received, tally.unreadable), (41, 1));
    assert_eq!((tally.accepted, tally.refused), (40 - refused, refused));
    assert_eq!(tally.answers, expected.len() as u64);

    let journal = std::fs::read_to_string(dir.path().join("journal.jsonl")).unwrap();
    let entries = journal.lines().map(|line| serde_json::from_str::<JournalEntry>(line).unwrap());
    let noted: BTreeSet<MessageId> = entries.map(|entry| entry.message_id).collect();
    assert_eq!(noted, expected);
    let again = run_wms(&WmsArgs { journal: None, ..args }).await.unwrap();
    assert_eq!(again, Tally::default(), "every order was acknowledged");
    stage.close().await;
}

#[tokio::test]
async fn an_order_that_was_not_answered_in_full_is_answered_by_the_next_run() {
    let stage = Stage::new(&[WorkerKind::WmsSync]).await;
    stage.publish(PublishAs::default(), &order(1)).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let quick = arguments(&stage, dir.path().join("journal.jsonl"));
    let slow =
        WmsArgs { delay_ms_median: 60_000, reject_rate: 0.0, duration: Some(1), ..quick.clone() };
    let tally = run_wms(&slow).await.unwrap();
    assert_eq!((tally.received, tally.accepted), (1, 0));
    let tally = run_wms(&WmsArgs { reject_rate: 0.0, ..quick }).await.unwrap();
    assert_eq!((tally.received, tally.redelivered, tally.accepted, tally.answers), (1, 1, 1, 4));
    stage.close().await;
}

#[tokio::test]
async fn what_is_given_up_is_not_picked_and_what_is_packed_is_kept() {
    let stage = Stage::new(&[WorkerKind::WmsSync]).await;
    let dir = tempfile::tempdir().unwrap();
    let quick = WmsArgs { reject_rate: 0.0, ..arguments(&stage, dir.path().join("journal")) };
    // asked at once, nearly all are given up, each with one or more steps that are not done
    for number in 0..20 {
        stage.publish(PublishAs::default(), &order(number)).await.unwrap();
        stage.publish(PublishAs::default(), &request(number)).await.unwrap();
    }
    let patient = WmsArgs { delay_ms_median: 100, ..quick.clone() };
    let tally = run_wms(&patient).await.unwrap();
    assert_eq!((tally.received, tally.accepted, tally.cancelled + tally.kept), (40, 20, 20));
    assert!(tally.cancelled > tally.kept, "{tally:?}");
    assert!(tally.answers < 20 * 4 + 20, "{} answers: nothing was left undone", tally.answers);

    // asked when all is packed, nearly all are kept; a repeated order is confirmed and not picked again
    for number in 100..120 {
        stage.publish(PublishAs::default(), &order(number)).await.unwrap();
    }
    assert_eq!(run_wms(&quick).await.unwrap().answers, 20 * 4);
    for number in 100..120 {
        stage.publish(PublishAs::default(), &request(number)).await.unwrap();
    }
    let tally = run_wms(&quick).await.unwrap();
    assert!((tally.cancelled + tally.kept, tally.answers) == (20, 20) && tally.kept > 15);
    stage.publish(PublishAs::default(), &order(200)).await.unwrap();
    stage.publish(PublishAs::default(), &order(200)).await.unwrap();
    let tally = run_wms(&quick).await.unwrap();
    assert_eq!((tally.accepted, tally.answers), (2, 5));
    stage.close().await;
}

#[tokio::test]
async fn answers_without_a_queue_are_an_error_that_says_so() {
    let stage = Stage::new(&[WorkerKind::WmsSync]).await;
    stage.publish(PublishAs::default(), &order(1)).await.unwrap();
    let connection =
        lapin::Connection::connect(&stage.amqp_url(), Default::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.queue_delete("wms-sync.partner".into(), Default::default()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let error = run_wms(&arguments(&stage, dir.path().join("journal"))).await.unwrap_err();
    assert!(matches!(error, PartnerError::Unroutable(_)), "{error}");
    stage.close().await;
}
