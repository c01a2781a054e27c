//! Loads against profiles.

use contracts::{RouteHead, RouteId, RouteState, SkuType, TruckLimits};
use uuid::Uuid;

use super::{Fill, loads};

fn head(dry_l: u64, frozen_l: u64) -> RouteHead {
    RouteHead {
        route_id: RouteId(Uuid::nil()),
        route_ref: "R".to_owned(),
        depot: contracts::DepotCode::new("NORTH").unwrap(),
        delivery_date: chrono::NaiveDate::default(),
        timeslot: contracts::TimeslotCode::new("S").unwrap(),
        zone: contracts::ZoneCode::new("Z01").unwrap(),
        template: "T".to_owned(),
        sku_class: SkuType::Mixed,
        truck_type: contracts::TruckTypeCode::new("VAN").unwrap(),
        status: RouteState::Open,
        version: 1,
        waybills: 3,
        stops: 11,
        dry_ml: dry_l * 1_000,
        frozen_ml: frozen_l * 1_000,
        weight_g: 424_001,
    }
}

fn truck(profiles: &str) -> TruckLimits {
    TruckLimits { max_weight_kg: 850, max_stops: 22, cost: 1, profiles: profiles.to_owned() }
}

#[test]
fn the_profile_with_the_most_room_is_shown() {
    let truck = truck("frozen=4000|dry=2600,frozen=1400");
    for (dry, frozen, profile, holds) in [
        (0, 1_000, "frozen=4000", true),
        (1, 1_000, "dry=2600,frozen=1400", true),
        (1_300, 700, "dry=2600,frozen=1400", true),
        (3_000, 0, "dry=2600,frozen=1400", false),
    ] {
        let loads = loads(&head(dry, frozen), &truck).unwrap().unwrap();
        assert_eq!((loads.profile.as_str(), loads.holds), (profile, holds), "{dry} {frozen}");
    }
    let half = loads(&head(1_300, 700), &truck).unwrap().unwrap();
    assert_eq!(half.dry_l, Fill { used: 1_300, of: 2_600, percent: Some(50) });
    assert_eq!(half.doors.text("doors"), "11 of 22 doors (50 %)");
    assert_eq!(half.weight_kg.text("kg"), "425 of 850 kg (50 %)");
}

#[test]
fn a_compartment_that_is_not_there_has_no_share() {
    let loads = loads(&head(10, 0), &truck("dry=4500")).unwrap().unwrap();
    assert_eq!(loads.frozen_l.text("l"), "0 of 0 l");
    assert_eq!(loads.dry_l.percent, Some(1), "rounded up: something is in it");
    assert!(super::loads(&head(1, 1), &truck("dry=")).is_err());
}
