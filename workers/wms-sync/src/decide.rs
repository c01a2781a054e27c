//! The dictionary between our words and those of the warehouse management system (WMS).
//!
//! What lives here: translation, pure, both ways. What never does: state. Whether a word changes
//! anything is decided by the workers that own sales orders and waybills.
//!
//! ```text
//! we say                        the WMS hears
//! sales-order.submitted         outbound-order
//! cancellation-asked n          cancellation-request n
//!
//! the WMS says                  sales-order hears    waybill-status hears
//! order-confirmation OK         ACCEPTED             ACKNOWLEDGED
//! order-confirmation NOK        REJECTED
//! order-progress PICK_START     PICKING
//! order-progress PICK_END       PICKED               PICKED
//! order-progress PACK_END       PACKED               PACKED
//! order-progress HAND_OVER      HANDED_OVER
//! cancellation-confirmation n   yes to n (OK), no to n (NOK)
//! ```

use std::borrow::Cow;

use contracts::{
    Actor, CancellationAsked, CancellationVerdict, RecordCancellationAnswer, RecordWarehouseAnswer,
    RecordWarehouseProgress, Refusal, ReportStatus, Role, SalesOrderLine, SalesOrderNo,
    SalesOrderSubmitted, SkuType, Timestamp, WarehouseAnswer, WarehouseProgress, WaybillNo,
    WaybillStatus, WmsCancellationConfirmation, WmsCancellationRequest, WmsConfirmation,
    WmsOrderConfirmation, WmsOrderProgress, WmsOutboundOrder, WmsPosition, WmsStep,
};

/// What the WMS told, in our words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// Our sales order number.
    pub number: SalesOrderNo,
    /// The WMS's own word, for the log of what was exchanged.
    pub word: Cow<'static, str>,
    /// For the worker that owns sales orders.
    pub about_sales_order: AboutSalesOrder,
    /// For the worker that owns waybills.
    pub about_waybill: Option<ReportStatus>,
}

/// A message in the other's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Translation {
    /// For the WMS: prepare it.
    Order(WmsOutboundOrder),
    /// For the WMS: do not ship it.
    Cancel(WmsCancellationRequest),
    /// For us.
    Told(Told),
}

/// A command on a sales order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AboutSalesOrder {
    Answer(RecordWarehouseAnswer),
    Progress(RecordWarehouseProgress),
    Cancellation(RecordCancellationAnswer),
}

/// The word for an order that we send, in the log of what was exchanged.
pub(crate) const OUTBOUND_ORDER: &str = "OUTBOUND_ORDER";

/// The word for a request not to ship, in that log: each has its number.
pub(crate) fn cancellation_request(request: u32) -> String {
    format!("CANCELLATION_REQUEST/{request}")
}

/// Who may speak the WMS's words. The commands that come of them are given in the same actor's name, and
/// this worker is believed for the warehouse only: an operator who repairs speaks as the warehouse too.
///
/// # Errors
/// NOT_ALLOWED.
pub(crate) fn permit(actor: &Actor) -> Result<(), Refusal> {
    if actor.role == Role::Warehouse {
        return Ok(());
    }
    Err(Refusal::new(
        "NOT_ALLOWED",
        "only the warehouse management system reports here: publish as its user, \
         or name an actor of role warehouse",
    ))
}

/// A submitted sales order, as the WMS reads it.
pub(crate) fn outbound_order(order: &SalesOrderSubmitted) -> WmsOutboundOrder {
    WmsOutboundOrder {
        order_number: order.sales_order_no.as_str().to_owned(),
        label: order.waybill_no.as_str().to_owned(),
        site: order.warehouse.as_str().to_owned(),
        process: order.pick_flow.clone(),
        ship_date: order.delivery_date,
        wave: order.route_ref.clone(),
        positions: order.lines.iter().map(position).collect(),
    }
}

/// A question for cancellation, as the WMS reads it.
///
/// # Errors
/// NOT_FOR_A_WAREHOUSE: no warehouse has the goods.
pub(crate) fn cancellation(asked: &CancellationAsked) -> Result<WmsCancellationRequest, Refusal> {
    let (Some(number), Some(warehouse)) = (&asked.sales_order_no, &asked.warehouse) else {
        return Err(Refusal::new(
            "NOT_FOR_A_WAREHOUSE",
            "the question names no sales order and warehouse: whoever picks is asked elsewhere",
        ));
    };
    Ok(WmsCancellationRequest {
        order_number: number.as_str().to_owned(),
        label: asked.waybill_no.as_str().to_owned(),
        site: warehouse.as_str().to_owned(),
        request: asked.question,
    })
}

