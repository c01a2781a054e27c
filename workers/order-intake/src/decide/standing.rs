//! How far an order is: its lines counted from what became of their parcels, and both its statuses from
//! the counters. The same parcels always give the same order, whenever they were heard of.

use contracts::{OrderLineStanding, OrderReturnStatus, OrderStatus, WaybillStatus};

use crate::order::{Counters, Line, Order, Parcel};

/// Counts every line anew and derives the order's status and return status.
pub(crate) fn recount(order: &mut Order) {
    for line in order.lines.values_mut() {
        let parcel = line.waybill_no.as_ref().and_then(|no| order.parcels.get(no));
        line.counters = Counters { returned: line.counters.returned, ..counted(line, parcel) };
    }
    settle_fees(order);
    let lines: Vec<&Line> = order.lines.values().collect();
    let undecided = order.open_amendment.is_some();
    (order.status, order.return_status) = statuses(order.status, &lines, undecided);
}

/// What became of the units of one line; all of them share one parcel.
fn counted(line: &Line, parcel: Option<&Parcel>) -> Counters {
    let none = Counters::default();
    let all = line.quantity;
    if line.removed {
        return Counters { cancelled: all, ..none };
    }
    let Some(Parcel { status, attempt, .. }) = parcel else {
        return none;
    };
    match status {
        WaybillStatus::Cancelled => Counters { cancelled: all, ..none },
        WaybillStatus::Dispatched
        | WaybillStatus::OutForDelivery
        | WaybillStatus::ReadyForCollection
        | WaybillStatus::DeliveryFailed
        | WaybillStatus::Returning => Counters { shipped: all, ..none },
        WaybillStatus::Delivered => Counters { shipped: all, delivered: all, ..none },
        WaybillStatus::ReturnedToOrigin => {
            Counters { shipped: all, returned_to_origin: all, ..none }
        }
        // lost before it was on any truck, it was never shipped
        WaybillStatus::Lost | WaybillStatus::Damaged => {
            Counters { shipped: if *attempt > 0 { all } else { 0 }, lost: all, ..none }
        }
        WaybillStatus::Created
        | WaybillStatus::Acknowledged
        | WaybillStatus::Picked
        | WaybillStatus::Packed
        | WaybillStatus::Loaded
        | WaybillStatus::OutForPickup
        | WaybillStatus::PickupFailed
        | WaybillStatus::Collected => none,
    }
}

/// Fees make no parcel: they share the fate of what makes one, once all of it has ended.
fn settle_fees(order: &mut Order) {
    let ships = |line: &&Line| line.waybill_no.is_some();
    let shipped: Vec<&Line> = order.lines.values().filter(ships).collect();
    let has_ended = !shipped.is_empty() && shipped.iter().all(|line| is_settled(line));
    let is_cancelled = shipped.iter().all(|line| line.counters.cancelled == line.quantity);
    let is_fee = |line: &&mut Line| line.waybill_no.is_none() && !line.removed;
    for line in order.lines.values_mut().filter(is_fee) {
        let units = |counts: bool| if has_ended && counts { line.quantity } else { 0 };
        (line.counters.cancelled, line.counters.delivered) =
            (units(is_cancelled), units(!is_cancelled));
    }
}

/// Status and return status of an order with these lines. `undecided`: one of its amendments is open.
pub(crate) fn statuses(
    now: OrderStatus,
    lines: &[&Line],
    undecided: bool,
) -> (OrderStatus, OrderReturnStatus) {
    let status = if now.row().counted { status_of(now, lines, undecided) } else { now };
    (status, return_status_of(lines))
}

fn status_of(now: OrderStatus, lines: &[&Line], undecided: bool) -> OrderStatus {
    // an order is judged by what makes a parcel, one of nothing but fees by those
    let ships = lines.iter().any(|line| line.waybill_no.is_some());
    let judged = |line: &&&Line| !ships || line.removed || line.waybill_no.is_some();
    let lines: Vec<&Line> = lines.iter().filter(judged).copied().collect();
    let every = |rule: fn(&Line) -> bool| lines.iter().all(|line| rule(line));
    let any = |rule: fn(&Line) -> bool| lines.iter().any(|line| rule(line));
    if every(|line| line.counters.cancelled == line.quantity) {
        OrderStatus::Cancelled
    } else if every(is_settled) {
        if undecided { OrderStatus::Delivered } else { OrderStatus::Completed }
    } else if any(|line| line.counters.delivered > 0) {
        OrderStatus::PartiallyDelivered
    } else if !any(|line| line.counters.shipped > 0) {
        if now == OrderStatus::Released { now } else { OrderStatus::Paid }
    } else if every(is_away) {
        OrderStatus::Shipped
    } else {
        OrderStatus::PartiallyShipped
    }
}

fn is_settled(line: &Line) -> bool {
    let Counters { cancelled, delivered, returned_to_origin, lost, .. } = line.counters;
    line.quantity == cancelled + delivered + returned_to_origin + lost
}

/// Nothing of it waits in a warehouse any more.
fn is_away(line: &Line) -> bool {
    let Counters { cancelled, shipped, lost, .. } = line.counters;
    line.quantity == cancelled + shipped.max(lost)
}

fn return_status_of(lines: &[&Line]) -> OrderReturnStatus {
    let goods = || lines.iter().filter(|line| line.waybill_no.is_some());
    let delivered: u64 = goods().map(|line| u64::from(line.counters.delivered)).sum();
    let returned: u64 = goods().map(|line| u64::from(line.counters.returned)).sum();
    if delivered > 0 && returned >= delivered {
        OrderReturnStatus::Returned
    } else if lines.iter().any(|line| line.counters.returned > 0) {
        OrderReturnStatus::PartiallyReturned
    } else {
        OrderReturnStatus::None
    }
}

/// The lines as others are told of them.
pub(crate) fn line_standings(order: &Order) -> Vec<OrderLineStanding> {
    let standing = |line: &Line| {
        let Counters { cancelled, shipped, delivered, returned_to_origin, lost, returned } =
            line.counters;
        OrderLineStanding {
            line_no: line.line_no,
            merchant: line.merchant.clone(),
            ordered: line.quantity,
            cancelled,
            shipped,
            delivered,
            returned_to_origin,
            lost,
            returned,
        }
    };
    order.lines.values().map(standing).collect()
}

/// Where it stands, in a few words, for its history: `PARTIALLY_SHIPPED, 4 of 6 shipped`.
pub(crate) fn in_words(order: &Order) -> String {
    let units = |counter: fn(&Counters) -> u32| -> u64 {
        order.lines.values().map(|line| u64::from(counter(&line.counters))).sum()
    };
    let ordered: u64 = order.lines.values().map(|line| u64::from(line.quantity)).sum();
    let counted = [
        ("cancelled", units(|counters| counters.cancelled)),
        ("shipped", units(|counters| counters.shipped)),
        ("delivered", units(|counters| counters.delivered)),
        ("returned to origin", units(|counters| counters.returned_to_origin)),
        ("lost", units(|counters| counters.lost)),
        ("returned", units(|counters| counters.returned)),
    ];
    let counted = counted.iter().filter(|(_, units)| *units > 0);
    let words: String =
        counted.map(|(name, units)| format!(", {units} of {ordered} {name}")).collect();
    format!("{}{words}", order.status.as_str())
}
