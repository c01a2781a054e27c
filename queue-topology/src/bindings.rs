//! What each work queue hears: exchange and topic pattern of every message type that its worker decodes.
//!
//! A type that is bound here and not decoded there ends in the dead letters, and the other way round is never heard.

use contracts as c;
use contracts::{Contract, RoutingKey};

use crate::worker::WorkerKind;

/// Exchange and topic pattern.
type Binding = (c::Exchange, String);

fn on<C: Contract>() -> Binding {
    (C::EXCHANGE, RoutingKey::of_type(C::TYPE).as_str().to_owned())
}

fn on_with<C: Contract>(word: &str) -> Binding {
    (C::EXCHANGE, RoutingKey::of_type(C::TYPE).with(word).as_str().to_owned())
}

/// The statuses of a waybill that change what is counted of its order. Any of them may be the first that
/// is told of a parcel on the road: what came before it may be reported late.
const COUNTED: [contracts::WaybillStatus; 10] = {
    use contracts::WaybillStatus as S;
    [
        S::Dispatched,
        S::OutForDelivery,
        S::ReadyForCollection,
        S::DeliveryFailed,
        S::Returning,
        S::Delivered,
        S::ReturnedToOrigin,
        S::Lost,
        S::Damaged,
        S::Cancelled,
    ]
};

/// Imperatives from ingress.
pub(crate) fn commands(kind: WorkerKind) -> Vec<Binding> {
    match kind {
        WorkerKind::HotfolderIngest => vec![on::<c::SkipSequence>(), on::<c::UploadFile>()],
        WorkerKind::OrderIntake => vec![
            on::<c::CreateOrder>(),
            on::<c::CreateOrders>(),
            on::<c::CancelOrder>(),
            on::<c::AmendOrder>(),
        ],
        WorkerKind::DeliveryNetwork => vec![on::<c::UpsertNetwork>()],
        WorkerKind::WaybillStatus => {
            vec![
                on::<c::ReportStatus>(),
                on::<c::ReportStatuses>(),
                on::<c::CorrectWaybill>(),
                on::<c::PlaceHold>(),
                on::<c::ReleaseHold>(),
            ]
        }
        WorkerKind::AdraAssigner => {
            vec![
                on::<c::LockRoute>(),
                on::<c::DispatchRoute>(),
                on::<c::RescheduleWaybill>(),
                on::<c::ReportBreakdown>(),
                on::<c::Recalculate>(),
                on::<c::PlanDay>(),
                on::<c::PinWaybill>(),
                on::<c::UnpinWaybill>(),
                on::<c::MoveWaybill>(),
                on::<c::ProposeMoves>(),
                on::<c::CommitProposal>(),
                on::<c::DiscardProposal>(),
            ]
        }
        WorkerKind::SalesOrder => vec![
            on::<c::RecordWarehouseAnswer>(),
            on::<c::RecordWarehouseProgress>(),
            on::<c::CancelWaybill>(),
            on::<c::RecordCancellationAnswer>(),
            on::<c::ResubmitSalesOrder>(),
            on::<c::TransferSalesOrder>(),
        ],
        WorkerKind::CustomerService => vec![
            on::<c::RequestReturn>(),
            on::<c::ApproveReturn>(),
            on::<c::RejectReturn>(),
            on::<c::CancelReturn>(),
            on::<c::RecordReturnReceipt>(),
            on::<c::RecordReturnInspection>(),
            on::<c::CloseReturn>(),
            on::<c::RequestReplacement>(),
            on::<c::OpenCase>(),
            on::<c::UpdateCase>(),
        ],
        WorkerKind::WmsSync
        | WorkerKind::QueryDesk
        | WorkerKind::Identity
        | WorkerKind::PortalShim => Vec::new(),
    }
}

