//! Every message type in one list, with the JSON Schema of its body: what documents are made from.
//!
//! Never here: a document's own form (see the `dray` command).

use schemars::JsonSchema;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use serde_json::{Map, Value};

use crate::{
    AmendOrder, AmendmentDecided, AmendmentRequested, AmendmentReserved, ApproveReturn,
    AskIdentity, Assigned, CancelOrder, CancelReturn, CancelWaybill, CancellationAsked,
    CancellationDecided, CancellationOverdue, CaseChanged, CloseReturn, CommitProposal, Contract,
    ControlAnswer, ControlCommand, CorrectWaybill, CreateOrder, CreateOrders, DayPlanned,
    DiscardProposal, DispatchRoute, Exchange, IdentityAnswer, LockRoute, MoveWaybill,
    NetworkChanged, OpenCase, OrderAccepted, OrderCancellationRequested, OrderChanged, PinWaybill,
    PlaceHold, PlanDay, ProposeMoves, Query, QueryAnswer, Recalculate, RecordCancellationAnswer,
    RecordReturnInspection, RecordReturnReceipt, RecordWarehouseAnswer, RecordWarehouseProgress,
    RejectReturn, ReleaseHold, Reply, ReportBreakdown, ReportStatus, ReportStatuses,
    RequestReplacement, RequestReturn, RescheduleWaybill, ResubmitSalesOrder, ReturnChanged,
    RouteChanged, SalesOrderAnswered, SalesOrderProgressed, SalesOrderSubmitted,
    SalesOrderTransferDecided, SkipSequence, SubmissionDue, TransferSalesOrder, Unassignable,
    UnassignedAgain, UnpinWaybill, UpdateCase, UploadFile, UpsertNetwork, WaybillAttemptFailed,
    WaybillCancelledButMoved, WaybillCorrected, WaybillCreated, WaybillHeld, WaybillReleased,
    WaybillStatusChanged, WaybillsRequested, WmsCancellationConfirmation, WmsCancellationRequest,
    WmsOrderConfirmation, WmsOrderProgress, WmsOutboundOrder,
};

/// One message type.
#[derive(Debug, Clone)]
pub struct MessageType {
    /// The AMQP `type` property.
    pub name: &'static str,
    /// Where it is published.
    pub exchange: Exchange,
    /// The form of its routing keys (see [`Contract::key_form`]); answers have their asker's queue.
    pub key_form: String,
    /// The schema of its body: a reference into [`Catalogue::schemas`].
    pub payload: Value,
}

/// All message types and the schemas they share.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// What is published by contract.
    pub messages: Vec<MessageType>,
    /// What is sent back to an asker on [`Exchange::Replies`].
    pub answers: Vec<MessageType>,
    /// JSON Schema (draft 7) by name; references among them begin with `#/components/schemas/`.
    pub schemas: Map<String, Value>,
}

impl Catalogue {
    /// Everything that may travel.
    #[must_use]
    pub fn all() -> Self {
        let mut collect = Collect::new();
        orders(&mut collect);
        waybills(&mut collect);
        service(&mut collect);
        planning(&mut collect);
        dispatching(&mut collect);
        fleet(&mut collect);
        let answers = vec![
            collect.answer::<Reply>("reply.v1"),
            collect.answer::<QueryAnswer>("query.answer.v1"),
            collect.answer::<IdentityAnswer>("identity.answer.v1"),
            collect.answer::<ControlAnswer>("control.answer.v1"),
        ];
        Self {
            messages: collect.messages,
            answers,
            schemas: collect.generator.take_definitions(true),
        }
    }
}

fn orders(collect: &mut Collect) {
    collect.message::<CreateOrder>();
    collect.message::<CreateOrders>();
    collect.message::<OrderAccepted>();
    collect.message::<OrderChanged>();
    collect.message::<WaybillsRequested>();
    collect.message::<SalesOrderSubmitted>();
    collect.message::<RecordWarehouseAnswer>();
    collect.message::<RecordWarehouseProgress>();
    collect.message::<SalesOrderAnswered>();
    collect.message::<SalesOrderProgressed>();
    collect.message::<ResubmitSalesOrder>();
    collect.message::<TransferSalesOrder>();
    collect.message::<SalesOrderTransferDecided>();
    collect.message::<SubmissionDue>();
    collect.message::<CancellationDecided>();
    collect.message::<WmsOutboundOrder>();
    collect.message::<WmsOrderConfirmation>();
    collect.message::<WmsOrderProgress>();
}

