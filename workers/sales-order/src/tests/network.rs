//! Which warehouse picks, and how.

use contracts::{DepotCode, SkuType};

use super::samples::network;
use crate::network::{Fulfilment, Network, NoFulfilment};

fn choose(
    network: &Network,
    depot: &str,
    sku_type: SkuType,
    lines: u32,
) -> Result<String, &'static str> {
    let depot = DepotCode::new(depot).unwrap();
    match network.choose(&depot, sku_type, lines) {
        Ok(Fulfilment { warehouse, pick_flow }) => Ok(format!("{warehouse} {pick_flow}")),
        Err(missing) => Err(NoFulfilment::code(missing)),
    }
}

#[test]
fn the_most_specialised_warehouse_and_the_first_rule_that_fits() {
    let cases = [
        ("NORTH", SkuType::Dry, 1, "DRY BY_BATCH"),
        ("NORTH", SkuType::Dry, 3, "DRY BY_BATCH"),
        ("NORTH", SkuType::Dry, 4, "DRY NEVER_REACHED_BEFORE_30"),
        ("NORTH", SkuType::Frozen, 1, "COLD BY_ORDER"),
        ("NORTH", SkuType::Mixed, 900, "COLD BY_ZONE"),
        ("SOUTH", SkuType::Dry, 2, "SOUTH BY_BATCH"),
        ("SOUTH", SkuType::Mixed, 2, "SOUTH BY_ZONE"),
    ];
    for (depot, sku_type, lines, expected) in cases {
        let chosen = choose(&network(), depot, sku_type, lines);
        assert_eq!(chosen.as_deref(), Ok(expected), "{depot}, {sku_type:?}, {lines} lines");
    }
}

#[test]
fn equals_are_told_apart_by_code() {
    let mut network = network();
    let mut twin = network.warehouses[1].clone();
    twin.code = contracts::WarehouseCode::new("ANOTHER-DRY").unwrap();
    network.warehouses.push(twin);
    let chosen = choose(&network, "NORTH", SkuType::Dry, 1);
    assert_eq!(chosen.as_deref(), Ok("ANOTHER-DRY BY_BATCH"));
}

#[test]
fn what_is_missing_has_a_name() {
    let mut network = network();
    assert_eq!(choose(&network, "WEST", SkuType::Dry, 1), Err("NO_WAREHOUSE"));
    network.warehouses.retain(|warehouse| !warehouse.keeps.frozen);
    assert_eq!(choose(&network, "NORTH", SkuType::Frozen, 1), Err("NO_WAREHOUSE"));
    assert_eq!(choose(&network, "NORTH", SkuType::Mixed, 1), Err("NO_WAREHOUSE"));
    network.pick_rules.clear();
    assert_eq!(choose(&network, "NORTH", SkuType::Dry, 1), Err("NO_PICK_FLOW"));
}
