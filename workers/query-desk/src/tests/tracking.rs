//! What the public is told of a waybill, and what it is not.

use cache::{Cache, Key, Kind};
use contracts::{
    Hidden, Query, QueryAnswer, Role, Timestamp, TrackingView, WaybillEntry, WaybillKind,
    WaybillNo, WaybillStatus,
};
use testkit::eventually;

use super::Desk;
use super::seeing::asking;
use crate::tracking::steps;

const CODE: &str = "7ZX4M0QK9C";

fn about(waybill_no: &str, code: &str) -> Query {
    Query::Tracking { waybill_no: WaybillNo::new(waybill_no).unwrap(), code: Hidden::new(code) }
}

fn at(hour: u32) -> Timestamp {
    let text = format!("2035-06-13T{hour:02}:00:00Z");
    chrono::DateTime::parse_from_rfc3339(&text).unwrap().to_utc().into()
}

impl Desk {
    /// A waybill with a code; of customer C-17 and merchant acme.
    async fn insert_tracked(&self, waybill_no: &str) {
        self.insert_waybill(waybill_no).await;
        self.stage
            .run_sql(&format!(
                "UPDATE waybill SET tracking_code = '{CODE}', customer_ref = 'C-17', merchant = 'acme', \
                   source = 'uci', order_ref = '9', district = 'D-101' WHERE waybill_no = '{waybill_no}'"
            ))
            .await;
    }

    /// What was said of it: status after status, an hour each.
    async fn insert_said(&self, waybill_no: &str, said: &[(u64, &str, &str)]) {
        for (version, status, outcome) in said {
            self.stage
                .run_sql(&format!(
                    "INSERT INTO waybill_event (waybill_id, version, message_id, message_type, outcome, status, \
                       actor, detail, occurred_at, received_at) \
                     SELECT id, {version}, UNHEX(LPAD('{version}', 32, '0')), 'waybill.report-status.v1', \
                       '{outcome}', '{status}', \
                       '{{\"subject\":\"anna\",\"role\":\"road\",\"origin\":\"10.0.0.7\"}}', 'left with Ada', \
                       '2035-06-13 {version:02}:00:00', NOW(6) FROM waybill WHERE waybill_no = '{waybill_no}'"
                ))
                .await;
        }
    }

