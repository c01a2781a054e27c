//! Whatever is sent, in whatever order and however often: returns never have more than was delivered.

use std::collections::BTreeMap;

use contracts::{
    OrderRef, ReplacementLine, ReplacementTiming, RequestReplacement, ReturnStatus, Role,
    WaybillKind, WaybillStatus,
};
use proptest::prelude::*;

use super::world::{
    World, actor, anna, approve, cancel, close, inspection, key, line, moved, receipt, reject,
    request, shop, source, time,
};
use crate::message::Incoming;
use crate::settings::AtOnce;
use crate::state::{LineKey, ReplacementState};

const NUMBERS: [&str; 4] = ["R1", "R2", "R3", "R4"];
/// Order lines of the world, with the units that were delivered, and those that may be sent again.
const LINES: [(u128, u32, u32, u32); 4] = [(1, 1, 3, 3), (1, 2, 4, 4), (2, 1, 5, 5), (2, 2, 0, 6)];

fn world(at_once: bool) -> World {
    let policy = if at_once { AtOnce::All } else { AtOnce::None };
    World::of(&[
        (
            1,
            "2026-03-01T08:00:00Z",
            &[("A", 3, WaybillStatus::Delivered), ("B", 4, WaybillStatus::Delivered)],
        ),
        (
            2,
            "2026-03-02T08:00:00Z",
            &[("A", 5, WaybillStatus::Delivered), ("A", 6, WaybillStatus::Lost)],
        ),
    ])
    .policy(policy)
}

fn replace(line_no: u32, quantity: u32, after: Option<usize>) -> Incoming {
    Incoming::Replace(RequestReplacement {
        source: source(),
        order_ref: OrderRef::new("O2").unwrap(),
        lines: vec![ReplacementLine { line_no, quantity }],
        timing: match after {
            None => ReplacementTiming::InAdvance {},
            Some(at) => ReplacementTiming::AfterReturn { return_ref: key(NUMBERS[at]).return_ref },
        },
        delivery_date: "2026-03-12".parse().unwrap(),
        timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
        reason: None,
        occurred_at: time("2026-03-10T00:00:00Z"),
    })
}

fn message() -> impl Strategy<Value = Incoming> {
    let number = || (0..NUMBERS.len()).prop_map(|at| NUMBERS[at]);
    let waybill = (1_u32..3, 1_u32..4, any::<bool>()).prop_map(|(order, n, is_return)| {
        let (letter, kind) =
            if is_return { ("r", WaybillKind::Return) } else { ("x", WaybillKind::Replacement) };
        (format!("shop-O{order}-{letter}{n}"), kind)
    });
    let status = prop_oneof![
        Just(WaybillStatus::Collected),
        Just(WaybillStatus::Delivered),
        Just(WaybillStatus::Cancelled),
        Just(WaybillStatus::Lost),
    ];
    prop_oneof![
        4 => (number(), 1_u32..6, 1_u32..4).prop_map(|(no, a, b)| request(no, &[("A", a), ("B", b)])),
        2 => number().prop_map(approve),
        1 => number().prop_map(reject),
        1 => number().prop_map(cancel),
        3 => (number(), 0_u32..4, 0_u32..2, any::<bool>()).prop_map(|(no, units, damaged, complete)| {
            receipt(no, &[(1, units, damaged.min(units))], complete)
        }),
        3 => (number(), 0_u32..4, 0_u32..2, 0_u32..2)
            .prop_map(|(no, kept, off, refused)| inspection(no, &[(1, kept, off, refused)])),
        2 => number().prop_map(close),
        2 => (1_u32..3, 1_u32..4, proptest::option::of(0..NUMBERS.len()))
            .prop_map(|(line_no, units, after)| replace(line_no, units, after)),
        2 => (waybill, status).prop_map(|((no, kind), to)| moved(&no, kind, to)),
    ]
}

/// What returns and replacements have of each line, by their own word.
fn taken(world: &World) -> (BTreeMap<LineKey, u32>, BTreeMap<LineKey, u32>) {
    let (mut claimed, mut replaced) = (BTreeMap::new(), BTreeMap::new());
    let book = &world.book;
    for it in NUMBERS.iter().filter_map(|number| book.get_return(&key(number))) {
        if [ReturnStatus::Rejected, ReturnStatus::Cancelled].contains(&it.status) {
            continue;
        }
        for part in it.items.iter().flat_map(|item| &item.parts) {
            *claimed.entry(part.line).or_default() += part.quantity;
        }
    }
    for no in book.changes.new_replacements.keys() {
        let it = book.replacement(no).unwrap();
        for (line_no, units) in it.lines.iter().filter(|_| it.state != ReplacementState::Cancelled)
        {
            let line = LineKey { order_id: it.order_id, line_no: *line_no };
            *replaced.entry(line).or_default() += units;
        }
    }
    (claimed, replaced)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn never_more_than_was_delivered(
        messages in proptest::collection::vec((message(), 1_usize..3), 1..60),
        at_once in any::<bool>(),
    ) {
        let mut world = world(at_once);
        for (message, times) in messages {
            let who = match &message {
                Incoming::Request(_) => shop(),
                Incoming::Receipt(_) | Incoming::Inspection(_) => actor(Role::Warehouse, "wms"),
                _ => anna(),
            };
            for _ in 0..times {
                world.tell(&who, &message);
                let (claimed, replaced) = taken(&world);
                for (order, line_no, delivered, replaceable) in LINES {
                    let line = line(order, line_no);
                    let claim = world.book.claim(line);
                    prop_assert!(claim.claimed <= delivered, "{claim:?} of {delivered} at {line:?}");
                    prop_assert!(claim.replaced <= replaceable, "{claim:?} at {line:?}");
                    prop_assert_eq!(claim.claimed, claimed.get(&line).copied().unwrap_or(0));
                    prop_assert_eq!(claim.replaced, replaced.get(&line).copied().unwrap_or(0));
                }
                for it in NUMBERS.iter().filter_map(|no| world.book.get_return(&key(no))) {
                    for item in &it.items {
                        prop_assert!(item.received <= item.asked.quantity);
                        prop_assert!(item.inspected() == 0 || item.inspected() == item.received);
                    }
                }
            }
        }
    }
}
