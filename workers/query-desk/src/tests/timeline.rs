//! The story of a waybill: all of it for staff, its own part for everybody else.

use contracts::{HoldReason, Query, QueryAnswer, Role, Timeline, TimelinePart, WaybillNo};
use testkit::PublishAs;

use super::Desk;
use super::seeing::asking;

impl Desk {
    /// A story of six steps and two holds: by the shop's file, its merchant, another merchant, customer
    /// service, ADRA and the warehouse.
    async fn insert_story(&self) -> String {
        let (first, _) = self.insert_shared_order().await;
        self.insert_place(&first).await;
        self.insert_sales_order(&first).await;
        let said = [
            (1, "order.accepted.v1", "APPLIED", "NULL", r#"{"subject":"uci","role":"shop"}"#),
            (
                2,
                "waybill.place-hold.v1",
                "APPLIED",
                "NULL",
                r#"{"subject":"ben","role":"cs_agent"}"#,
            ),
            (
                3,
                "waybill.report-status.v1",
                "REJECTED",
                "'NOT_ALLOWED'",
                r#"{"subject":"anna","role":"merchant","merchant":"acme"}"#,
            ),
            (
                4,
                "waybill.report-status.v1",
                "REJECTED",
                "'NOT_ALLOWED'",
                r#"{"subject":"olga","role":"merchant","merchant":"other"}"#,
            ),
        ];
        for (version, what, outcome, code, actor) in said {
            self.stage
                .run_sql(&format!(
                    "INSERT INTO waybill_event (waybill_id, version, message_id, message_type, outcome, code, \
                       status, sender, actor, correlation_id, detail, occurred_at, received_at) \
                     SELECT id, {version}, UNHEX(LPAD('{version}', 32, '0')), '{what}', '{outcome}', {code}, \
                       'CREATED', 'dray-portal-shim', '{actor}', 'c-{version}', 'ask Ada', '2035-06-01 10:00:00', \
                       '2035-06-01 10:0{version}:00' FROM waybill WHERE waybill_no = '{first}'"
                ))
                .await;
        }
        for sql in [
            format!(
                "INSERT INTO waybill_hold (waybill_id, owner, handle, instance, reason, placed_at) \
                 SELECT id, 'ben', 'risk of Ada', 1, 'HIGH_RISK_OF_FRAUD', '2035-06-01 10:02:00' FROM waybill \
                 WHERE waybill_no = '{first}'"
            ),
            format!(
                "INSERT INTO waybill_hold (waybill_id, owner, handle, instance, reason, placed_at, released_at) \
                 SELECT id, 'anna', 'stock', 1, 'INVENTORY_OUT_OF_STOCK', '2035-06-01 10:03:00', \
                   '2035-06-01 10:04:00' FROM waybill WHERE waybill_no = '{first}'"
            ),
            format!(
                "INSERT INTO adra_decision VALUES ('{first}', 1, 'ASSIGNED', NULL, UNHEX(LPAD('9', 32, '0')), \
                   '{{}}', '2035-06-01 10:05:00', '2035-06-01 10:05:00')"
            ),
            format!(
                "INSERT INTO sales_order_change VALUES ('{first}/1', 1, '2035-06-01 10:06:00', \
                   'assignment.assigned.v1', NULL, 'SUBMITTED', 'wanda', 'warehouse', '10.0.0.7', \
                   'dray-wms-sync', REPEAT('m', 16), 'c-6')"
            ),
        ] {
            self.stage.run_sql(&sql).await;
        }
        first
    }

    async fn story(&self, how: &PublishAs, waybill_no: &str) -> Option<Timeline> {
        let waybill_no = WaybillNo::new(waybill_no).unwrap();
        match self.ask_as(how, &Query::Timeline { waybill_no }).await {
            QueryAnswer::Timeline(story) => Some(*story),
            QueryAnswer::NotFound => None,
            other => panic!("no timeline: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_is_told_everything_in_the_order_of_time() {
    let desk = Desk::start().await;
    let first = desk.insert_story().await;
    let story = desk.story(&asking(Role::CsAgent, "eva", None), &first).await.unwrap();
    let told: Vec<_> = story.steps.iter().map(|step| (step.part, step.version)).collect();
    let expected = [
        (TimelinePart::Waybill, 1),
        (TimelinePart::Waybill, 2),
        (TimelinePart::Waybill, 3),
        (TimelinePart::Waybill, 4),
        (TimelinePart::Assignment, 1),
        (TimelinePart::SalesOrder, 1),
    ];
    assert_eq!(told, expected);
    let refused = &story.steps[2];
    assert_eq!(
        (refused.outcome.as_str(), refused.code.as_deref()),
        ("REJECTED", Some("NOT_ALLOWED"))
    );
    assert_eq!(refused.cause.actor.as_deref(), Some("anna"));
    assert_eq!(refused.cause.sender.as_deref(), Some("dray-portal-shim"));
    assert_eq!(refused.cause.correlation_id.as_deref(), Some("c-3"));
    assert_eq!(story.steps[4].reference.as_deref(), Some("NORTH-007"));
    let picked = &story.steps[5];
    assert_eq!(
        (picked.status.as_deref(), picked.cause.role),
        (Some("SUBMITTED"), Some(Role::Warehouse))
    );
    let holds: Vec<_> =
        story.holds.iter().map(|hold| (hold.owner.as_deref(), hold.reason)).collect();
    let expected = [
        (Some("ben"), Some(HoldReason::HighRiskOfFraud)),
        (Some("anna"), Some(HoldReason::InventoryOutOfStock)),
    ];
    assert_eq!(holds, expected);
    assert!(!story.truncated);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_told_what_had_an_effect_and_what_they_said_themselves() {
    let desk = Desk::start().await;
    let first = desk.insert_story().await;
    let anna = asking(Role::Merchant, "anna", Some("acme"));
    let story = desk.story(&anna, &first).await.unwrap();
    let versions: Vec<_> = story.steps.iter().map(|step| (step.part, step.version)).collect();
    let expected = [
        (TimelinePart::Waybill, 1),
        (TimelinePart::Waybill, 2),
        (TimelinePart::Waybill, 3),
        (TimelinePart::Assignment, 1),
        (TimelinePart::SalesOrder, 1),
    ];
    assert_eq!(versions, expected, "what was refused to another merchant is none of its business");
    let own = &story.steps[2];
    assert_eq!(
        (own.cause.actor.as_deref(), own.detail.as_deref()),
        (Some("anna"), Some("ask Ada"))
    );
    let holds: Vec<_> =
        story.holds.iter().map(|hold| (hold.owner.as_deref(), hold.reason)).collect();
    let expected =
        [(None, Some(HoldReason::Other)), (Some("anna"), Some(HoldReason::InventoryOutOfStock))];
    assert_eq!(holds, expected);

    for how in [
        asking(Role::Merchant, "a colleague", Some("acme")),
        asking(Role::Customer, "C-17", None),
        asking(Role::Shop, "uci", None),
    ] {
        let mut story = desk.story(&how, &first).await.unwrap();
        // its own words are its own
        story.steps.retain(|step| step.cause.actor.is_none());
        let text = serde_json::to_string(&story).unwrap();
        for private in ["ben", "olga", "wanda", "10.0.0.7", "Ada", "FRAUD", "c-6", "wms-sync"] {
            assert!(!text.contains(private), "{how:?} is told {private}: {text}");
        }
        assert!(text.contains("cs_agent"), "the role is told");
    }
    assert_eq!(desk.story(&asking(Role::Merchant, "x", Some("third")), &first).await, None);
    assert_eq!(desk.story(&asking(Role::Customer, "C-18", None), &first).await, None);
    assert_eq!(desk.story(&anna, "uci-0-0").await, None);
    desk.stop().await;
}