fn waybills(collect: &mut Collect) {
    collect.message::<ReportStatus>();
    collect.message::<ReportStatuses>();
    collect.message::<CorrectWaybill>();
    collect.message::<PlaceHold>();
    collect.message::<ReleaseHold>();
    collect.message::<WaybillCreated>();
    collect.message::<WaybillStatusChanged>();
    collect.message::<WaybillAttemptFailed>();
    collect.message::<WaybillHeld>();
    collect.message::<WaybillReleased>();
    collect.message::<WaybillCancelledButMoved>();
    collect.message::<WaybillCorrected>();
    collect.message::<Assigned>();
    collect.message::<Unassignable>();
    collect.message::<UnassignedAgain>();
    collect.message::<RouteChanged>();
}

fn service(collect: &mut Collect) {
    collect.message::<CancelOrder>();
    collect.message::<CancelWaybill>();
    collect.message::<OrderCancellationRequested>();
    collect.message::<CancellationAsked>();
    collect.message::<RecordCancellationAnswer>();
    collect.message::<CancellationOverdue>();
    collect.message::<WmsCancellationRequest>();
    collect.message::<WmsCancellationConfirmation>();
    collect.message::<AmendOrder>();
    collect.message::<AmendmentRequested>();
    collect.message::<AmendmentReserved>();
    collect.message::<AmendmentDecided>();
    collect.message::<RescheduleWaybill>();
    collect.message::<LockRoute>();
    collect.message::<DispatchRoute>();
    collect.message::<RequestReturn>();
    collect.message::<ApproveReturn>();
    collect.message::<RejectReturn>();
    collect.message::<CancelReturn>();
    collect.message::<RecordReturnReceipt>();
    collect.message::<RecordReturnInspection>();
    collect.message::<CloseReturn>();
    collect.message::<ReturnChanged>();
    collect.message::<RequestReplacement>();
    collect.message::<OpenCase>();
    collect.message::<UpdateCase>();
    collect.message::<CaseChanged>();
}

fn planning(collect: &mut Collect) {
    collect.message::<ReportBreakdown>();
    collect.message::<Recalculate>();
    collect.message::<PlanDay>();
    collect.message::<DayPlanned>();
}

fn dispatching(collect: &mut Collect) {
    collect.message::<PinWaybill>();
    collect.message::<UnpinWaybill>();
    collect.message::<MoveWaybill>();
    collect.message::<ProposeMoves>();
    collect.message::<CommitProposal>();
    collect.message::<DiscardProposal>();
}

fn fleet(collect: &mut Collect) {
    collect.message::<UpsertNetwork>();
    collect.message::<NetworkChanged>();
    collect.message::<SkipSequence>();
    collect.message::<UploadFile>();
    collect.message::<Query>();
    collect.message::<AskIdentity>();
    collect.message::<ControlCommand>();
}

/// Gathers types; schemas that several share stand once.
struct Collect {
    generator: SchemaGenerator,
    messages: Vec<MessageType>,
}

impl Collect {
    fn new() -> Self {
        let mut settings = SchemaSettings::draft07();
        settings.definitions_path = "/components/schemas".into();
        Self { generator: settings.into_generator(), messages: Vec::new() }
    }

    fn message<C: Contract>(&mut self) {
        let (name, exchange, key_form) = (C::TYPE, C::EXCHANGE, C::key_form());
        let payload = self.schema::<C>();
        self.messages.push(MessageType { name, exchange, key_form, payload });
    }

    fn answer<T: JsonSchema>(&mut self, name: &'static str) -> MessageType {
        let (exchange, key_form) = (Exchange::Replies, "dray.reply.{asker}.{instance}".to_owned());
        MessageType { name, exchange, key_form, payload: self.schema::<T>() }
    }

    fn schema<T: JsonSchema>(&mut self) -> Value {
        self.generator.subschema_for::<T>().to_value()
    }
}
