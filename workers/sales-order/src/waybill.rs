//! What sales-order reads of a waybill when somebody wants it cancelled or changed.
//!
//! What lives here: those few columns and the questions they answer. What never does: how they are read
//! (`store.rs`), and any change: waybills are waybill-status's.

use contracts::{
    Actor, CustomerRef, FulfilledBy, Merchant, OrderRef, Role, SkuType, Source, Store, WaybillKind,
    WaybillStatus,
};
use uuid::Uuid;

/// What a waybill's own row says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waybill {
    pub kind: WaybillKind,
    pub fulfilled_by: FulfilledBy,
    pub merchant: Merchant,
    pub status: WaybillStatus,
    /// True while any hold is open: nobody is told to prepare it.
    pub is_held: bool,
    /// None: the row names no order.
    pub parcel: Option<Parcel>,
}

/// What another waybill for the same goods repeats. Volumes and weight are those of the whole waybill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub order_id: Uuid,
    pub source: Source,
    pub order_ref: OrderRef,
    pub customer_ref: Option<CustomerRef>,
    pub store: Option<Store>,
    pub sku_type: SkuType,
    pub dry_ml: u64,
    pub frozen_ml: u64,
    pub weight_g: u64,
}

impl Waybill {
    /// True while nobody has anything of it in hand.
    pub(crate) fn is_untouched(&self) -> bool {
        [WaybillStatus::Created, WaybillStatus::Acknowledged].contains(&self.status)
    }

    /// True once a driver has it, or had: no question to whoever picks can bring it back.
    pub(crate) const fn is_on_the_road(&self) -> bool {
        is_on_the_road(self.status)
    }
}

/// Every status from DISPATCHED on, and those that say how it ended.
pub(crate) const fn is_on_the_road(status: WaybillStatus) -> bool {
    use WaybillStatus as S;
    match status {
        S::Created | S::Acknowledged | S::Picked | S::Packed | S::Loaded | S::Cancelled => false,
        S::Dispatched
        | S::OutForDelivery
        | S::ReadyForCollection
        | S::DeliveryFailed
        | S::Delivered
        | S::Returning
        | S::ReturnedToOrigin
        | S::Lost
        | S::Damaged
        | S::OutForPickup
        | S::PickupFailed
        | S::Collected => true,
    }
}

/// Whether an actor may know of a waybill: a merchant, and who is limited to a merchant's goods, of its own
/// only; so of none that does not exist yet.
pub(crate) fn sees(actor: &Actor, waybill: Option<&Waybill>) -> bool {
    match &actor.merchant {
        Some(own) => waybill.is_some_and(|waybill| waybill.merchant.as_str() == own),
        None => actor.role != Role::Merchant,
    }
}
