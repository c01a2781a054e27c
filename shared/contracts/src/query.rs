//! Questions to query-desk and its answers.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use uuid::Uuid;

use crate::assignment::check_route_ref;
use crate::listing::check_limit;
use crate::slots::{Basket, MAX_SLOT_DAYS, SlotList};
use crate::uploads::{AfterError, MAX_UPLOADS_LISTED, UploadList, UploadView, check_file_name};
use crate::{
    AssignmentStanding, CaseView, Contract, Cursor, DecisionHistory, DepotCode, DistrictCode,
    Exchange, Hidden, MessageId, OrderFilter, OrderList, OrderRef, OrderStanding, ProposalView,
    Reply, ReturnRef, ReturnStanding, RouteList, RouteState, RouteView, SalesOrderStanding, Source,
    StatusNames, Timeline, TimeslotCode, Timestamp, TrackingCode, TrackingView, WaybillFilter,
    WaybillList, WaybillNo, WaybillStanding, ZoneCode,
};

/// A question. The answer goes to `reply_to`, within 2 s or never.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "about", rename_all = "snake_case", deny_unknown_fields)]
pub enum Query {
    /// How far is an order?
    Order {
        /// Who sent it.
        source: Source,
        /// Its number there.
        order_ref: OrderRef,
    },
    /// How far is a waybill?
    Waybill {
        /// Its number.
        waybill_no: WaybillNo,
    },
    /// Which sales orders has a waybill had, and who changed them?
    SalesOrder {
        /// The waybill's number.
        waybill_no: WaybillNo,
    },
    /// How far is a return?
    Return {
        /// Who sent it.
        source: Source,
        /// Its number there.
        return_ref: ReturnRef,
    },
    /// What happened in a case?
    Case {
        /// Which.
        case_id: Uuid,
    },
    /// What became of a command?
    Operation {
        /// Who published it.
        sender: String,
        /// Its id.
        message_id: MessageId,
    },
    /// Why is a waybill where it is? For staff.
    Decisions {
        /// Its number.
        waybill_no: WaybillNo,
        /// Only those after this version of its assignment.
        #[serde(default)]
        after_version: u64,
    },
    /// Which routes does a day have? For staff.
    Routes {
        /// The day.
        #[serde(deserialize_with = "crate::time::date")]
        delivery_date: NaiveDate,
        /// Only those of this depot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        depot: Option<DepotCode>,
        /// Only those of this window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeslot: Option<TimeslotCode>,
        /// Only those that serve this zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        zone: Option<ZoneCode>,
        /// Only those that are here in their life.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<RouteState>,
        /// Only those whose names come after this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// At most so many, 1 to 500.
        limit: u16,
    },
    /// What does a route carry? For staff.
    Route {
        /// Its readable name.
        route_ref: String,
    },
    /// What would a proposal come to? For staff.
    Proposal {
        /// Which.
        proposal_id: Uuid,
    },
    /// Which days and windows would take a basket now?
    Slots {
        /// Where it goes.
        district: DistrictCode,
        /// What it is.
        basket: Basket,
        /// The first day; absent: today at the depot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[serde(deserialize_with = "crate::time::optional_date")]
        from: Option<NaiveDate>,
        /// How many days, 1 to 14.
        days: u16,
        /// Judged as if it were this time; absent: now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// Which files were handed in? The newest first.
    Uploads {
        /// Only those of this source.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<Source>,
        /// Only those before this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Uuid>,
        /// At most so many, 1 to 200.
        limit: u16,
    },
    /// What became of a file that was handed in?
    Upload {
        /// In whose folder.
        source: Source,
        /// Its name there.
        file_name: String,
        /// Only the errors after this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<AfterError>,
    },
    /// Which orders are there? The newest first.
    Orders {
        /// Which of them.
        #[serde(default)]
        filter: OrderFilter,
        /// Only those after this place of the list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Cursor>,
        /// At most so many, 1 to 200.
        limit: u16,
    },
    /// Which waybills are there? The newest first.
    Waybills {
        /// Which of them.
        #[serde(default)]
        filter: Box<WaybillFilter>,
        /// Only those after this place of the list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<Cursor>,
        /// At most so many, 1 to 200.
        limit: u16,
    },
    /// What happened to a waybill?
    Timeline {
        /// Its number.
        waybill_no: WaybillNo,
    },
    /// What may the public know of a waybill? For whoever has the code on its label, whatever the role. A
    /// wrong code is answered like a number that there is none of.
    Tracking {
        /// Its number.
        waybill_no: WaybillNo,
        /// The code, as it was typed.
        code: Hidden,
    },
}

/// Most routes of one answer.
pub const MAX_ROUTES_LISTED: u16 = 500;

impl Contract for Query {
    const TYPE: &'static str = "query.ask.v1";
    const EXCHANGE: Exchange = Exchange::Queries;

