//! What customer-service keeps and reads, as values: order lines and what is claimed of them, returns,
//! replacements, cases.
//!
//! What never lives here: a rule (`decide.rs`), a row (`store.rs`).

use contracts::{
    CaseChanged, CaseKind, CustomerRef, DistrictCode, FulfilledBy, Merchant, OrderRef, ReturnLine,
    ReturnLineStanding, ReturnRef, ReturnStanding, ReturnStatus, ReturnVerdict, ReturnedPart, Sku,
    SkuType, Source, Store, TimeslotCode, Timestamp, WaybillNo, WaybillStatus,
};
use uuid::Uuid;

/// An order line. The order of keys is the order in which claims are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LineKey {
    pub order_id: Uuid,
    pub line_no: u32,
}

/// What makes a return unique.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ReturnKey {
    pub source: Source,
    pub return_ref: ReturnRef,
}

impl ReturnKey {
    /// How people name it: `source/return_ref`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.source, self.return_ref)
    }
}

/// An order, as far as returns need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub source: Source,
    pub order_ref: OrderRef,
    pub customer_ref: Option<CustomerRef>,
    pub ordered_at: Timestamp,
    pub district: DistrictCode,
    /// Hash of the address; empty where the order named none.
    pub address_key: String,
    pub timeslot: TimeslotCode,
}

/// An order line, and how the waybill that carries it stands. Volume and weight are those of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderLine {
    pub merchant: Merchant,
    pub store: Option<Store>,
    pub sku: Sku,
    pub quantity: u32,
    pub sku_type: SkuType,
    pub volume_ml: u32,
    pub weight_g: u32,
    pub fulfilled_by: FulfilledBy,
    /// None: it makes no parcel.
    pub status: Option<WaybillStatus>,
}

impl OrderLine {
    /// Units that the customer has got.
    pub(crate) fn delivered(&self) -> u32 {
        if self.status == Some(WaybillStatus::Delivered) { self.quantity } else { 0 }
    }

    /// Units that may be sent again: those that the customer has got, and those that will never come.
    pub(crate) fn replaceable(&self) -> u32 {
        use WaybillStatus::{Damaged, Delivered, Lost};
        let settled = [Some(Delivered), Some(Lost), Some(Damaged)];
        if settled.contains(&self.status) { self.quantity } else { 0 }
    }
}

/// What is taken of an order line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Units that returns have.
    pub claimed: u32,
    /// Units that were sent again.
    pub replaced: u32,
}

/// How many numbers an order has given out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub returns: u32,
    pub replacements: u32,
}

/// Units of one order line in a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub line: LineKey,
    pub order_ref: OrderRef,
    pub quantity: u32,
}

/// One line of a return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReturnItem {
    /// As it was asked for. What is for people only (description, price, reason) is not read back.
    pub asked: ReturnLine,
    pub verdict: ReturnVerdict,
    pub parts: Vec<Part>,
    pub received: u32,
    pub damaged: u32,
    pub restocked: u32,
    pub written_off: u32,
    pub refused: u32,
}

impl ReturnItem {
    /// A line that nothing has happened to yet.
    pub(crate) const fn new(asked: ReturnLine, verdict: ReturnVerdict, parts: Vec<Part>) -> Self {
        let (received, damaged, restocked, written_off, refused) = (0, 0, 0, 0, 0);
        Self { asked, verdict, parts, received, damaged, restocked, written_off, refused }
    }

    /// Units that the inspection has judged.
    pub(crate) const fn inspected(&self) -> u32 {
        self.restocked + self.written_off + self.refused
    }
}

/// A return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Return {
    pub id: Uuid,
    pub key: ReturnKey,
    pub customer_ref: Option<CustomerRef>,
    pub content_hash: [u8; 32],
    pub status: ReturnStatus,
    /// Why it was rejected or cancelled.
    pub reason: Option<String>,
    /// Nothing more of it is awaited.
    pub complete: bool,
    pub items: Vec<ReturnItem>,
    /// Its RETURN waybills, one an order.
    pub waybills: Vec<(Uuid, WaybillNo)>,
    pub requested_at: Timestamp,
    pub updated_at: Timestamp,
    pub version: u64,
}

impl Return {
    /// The lines that belong to it.
    pub(crate) fn matched(&self) -> impl Iterator<Item = &ReturnItem> {
        self.items.iter().filter(|item| item.verdict.is_match())
    }

    /// What everybody is told and shown.
    pub(crate) fn standing(&self) -> ReturnStanding {
        ReturnStanding {
            return_id: self.id,
            source: self.key.source.clone(),
            return_ref: self.key.return_ref.clone(),
            customer_ref: self.customer_ref.clone(),
            status: self.status,
            reason: self.reason.clone(),
            lines: self.items.iter().map(line_standing).collect(),
            waybills: self.waybills.iter().map(|(_, waybill_no)| waybill_no.clone()).collect(),
            requested_at: self.requested_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

fn line_standing(item: &ReturnItem) -> ReturnLineStanding {
    let parts = item.parts.iter().map(|part| ReturnedPart {
        order_ref: part.order_ref.clone(),
        line_no: part.line.line_no,
        quantity: part.quantity,
    });
    ReturnLineStanding {
        line_no: item.asked.line_no,
        sku: item.asked.sku.clone(),
        requested: item.asked.quantity,
        verdict: item.verdict,
        parts: parts.collect(),
        received: item.received,
        damaged: item.damaged,
        restocked: item.restocked,
        written_off: item.written_off,
        refused: item.refused,
    }
}

/// How a replacement stands, as far as it is ours to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplacementState {
    /// Held until its return has arrived.
    Waiting,
    /// On its way like any other waybill.
    Sent,
    /// Its waybill was cancelled.
    Cancelled,
}

impl ReplacementState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Cancelled];

    /// The word in its column.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Sent => "SENT",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// The state of that word.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One REPLACEMENT waybill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub waybill_no: WaybillNo,
    pub order_id: Uuid,
    /// The return it waits, or waited, for.
    pub return_id: Option<Uuid>,
    pub state: ReplacementState,
    pub reason: Option<String>,
    /// Units by order line.
    pub lines: Vec<(u32, u32)>,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub id: Uuid,
    pub subject: String,
    pub kind: CaseKind,
    pub open: bool,
    pub assigned_to: Option<String>,
    pub version: u64,
}

impl Case {
    /// What everybody is told.
    pub(crate) fn changed(&self) -> CaseChanged {
        CaseChanged {
            case_id: self.id,
            kind: self.kind,
            subject: self.subject.clone(),
            open: self.open,
            assigned_to: self.assigned_to.clone(),
        }
    }
}
