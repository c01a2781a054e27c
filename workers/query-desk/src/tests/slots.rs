//! Free slots, asked of the desk: the network and the slot days as they are stored now.

use contracts::{
    Actor, Basket, DistrictCode, Goods, Query, QueryAnswer, Role, SlotList, SlotOffer, Timestamp,
    UnassignableReason,
};
use testkit::{PublishAs, eventually};

use super::Desk;

const DAY: &str = "2035-06-13";
pub(super) const BEFORE: &str = "2035-06-12T10:00:00Z";

/// One depot, one zone, two windows, one van of 4,500 litres for each; the zone takes two waybills.
const NETWORK: [&str; 9] = [
    "INSERT INTO depot VALUES ('NORTH', 'North', 'Europe/Istanbul')",
    "INSERT INTO zone VALUES ('Z01', 'NORTH', 'One', '')",
    "INSERT INTO district VALUES ('D001', '0001-01-01', 'Z01')",
    "INSERT INTO timeslot VALUES ('0900-1300', '09:00', '13:00', 'D-1 20:00'), \
       ('1300-1800', '13:00', '18:00', 'D 07:00')",
    "INSERT INTO truck_type VALUES ('VAN', 900, 22, 100, 'dry=4500')",
    "INSERT INTO truck_pool VALUES ('NORTH', '0900-1300', 'VAN', 1), ('NORTH', '1300-1800', 'VAN', 1)",
    "INSERT INTO route_template VALUES ('M', 'NORTH', 'Z01', '0900-1300', 'dry', 'VAN', 20), \
       ('A', 'NORTH', 'Z01', '1300-1800', 'dry', 'VAN', 20)",
    "INSERT INTO zone_quota VALUES ('Z01', '0900-1300', 2, 9000, 1000, 1000), \
       ('Z01', '1300-1800', 2, 9000, 1000, 1000)",
    "INSERT INTO network_revision VALUES (1, 1, NOW(6))",
];