    fn validate(&self) -> Result<(), String> {
        match self {
            Self::Routes { limit, after, .. } => {
                if !(1..=MAX_ROUTES_LISTED).contains(limit) {
                    return Err(format!("limit is 1 to {MAX_ROUTES_LISTED}"));
                }
                after.as_deref().map_or(Ok(()), check_route_ref)
            }
            Self::Route { route_ref } => check_route_ref(route_ref),
            Self::Orders { limit, .. } | Self::Waybills { limit, .. } => check_limit(*limit),
            Self::Slots { basket, days, .. } => {
                if !(1..=MAX_SLOT_DAYS).contains(days) {
                    return Err(format!("days is 1 to {MAX_SLOT_DAYS}"));
                }
                basket.check()
            }
            Self::Uploads { limit, .. } if !(1..=MAX_UPLOADS_LISTED).contains(limit) => {
                Err(format!("limit is 1 to {MAX_UPLOADS_LISTED}"))
            }
            Self::Upload { file_name, .. } => check_file_name(file_name),
            Self::Order { .. }
            | Self::Waybill { .. }
            | Self::SalesOrder { .. }
            | Self::Return { .. }
            | Self::Case { .. }
            | Self::Operation { .. }
            | Self::Decisions { .. }
            | Self::Uploads { .. }
            | Self::Proposal { .. }
            | Self::Timeline { .. }
            | Self::Tracking { .. } => Ok(()),
        }
    }
}

impl Query {
    /// What it is about, the word on the wire: for metrics.
    #[must_use]
    pub const fn about(&self) -> &'static str {
        match self {
            Self::Order { .. } => "order",
            Self::Waybill { .. } => "waybill",
            Self::SalesOrder { .. } => "sales_order",
            Self::Return { .. } => "return",
            Self::Case { .. } => "case",
            Self::Operation { .. } => "operation",
            Self::Decisions { .. } => "decisions",
            Self::Routes { .. } => "routes",
            Self::Route { .. } => "route",
            Self::Proposal { .. } => "proposal",
            Self::Slots { .. } => "slots",
            Self::Uploads { .. } => "uploads",
            Self::Upload { .. } => "upload",
            Self::Orders { .. } => "orders",
            Self::Waybills { .. } => "waybills",
            Self::Timeline { .. } => "timeline",
            Self::Tracking { .. } => "tracking",
        }
    }
}

/// A sales order of a waybill as queries show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderShown {
    /// Its number.
    pub sales_order_no: String,
    /// Its status.
    pub status: String,
    /// True for the one that counts.
    pub in_force: bool,
    /// Who was asked to prepare it; absent where nobody was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// Why it was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The warehouse that shall get it, once the one that has it has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transfer_to: Option<String>,
    /// The one whose place it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<String>,
    /// The one that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// Version of the row.
    pub version: u64,
}

/// One change of a sales order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderStep {
    /// When.
    pub at: Timestamp,
    /// Of which sales order.
    pub sales_order_no: String,
    /// Its version since.
    pub version: u64,
    /// The message that changed it.
    pub message_type: String,
    /// The status before; absent when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The status since.
    pub to: String,
    /// Who.
    pub who: String,
    /// As what.
    pub role: String,
    /// Where it came in: a file and its line, an address, a partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// In which conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// All sales orders of a waybill, and who changed them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SalesOrderView {
    /// The waybill they fulfil.
    pub waybill_no: WaybillNo,
    /// In the order of their making.
    pub orders: Vec<SalesOrderShown>,
    /// In the order of time.
    pub history: Vec<SalesOrderStep>,
}

/// A waybill as queries show it: each owner's part, as far as there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaybillView {
    /// Status, holds, gaps.
    #[serde(flatten)]
    pub standing: WaybillStanding,
    /// The status in the words that others use.
    #[serde(default)]
    pub names: StatusNames,
    /// What the public tracks it with; for who prints its label: its merchant, the warehouse, staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracking_code: Option<TrackingCode>,
    /// Its place, or why it has none; absent before ADRA saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<AssignmentStanding>,
    /// What the warehouse was asked; absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sales_order: Option<SalesOrderStanding>,
}

/// An order as queries show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OrderView {
    /// The order itself.
    #[serde(flatten)]
    pub standing: OrderStanding,
    /// Its waybills, as far as they exist by now.
    pub waybills: Vec<WaybillView>,
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "answer", content = "value", rename_all = "snake_case")]
pub enum QueryAnswer {
    /// An order.
    Order(Box<OrderView>),
    /// A waybill.
    Waybill(Box<WaybillView>),
    /// The sales orders of a waybill.
    SalesOrder(Box<SalesOrderView>),
    /// A return.
    Return(Box<ReturnStanding>),
    /// A case.
    Case(Box<CaseView>),
    /// The stored outcome of a command.
    Operation(Reply),
    /// Why a waybill is where it is.
    Decisions(Box<DecisionHistory>),
    /// Routes of a day.
    Routes(Box<RouteList>),
    /// A route with what is on it.
    Route(Box<RouteView>),
    /// A proposal.
    Proposal(Box<ProposalView>),
    /// A page of orders.
    Orders(Box<OrderList>),
    /// A page of waybills.
    Waybills(Box<WaybillList>),
    /// What happened to a waybill.
    Timeline(Box<Timeline>),
    /// What the public may know of a waybill.
    Tracking(Box<TrackingView>),
    /// Days and windows.
    Slots(Box<SlotList>),
    /// Files that were handed in.
    Uploads(Box<UploadList>),
    /// A file with its report.
    Upload(Box<UploadView>),
    /// There is no such thing (or it is not yours).
    NotFound,
}
