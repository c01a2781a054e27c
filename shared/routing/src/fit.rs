//! Whether a load goes onto a truck, and the rule that says no. Never here: preferences.

use crate::explain::Rule;
use crate::load::Load;
use crate::network::{RouteTemplate, TruckType};

/// The most waybills a route of `template` takes with `truck` on it: the template's own quota
/// with the template's own truck, the truck's stops with any other.
pub(crate) fn waybill_limit(template: &RouteTemplate, truck: &TruckType) -> u32 {
    if truck.code == template.default_truck_type { template.waybill_quota } else { truck.max_stops }
}

/// Checks a route's whole load and stops against its truck.
pub(crate) fn check_truck(truck: &TruckType, load: Load, stops: u32) -> Result<(), Rule> {
    if stops > truck.max_stops {
        Err(Rule::Stops)
    } else if load.weight_g > truck.max_weight_g {
        Err(Rule::Weight)
    } else if !truck.profiles.hold(load.dry_ml, load.frozen_ml) {
        Err(Rule::Compartments)
    } else {
        Ok(())
    }
}
