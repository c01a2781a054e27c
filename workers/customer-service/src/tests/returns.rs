//! Whole stories of returns.

use contracts::{
    Actor, CustomerRef, Merchant, OrderRef, ReturnStatus as S, ReturnVerdict as V, Role,
    WaybillKind, WaybillStatus,
};

use super::world::{
    World, actor, anna, approve, asked, cancel, close, for_version, inspection, line, moved,
    receipt, reject, request, shop, time,
};
use crate::decide::{Decision, Notice};
use crate::message::Incoming;
use crate::settings::AtOnce;

const DELIVERED: WaybillStatus = WaybillStatus::Delivered;

fn verdicts(decision: &Decision) -> Vec<&str> {
    decision.items.iter().map(|item| item.code.as_str()).collect()
}

fn parts(world: &World, number: &str) -> Vec<(String, u32, u32)> {
    let items = world.the_return(number).items.iter().flat_map(|item| &item.parts);
    items.map(|p| (p.order_ref.to_string(), p.line.line_no, p.quantity)).collect()
}

#[test]
fn the_newest_delivery_is_given_back_first() {
    let mut world = World::of(&[
        (1, "2026-03-01T08:00:00Z", &[("A", 5, DELIVERED), ("A", 2, DELIVERED)]),
        (2, "2026-03-02T08:00:00Z", &[("A", 3, DELIVERED), ("a", 9, DELIVERED)]),
        (3, "2026-03-03T08:00:00Z", &[("A", 9, WaybillStatus::Lost)]),
        (4, "2026-03-09T08:00:00Z", &[("A", 9, DELIVERED)]),
    ]);
    let decision = world.done(&shop(), &request("R1", &[("A", 4), ("A", 5), ("A", 2), ("B", 1)]));
    assert_eq!(verdicts(&decision), ["SPREAD", "SPREAD", "QUANTITY_EXCEEDS", "NO_MATCH"]);
    let of = |order: &str, line_no, units| (order.to_owned(), line_no, units);
    assert_eq!(
        parts(&world, "R1"),
        [of("O2", 1, 3), of("O1", 2, 1), of("O1", 2, 1), of("O1", 1, 4)]
    );
}

#[test]
fn a_line_of_a_named_order_is_looked_for_there_alone() {
    let mut world = World::of(&[
        (1, "2026-03-01T08:00:00Z", &[("A", 5, DELIVERED)]),
        (2, "2026-03-02T08:00:00Z", &[("A", 5, DELIVERED)]),
    ]);
    let mut named = asked("R1", &[("A", 2)]);
    named.order_ref = Some(OrderRef::new("O1").unwrap());
    named.customer_ref = None;
    let decision = world.done(&shop(), &Incoming::Request(named.clone()));
    assert_eq!(verdicts(&decision), ["MATCHED"]);
    assert_eq!(parts(&world, "R1"), [("O1".to_owned(), 1, 2)]);
    assert_eq!(world.the_return("R1").customer_ref.as_ref().unwrap().as_str(), "C-1");
    named.return_ref = contracts::ReturnRef::new("R2").unwrap();
    named.customer_ref = Some(CustomerRef::new("C-2").unwrap());
    assert_eq!(world.code(&shop(), &Incoming::Request(named)), "NOTHING_MATCHES");
}

#[test]
fn without_a_customer_nothing_is_looked_for() {
    let mut world = World::with_five();
    let mut nobody = asked("R1", &[("A", 1)]);
    nobody.customer_ref = None;
    let decision = world.tell(&shop(), &Incoming::Request(nobody));
    assert_eq!(decision.outcome.code(), "NOTHING_MATCHES");
    assert_eq!(verdicts(&decision), [V::NoCustomer.as_str()]);
    assert!(world.book.changes.new_returns.is_empty());
}

#[test]
fn the_same_request_again_is_a_duplicate_and_another_one_a_conflict() {
    let mut world = World::with_five();
    world.done(&shop(), &request("R1", &[("A", 2)]));
    let again = world.tell(&shop(), &request("R1", &[("A", 2)]));
    assert_eq!((again.outcome.code(), verdicts(&again)), ("DUPLICATE", vec!["MATCHED"]));
    assert_eq!(world.code(&shop(), &request("R1", &[("A", 3)])), "CONFLICT");
    assert_eq!(world.claimed(), 2);
}

