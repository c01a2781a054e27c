//! What a release gives back.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use crate::fixture::{World, dry, placement, route_id, route_of};
use crate::state::{Effect, RouteStatus, StateError};
use crate::{Load, release};

#[test]
fn the_last_waybill_of_a_stop_takes_the_stop_along() {
    let mut world = World::with(|_| ());
    let (first, second, other) = (dry(1, 100), dry(1, 50), dry(2, 10));
    let route = route_of(&world.place(&first));
    world.place(&second);
    world.place(&other);

    let stop_left = |effects: Vec<Effect>| match effects.first() {
        Some(Effect::RouteFreed { stop_left, .. }) => Some(*stop_left),
        _ => None,
    };
    assert_eq!(stop_left(world.release(&placement(&first, route))), Some(false));
    assert_eq!(world.day.route(route).unwrap().stop_count(), 2);
    assert_eq!(stop_left(world.release(&placement(&second, route))), Some(true));
    assert_eq!(world.day.route(route).unwrap().stop_count(), 1);
    assert_eq!(world.day.zone(&"A".into()).unwrap().used(), other.load);
}

#[test]
fn an_emptied_route_gives_its_truck_back_while_it_is_in_the_yard() {
    let cases = [
        (RouteStatus::Open, 0),
        (RouteStatus::Locked, 0),
        (RouteStatus::Dispatched, 1),
        (RouteStatus::Closed, 1),
    ];
    for (status, trucks_used) in cases {
        let mut world = World::with(|_| ());
        let request = dry(1, 100);
        let route = route_of(&world.place(&request));
        world.day.set_status(route, status).unwrap();
        let effects = world.release(&placement(&request, route));
        let closed = effects.contains(&Effect::RouteClosed { route });
        let returned = effects.contains(&Effect::PoolReturned { truck_type: "VAN".into() });
        assert_eq!((closed, returned), (trucks_used == 0, trucks_used == 0), "{status:?}");
        assert_eq!(world.day.pool_of(&"VAN".into()).used, trucks_used, "{status:?}");
        assert_eq!(world.day.route(route).is_none(), trucks_used == 0, "{status:?}");
        assert_eq!(world.day.zone(&"A".into()).unwrap().used(), Load::ZERO);
    }
}

#[test]
fn what_is_not_there_cannot_be_released_and_nothing_changes() {
    let mut world = World::with(|_| ());
    let request = dry(1, 100);
    let route = route_of(&world.place(&request));
    let before = format!("{:?}", world.day);

    let elsewhere = placement(&request, route_id(99));
    assert_eq!(
        release(&mut world.day, &elsewhere),
        Err(StateError::UnknownRoute { route: route_id(99) })
    );
    for stranger in [dry(2, 1), dry(1, 101)] {
        let refused = release(&mut world.day, &placement(&stranger, route));
        assert_eq!(refused, Err(StateError::Drift { route }));
    }
    assert_eq!(format!("{:?}", world.day), before);
}
