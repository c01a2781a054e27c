//! What the fleet says of waybills and returns: counters, both statuses, and that the order in which it is
//! heard does not matter.

use contracts::{
    AmendOrder, AmendedLine, AmendmentDecided, AmendmentDecider, CreateOrders, OrderReturnStatus,
    OrderStatus, ReturnChanged, ReturnLineStanding, ReturnRef, ReturnStanding, ReturnStatus,
    ReturnVerdict, ReturnedPart, WaybillAmendment, WaybillStatus as S,
};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use runtime::{Outcome, Worker};
use uuid::Uuid;

use super::fixture::{asker, at, line, no, order, parcel, shop, two_waybills};
use crate::decide::{News, amend, decided, moved, returned};
use crate::incoming::Incoming;
use crate::order::{Counters, Order, Parcel};
use crate::worker::OrderIntake;

/// The order after its two waybills got so far.
fn after(first: S, second: S) -> Order {
    let mut order = two_waybills();
    moved(&mut order, &no(1), parcel(first, 3));
    moved(&mut order, &no(2), parcel(second, 3));
    order
}

#[test]
fn the_counters_give_the_status() {
    let waits = S::Packed;
    let cases = [
        (waits, waits, OrderStatus::Paid),
        (S::Dispatched, waits, OrderStatus::PartiallyShipped),
        (S::Dispatched, S::OutForDelivery, OrderStatus::Shipped),
        (S::Dispatched, S::Cancelled, OrderStatus::Shipped),
        (S::Dispatched, S::Lost, OrderStatus::Shipped),
        (S::Returning, S::DeliveryFailed, OrderStatus::Shipped),
        (S::ReturnedToOrigin, waits, OrderStatus::PartiallyShipped),
        (S::Delivered, waits, OrderStatus::PartiallyDelivered),
        (S::Delivered, S::Dispatched, OrderStatus::PartiallyDelivered),
        (S::Cancelled, waits, OrderStatus::Paid),
        (S::Cancelled, S::Cancelled, OrderStatus::Cancelled),
        (S::Delivered, S::Delivered, OrderStatus::Completed),
        (S::Delivered, S::Cancelled, OrderStatus::Completed),
        (S::Delivered, S::Damaged, OrderStatus::Completed),
        (S::ReturnedToOrigin, S::Lost, OrderStatus::Completed),
        (S::Cancelled, S::ReturnedToOrigin, OrderStatus::Completed),
    ];
    for (first, second, status) in cases {
        assert_eq!(after(first, second).status, status, "{first:?} and {second:?}");
    }
}

#[test]
fn every_unit_is_counted_once() {
    let none = Counters::default();
    let cases = [
        (S::Packed, none),
        (S::ReadyForCollection, Counters { shipped: 3, ..none }),
        (S::Delivered, Counters { shipped: 3, delivered: 3, ..none }),
        (S::ReturnedToOrigin, Counters { shipped: 3, returned_to_origin: 3, ..none }),
        (S::Damaged, Counters { shipped: 3, lost: 3, ..none }),
        (S::Cancelled, Counters { cancelled: 3, ..none }),
    ];
    for (status, counters) in cases {
        assert_eq!(after(status, S::Packed).lines[&1].counters, counters, "{status:?}");
    }
    let mut order = two_waybills();
    moved(&mut order, &no(1), Parcel { status: S::Lost, attempt: 0, seq: 2 });
    let counters = order.lines[&1].counters;
    assert_eq!(counters, Counters { lost: 3, ..none }, "it was lost in the warehouse");
    assert_eq!(order.status, OrderStatus::Paid);
}

#[test]
fn a_fee_shares_the_fate_of_the_goods_once_all_have_ended() {
    let fee = |first, second| {
        let counters = after(first, second).lines[&4].counters;
        (counters.cancelled, counters.delivered)
    };
    assert_eq!(fee(S::Delivered, S::Dispatched), (0, 0));
    assert_eq!(fee(S::Delivered, S::Cancelled), (0, 1));
    assert_eq!(fee(S::ReturnedToOrigin, S::Lost), (0, 1));
    assert_eq!(fee(S::Cancelled, S::Cancelled), (1, 0));
    // so that a completed order adds up line by line
    for (first, second) in [(S::Delivered, S::Lost), (S::Cancelled, S::Delivered)] {
        let order = after(first, second);
        assert_eq!(order.status, OrderStatus::Completed);
        for line in order.lines.values() {
            let Counters { cancelled, delivered, returned_to_origin, lost, .. } = line.counters;
            assert_eq!(line.quantity, cancelled + delivered + returned_to_origin + lost);
        }
    }
}

#[test]
fn an_order_with_an_open_amendment_is_delivered_and_not_completed() {
    let mut order = after(S::Delivered, S::Packed);
    order.open_amendment = Some(Uuid::from_u128(3));
    moved(&mut order, &no(2), parcel(S::Delivered, 5));
    assert_eq!(order.status, OrderStatus::Delivered);
}

