//! Who sees what: the rule for each role, and the desk asked by each.

use contracts::{
    Actor, CustomerRef, MessageId, OrderView, QueryAnswer, Role, Source, WaybillNo, WaybillOwner,
};
use testkit::PublishAs;

use super::{Desk, about_order, about_waybill};
use crate::scope::Scope;

fn actor(role: Role, subject: &str, merchant: Option<&str>) -> Actor {
    let (subject, merchant) = (subject.to_owned(), merchant.map(str::to_owned));
    Actor { subject, role, merchant, origin: None }
}

pub(super) fn asking(role: Role, subject: &str, merchant: Option<&str>) -> PublishAs {
    PublishAs::default().actor(actor(role, subject, merchant))
}

#[test]
fn every_role_has_its_scope() {
    let merchant = |code| Scope::Merchant(contracts::Merchant::new(code).unwrap());
    let customer = Scope::Customer(CustomerRef::new("C-17").unwrap());
    let cases = [
        (actor(Role::Merchant, "anna", Some("acme")), merchant("acme")),
        (actor(Role::Merchant, "acme", None), Scope::Nothing),
        (actor(Role::Merchant, "anna", Some("")), Scope::Nothing),
        (actor(Role::Customer, "C-17", Some("acme")), customer),
        (actor(Role::Customer, "", None), Scope::Nothing),
        (actor(Role::Shop, "uci", None), Scope::Source(Source::new("uci").unwrap())),
        (actor(Role::CsAgent, "ben", None), Scope::All),
        (actor(Role::CsSupervisor, "ben", None), Scope::All),
        (actor(Role::Dispatcher, "ben", None), Scope::All),
        (actor(Role::Warehouse, "wms", None), Scope::All),
        (actor(Role::Sorting, "pss", None), Scope::All),
        (actor(Role::Road, "ods", None), Scope::All),
        (actor(Role::Worker, "dray-wms-sync", None), Scope::All),
        (actor(Role::Operator, "ben", None), Scope::All),
        (actor(Role::Admin, "ben", None), Scope::All),
    ];
    for (actor, expected) in cases {
        assert_eq!(Scope::of(&actor), expected, "{actor:?}");
    }
}

#[test]
fn a_waybill_without_an_owner_is_nobodys() {
    let owner = WaybillOwner::default();
    for limited in [
        actor(Role::Merchant, "anna", Some("acme")),
        actor(Role::Merchant, "anna", None),
        actor(Role::Customer, "C-17", None),
        actor(Role::Shop, "uci", None),
    ] {
        assert!(!Scope::of(&limited).sees_waybill(&owner), "{limited:?}");
    }
}

impl Desk {
    /// An order of customer C-17: two lines of acme in the first waybill, one of other in the second.
    pub(super) async fn insert_shared_order(&self) -> (String, String) {
        let order_ref = self.stage.name();
        let (first, second) = (self.first(), format!("uci-{order_ref}-2"));
        self.insert_order(&order_ref, &[&first, &first, &second]).await;
        for waybill_no in [&first, &second] {
            self.insert_waybill(waybill_no).await;
        }
        for sql in [
            "UPDATE orders SET customer_ref = 'C-17'".to_owned(),
            format!("UPDATE order_line SET merchant = 'other' WHERE waybill_no = '{second}'"),
            "UPDATE waybill SET source = 'uci', customer_ref = 'C-17', merchant = 'acme'"
                .to_owned(),
            format!("UPDATE waybill SET merchant = 'other' WHERE waybill_no = '{second}'"),
        ] {
            self.stage.run_sql(&sql).await;
        }
        (first, second)
    }

    async fn order_for(&self, how: &PublishAs) -> Option<OrderView> {
        match self.ask_as(how, &about_order(&self.stage.name())).await {
            QueryAnswer::Order(view) => Some(*view),
            _ => None,
        }
    }

    /// The lines, the numbers without their repetitions, and how many of the waybills are shown.
    async fn shown_order(&self, how: &PublishAs) -> Option<(u32, Vec<String>, usize)> {
        let view = self.order_for(how).await?;
        let numbers = view.standing.waybill_numbers.iter().map(WaybillNo::to_string).collect();
        Some((view.standing.lines, numbers, view.waybills.len()))
    }

