//! The contracts of the exchange: every message as one Rust type, the envelope around it, and the
//! small value types (ids, money, time) they are made of.
//!
//! What lives here: types, their JSON form (serde + schemars), their validation. What never does:
//! IO, a broker or database client, a task, a decision.

mod amendment;
mod assignment;
mod cancellation;
mod catalogue;
mod control;
mod dispatching;
mod envelope;
mod hold;
mod hotfolder;
mod identity;
mod ids;
mod lifecycle;
mod listing;
mod message;
mod money;
mod network;
mod order;
mod order_change;
mod order_lifecycle;
mod personal;
mod planned;
mod planning;
mod query;
mod replacement;
mod reply;
mod return_standing;
mod returns;
mod sales_order;
mod service_case;
mod slots;
mod standing;
#[cfg(test)]
mod tests;
mod time;
mod timeline;
mod tracking;
mod travel;
mod uploads;
mod waybill;
mod waybill_events;
mod wms;

pub use amendment::{
    AmendOrder, AmendedDestination, AmendedLine, AmendmentDecided, AmendmentDecider, AmendmentKind,
    AmendmentRequested, AmendmentReserved, WaybillAmendment,
};
pub use assignment::{
    Assigned, DispatchRoute, LockRoute, RescheduleWaybill, RouteChange, RouteChanged, Unassignable,
    UnassignableReason, UnassignedAgain,
};
pub use cancellation::{
    CancelOrder, CancelWaybill, CancellationAsked, CancellationDecided, CancellationOverdue,
    CancellationVerdict, OrderCancellationRequested, RecordCancellationAnswer,
};
pub use catalogue::{Catalogue, MessageType};
pub use control::{
    ControlAnswer, ControlCommand, ControlRequest, InstanceReport, LaneSettings, SettingsVersion,
};
pub use dispatching::{
    Amounts, CommitProposal, DiscardProposal, MAX_PROPOSAL_STEPS, MoveWaybill, PinWaybill,
    ProposalEvaluation, ProposalState, ProposalView, ProposeMoves, ProposedStep, QuotaStanding,
    RouteStanding, ShownStep, StepVerdict, UnpinWaybill,
};
pub use envelope::{
    Actor, Delegation, Envelope, MAX_MESSAGE_BYTES, Role, TraceContext, delegation_of, role_of,
};
pub use hold::{HoldInstance, HoldReason, PlaceHold, ReleaseHold};
pub use hotfolder::SkipSequence;
pub use identity::{AccountStanding, AskIdentity, Hidden, IdentityAnswer, PublicKey, Session};
pub use ids::{
    AccountName, CustomerRef, DepotCode, DistrictCode, HoldHandle, InvalidId, Merchant, MessageId,
    OrderRef, ReturnRef, RouteId, SalesOrderNo, Sku, Source, Store, TimeslotCode, TruckTypeCode,
    UserId, WarehouseCode, WaybillNo, ZoneCode, derive_message_id,
};
pub use lifecycle::{Level, PartnerNames, Reporters, StatusNames, StatusRow, Way};
pub use listing::{
    Cursor, MAX_LISTED, OrderFilter, OrderHead, OrderList, WaybillFilter, WaybillHead, WaybillList,
};
#[doc(hidden)]
pub use message::decode_body;
pub use message::{Contract, DecodeError, Exchange, Inbound, RoutingKey, split_version};
pub use money::{Currency, InvalidMoney, Money, UnitPrice};
pub use network::{
    Coordinates, DepotRow, DistrictRow, NetworkChanged, NetworkRows, PickFlowRow, PoolRow,
    QuotaRow, RouteTemplateRow, TimeslotRow, TruckTypeRow, UpgradeRow, UpsertNetwork, WarehouseRow,
    ZoneRow,
};
pub use order::{
    CreateOrder, FirstHold, FulfilledBy, MAX_ORDER_LINES, OrderAccepted, OrderLine, OrderStatus,
    Requester, SkuType, WaybillDraft, WaybillDraftLine, WaybillsRequested,
};
pub use order_change::{CreateOrders, OrderChanged, OrderLineStanding, OrderReturnStatus};
pub use order_lifecycle::{ORDER_ENTRY, ORDER_STATES, OrderReached, OrderStateRow, OrderWay};
pub use personal::Personal;
pub use planned::{
    Aboard, DecisionHistory, Position, RouteHead, RouteList, RouteName, RouteState, RouteStop,
    RouteView, StoredDecision, TruckLimits,
};
pub use planning::{Broken, DayPlanned, PlanDay, PlanFigures, Recalculate, ReportBreakdown};
pub use query::{
    MAX_ROUTES_LISTED, OrderView, Query, QueryAnswer, SalesOrderShown, SalesOrderStep,
    SalesOrderView, WaybillView,
};
pub use replacement::{ReplacementLine, ReplacementTiming, RequestReplacement};
pub use reply::{FieldError, ItemReply, Refusal, Reply, ReplyOutcome};
pub use return_standing::{ReturnChanged, ReturnLineStanding, ReturnStanding, ReturnedPart};
pub use returns::{
    ApproveReturn, CancelReturn, CloseReturn, InspectionLine, MAX_RETURN_UNITS, ReceiptLine,
    RecordReturnInspection, RecordReturnReceipt, RejectReturn, RequestReturn, ReturnLine,
    ReturnStatus, ReturnVerdict,
};
pub use sales_order::{
    RecordWarehouseAnswer, RecordWarehouseProgress, ResubmitSalesOrder, SalesOrderAnswered,
    SalesOrderLine, SalesOrderProgressed, SalesOrderStatus, SalesOrderSubmitted,
    SalesOrderTransferDecided, SubmissionDue, TransferSalesOrder, WarehouseAnswer,
    WarehouseProgress,
};
pub use service_case::{
    CaseChanged, CaseEntry, CaseKind, CaseStep, CaseSubject, CaseView, MAX_CASE_TEXT_BYTES,
    OpenCase, UpdateCase,
};
pub use slots::{
    Basket, Goods, MAX_BASKET_WAYBILLS, MAX_SLOT_DAYS, PIECE_VOLUME_ML, PIECE_WEIGHT_G, Remaining,
    SlotList, SlotOffer,
};
pub use standing::{
    AssignmentStanding, OrderStanding, SalesOrderStanding, WaybillEntry, WaybillOwner,
    WaybillStanding,
};
pub use time::{NO_SUCH_YEAR, Timestamp, date as read_date, optional_date as read_optional_date};
pub use timeline::{Timeline, TimelineCause, TimelineHold, TimelinePart, TimelineStep};
pub use tracking::{InvalidTrackingCode, TrackingCode, TrackingStep, TrackingView};
pub use travel::{TravelEnd, TravelRow};
pub use uploads::{
    AfterError, ErrorPlace, ImportStanding, MAX_PART_BYTES, MAX_PARTS, MAX_UPLOAD_BYTES,
    MAX_UPLOADS_LISTED, UPLOAD_ERRORS_SHOWN, UploadContent, UploadError, UploadFile, UploadList,
    UploadStanding, UploadState, UploadView,
};
pub use waybill::{
    CorrectWaybill, MAX_REPORTS, ReportStatus, ReportStatuses, WaybillKind, WaybillStatus,
};
pub use waybill_events::{
    WaybillAttemptFailed, WaybillCancelledButMoved, WaybillCorrected, WaybillCreated, WaybillHeld,
    WaybillReleased, WaybillStatusChanged,
};
pub use wms::{
    WmsCancellationConfirmation, WmsCancellationRequest, WmsConfirmation, WmsOrderConfirmation,
    WmsOrderProgress, WmsOutboundOrder, WmsPosition, WmsStep,
};