#[test]
fn only_what_changes_the_counters_makes_a_version() {
    let mut order = two_waybills();
    let effect = moved(&mut order, &no(1), parcel(S::Dispatched, 3));
    let change = effect.change.unwrap();
    assert_eq!((change.version, change.waybill_no), (2, Some(no(1))));
    assert_eq!(change.from.as_deref(), Some("PAID"));
    assert_eq!(change.to.as_deref(), Some("PARTIALLY_SHIPPED, 5 of 10 shipped"));
    let further = moved(&mut order, &no(1), parcel(S::OutForDelivery, 4));
    assert_eq!((further.outcome, further.change), (Outcome::Applied, None));
    let again = moved(&mut order, &no(1), parcel(S::OutForDelivery, 4));
    assert_eq!(again.outcome, Outcome::Duplicate);
    let late = moved(&mut order, &no(1), parcel(S::Dispatched, 3));
    assert_eq!(late.outcome, Outcome::Stale);
    assert_eq!(order.version, 2);
}

#[test]
fn waybills_that_were_not_ordered_do_not_count() {
    let mut order = two_waybills();
    let fetched = contracts::WaybillNo::new("uci-536365-r1").unwrap();
    let effect = moved(&mut order, &fetched, parcel(S::Delivered, 3));
    assert_eq!((effect.outcome, &order), (Outcome::Stale, &two_waybills()));
}

#[test]
fn what_was_delivered_by_mistake_is_taken_back() {
    let mut order = after(S::Delivered, S::Delivered);
    moved(&mut order, &no(1), parcel(S::Packed, 9));
    assert_eq!(order.status, OrderStatus::PartiallyDelivered);
    moved(&mut order, &no(2), parcel(S::Packed, 9));
    assert_eq!(order.status, OrderStatus::Paid);
}

/// A return of three units of line 1 and two of an order that is not this one, in this order of parts.
fn fetched(status: ReturnStatus, version: u64, (received, refused): (u32, u32)) -> ReturnStanding {
    let order = two_waybills();
    let part = |order_ref: &str, line_no, quantity| {
        let order_ref = contracts::OrderRef::new(order_ref).unwrap();
        ReturnedPart { order_ref, line_no, quantity }
    };
    ReturnStanding {
        return_id: Uuid::from_u128(5),
        source: order.key.source,
        return_ref: ReturnRef::new("R-1").unwrap(),
        customer_ref: None,
        status,
        reason: None,
        lines: vec![ReturnLineStanding {
            line_no: 1,
            sku: contracts::Sku::new("A").unwrap(),
            requested: 5,
            verdict: ReturnVerdict::Spread,
            parts: vec![part("536365", 1, 3), part("900001", 1, 2)],
            received,
            damaged: 0,
            restocked: 0,
            written_off: 0,
            refused,
        }],
        waybills: Vec::new(),
        requested_at: at(0),
        updated_at: at(0),
        version,
    }
}

#[test]
fn what_came_back_and_was_taken_is_returned() {
    let delivered = || after(S::Delivered, S::Delivered);
    let units = |status, received| {
        let mut order = delivered();
        returned(&mut order, &fetched(status, 2, received));
        (order.lines[&1].counters.returned, order.return_status, order.status)
    };
    let (none, some) = (OrderReturnStatus::None, OrderReturnStatus::PartiallyReturned);
    assert_eq!(units(ReturnStatus::Approved, (0, 0)), (0, none, OrderStatus::Completed));
    assert_eq!(units(ReturnStatus::Received, (2, 0)), (2, some, OrderStatus::Completed));
    assert_eq!(units(ReturnStatus::Received, (5, 0)), (3, some, OrderStatus::Completed));
    assert_eq!(units(ReturnStatus::Closed, (4, 3)), (1, some, OrderStatus::Completed));
    assert_eq!(units(ReturnStatus::Cancelled, (4, 0)), (0, none, OrderStatus::Completed));

    let mut order = after(S::Delivered, S::Cancelled);
    let mut all = fetched(ReturnStatus::Closed, 2, (5, 0));
    all.lines[0].parts = vec![
        ReturnedPart { line_no: 1, quantity: 3, ..all.lines[0].parts[0].clone() },
        ReturnedPart { line_no: 2, quantity: 2, ..all.lines[0].parts[0].clone() },
    ];
    let effect = returned(&mut order, &all);
    assert_eq!(order.return_status, OrderReturnStatus::Returned);
    assert_eq!(effect.change.unwrap().reason.as_deref(), Some("return R-1"));
}