    async fn tracked(&self, waybill_no: &str, code: &str) -> Option<TrackingView> {
        let stranger = asking(Role::Customer, "", None);
        match self.ask_as(&stranger, &about(waybill_no, code)).await {
            QueryAnswer::Tracking(view) => Some(*view),
            QueryAnswer::NotFound => None,
            other => panic!("no tracking: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_the_code_is_told_what_the_public_may_know() {
    let desk = Desk::start().await;
    desk.load_network().await;
    let waybill_no = desk.first();
    desk.insert_tracked(&waybill_no).await;
    let said = [
        (1, "CREATED", "APPLIED"),
        (2, "PICKED", "APPLIED"),
        (3, "PICKED", "REJECTED"),
        (4, "PACKED", "APPLIED"),
    ];
    desk.insert_said(&waybill_no, &said).await;
    for typed in [CODE, "7zx4m-0qk9c", " 7ZX4M OQK9C"] {
        let view = desk.tracked(&waybill_no, typed).await.unwrap();
        assert_eq!((view.status, view.name.as_str()), (WaybillStatus::Packed, "Being prepared"));
        assert_eq!((view.is_final, view.version), (false, 4));
        assert_eq!(view.district.as_ref().unwrap().as_str(), "D-101");
        let window = (view.window_start.as_deref(), view.window_end.as_deref());
        assert_eq!(window, (Some("09:00"), Some("13:00")));
        let told: Vec<_> = view.steps.iter().map(|step| (step.name.as_str(), step.at)).collect();
        assert_eq!(told, [("Order received", at(1)), ("Being prepared", at(2))]);
        let text = serde_json::to_string(&view).unwrap();
        for private in ["C-17", "acme", "anna", "10.0.0.7", "Ada", CODE, "NORTH"] {
            assert!(!text.contains(private), "{private} is nobody's business: {text}");
        }
    }
    desk.stop().await;
}

/// Neither the answer nor what it costs tells whether there is such a number.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_answered_like_a_number_that_there_is_none_of() {
    let desk = Desk::start().await;
    let (known, without_code) = (desk.first(), format!("uci-{}-2", desk.stage.name()));
    let unknown = format!("uci-{}-9", desk.stage.name());
    desk.insert_tracked(&known).await;
    desk.insert_waybill(&without_code).await;
    for (waybill_no, code) in [
        (&known, "7ZX4M0QK9D"),
        (&known, "no code"),
        (&known, ""),
        (&unknown, CODE),
        (&without_code, CODE),
        (&without_code, ""),
    ] {
        assert_eq!(desk.tracked(waybill_no, code).await, None, "{waybill_no} {code}");
    }
    assert_eq!(desk.cache.stats().loads, 3, "one look for each number, whatever the code");
    assert!(desk.tracked(&known, CODE).await.is_some());
    desk.stop().await;
}

/// What an ask took: looks that Redis answered, looks that nobody answered, loads.
type Cost = [u64; 3];

impl Desk {
    /// Asks in vain.
    async fn cost_of(&self, waybill_no: &str, code: &str) -> Cost {
        let counts = || {
            let stats = self.cache.stats();
            [stats.redis_hits, stats.misses, stats.loads]
        };
        let before = counts();
        assert_eq!(self.tracked(waybill_no, code).await, None, "{waybill_no} {code}");
        let after = counts();
        [0, 1, 2].map(|place| after[place] - before[place])
    }
}

/// A waybill that everybody asks about is known to the caches: who guesses codes of it must not notice.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_there_is_none_of_costs_as_much_as_a_wrong_code() {
    let desk = Desk::start().await;
    let (known, unknown) = (desk.first(), format!("uci-{}-9", desk.stage.name()));
    desk.insert_tracked(&known).await;
    desk.waybill(&known).await;
    for waybill_no in [&known, &unknown] {
        let cost = desk.cost_of(waybill_no, "7ZX4M0QK9D").await;
        assert_eq!(cost, [0, 1, 1], "{waybill_no}: nobody asked for its code before");
        let [_, misses, loads] = desk.cost_of(waybill_no, "7ZX4M0QK9D").await;
        assert_eq!((misses, loads), (0, 0), "{waybill_no}: it is remembered");
    }
    // this process knows it for 2 s, Redis for as long for both
    let redis = desk.stage.redis_url();
    let other = desk.replace(Cache::connect(Some(&redis))).await;
    other.waybill(&known).await;
    for waybill_no in [&known, &unknown] {
        // a question that was sent twice, since its answer took long, may have been here already
        let [_, misses, loads] = other.cost_of(waybill_no, "no code").await;
        assert_eq!((misses, loads), (0, 0), "{waybill_no}: Redis knew it");
    }
    assert!(other.tracked(&known, CODE).await.is_some());
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_told_with_its_steps() {
    let desk = Desk::start().await;
    let waybill_no = desk.first();
    desk.insert_tracked(&waybill_no).await;
    desk.insert_said(&waybill_no, &[(1, "CREATED", "APPLIED"), (4, "PACKED", "APPLIED")]).await;
    assert_eq!(desk.tracked(&waybill_no, CODE).await.unwrap().steps.len(), 2);

    desk.insert_said(&waybill_no, &[(5, "DELIVERED", "APPLIED")]).await;
    let key = Key::new(Kind::Waybill, waybill_no.as_str());
    let writer = Cache::connect(Some(&desk.stage.redis_url()));
    let kept = desk.cache.get(&key).await.expect("it was just looked at").entry;
    let mut entry: WaybillEntry = kept.json().unwrap().unwrap();
    (entry.standing.status, entry.standing.version) = (WaybillStatus::Delivered, 5);
    let body = serde_json::to_vec(&entry).unwrap();
    let view = eventually("the delivery is told", async || {
        writer.put_if_newer(&[(key.clone(), 5, body.clone())]).await;
        desk.tracked(&waybill_no, CODE).await.filter(|view| view.is_final)
    })
    .await;
    let names: Vec<_> = view.steps.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["Order received", "Being prepared", "Delivered"]);
    desk.stop().await;
}

#[test]
fn a_name_is_told_once_in_a_row() {
    use WaybillStatus::{Created, DeliveryFailed, Dispatched, Loaded, OutForDelivery};
    let reached = [
        (Created, at(1)),
        (Loaded, at(2)),
        (Dispatched, at(3)),
        (OutForDelivery, at(4)),
        (DeliveryFailed, at(5)),
        (Loaded, at(6)),
    ];
    let told = steps(WaybillKind::Forward, &reached);
    let told: Vec<_> = told.iter().map(|step| (step.status, step.at)).collect();
    let expected = [
        (Created, at(1)),
        (Loaded, at(2)),
        (OutForDelivery, at(4)),
        (DeliveryFailed, at(5)),
        (Loaded, at(6)),
    ];
    assert_eq!(told, expected);
}
