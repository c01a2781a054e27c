//! What the tests are made of: one small network, one waybill, its lines.

use contracts::{
    Assigned, DepotCode, FulfilledBy, RouteId, SalesOrderLine, Sku, SkuType, TimeslotCode,
    TruckTypeCode, WarehouseCode, WaybillNo, ZoneCode,
};
use uuid::Uuid;

use crate::network::{Goods, Network, PickRule, Warehouse};

pub(crate) const WAYBILL: &str = "uci-536365-1";

fn warehouse(code: &str, depot: &str, keeps: SkuType) -> Warehouse {
    Warehouse {
        code: WarehouseCode::new(code).unwrap(),
        depot: DepotCode::new(depot).unwrap(),
        keeps: Goods::from(keeps),
    }
}

fn rule(priority: u32, sku_class: SkuType, lines: (u32, Option<u32>), pick_flow: &str) -> PickRule {
    let (min_lines, max_lines) = lines;
    PickRule { priority, sku_class, min_lines, max_lines, pick_flow: pick_flow.to_owned() }
}

/// Two warehouses in the north (one keeps dry goods only), one for everything in the south.
pub(crate) fn network() -> Network {
    Network {
        revision: 1,
        warehouses: vec![
            warehouse("COLD", "NORTH", SkuType::Mixed),
            warehouse("DRY", "NORTH", SkuType::Dry),
            warehouse("SOUTH", "SOUTH", SkuType::Mixed),
        ],
        pick_rules: vec![
            rule(50, SkuType::Dry, (41, None), "BY_ORDER"),
            rule(40, SkuType::Dry, (4, Some(40)), "BY_ZONE"),
            rule(30, SkuType::Dry, (1, Some(3)), "BY_BATCH"),
            rule(35, SkuType::Dry, (1, None), "NEVER_REACHED_BEFORE_30"),
            rule(20, SkuType::Mixed, (1, None), "BY_ZONE"),
            rule(10, SkuType::Frozen, (1, None), "BY_ORDER"),
        ],
    }
}

pub(crate) fn lines(count: u32) -> Vec<SalesOrderLine> {
    let line = |line_no| SalesOrderLine {
        line_no,
        sku: Sku::new(format!("85123{line_no}")).unwrap(),
        quantity: 6,
        sku_type: SkuType::Dry,
    };
    (1..=count).map(line).collect()
}

/// A dry waybill of the north gets its n-th place.
pub(crate) fn assigned(place_no: u16) -> Assigned {
    Assigned {
        waybill_no: WaybillNo::new(WAYBILL).unwrap(),
        place_no,
        route_id: RouteId(Uuid::from_u128(place_no.into())),
        route_ref: format!("NORTH-Z01-{place_no:03}"),
        depot: DepotCode::new("NORTH").unwrap(),
        zone: ZoneCode::new("Z01").unwrap(),
        delivery_date: "2010-12-02".parse().unwrap(),
        timeslot: TimeslotCode::new("0900-1300").unwrap(),
        truck_type: TruckTypeCode::new("VAN").unwrap(),
        sku_type: SkuType::Dry,
        fulfilled_by: FulfilledBy::Warehouse,
        assigned_at: None,
    }
}