fn time(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

pub(super) fn question(pieces: u32, days: u16, at: &str) -> Query {
    let dry = Goods { pieces, volume_ml: None, weight_g: None };
    Query::Slots {
        district: DistrictCode::new("D001").unwrap(),
        basket: Basket { dry, frozen: Goods::default(), waybills: 1 },
        from: Some(DAY.parse().unwrap()),
        days,
        at: Some(time(at)),
    }
}

fn actor(role: Role, subject: &str) -> PublishAs {
    let subject = subject.to_owned();
    PublishAs::default().actor(Actor { subject, role, merchant: None, origin: None })
}

impl Desk {
    async fn slots(&self, query: &Query) -> SlotList {
        match self.ask(query).await {
            QueryAnswer::Slots(list) => *list,
            other => panic!("no slots: {other:?}"),
        }
    }

    /// The answer, once it is like this: what was looked at a moment ago is not looked at again.
    async fn slots_once(
        &self,
        what: &str,
        query: &Query,
        is_it: impl Fn(&SlotList) -> bool,
    ) -> SlotList {
        eventually(what, async || Some(self.slots(query).await).filter(&is_it)).await
    }

    pub(super) async fn load_network(&self) {
        for sql in NETWORK {
            self.stage.run_sql(sql).await;
        }
    }

    /// Places `count` waybills on the route of the morning, which is made with the first.
    async fn fill_morning(&self, count: u32) {
        let mut statements = vec![
            format!(
                "INSERT INTO slot_day (depot, delivery_date, timeslot, version, routes_opened) VALUES \
                   ('NORTH', '{DAY}', '0900-1300', 1, 1)"
            ),
            format!(
                "INSERT INTO route (id, route_ref, depot, delivery_date, timeslot, zone, template, sku_class, \
                   truck_type, status, version, waybills, dry_ml, frozen_ml, weight_g, stops, created_at, \
                   updated_at) VALUES (UNHEX(LPAD('9', 32, '0')), 'NORTH-009', 'NORTH', '{DAY}', '0900-1300', \
                   'Z01', 'M', 'dry', 'VAN', 'OPEN', 1, {count}, 1, 0, 1, 1, NOW(6), NOW(6))"
            ),
        ];
        statements.extend((0..count).map(|number| {
            format!(
                "INSERT INTO assignment VALUES ('uci-{number}-1', 'ASSIGNED', NULL, UNHEX(LPAD('9', 32, '0')), \
                   1, 2, 0, 0, 1, 'uci/{number}', UNHEX(LPAD('{number}', 32, '0')), 'D001', 'Z01', 'NORTH', \
                   '{DAY}', '0900-1300', 'dry', 'warehouse', 1000, 0, 1, NOW(6), NOW(6), 'FORWARD')"
            )
        }));
        for sql in statements {
            self.stage.run_sql(&sql).await;
        }
    }
}

fn brief(list: &SlotList) -> Vec<(String, &str, Option<UnassignableReason>)> {
    let brief = |slot: &SlotOffer| slot.reason;
    let slots = list.slots.iter();
    slots.map(|s| (s.delivery_date.to_string(), s.timeslot.as_str(), brief(s))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_windows_of_some_days_are_offered_as_they_stand_now() {
    let desk = Desk::start().await;
    assert_eq!(desk.ask(&question(10, 2, BEFORE)).await, QueryAnswer::NotFound, "no network");
    desk.load_network().await;
    let list = desk.slots(&question(10, 2, BEFORE)).await;
    let day = |day: &str, slot| (day.to_owned(), slot, None);
    let all = [
        day("2035-06-13", "0900-1300"),
        day("2035-06-13", "1300-1800"),
        day("2035-06-14", "0900-1300"),
        day("2035-06-14", "1300-1800"),
    ];
    assert_eq!(brief(&list), all);
    assert_eq!(list.slots[0].cut_off, time("2035-06-12T17:00:00Z"), "in the depot's time");
    assert_eq!(list.slots[0].remaining.unwrap().waybills, 2);

    desk.fill_morning(2).await;
    let query = question(10, 1, BEFORE);
    let is_full = |list: &SlotList| list.slots[0].reason == Some(UnassignableReason::ZoneQuota);
    let list = desk.slots_once("a full zone", &query, is_full).await;
    assert_eq!(list.slots[0].remaining.unwrap().waybills, 0);
    assert!(list.slots[1].available, "windows do not share");
    for sql in
        ["DELETE FROM assignment WHERE waybill_no = 'uci-1-1'", "UPDATE slot_day SET version = 2"]
    {
        desk.stage.run_sql(sql).await;
    }
    let list = desk.slots_once("a place again", &query, |list| list.slots[0].available).await;
    assert_eq!(list.slots[0].remaining.unwrap().dry_ml, 8_999_000);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_that_changes_is_read_again_and_trucks_can_be_out_of_order() {
    let desk = Desk::start().await;
    desk.load_network().await;
    let query = question(3_500, 1, BEFORE);
    let reason = async || desk.slots(&query).await.slots[0].reason;
    assert_eq!(reason().await, Some(UnassignableReason::ExceedsLargestTruck));
    for sql in [
        "INSERT INTO truck_type VALUES ('LORRY', 7500, 60, 290, 'dry=34000')",
        "INSERT INTO truck_upgrade VALUES ('VAN', 'LORRY')",
        "INSERT INTO truck_pool VALUES ('NORTH', '0900-1300', 'LORRY', 1)",
        "UPDATE zone_quota SET weight_kg = 9000",
        "UPDATE network_revision SET revision = 2",
    ] {
        desk.stage.run_sql(sql).await;
    }
    eventually("the new network", async || reason().await.is_none().then_some(())).await;
    for sql in [
        format!(
            "INSERT INTO slot_day (depot, delivery_date, timeslot, version, routes_opened) VALUES \
               ('NORTH', '{DAY}', '0900-1300', 5, 0)"
        ),
        format!(
            "INSERT INTO truck_outage VALUES ('NORTH', '{DAY}', '0900-1300', 'LORRY', 1, NOW(6))"
        ),
    ] {
        desk.stage.run_sql(&sql).await;
    }
    let is_out = async || (reason().await == Some(UnassignableReason::PoolExhausted)).then_some(());
    eventually("a lorry that is out of order", is_out).await;
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lateness_is_judged_at_the_time_that_is_asked_and_quotas_are_for_staff_and_shops() {
    let desk = Desk::start().await;
    desk.load_network().await;
    let late = desk.slots(&question(1, 1, "2035-06-12T17:00:01Z")).await;
    assert_eq!(late.slots[0].reason, Some(UnassignableReason::CutOffPassed));
    assert!(late.slots[1].available);
    let query = question(1, 1, BEFORE);
    for (who, sees) in [
        (actor(Role::Shop, "uci"), true),
        (actor(Role::CsAgent, "ben"), true),
        (actor(Role::Customer, "C-17"), false),
    ] {
        let QueryAnswer::Slots(list) = desk.ask_as(&who, &query).await else { panic!("no slots") };
        assert_eq!((list.zone.is_some(), list.slots[0].remaining.is_some()), (sees, sees));
    }
    let nobody = actor(Role::Customer, "");
    assert_eq!(desk.ask_as(&nobody, &query).await, QueryAnswer::NotFound);
    let Query::Slots { basket, from, days, at, .. } = query else { panic!() };
    let district = DistrictCode::new("NOWHERE").unwrap();
    let nowhere = Query::Slots { district, basket, from, days, at };
    assert_eq!(desk.ask(&nowhere).await, QueryAnswer::NotFound);
    desk.stop().await;
}