#[test]
fn a_return_from_approval_to_its_end() {
    let mut world = World::with_five();
    let decision = world.done(&shop(), &request("R1", &[("A", 4)]));
    let Notice::Waybills(wanted) = &decision.notices[1] else { panic!("no waybill is wanted") };
    let draft = &wanted.order.waybills[0];
    assert_eq!((draft.waybill_no.as_str(), draft.kind), ("shop-O1-r1", WaybillKind::Return));
    assert_eq!((draft.dry_ml, draft.weight_g, draft.lines[0].quantity), (400, 40, 4));
    assert_eq!(wanted.order.delivery_date.to_string(), "2026-03-06");
    assert_eq!(wanted.order.timeslot.as_str(), "0900-1300");
    assert_eq!(world.status("R1"), S::Approved);

    world.done(&anna(), &moved("shop-O1-r1", WaybillKind::Return, WaybillStatus::Collected));
    assert_eq!(world.status("R1"), S::Collected);
    assert_eq!(world.code(&anna(), &cancel("R1")), "WRONG_STATE");
    let clerk = actor(Role::Warehouse, "wms");
    world.done(&clerk, &receipt("R1", &[(1, 3, 1)], false));
    assert_eq!(world.status("R1"), S::Received);
    assert_eq!(world.code(&clerk, &inspection("R1", &[(1, 3, 0, 0)])), "NOT_COMPLETE");
    assert_eq!(world.code(&clerk, &receipt("R1", &[(1, 2, 0)], false)), "MORE_THAN_REQUESTED");
    let decision = world.done(&clerk, &receipt("R1", &[], true));
    assert!(decision.notices.iter().any(|notice| matches!(notice, Notice::Case(_, 1))));
    assert_eq!(world.code(&clerk, &inspection("R1", &[(1, 1, 1, 0)])), "DIFFERS_FROM_RECEIPT");
    world.done(&clerk, &inspection("R1", &[(1, 1, 1, 1)]));
    assert_eq!(world.status("R1"), S::Inspected);
    world.done(&anna(), &close("R1"));
    assert_eq!(world.status("R1"), S::Closed);
    // four were claimed: two are kept, one went back to the customer, one never came
    assert_eq!((world.claimed(), parts(&world, "R1")), (2, vec![("O1".to_owned(), 1, 2)]));
    assert_eq!(world.code(&anna(), &close("R1")), "DUPLICATE");
    world.done(&shop(), &request("R2", &[("A", 3)]));
    assert_eq!(world.the_return("R2").waybills[0].1.as_str(), "shop-O1-r2");
}

#[test]
fn what_ends_without_goods_gives_its_claims_back() {
    let mut world = World::with_five().policy(AtOnce::None);
    world.done(&shop(), &request("R1", &[("A", 5)]));
    assert_eq!((world.status("R1"), world.claimed()), (S::Requested, 5));
    assert_eq!(world.code(&shop(), &request("R2", &[("A", 1)])), "NOTHING_MATCHES");
    let decision = world.done(&anna(), &reject("R1"));
    assert_eq!((decision.notices.len(), world.claimed()), (1, 0));
    assert_eq!(world.code(&anna(), &approve("R1")), "WRONG_STATE");

    world.done(&shop(), &request("R2", &[("A", 5)]));
    world.done(&anna(), &approve("R2"));
    let decision = world.done(&shop(), &cancel("R2"));
    let cancelled = decision.notices.iter().find_map(|notice| match notice {
        Notice::Cancel(cancel) => Some(cancel.waybill_no.as_str()),
        _ => None,
    });
    assert_eq!((cancelled, world.claimed()), (Some("shop-O1-r2"), 0));
    // the truck was there before the news
    let late = moved("shop-O1-r2", WaybillKind::Return, WaybillStatus::Collected);
    let decision = world.done(&anna(), &late);
    assert!(
        matches!(&decision.notices[..], [Notice::Case(case, 1)] if case.subject == "return shop/R2")
    );
    assert_eq!(world.status("R2"), S::Cancelled);
}

#[test]
fn a_receipt_needs_no_report_of_the_road() {
    let mut world = World::with_five();
    world.done(&shop(), &request("R1", &[("A", 2)]));
    world.done(&anna(), &receipt("R1", &[(1, 2, 0)], false));
    assert_eq!(world.status("R1"), S::Received);
    let late = moved("shop-O1-r1", WaybillKind::Return, WaybillStatus::Delivered);
    assert_eq!(world.code(&anna(), &late), "STALE");
    assert_eq!(world.status("R1"), S::Received);
}

#[test]
fn a_return_of_which_nothing_came_can_be_closed() {
    let mut world = World::with_five();
    world.done(&shop(), &request("R1", &[("A", 2)]));
    world.done(&anna(), &receipt("R1", &[], true));
    assert_eq!(world.status("R1"), S::Inspected);
    world.done(&anna(), &close("R1"));
    assert_eq!(world.claimed(), 0);
}