fn position(line: &SalesOrderLine) -> WmsPosition {
    WmsPosition {
        position: line.line_no,
        article: line.sku.as_str().to_owned(),
        pieces: line.quantity,
        cold: line.sku_type != SkuType::Dry,
    }
}

/// The WMS's answer to an outbound order, in our words.
///
/// # Errors
/// UNKNOWN_REFERENCE: order number and label are not ours.
pub(crate) fn confirmation(told: &WmsOrderConfirmation) -> Result<Told, Refusal> {
    let (number, waybill_no) = references(&told.order_number, &told.label)?;
    let (word, answer, status) = match told.result {
        WmsConfirmation::Ok => ("OK", WarehouseAnswer::Accepted, Some(WaybillStatus::Acknowledged)),
        WmsConfirmation::Nok => ("NOK", WarehouseAnswer::Rejected, None),
    };
    let command = RecordWarehouseAnswer {
        sales_order_no: number.clone(),
        answer,
        reason: told.reason_code.clone(),
        occurred_at: told.at,
    };
    Ok(Told {
        number,
        word: word.into(),
        about_sales_order: AboutSalesOrder::Answer(command),
        about_waybill: status.map(|status| report(waybill_no, status, told.at)),
    })
}

/// A step of the WMS, in our words.
///
/// # Errors
/// UNKNOWN_REFERENCE: order number and label are not ours.
pub(crate) fn progress(told: &WmsOrderProgress) -> Result<Told, Refusal> {
    let (number, waybill_no) = references(&told.order_number, &told.label)?;
    let (word, progress, status) = match told.step {
        WmsStep::PickStart => ("PICK_START", WarehouseProgress::Picking, None),
        WmsStep::PickEnd => ("PICK_END", WarehouseProgress::Picked, Some(WaybillStatus::Picked)),
        WmsStep::PackEnd => ("PACK_END", WarehouseProgress::Packed, Some(WaybillStatus::Packed)),
        WmsStep::HandOver => ("HAND_OVER", WarehouseProgress::HandedOver, None),
    };
    let command =
        RecordWarehouseProgress { sales_order_no: number.clone(), progress, occurred_at: told.at };
    Ok(Told {
        number,
        word: word.into(),
        about_sales_order: AboutSalesOrder::Progress(command),
        about_waybill: status.map(|status| report(waybill_no, status, told.at)),
    })
}

/// The WMS's answer to a request not to ship, in our words. Whether the waybill is cancelled is said by
/// sales-order, not by a report.
///
/// # Errors
/// UNKNOWN_REFERENCE: order number and label are not ours.
pub(crate) fn cancellation_confirmation(
    told: &WmsCancellationConfirmation,
) -> Result<Told, Refusal> {
    let (number, waybill_no) = references(&told.order_number, &told.label)?;
    let (word, answer) = match told.result {
        WmsConfirmation::Ok => ("OK", CancellationVerdict::Accepted),
        WmsConfirmation::Nok => ("NOK", CancellationVerdict::Rejected),
    };
    let command = RecordCancellationAnswer {
        waybill_no,
        question: told.request,
        answer,
        reason: told.reason_code.clone(),
        occurred_at: told.at,
    };
    Ok(Told {
        number,
        word: format!("CANCELLATION_{word}/{}", told.request).into(),
        about_sales_order: AboutSalesOrder::Cancellation(command),
        about_waybill: None,
    })
}

fn report(waybill_no: WaybillNo, status: WaybillStatus, occurred_at: Timestamp) -> ReportStatus {
    ReportStatus {
        waybill_no,
        status,
        attempt: None,
        route_ref: None,
        expected_version: None,
        occurred_at,
        reason: None,
    }
}

/// Reads both references. A sales order number is its waybill's number, a slash and a count: a number
/// that does not belong to the label would move one parcel by the news of another.
fn references(order_number: &str, label: &str) -> Result<(SalesOrderNo, WaybillNo), Refusal> {
    let unknown = |detail: String| Refusal::new("UNKNOWN_REFERENCE", detail);
    let number = SalesOrderNo::new(order_number).map_err(|error| unknown(error.to_string()))?;
    let waybill_no = WaybillNo::new(label).map_err(|error| unknown(error.to_string()))?;
    let count = order_number.strip_prefix(label).and_then(|rest| rest.strip_prefix('/'));
    match count {
        Some(count) if is_count(count) => Ok((number, waybill_no)),
        Some(_) | None => Err(unknown(format!(
            "order number {order_number:?} does not belong to label {label:?}: \
             send both as the outbound order had them"
        ))),
    }
}

fn is_count(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