    async fn shown_waybill(&self, how: &PublishAs, waybill_no: &str) -> bool {
        self.ask_as(how, &about_waybill(waybill_no)).await != QueryAnswer::NotFound
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_asker_sees_its_own_and_nothing_else() {
    let desk = Desk::start().await;
    let (first, second) = desk.insert_shared_order().await;
    let whole = Some((3, vec![first.clone(), second.clone()], 2));
    let of_acme = Some((2, vec![first.clone()], 1));
    let of_other = Some((1, vec![second.clone()], 1));
    let cases = [
        (asking(Role::CsAgent, "ben", None), whole.clone(), [true, true]),
        (asking(Role::Customer, "C-17", None), whole.clone(), [true, true]),
        (asking(Role::Customer, "C-18", None), None, [false, false]),
        (asking(Role::Shop, "uci", None), whole, [true, true]),
        (asking(Role::Shop, "grocery", None), None, [false, false]),
        (asking(Role::Merchant, "a", Some("acme")), of_acme, [true, false]),
        (asking(Role::Merchant, "o", Some("other")), of_other, [false, true]),
        (asking(Role::Merchant, "x", Some("third")), None, [false, false]),
        (asking(Role::Merchant, "acme", None), None, [false, false]),
    ];
    for (how, order, waybills) in cases {
        assert_eq!(desk.shown_order(&how).await, order, "{how:?}");
        // how far it is, line by line: as many as it is told of
        let counted = desk.order_for(&how).await.map(|view| view.standing.line_standings.len());
        let lines = order.map(|(lines, _, _)| usize::try_from(lines).unwrap());
        assert_eq!(counted, lines, "{how:?}");
        let shown =
            [desk.shown_waybill(&how, &first).await, desk.shown_waybill(&how, &second).await];
        assert_eq!(shown, waybills, "{how:?}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_shown_with_what_it_was_about() {
    let desk = Desk::start().await;
    let (first, second) = desk.insert_shared_order().await;
    let order = format!("'uci/{}'", desk.stage.name());
    let mut ids = Vec::new();
    for about in [order, format!("'{first}'"), format!("'{second}'"), "NULL".to_owned()] {
        let id = MessageId::generate();
        desk.stage
            .run_sql(&format!(
                "INSERT INTO inbox VALUES ('waybill-status', 'dray-portal-shim', UNHEX('{}'), REPEAT('h', 32), \
                   'applied', 'APPLIED', {about}, 1, NULL, NOW(6), NULL, NULL)",
                id.0.simple()
            ))
            .await;
        ids.push(id);
    }
    for (how, expected) in [
        (asking(Role::Operator, "ben", None), [true, true, true, true]),
        (asking(Role::Customer, "C-17", None), [true, true, true, false]),
        (asking(Role::Merchant, "a", Some("acme")), [true, true, false, false]),
        (asking(Role::Merchant, "x", Some("third")), [false, false, false, false]),
    ] {
        for (message_id, expected) in ids.iter().zip(expected) {
            let sender = "dray-portal-shim".to_owned();
            let question = contracts::Query::Operation { sender, message_id: *message_id };
            let answer = desk.ask_as(&how, &question).await;
            assert_eq!(answer != QueryAnswer::NotFound, expected, "{how:?}");
        }
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_to_nothing_is_told_to_whom_it_was_sent_for() {
    let desk = Desk::start().await;
    let mut ids = Vec::new();
    for actor in ["'anna'", "NULL"] {
        let id = MessageId::generate();
        desk.stage
            .run_sql(&format!(
                "INSERT INTO inbox VALUES ('order-intake', 'dray-portal-shim', UNHEX('{}'), REPEAT('h', 32), \
                   'rejected', 'INVALID_ORDER', NULL, NULL, NULL, NOW(6), NULL, {actor})",
                id.0.simple()
            ))
            .await;
        ids.push(id);
    }
    let through = |user: &str, how: PublishAs| how.user(user);
    for (how, expected) in [
        (through("dray-portal-shim", asking(Role::Merchant, "anna", Some("acme"))), [true, false]),
        (through("dray-portal-shim", asking(Role::Customer, "anna", None)), [true, false]),
        (through("dray-portal-shim", asking(Role::Merchant, "ben", Some("acme"))), [false, false]),
        (through("dray-portal-shim", asking(Role::Customer, "", None)), [false, false]),
        // somebody of the same name who did not come through the portal
        (through("dray-partner-sync", asking(Role::Shop, "anna", None)), [false, false]),
    ] {
        for (message_id, expected) in ids.iter().zip(expected) {
            let sender = "dray-portal-shim".to_owned();
            let question = contracts::Query::Operation { sender, message_id: *message_id };
            let answer = desk.ask_as(&how, &question).await;
            assert_eq!(answer != QueryAnswer::NotFound, expected, "{how:?}");
        }
    }
    desk.stop().await;
}