#[test]
fn everybody_asks_for_own_returns_alone() {
    let own = |actor: &Actor| World::with_five().code(actor, &request("R1", &[("A", 1)]));
    assert_eq!(own(&actor(Role::Shop, "shop")), "APPLIED");
    assert_eq!(own(&actor(Role::Shop, "other")), "NOT_ALLOWED");
    assert_eq!(own(&actor(Role::Customer, "C-1")), "APPLIED");
    assert_eq!(own(&actor(Role::Customer, "C-2")), "NOT_ALLOWED");
    assert_eq!(own(&actor(Role::Merchant, "ben")), "NOT_ALLOWED");
    let of = |merchant: &str| Actor {
        merchant: Some(Merchant::new(merchant).unwrap().to_string()),
        ..actor(Role::Merchant, "ben")
    };
    assert_eq!(own(&of("M1")), "APPLIED");
    assert_eq!(own(&of("M2")), "NOTHING_MATCHES");

    let mut world = World::with_five();
    world.done(&shop(), &request("R1", &[("A", 1)]));
    assert_eq!(world.code(&actor(Role::Customer, "C-2"), &cancel("R1")), "UNKNOWN_RETURN");
    assert_eq!(world.code(&actor(Role::Shop, "other"), &cancel("R1")), "UNKNOWN_RETURN");
    assert_eq!(world.code(&actor(Role::Shop, "shop"), &approve("R1")), "NOT_ALLOWED");
    assert_eq!(world.code(&actor(Role::Customer, "C-1"), &cancel("R1")), "APPLIED");
}

#[test]
fn a_step_for_an_older_version_of_a_return_is_not_taken() {
    let mut world = World::with_five().policy(AtOnce::None);
    world.done(&shop(), &request("R1", &[("A", 1)]));
    world.done(&anna(), &for_version(approve("R1"), 1));
    let steps = [
        approve("R1"),
        reject("R1"),
        cancel("R1"),
        receipt("R1", &[(1, 1, 0)], true),
        inspection("R1", &[(1, 1, 0, 0)]),
        close("R1"),
    ];
    for step in steps {
        let late = for_version(step, 1);
        assert_eq!(world.code(&anna(), &late), "VERSION_CONFLICT", "{late:?}");
    }
    assert_eq!((world.status("R1"), world.the_return("R1").version), (S::Approved, 2));
    let stranger = actor(Role::Customer, "C-2");
    assert_eq!(world.code(&stranger, &for_version(cancel("R1"), 1)), "UNKNOWN_RETURN");
    world.done(&anna(), &for_version(cancel("R1"), 2));
}

#[test]
fn only_the_shops_own_returns_are_approved_at_once() {
    let others: AtOnce = "north,south".parse().unwrap();
    let status = |policy: AtOnce, actor: &Actor| {
        let mut world = World::with_five().policy(policy);
        world.done(actor, &request("R1", &[("A", 1)]));
        world.status("R1")
    };
    assert_eq!(status(AtOnce::All, &shop()), S::Approved);
    assert_eq!(status("shop".parse().unwrap(), &shop()), S::Approved);
    assert_eq!(status(others, &shop()), S::Requested);
    assert_eq!(status(AtOnce::All, &actor(Role::Customer, "C-1")), S::Requested);
    assert_eq!(status(AtOnce::All, &anna()), S::Requested);
}

#[test]
fn a_late_approval_is_fetched_on_the_day_after_it() {
    let mut world = World::with_five().policy(AtOnce::None);
    world.done(&shop(), &request("R1", &[("A", 1)]));
    let decision = world.done(&anna(), &approve("R1"));
    let Notice::Waybills(wanted) = &decision.notices[1] else { panic!("no waybill is wanted") };
    assert_eq!(wanted.order.delivery_date.to_string(), "2026-03-07");
    assert_eq!(wanted.order.ordered_at, time("2026-03-06T10:00:00Z"));
    assert_eq!(world.book.claim(line(1, 1)).claimed, 1);
}

#[test]
fn goods_of_several_orders_are_fetched_by_a_waybill_each() {
    let mut world = World::of(&[
        (1, "2026-03-01T08:00:00Z", &[("A", 2, DELIVERED)]),
        (2, "2026-03-02T08:00:00Z", &[("A", 2, DELIVERED), ("B", 1, DELIVERED)]),
    ]);
    let decision = world.done(&shop(), &request("R1", &[("A", 3), ("B", 1)]));
    let waybills: Vec<(&str, usize)> = decision
        .notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Waybills(wanted) => Some(&wanted.order.waybills[0]),
            _ => None,
        })
        .map(|draft| (draft.waybill_no.as_str(), draft.lines.len()))
        .collect();
    assert_eq!(waybills, [("shop-O1-r1", 1), ("shop-O2-r1", 2)]);
}
