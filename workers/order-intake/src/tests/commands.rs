//! Every status, every command, every role: who may ask what of an order, and when.

use contracts::{
    Actor, AmendOrder, AmendedDestination, AmendedLine, CancelOrder, OrderStatus, Personal, Role,
};
use runtime::Outcome;

use super::fixture::{actor, asker, at, network, two_waybills};
use crate::decide::{Effect, amend, cancel, may_change};
use crate::order::Order;

use OrderStatus as S;

/// The order's customer, its shop, or somebody of that role.
fn somebody(role: Role) -> Actor {
    let subject = match role {
        Role::Customer => "17850",
        Role::Shop => "uci",
        Role::Merchant
        | Role::CsAgent
        | Role::CsSupervisor
        | Role::Dispatcher
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Worker
        | Role::Operator
        | Role::Admin => "anna",
    };
    actor(subject, role)
}

fn cancelling(line_no: Option<u32>) -> CancelOrder {
    let order = two_waybills();
    CancelOrder {
        source: order.key.source,
        order_ref: order.key.order_ref,
        line_no,
        reason: Some("ordered twice".to_owned()),
        expected_version: None,
        occurred_at: at(5),
    }
}

fn amending(lines: &[(u32, u32)], destination: Option<AmendedDestination>) -> AmendOrder {
    let order = two_waybills();
    let line =
        |(line_no, quantity): &(u32, u32)| AmendedLine { line_no: *line_no, quantity: *quantity };
    AmendOrder {
        source: order.key.source,
        order_ref: order.key.order_ref,
        expected_version: 1,
        lines: lines.iter().map(line).collect(),
        destination,
        reason: None,
        occurred_at: at(5),
    }
}

fn elsewhere() -> AmendedDestination {
    AmendedDestination { address: Some(Personal::new("2 Other Street")), ..Default::default() }
}

/// A command by its name.
fn ask(command: &str, order: &mut Order, actor: &Actor) -> Effect {
    let asker = asker(actor, 9);
    match command {
        "cancel" => cancel(order, &cancelling(None), &asker),
        "cancel a line" => cancel(order, &cancelling(Some(3)), &asker),
        "amend lines" => amend(order, &amending(&[(1, 1)], None), &asker, None),
        "amend destination" => {
            amend(order, &amending(&[], Some(elsewhere())), &asker, Some(&network()))
        }
        other => panic!("no command {other}"),
    }
}

const COMMANDS: [&str; 4] = ["cancel", "cancel a line", "amend lines", "amend destination"];
const CANCELLABLE: [S; 5] =
    [S::Paid, S::Released, S::PartiallyShipped, S::Shipped, S::PartiallyDelivered];
const AMENDABLE: [S; 4] = [S::Paid, S::Released, S::PartiallyShipped, S::PartiallyDelivered];
const ALLOWED: [Role; 6] =
    [Role::Customer, Role::CsAgent, Role::CsSupervisor, Role::Shop, Role::Operator, Role::Admin];

fn expected(command: &str, status: S, role: Role) -> &'static str {
    let may = match command {
        "cancel" if status == S::Cancelled && ALLOWED.contains(&role) => return "DUPLICATE",
        "cancel" | "cancel a line" => CANCELLABLE.contains(&status),
        _ => AMENDABLE.contains(&status),
    };
    match (ALLOWED.contains(&role), may) {
        (false, _) => "NOT_ALLOWED",
        (true, false) => "WRONG_STATUS",
        (true, true) => "APPLIED",
    }
}

#[test]
fn every_status_and_command_and_role() {
    for status in S::ALL {
        for command in COMMANDS {
            for role in Role::ALL {
                let mut order = two_waybills();
                order.status = status;
                let before = order.clone();
                let effect = ask(command, &mut order, &somebody(role));
                let expected = expected(command, status, role);
                let which = format!("{command} by {role:?} of an order that is {status:?}");
                assert_eq!(effect.outcome.code(), expected, "{which}");
                if expected == "APPLIED" {
                    assert_eq!(order.version, 2, "{which}");
                    assert_eq!(effect.change.map(|change| change.version), Some(2), "{which}");
                    assert!(effect.news.len() > 1, "{which}: somebody is asked");
                } else {
                    assert_eq!((&order, effect.change), (&before, None), "{which}");
                    assert!(effect.news.is_empty(), "{which}");
                }
            }
        }
    }
}

#[test]
fn a_stranger_changes_nothing_and_learns_nothing() {
    let strangers =
        [("17851", Role::Customer, "UNKNOWN_ORDER"), ("ebay", Role::Shop, "NOT_ALLOWED")];
    for (subject, role, code) in strangers {
        let stranger = actor(subject, role);
        for command in COMMANDS {
            let mut order = two_waybills();
            let outcome = ask(command, &mut order, &stranger).outcome;
            let Outcome::Rejected(refusal) = outcome else { panic!("{outcome:?}") };
            assert_eq!(refusal.code, code, "{command} by {subject}");
            assert_eq!(order, two_waybills());
            // and the answer is the same when there is no such order
            let there_is_none = may_change(&stranger, &order.key.source, None);
            assert_eq!(there_is_none, Err(refusal));
        }
    }
}

#[test]
fn an_order_of_a_guest_is_no_customers() {
    let mut order = two_waybills();
    order.customer_ref = None;
    let outcome = ask("cancel", &mut order, &somebody(Role::Customer)).outcome;
    assert_eq!(outcome.code(), "UNKNOWN_ORDER");
}