/// What other workers tell.
pub(crate) fn events(kind: WorkerKind) -> Vec<Binding> {
    match kind {
        WorkerKind::OrderIntake => {
            // the words that change what is counted of an order
            let moved = |status: c::WaybillStatus| {
                on_with::<c::WaybillStatusChanged>(&status.routing_word())
            };
            let mut bindings: Vec<_> = COUNTED.into_iter().map(moved).collect();
            bindings.push(on::<c::WaybillCancelledButMoved>());
            bindings.push(on::<c::WaybillCorrected>());
            bindings.push(on_with::<c::AmendmentDecided>("*"));
            bindings.push(on::<c::ReturnChanged>());
            bindings
        }
        WorkerKind::WaybillStatus => vec![
            on::<c::OrderAccepted>(),
            on_with::<c::WaybillsRequested>("*"),
            on_with::<c::Assigned>("*"),
            on_with::<c::CancellationDecided>("accepted"),
            on_with::<c::AmendmentDecided>("*"),
        ],
        WorkerKind::AdraAssigner => vec![
            on::<c::WaybillCreated>(),
            on::<c::WaybillHeld>(),
            on::<c::WaybillReleased>(),
            on_with::<c::WaybillStatusChanged>("cancelled"),
            on::<c::WaybillAttemptFailed>(),
            on::<c::WaybillCorrected>(),
            on::<c::AmendmentRequested>(),
            on_with::<c::AmendmentDecided>("sales-order"),
            on::<c::NetworkChanged>(),
        ],
        WorkerKind::SalesOrder => vec![
            on_with::<c::Assigned>("warehouse"),
            on::<c::AmendmentReserved>(),
            on::<c::OrderCancellationRequested>(),
            on_with::<c::RouteChanged>(c::RouteChange::Locked.routing_word()),
            on::<c::SubmissionDue>(),
        ],
        WorkerKind::WmsSync => {
            vec![on::<c::SalesOrderSubmitted>(), on_with::<c::CancellationAsked>("warehouse")]
        }
        WorkerKind::CustomerService => vec![
            on_with::<c::WaybillStatusChanged>("collected"),
            // of every kind: an open case has to hear that its parcel came after all
            on_with::<c::WaybillStatusChanged>("delivered"),
            on::<c::WaybillAttemptFailed>(),
            on_with::<c::WaybillStatusChanged>("returning"),
            on_with::<c::WaybillStatusChanged>("returned-to-origin"),
            on_with::<c::WaybillStatusChanged>("lost"),
            on_with::<c::WaybillStatusChanged>("damaged"),
            on_with::<c::WaybillStatusChanged>("cancelled"),
            on::<c::WaybillCancelledButMoved>(),
            on::<c::CancellationOverdue>(),
            on_with::<c::CancellationDecided>("rejected"),
        ],
        WorkerKind::HotfolderIngest
        | WorkerKind::DeliveryNetwork
        | WorkerKind::QueryDesk
        | WorkerKind::Identity
        | WorkerKind::PortalShim => Vec::new(),
    }
}

/// What a partner tells.
pub(crate) fn partner(kind: WorkerKind) -> Vec<Binding> {
    match kind {
        WorkerKind::WmsSync => vec![
            on::<c::WmsOrderConfirmation>(),
            on::<c::WmsOrderProgress>(),
            on::<c::WmsCancellationConfirmation>(),
        ],
        WorkerKind::HotfolderIngest
        | WorkerKind::OrderIntake
        | WorkerKind::WaybillStatus
        | WorkerKind::AdraAssigner
        | WorkerKind::SalesOrder
        | WorkerKind::DeliveryNetwork
        | WorkerKind::CustomerService
        | WorkerKind::QueryDesk
        | WorkerKind::Identity
        | WorkerKind::PortalShim => Vec::new(),
    }
}

/// Questions.
pub(crate) fn queries(kind: WorkerKind) -> Vec<Binding> {
    match kind {
        WorkerKind::QueryDesk => vec![on::<c::Query>()],
        WorkerKind::Identity => vec![on::<c::AskIdentity>()],
        WorkerKind::HotfolderIngest
        | WorkerKind::OrderIntake
        | WorkerKind::WaybillStatus
        | WorkerKind::AdraAssigner
        | WorkerKind::SalesOrder
        | WorkerKind::WmsSync
        | WorkerKind::DeliveryNetwork
        | WorkerKind::CustomerService
        | WorkerKind::PortalShim => Vec::new(),
    }
}
