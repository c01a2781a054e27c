//! What agents do, and that everything of it may be sent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use std::collections::BTreeSet;
use std::mem::{Discriminant, discriminant};

use contracts::{Contract, MessageId, derive_message_id};

use super::acts::{Agent, Say, act};
use super::world::{SeenLine, SeenOrder, SeenSalesOrder, SeenWaybill, World};
use crate::dice::Dice;

fn world() -> World {
    let day = "2026-03-02".parse().unwrap();
    let waybill = |n: u32| SeenWaybill {
        waybill_no: format!("shop-{n}-1"),
        status: ["CREATED", "PICKED", "PACKED", "DELIVERED"][n as usize % 4].to_owned(),
        delivery_date: day,
    };
    let order = |n: u32| SeenOrder {
        source: "shop".to_owned(),
        order_ref: n.to_string(),
        version: 3,
        customer_ref: n.is_multiple_of(2).then(|| "17850".to_owned()),
        delivery_date: day,
        lines: vec![SeenLine { line_no: 1, sku: "A".to_owned(), quantity: 9_999 }],
    };
    let sales_order = |n: u32| SeenSalesOrder {
        sales_order_no: format!("shop-{n}-1/1"),
        status: ["SUBMITTED", "REJECTED"][n as usize % 2].to_owned(),
        delivery_date: day,
    };
    World {
        sales_orders: (0..20).map(sales_order).collect(),
        warehouses: vec!["WH-N1".to_owned(), "WH-N2".to_owned()],
        waybills: (0..20).map(waybill).collect(),
        orders: (0..20).map(order).collect(),
        routes: vec!["NORTH-7".to_owned()],
        timeslots: vec!["0900-1300".to_owned(), "1300-1800".to_owned()],
    }
}

fn valid(say: &Say) -> Result<(), String> {
    match say {
        Say::Hold(command) => command.validate(),
        Say::Release(command) => command.validate(),
        Say::CancelWaybill(command) => command.validate(),
        Say::CancelOrder(command) => command.validate(),
        Say::Amend(command) => command.validate(),
        Say::Reschedule(command) => command.validate(),
        Say::Correct(command) => command.validate(),
        Say::Lock(command) => command.validate(),
        Say::Return(command) => command.validate(),
        Say::Replace(command) => command.validate(),
        Say::Case(command) => command.validate(),
        Say::Transfer(command) => command.validate(),
        Say::Resubmit(command) => command.validate(),
    }
}

#[test]
fn agents_do_everything_there_is_and_nothing_of_it_is_invalid() {
    let (world, mut agent) = (world(), Agent::new(1));
    let mut dice = Dice::new(7, "agents", 0);
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut kinds: Vec<Discriminant<Say>> = Vec::new();
    for n in 0..2_000 {
        let id = derive_message_id("test", &n.to_string());
        let Some(act) = act(&mut agent, &world, id, &mut dice) else { continue };
        assert_eq!(valid(&act.say), Ok(()), "{:?}", act.say);
        done.insert(act.consumer.name().to_owned());
        if !kinds.contains(&discriminant(&act.say)) {
            kinds.push(discriminant(&act.say));
        }
    }
    assert_eq!(kinds.len(), 13);
    assert_eq!(done.len(), 5, "{done:?}");
}

#[test]
fn the_same_dice_act_alike_and_an_empty_world_leaves_nothing_to_do() {
    let acts = |world: &World| -> Vec<Option<Say>> {
        let (mut agent, mut dice) = (Agent::new(1), Dice::new(3, "agents", 0));
        let id = MessageId(uuid::Uuid::nil());
        // a release tells the present moment
        (0..200)
            .map(|_| act(&mut agent, world, id, &mut dice).map(|act| act.say))
            .filter(|say| !matches!(say, Some(Say::Release(_) | Say::Lock(_))))
            .collect()
    };
    let world = world();
    assert_eq!(acts(&world), acts(&world));
    assert!(acts(&World::default()).iter().all(Option::is_none));
}
