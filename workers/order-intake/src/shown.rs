//! What queries show of an order, for the cache. It is never read here and never decides.

use cache::{Key, Kind};
use contracts::OrderStanding;

use crate::decide::line_standings;
use crate::order::{Order, OrderKey};

/// What a batch shows: orders that it made, which are asked for seldom so early, and how those stand that
/// it changed.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    pub(crate) made: Vec<OrderKey>,
    pub(crate) changed: Vec<OrderStanding>,
}

/// The order as queries show it.
pub(crate) fn standing(order: &Order) -> OrderStanding {
    OrderStanding {
        source: order.key.source.clone(),
        order_ref: order.key.order_ref.clone(),
        status: order.status,
        return_status: order.return_status,
        ordered_at: order.ordered_at,
        district: order.destination.district.clone(),
        delivery_date: order.destination.delivery_date,
        timeslot: order.destination.timeslot.clone(),
        lines: u32::try_from(order.lines.len()).unwrap_or(u32::MAX),
        line_standings: line_standings(order),
        waybill_numbers: order.waybills(),
        version: order.version,
    }
}

/// The name of its cache entry.
pub(crate) fn key(order: &OrderKey) -> Key {
    Key::new(Kind::OrderStatus, order.reference())
}

/// Its cache entry.
pub(crate) fn cached(standing: &OrderStanding) -> Option<(Key, u64, Vec<u8>)> {
    // it has a JSON form; without an entry queries ask the database
    let body = serde_json::to_vec(standing).ok()?;
    let of = OrderKey::new(&standing.source, &standing.order_ref);
    Some((key(&of), standing.version, body))
}
