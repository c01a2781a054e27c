//! Restoring a day and its deficits.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use crate::fixture::{World, dry, placement, route_id, route_of};
use crate::state::{Effect, RouteRecord, RouteStatus, SlotDay, SlotDayKey, StateError};
use crate::{Load, fixture};

fn record(number: u32, template: &str, truck_type: &str) -> RouteRecord {
    RouteRecord {
        id: route_id(number),
        reference: format!("R{number}").into(),
        template: template.into(),
        truck_type: truck_type.into(),
        status: RouteStatus::Open,
        version: 7,
    }
}

#[test]
fn a_restored_day_equals_the_day_that_was_stored() {
    let mut world = World::with(|_| ());
    let requests: Vec<_> = (1..60).map(|number| dry(number, 300)).collect();
    let mut restored = SlotDay::new(&world.network, fixture::key()).unwrap();
    let placements: Vec<_> = requests
        .iter()
        .map(|request| placement(request, route_of(&world.place(request))))
        .collect();
    for route in world.day.routes() {
        let record = RouteRecord {
            id: route.id(),
            reference: route.reference().clone(),
            template: route.template().code.clone(),
            truck_type: route.truck().code.clone(),
            status: route.status(),
            version: route.version(),
        };
        restored.restore_route(&world.network, record).unwrap();
    }
    for placement in &placements {
        restored.restore_placement(placement).unwrap();
    }
    assert_eq!(format!("{restored:?}"), format!("{:?}", world.day));
}

#[test]
fn what_does_not_belong_to_the_day_is_refused() {
    let world = World::with(|_| ());
    let mut day = world.day.clone();
    let unknown = SlotDayKey { timeslot: "T".into(), ..fixture::key() };
    assert!(matches!(SlotDay::new(&world.network, unknown), Err(StateError::UnknownSlot { .. })));

    let network = &world.network;
    let refused = day.restore_route(network, record(1, "X", "VAN"));
    assert!(matches!(refused, Err(StateError::UnknownTemplate { .. })));
    let refused = day.restore_route(network, record(1, "A-DRY", "BIKE"));
    assert!(matches!(refused, Err(StateError::UnknownTruckType { .. })));
    day.restore_route(network, record(1, "A-DRY", "VAN")).unwrap();
    let refused = day.restore_route(network, record(1, "A-DRY", "VAN"));
    assert!(matches!(refused, Err(StateError::DuplicateRoute { .. })));
    let refused = day.restore_placement(&placement(&dry(1, 1), route_id(2)));
    assert!(matches!(refused, Err(StateError::UnknownRoute { .. })));
}

#[test]
fn stored_use_beyond_a_limit_is_a_visible_deficit() {
    let mut world = World::with(|_| ());
    world.place(&dry(1, 100));
    world.place(&dry(2, 100));
    let cut = Load { waybills: 1, dry_ml: 150_000, ..fixture::AMPLE };
    world.day.set_zone_limit(&"A".into(), cut).unwrap();
    world.day.set_pool_limit(&"VAN".into(), 0);
    let deficit = world.day.zone(&"A".into()).unwrap().deficit();
    assert_eq!(deficit, Load { waybills: 1, dry_ml: 50_000, ..Load::ZERO });
    assert_eq!(world.day.pool_of(&"VAN".into()).deficit(), 1);
}

#[test]
fn a_change_of_status_is_a_version_step() {
    let mut world = World::with(|_| ());
    let route = route_of(&world.place(&dry(1, 100)));
    let effect = world.day.set_status(route, RouteStatus::Locked).unwrap();
    let (from, to) = (RouteStatus::Open, RouteStatus::Locked);
    assert_eq!(effect, Effect::RouteStatusChanged { route, expected_version: 1, from, to });
    assert_eq!(world.day.route(route).unwrap().version(), 2);
}
