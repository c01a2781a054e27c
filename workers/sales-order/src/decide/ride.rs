//! The waybill of kind TRANSFER that takes picked goods from one warehouse to another.
//!
//! What lives here: what that waybill is. What never does: when there is one (`succession.rs`).

use contracts::{
    DistrictCode, FulfilledBy, InvalidId, OrderAccepted, Requester, SalesOrderLine, Timestamp,
    WaybillDraft, WaybillDraftLine, WaybillKind, WaybillNo, WaybillsRequested,
};

use super::{Event, SalesOrder, count_of};
use crate::waybill::{Parcel, Waybill};

/// A waybill that takes picked goods to the warehouse of `next`. Its district is the code of that warehouse:
/// a network with such a district lets it drive with the others, any other leaves it to the warehouses.
///
/// # Errors
/// Its number has no room.
pub(super) fn ride(
    past: &SalesOrder,
    next: &SalesOrder,
    waybill: Option<&Waybill>,
    (lines, now): (&[SalesOrderLine], Timestamp),
) -> Result<Option<Event>, InvalidId> {
    let parcel = waybill.and_then(|waybill| Some((waybill, waybill.parcel.as_ref()?)));
    let (Some((waybill, parcel)), Some(place), Some(to)) = (parcel, &past.place, &next.fulfilment)
    else {
        return Ok(None);
    };
    let n = past.successor.as_ref().map_or(0, count_of);
    let waybill_no = past.waybill_no.of_transfer(n)?;
    let order = OrderAccepted {
        order_id: parcel.order_id,
        source: parcel.source.clone(),
        order_ref: parcel.order_ref.clone(),
        ordered_at: now,
        customer_ref: parcel.customer_ref.clone(),
        district: DistrictCode::new(to.warehouse.as_str())?,
        delivery_date: place.delivery_date,
        timeslot: place.timeslot.clone(),
        address_key: String::new(),
        waybills: vec![draft(waybill_no, waybill, parcel, lines)],
    };
    let wanted = WaybillsRequested { by: Requester::SalesOrder, order };
    Ok(Some(Event::WaybillsWanted(Box::new(wanted))))
}

fn draft(
    waybill_no: WaybillNo,
    waybill: &Waybill,
    parcel: &Parcel,
    lines: &[SalesOrderLine],
) -> WaybillDraft {
    let line = |line: &SalesOrderLine| WaybillDraftLine {
        line_no: line.line_no,
        sku: line.sku.clone(),
        quantity: line.quantity,
        sku_type: line.sku_type,
    };
    WaybillDraft {
        waybill_no,
        kind: WaybillKind::Transfer,
        hold: None,
        merchant: waybill.merchant.clone(),
        store: parcel.store.clone(),
        sku_type: parcel.sku_type,
        fulfilled_by: FulfilledBy::Warehouse,
        dry_ml: parcel.dry_ml,
        frozen_ml: parcel.frozen_ml,
        weight_g: parcel.weight_g,
        lines: lines.iter().map(line).collect(),
    }
}
