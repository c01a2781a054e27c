//! The worker in the real runtime: orders, reports, holds, what fails.

use std::collections::BTreeMap;

use cache::{Cache, Key, Kind};
use contracts::{
    Exchange, HoldReason, PlaceHold, ReplyOutcome, ReportStatus, ReportStatuses, Role,
    TrackingCode, WaybillCreated, WaybillEntry, WaybillHeld, WaybillReleased, WaybillStatus as S,
    WaybillStatusChanged,
};
use serde_json::json;
use testkit::{DEADLINE, PublishAs, Stage, eventually};

use super::fleet::{
    FIRST, Fleet, KIND, SECOND, assigned, no, order_of_two, place_hold, release_hold, report,
};
use super::story::{at, order, somebody};

use Role::{CsAgent, CsSupervisor, Merchant, Road, Sorting, Warehouse, Worker};

#[tokio::test(flavor = "multi_thread")]
async fn an_order_becomes_waybills_that_reports_move() {
    let fleet = Fleet::start().await;
    let mut events = fleet.stage.tap(Exchange::Events, "waybill.#").await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    for expected in [FIRST, SECOND] {
        let (envelope, created) = events.next_of::<WaybillCreated>().await;
        assert_eq!(
            (created.waybill_no.as_str(), created.held, envelope.seq),
            (expected, false, Some(1))
        );
    }
    assert_eq!(fleet.stage.scalar::<i64>("SELECT COUNT(*) FROM waybill_line").await, 2);

    let reply = fleet.ask(Warehouse, &report(FIRST, S::Picked, None, 2)).await;
    assert_eq!((reply.code.as_str(), reply.version), ("APPLIED", Some(2)));
    assert_eq!(reply.aggregate.as_deref(), Some(FIRST));
    let (envelope, changed) = events.next_of::<WaybillStatusChanged>().await;
    assert_eq!((changed.from, changed.to, envelope.seq), (S::Created, S::Picked, Some(2)));

    let late = fleet.ask(Warehouse, &report(FIRST, S::Acknowledged, None, 1)).await;
    assert_eq!((late.outcome, late.code.as_str()), (ReplyOutcome::Applied, "STALE"));
    let wrong = fleet.ask(Road, &report(FIRST, S::Packed, None, 3)).await;
    assert_eq!((wrong.outcome, wrong.code.as_str()), (ReplyOutcome::Rejected, "NOT_ALLOWED"));
    assert_eq!(
        fleet.waybill(FIRST).await,
        json!({"status": "PICKED", "attempt": 0, "failed_attempts": 0, "open_holds": 0, "parked": 0,
               "version": 4, "line_count": 1, "merchant": "acme"})
    );
    let log = "SELECT e.outcome FROM waybill_event e JOIN waybill w ON w.id = e.waybill_id \
               WHERE w.waybill_no = 'uci-536365-1' ORDER BY e.version";
    let log = fleet.stage.rows(log).await;
    let outcomes: Vec<_> = log.iter().map(|entry| entry["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["APPLIED", "APPLIED", "STALE", "REJECTED"]);
    fleet.until("everything is published", "SELECT COUNT(*) FROM outbox", 0).await;
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_who_saw_the_same_version_one_wins_on_two_processes() {
    let fleet = Fleet::start().await.joined(None, &[]).await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet
        .until("it exists", "SELECT COUNT(*) FROM waybill WHERE exists_since IS NOT NULL", 2)
        .await;
    let mut replies = fleet.stage.replies().await;
    for number in 0..10 {
        let how = PublishAs::default().actor(somebody(CsAgent)).reply_to(replies.queue());
        let hold = PlaceHold { expected_version: Some(1), ..place_hold(&format!("h-{number}")) };
        fleet.stage.publish(how, &hold).await.unwrap();
    }
    let mut codes: BTreeMap<(String, Option<u64>), usize> = BTreeMap::new();
    for _ in 0..10 {
        let reply = replies.next(DEADLINE).await;
        *codes.entry((reply.code, reply.version)).or_default() += 1;
    }
    let applied = (("APPLIED".to_owned(), Some(2)), 1);
    let refused = (("VERSION_CONFLICT".to_owned(), Some(2)), 9);
    assert_eq!(codes, BTreeMap::from([applied, refused]));
    let entries = "SELECT COUNT(*) FROM waybill_event e JOIN waybill w ON w.id = e.waybill_id \
                   WHERE w.waybill_no = 'uci-536365-1'";
    assert_eq!(fleet.stage.scalar::<i64>(entries).await, 2, "no entry without a version");
    let next = PlaceHold { expected_version: Some(2), ..place_hold("next") };
    assert_eq!(fleet.ask(CsAgent, &next).await.version, Some(3));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_report_of_a_batch_has_a_version_of_its_own() {
    let fleet = Fleet::start().await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet
        .until("it exists", "SELECT COUNT(*) FROM waybill WHERE exists_since IS NOT NULL", 2)
        .await;
    let seen = |waybill, status, minute, expected_version| ReportStatus {
        expected_version,
        ..report(waybill, status, None, minute)
    };
    let reports = vec![
        seen(FIRST, S::Acknowledged, 1, Some(1)),
        seen(FIRST, S::Picked, 2, Some(1)),
        seen(SECOND, S::Picked, 2, Some(1)),
        seen(FIRST, S::Picked, 2, None),
    ];
    let reply = fleet.ask(Warehouse, &ReportStatuses { reports, whole: None }).await;
    let codes: Vec<&str> = reply.items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, ["APPLIED", "VERSION_CONFLICT", "APPLIED", "APPLIED"]);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn backwards_and_doubled_ends_the_same() {
    let fleet = Fleet::start().await;
    let road = [
        (Road, S::Delivered, None, 33),
        (Road, S::OutForDelivery, None, 32),
        (Sorting, S::Loaded, None, 31),
        (Road, S::DeliveryFailed, None, 13),
        (Road, S::Dispatched, Some(1), 11),
        (Warehouse, S::Packed, None, 3),
    ];
    for (role, status, attempt, minute) in road {
        // twice, as two messages: the facts are the same
        for _ in 0..2 {
            fleet.say(somebody(role), &report(FIRST, status, attempt, minute)).await;
        }
    }
    for (place, minute) in [(2, 20), (1, 4)] {
        let how = PublishAs::default().actor(somebody(Worker)).at(at(minute));
        fleet.stage.publish(how, &assigned(FIRST, place)).await.unwrap();
    }
    let handled = "SELECT COUNT(*) FROM inbox WHERE outcome <> ''";
    fleet.until("everything early was kept", handled, 14).await;
    assert_eq!(fleet.waybill(FIRST).await["status"], "STUB");
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet.until("the order was taken", handled, 15).await;
    let waybill = fleet.waybill(FIRST).await;
    let ends =
        (&waybill["status"], &waybill["attempt"], &waybill["failed_attempts"], &waybill["parked"]);
    assert_eq!(ends, (&json!("DELIVERED"), &json!(2), &json!(1), &json!(0)));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_opened_and_released_by_those_who_may() {
    let fleet = Fleet::start().await;
    let mut events = fleet.stage.tap(Exchange::Events, "waybill.#").await;
    assert_eq!(fleet.ask(CsAgent, &place_hold("before")).await.code, "PARKED");
    fleet.say(somebody(Worker), &order_of_two()).await;
    assert!(events.next_of::<WaybillCreated>().await.1.held);

    assert_eq!(fleet.ask(Merchant, &place_hold("stock")).await.code, "APPLIED");
    let refused = fleet.ask(Merchant, &release_hold("before", Some("csagent"))).await;
    assert_eq!(refused.code, "NOT_ALLOWED");
    assert_eq!(fleet.ask(CsAgent, &release_hold("before", None)).await.code, "APPLIED");
    let by_supervisor = release_hold("stock", Some("merchant"));
    assert_eq!(fleet.ask(CsSupervisor, &by_supervisor).await.code, "APPLIED");
    events.next_of::<WaybillReleased>().await;

    assert_eq!(fleet.ask(CsAgent, &release_hold("fraud", None)).await.code, "PARKED");
    assert_eq!(fleet.ask(CsAgent, &place_hold("fraud")).await.code, "STALE");
    assert_eq!(fleet.ask(CsAgent, &place_hold("again")).await.code, "APPLIED");
    let (_, held) = events.next_of::<WaybillHeld>().await;
    assert_eq!(held.reason, HoldReason::AwaitingPayment);
    let open =
        "SELECT COUNT(*) FROM waybill_hold WHERE placed_at IS NOT NULL AND released_at IS NULL";
    assert_eq!(fleet.stage.scalar::<i64>(open).await, 1);
    assert_eq!(fleet.stage.scalar::<i64>("SELECT COUNT(*) FROM waybill_hold").await, 4);
    assert_eq!(fleet.waybill(FIRST).await["open_holds"], 1);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_message_leaves_no_row_behind() {
    let fleet = Fleet::start().await;
    let reply = fleet.ask(Sorting, &report("nobody-knows-1", S::Packed, None, 1)).await;
    assert_eq!(reply.code, "NOT_ALLOWED");
    let out_of_range = assigned("nobody-knows-1", 33);
    assert_eq!(fleet.ask(Worker, &out_of_range).await.code, "ATTEMPT_OUT_OF_RANGE");
    assert_eq!(fleet.stage.scalar::<i64>("SELECT COUNT(*) FROM waybill").await, 0);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spoilt_row_stops_nobody_else_and_can_be_mended() {
    let fleet = Fleet::start().await;
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet.until("the waybills are there", "SELECT COUNT(*) FROM waybill", 2).await;
    let spoil = format!(
        "UPDATE waybill SET lifecycle = CONCAT('?', lifecycle) WHERE waybill_no = '{FIRST}'"
    );
    fleet.stage.run_sql(&spoil).await;
    // both go through one lane: when the second is answered, the first has failed
    fleet.say(somebody(Warehouse), &report(FIRST, S::Packed, None, 1)).await;
    let reply = fleet.ask(Warehouse, &report(SECOND, S::Packed, None, 1)).await;
    assert_eq!(reply.code, "APPLIED");
    assert_eq!(fleet.waybill(FIRST).await["status"], "CREATED");

    let mend = spoil.replace("CONCAT('?', lifecycle)", "SUBSTR(lifecycle, 2)");
    fleet.stage.run_sql(&mend).await;
    let packed = "SELECT COUNT(*) FROM waybill WHERE status = 'PACKED'";
    fleet.until("the report is tried again", packed, 2).await;
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_report_the_cache_knows_the_new_standing() {
    let stage = Stage::new(&[KIND]).await;
    let (name, redis_url) = (stage.name(), stage.redis_url());
    let fleet = Fleet::on(stage, Some(&redis_url)).await;
    // everybody shares Redis: a number of its own
    let waybill = format!("uci-{name}-1");
    let mut order = order(contracts::FulfilledBy::Warehouse);
    order.order_ref = contracts::OrderRef::new(name).unwrap();
    order.waybills[0].waybill_no = no(&waybill);
    fleet.say(somebody(Worker), &order).await;
    let known = format!("SELECT COUNT(*) FROM waybill WHERE waybill_no = '{waybill}'");
    fleet.until("the waybill exists", &known, 1).await;
    let reply = fleet.ask(Warehouse, &report(&waybill, S::Picked, None, 2)).await;
    let version = reply.version.unwrap();

    let key = Key::new(Kind::Waybill, &waybill);
    let WaybillEntry { standing: shown, owner } =
        eventually("Redis has the new version", async || {
            // a reader without a memory of its own
            let answer = Cache::connect(Some(&redis_url)).get(&key).await?;
            let is_new = answer.entry.version == version;
            is_new.then(|| answer.entry.json::<WaybillEntry>().unwrap().unwrap())
        })
        .await;
    assert_eq!(
        (shown.waybill_no.as_str(), shown.status, shown.version),
        (waybill.as_str(), S::Picked, version)
    );
    assert_eq!((shown.delivery_date, shown.timeslot), (order.delivery_date, order.timeslot));
    assert_eq!((shown.held, shown.gaps), (false, vec![S::Acknowledged]));
    assert_eq!(shown.district, Some(order.district));
    assert_eq!((owner.source, owner.customer), (Some(order.source), order.customer_ref));
    assert_eq!(owner.merchant, Some(order.waybills[0].merchant.clone()));
    let code = owner.tracking_code.unwrap().as_str().to_owned();
    assert_eq!(fleet.tracking_code(&waybill).await, Some(code));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracking_code_is_made_with_the_waybill_and_stays() {
    let fleet = Fleet::start().await;
    // the first is heard of before its order
    let early = fleet.ask(Warehouse, &report(FIRST, S::Packed, None, 3)).await;
    assert_eq!(early.code, "PARKED");
    assert_eq!(fleet.tracking_code(FIRST).await, None, "a stub has no label");

    let there = "SELECT COUNT(*) FROM waybill WHERE exists_since IS NOT NULL";
    fleet.say(somebody(Worker), &order_of_two()).await;
    fleet.until("both exist", there, 2).await;
    let codes = [fleet.tracking_code(FIRST).await, fleet.tracking_code(SECOND).await];
    let read: Vec<_> =
        codes.iter().map(|code| TrackingCode::parse(code.as_deref().unwrap()).unwrap()).collect();
    assert!(!read[0].matches(&read[1]));

    // the same order under another id: nothing is made anew
    fleet.say(somebody(Worker), &order_of_two()).await;
    let reply = fleet.ask(Warehouse, &report(SECOND, S::Packed, None, 4)).await;
    assert_eq!(reply.code, "APPLIED");
    let twice = "SELECT COUNT(*) FROM waybill_event WHERE outcome = 'DUPLICATE'";
    fleet.until("the second order was seen", twice, 2).await;
    assert_eq!([fleet.tracking_code(FIRST).await, fleet.tracking_code(SECOND).await], codes);
    fleet.stop().await;
}
