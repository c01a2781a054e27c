//! What the tests are made of: one sales order with a dry and a cold line.

use contracts::{
    CancellationAsked, FulfilledBy, SalesOrderLine, SalesOrderNo, SalesOrderSubmitted, Sku,
    SkuType, TimeslotCode, Timestamp, WarehouseCode, WaybillNo,
};

pub(crate) const NUMBER: &str = "uci-536365-1/1";
pub(crate) const LABEL: &str = "uci-536365-1";

fn line(line_no: u32, sku: &str, sku_type: SkuType) -> SalesOrderLine {
    SalesOrderLine { line_no, sku: Sku::new(sku).unwrap(), quantity: 6, sku_type }
}

pub(crate) fn submitted() -> SalesOrderSubmitted {
    SalesOrderSubmitted {
        sales_order_no: SalesOrderNo::new(NUMBER).unwrap(),
        waybill_no: WaybillNo::new(LABEL).unwrap(),
        warehouse: WarehouseCode::new("WH-1").unwrap(),
        pick_flow: "PICK_BY_ZONE".to_owned(),
        delivery_date: "2010-12-02".parse().unwrap(),
        timeslot: TimeslotCode::new("0900-1300").unwrap(),
        route_ref: "NORTH-007".to_owned(),
        lines: vec![line(1, "85123A", SkuType::Dry), line(4, "ICE", SkuType::Frozen)],
    }
}

/// The n-th question whether it can still be cancelled.
pub(crate) fn asked(question: u32) -> CancellationAsked {
    CancellationAsked {
        waybill_no: WaybillNo::new(LABEL).unwrap(),
        sales_order_no: Some(SalesOrderNo::new(NUMBER).unwrap()),
        question,
        fulfilled_by: FulfilledBy::Warehouse,
        warehouse: Some(WarehouseCode::new("WH-1").unwrap()),
        merchant: None,
        reason: None,
        occurred_at: Timestamp::now(),
    }
}
