//! Takes a waybill off its route: after a cancellation, a hold at lock, a new date, a failed
//! delivery. Never here: whether it may be taken off; a lock or a pin is the caller's to respect.

use crate::state::{Effect, Placement, RouteStatus, SlotDay, StateError};

/// Gives the placement's load back to its route and zone. A stop with no waybill left goes; a
/// route with no waybill left is closed and its truck returns to the pool, unless it has left the
/// yard: a dispatched truck stays spent and its empty route stays.
///
/// # Errors
/// [`StateError`] when the state does not hold the placement. The state must then be dropped.
pub fn release(day: &mut SlotDay, placement: &Placement) -> Result<Vec<Effect>, StateError> {
    let Placement { route: id, load, stop, .. } = *placement;
    let stop_left = day.subtract(placement)?;
    let route = day.route_mut(id)?;
    let expected_version = route.next_version();
    let (zone, truck_type) = (route.template.zone.clone(), route.truck.code.clone());
    let in_the_yard = matches!(route.status, RouteStatus::Open | RouteStatus::Locked);
    let empty = route.load.waybills == 0;

    let mut effects = vec![
        Effect::RouteFreed { route: id, expected_version, load, stop, stop_left },
        Effect::ZoneReturned { zone, load },
    ];
    if empty && in_the_yard {
        day.remove_route(id)?;
        effects.push(Effect::RouteClosed { route: id });
        effects.push(Effect::PoolReturned { truck_type });
    }
    Ok(effects)
}

#[cfg(test)]
mod tests;
