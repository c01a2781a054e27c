//! What the tests are made of: one small network, one waybill, its lines.

use contracts::{
    Actor, AmendmentKind, Assigned, CancelWaybill, CancellationVerdict, DepotCode, DistrictCode,
    FulfilledBy, Merchant, OrderRef, RecordCancellationAnswer, Role, RouteId, SalesOrderLine, Sku,
    SkuType, Source, TimeslotCode, Timestamp, TruckTypeCode, WarehouseCode, WaybillAmendment,
    WaybillDraftLine, WaybillKind, WaybillNo, WaybillStatus, ZoneCode,
};
use uuid::Uuid;

use crate::decide::Request;
use crate::network::{Goods, Network, PickRule, Warehouse};
use crate::waybill::{Parcel, Waybill};

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

pub(crate) fn waybill_no() -> WaybillNo {
    WaybillNo::new(WAYBILL).unwrap()
}

/// The waybill's own row: forward, goods of merchant M01.
pub(crate) fn waybill(fulfilled_by: FulfilledBy, status: WaybillStatus) -> Waybill {
    let merchant = Merchant::new("M01").unwrap();
    let (kind, parcel) = (WaybillKind::Forward, Some(parcel()));
    Waybill { kind, fulfilled_by, merchant, status, is_held: false, parcel }
}

fn parcel() -> Parcel {
    Parcel {
        order_id: Uuid::from_u128(1),
        source: Source::new("uci").unwrap(),
        order_ref: OrderRef::new("536365").unwrap(),
        customer_ref: None,
        store: None,
        sku_type: SkuType::Dry,
        dry_ml: 1_000,
        frozen_ml: 0,
        weight_g: 500,
    }
}

pub(crate) fn actor(role: Role, merchant: Option<&str>) -> Actor {
    let merchant = merchant.map(str::to_owned);
    Actor { subject: "somebody".to_owned(), role, merchant, origin: None }
}

pub(crate) fn at(minute: u32) -> Timestamp {
    let time = format!("\"2010-12-01T10:{minute:02}:00Z\"");
    serde_json::from_str(&time).unwrap()
}

/// Somebody wants it cancelled.
pub(crate) fn wanted(waybill_no: &WaybillNo) -> Request<'_> {
    Request { waybill_no, by: "cs-anna", reason: Some("ordered twice"), occurred_at: at(0) }
}

pub(crate) fn cancel() -> CancelWaybill {
    let reason = Some("ordered twice".to_owned());
    CancelWaybill { waybill_no: waybill_no(), reason, occurred_at: at(0) }
}

pub(crate) fn cancellation_answer(
    question: u32,
    answer: CancellationVerdict,
) -> RecordCancellationAnswer {
    let (waybill_no, occurred_at) = (waybill_no(), at(1));
    RecordCancellationAnswer { waybill_no, question, answer, reason: None, occurred_at }
}

/// The n-th amendment: so many of the first line, nothing of the second.
pub(crate) fn amendment(number: u128, quantity: u32) -> WaybillAmendment {
    let line = |line_no, quantity| WaybillDraftLine {
        line_no,
        sku: Sku::new(format!("85123{line_no}")).unwrap(),
        quantity,
        sku_type: SkuType::Dry,
    };
    WaybillAmendment {
        amendment_id: Uuid::from_u128(number),
        kind: AmendmentKind::Quantities,
        order_id: Uuid::from_u128(1),
        source: Source::new("uci").unwrap(),
        order_ref: OrderRef::new("536365").unwrap(),
        waybill_no: waybill_no(),
        lines: vec![line(1, quantity), line(2, 0)],
        sku_type: SkuType::Dry,
        dry_ml: 1_000,
        frozen_ml: 0,
        weight_g: 500,
        district: DistrictCode::new("D1").unwrap(),
        address_key: String::new(),
        delivery_date: "2010-12-02".parse().unwrap(),
        timeslot: TimeslotCode::new("0900-1300").unwrap(),
        occurred_at: at(0),
    }
}
