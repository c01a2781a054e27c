//! Goods on a route that others have a use for.

use super::*;
use crate::fixture::ML;
use crate::{Outlook, Typical};

fn outlook(dry_l: u64, frozen_l: u64, remaining: u32) -> Option<Outlook> {
    let (dry_ml, frozen_ml) = (dry_l * ML, frozen_l * ML);
    let typical = Typical { dry_ml, frozen_ml, weight_g: 1_000, stops_milli: 1_000 };
    Some(Outlook { typical, remaining_waybills: Some(remaining) })
}

fn world(dry: Option<Outlook>, frozen: Option<Outlook>, mixed: Option<Outlook>) -> World {
    let mut world = World::with(|_| ());
    world.forecast = Some(Forecast { dry, frozen, mixed });
    world
}

#[test]
fn dry_goods_follow_their_order_onto_a_cold_route_that_nobody_else_needs() {
    for (frozen_to_come, expected) in [(0, Step::Sticky), (2_000, Step::Open)] {
        let mut world = world(outlook(100, 0, 2_000), outlook(0, 100, frozen_to_come), None);
        let cold = world.place(&frozen(1, 100));
        let decision = world.place(&dry(1, 100));
        assert_eq!(step_of(&decision), expected, "{frozen_to_come} frozen ones to come");
        let together = route_of(&decision) == route_of(&cold);
        assert_eq!(together, expected == Step::Sticky);
    }
}

#[test]
fn the_last_dry_goods_ride_in_cold_space_that_is_left_over() {
    let mut world = world(outlook(4_500, 0, 0), outlook(0, 100, 0), None);
    let cold = route_of(&world.place(&frozen(1, 100)));
    let van = route_of(&world.place(&dry(2, 4_500)));
    assert_ne!(cold, van);
    let last = world.place(&dry(3, 500));
    assert_eq!((route_of(&last), step_of(&last)), (cold, Step::BestFit));
    let price = last.explanation.chosen.unwrap().price.unwrap();
    assert_eq!((price.cost, price.saves_milli), (0, 0));
}

#[test]
fn goods_of_both_kinds_do_not_divide_a_truck_that_frozen_ones_will_fill() {
    let mut world = world(outlook(100, 0, 0), outlook(0, 300, 2_000), outlook(100, 100, 2_000));
    for larger in ["TRUCK-MIX", "LORRY-MIX"] {
        world.day.set_pool_limit(&larger.into(), 0);
    }
    let first = route_of(&world.place(&frozen(1, 300)));
    let of_both = world.place(&waybill(2, SkuClass::Mixed, 100, 100, 1));
    assert_eq!(step_of(&of_both), Step::Open);
    assert_ne!(route_of(&of_both), first);
    // Each goes to its like from then on.
    assert_eq!(route_of(&world.place(&frozen(3, 300))), first);
    let next = world.place(&waybill(4, SkuClass::Mixed, 100, 100, 1));
    assert_eq!(route_of(&next), route_of(&of_both));
}

#[test]
fn a_large_waybill_goes_where_stops_run_out_first() {
    let mut world = world(outlook(100, 0, 0), None, None);
    // 2,000 litres left for 21 stops; 4,000 litres left for 18.
    let by_volume = route_of(&world.place(&dry(1, 2_500)));
    let apart = |number| Request { excluded_routes: vec![by_volume], ..dry(number, 125) };
    let by_stops = route_of(&world.place(&apart(2)));
    for number in 3..=5 {
        assert_eq!(route_of(&world.place(&apart(number))), by_stops);
    }
    assert_eq!(route_of(&world.place(&dry(6, 400))), by_stops);
    assert_eq!(route_of(&world.place(&dry(7, 20))), by_volume);
}