#[test]
fn of_two_versions_of_a_return_the_later_counts() {
    let mut order = after(S::Delivered, S::Delivered);
    returned(&mut order, &fetched(ReturnStatus::Closed, 7, (2, 0)));
    let late = returned(&mut order, &fetched(ReturnStatus::Received, 6, (3, 0)));
    assert_eq!((late.outcome, order.lines[&1].counters.returned), (Outcome::Stale, 2));
    let again = returned(&mut order, &fetched(ReturnStatus::Closed, 7, (2, 0)));
    assert_eq!(again.outcome, Outcome::Duplicate);
}

#[test]
fn everything_about_an_order_goes_through_one_lane() {
    let create = || order(vec![line(1, "m1", "A")]);
    let moved = super::fleet::status_changed("uci-536365-2", S::Lost);
    let lane = |message: &Incoming| OrderIntake::lane_key(message);
    assert_eq!(lane(&Incoming::Create(create())), lane(&Incoming::Moved(moved)));
    let returned = ReturnChanged { standing: fetched(ReturnStatus::Closed, 2, (1, 0)) };
    assert_eq!(lane(&Incoming::Create(create())), lane(&Incoming::Returned(returned)));
    let orders = vec![create(), create()];
    let batch = Incoming::CreateBatch(CreateOrders { orders, whole: None });
    assert_eq!((OrderIntake::weight(&batch), batch.keys().len()), (2, 1));
}

/// An order whose quantities are about to change on both waybills, and what is asked for them.
fn amended() -> (Order, Vec<WaybillAmendment>) {
    let mut order = two_waybills();
    let line = |(line_no, quantity)| AmendedLine { line_no, quantity };
    let command = AmendOrder {
        source: order.key.source.clone(),
        order_ref: order.key.order_ref.clone(),
        expected_version: 1,
        lines: [(1, 5), (2, 0), (3, 1)].map(line).to_vec(),
        destination: None,
        reason: None,
        occurred_at: at(5),
    };
    let effect = amend(&mut order, &command, &asker(&shop(), 9), None);
    let asked = effect.news.into_iter().filter_map(|news| match news {
        News::AmendmentRequested(asked) => Some(asked.amendment),
        News::CancellationRequested(_) | News::Changed(_) => None,
    });
    let asked = asked.collect();
    (order, asked)
}

/// One message of the fleet about the order.
#[derive(Debug, Clone)]
enum Said {
    Moved(usize, Parcel),
    Returned(ReturnStanding),
    Decided(AmendmentDecided),
}

impl Said {
    fn tell(&self, order: &mut Order) {
        match self {
            Self::Moved(k, parcel) => moved(order, &no(*k), *parcel),
            Self::Returned(standing) => returned(order, standing),
            Self::Decided(message) => decided(order, message),
        };
    }
}

/// What a fleet may say: each version of a waybill or a return is one message.
fn said() -> impl Strategy<Value = Vec<Said>> {
    let status = select(S::ALL.to_vec());
    let waybills = prop::collection::vec((1..3_usize, status, 0..3_u16), 0..12);
    let returns = prop::collection::vec((select(ReturnStatus::ALL.to_vec()), 0..6_u32), 0..4);
    let verdicts = any::<[bool; 2]>();
    (waybills, returns, verdicts).prop_map(|(waybills, returns, verdicts)| {
        let decided = amended().1.into_iter().zip(verdicts).map(|(amendment, refused)| {
            let refused = refused.then(|| "AMEND_TOO_LATE".to_owned());
            Said::Decided(AmendmentDecided { by: AmendmentDecider::SalesOrder, refused, amendment })
        });
        let moved = (1..)
            .zip(waybills)
            .map(|(seq, (k, status, attempt))| Said::Moved(k, Parcel { status, attempt, seq }));
        let returned = (1..).zip(returns).map(|(version, (status, received))| {
            Said::Returned(fetched(status, version, (received, 0)))
        });
        moved.chain(returned).chain(decided).collect()
    })
}

/// The same messages in another order, some of them more than once.
fn repeated(said: &[Said]) -> impl Strategy<Value = Vec<Said>> + use<> {
    let said = said.to_vec();
    prop::collection::vec(any::<Index>(), 0..10).prop_flat_map(move |again| {
        let mut all = said.clone();
        all.extend(again.iter().map(|index| index.get(&said).clone()));
        Just(all).prop_shuffle()
    })
}

proptest! {
    #[test]
    fn any_order_of_arrival_ends_in_the_same_order_row(
        (told, shuffled) in said().prop_flat_map(|said| (Just(said.clone()), repeated(&said)))
    ) {
        let (mut one, mut other) = (amended().0, amended().0);
        told.iter().for_each(|said| said.tell(&mut one));
        shuffled.iter().for_each(|said| said.tell(&mut other));
        // its number of changes is the only thing that may differ
        other.version = one.version;
        prop_assert_eq!(one, other);
    }
}
