//! Where each message goes.

use std::collections::BTreeSet;

use contracts::{self as c, Contract, Exchange, RoutingKey};

use crate::*;

/// The queues that get a message with this key.
fn receivers(exchange: Exchange, key: &str) -> BTreeSet<String> {
    let queues = Topology::all().queues.into_iter();
    let gets = |queue: &Queue| {
        let bindings = queue.bindings.iter().filter(|b| b.exchange == exchange.name());
        bindings.into_iter().any(|binding| topic_matches(&binding.key, key))
    };
    queues.filter(gets).map(|queue| queue.name).collect()
}

fn check<C: Contract>(words: &[&str], expected: &[&str]) {
    let key = words.iter().fold(RoutingKey::of_type(C::TYPE), |key, word| key.with(word));
    let expected: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(receivers(C::EXCHANGE, key.as_str()), expected, "{key}");
    assert_eq!(is_routed(C::EXCHANGE, key.as_str()), !expected.is_empty(), "{key}");
}

#[test]
fn commands_have_one_receiver() {
    check::<c::SkipSequence>(&[], &["hotfolder-ingest.commands"]);
    check::<c::CreateOrder>(&[], &["order-intake.commands"]);
    check::<c::CreateOrders>(&[], &["order-intake.commands"]);
    check::<c::CancelOrder>(&[], &["order-intake.commands"]);
    check::<c::AmendOrder>(&[], &["order-intake.commands"]);
    check::<c::UpsertNetwork>(&[], &["delivery-network.commands"]);
    check::<c::ReportStatus>(&[], &["waybill-status.commands"]);
    check::<c::ReportStatuses>(&[], &["waybill-status.commands"]);
    check::<c::CorrectWaybill>(&[], &["waybill-status.commands"]);
    check::<c::PlaceHold>(&[], &["waybill-status.commands"]);
    check::<c::ReleaseHold>(&[], &["waybill-status.commands"]);
    check::<c::RecordWarehouseAnswer>(&[], &["sales-order.commands"]);
    check::<c::RecordWarehouseProgress>(&[], &["sales-order.commands"]);
    check::<c::LockRoute>(&[], &["adra-assigner.commands"]);
    check::<c::DispatchRoute>(&[], &["adra-assigner.commands"]);
    check::<c::RescheduleWaybill>(&[], &["adra-assigner.commands"]);
    check::<c::ReportBreakdown>(&[], &["adra-assigner.commands"]);
    check::<c::Recalculate>(&[], &["adra-assigner.commands"]);
    check::<c::PlanDay>(&[], &["adra-assigner.commands"]);
    check::<c::PinWaybill>(&[], &["adra-assigner.commands"]);
    check::<c::UnpinWaybill>(&[], &["adra-assigner.commands"]);
    check::<c::MoveWaybill>(&[], &["adra-assigner.commands"]);
    check::<c::ProposeMoves>(&[], &["adra-assigner.commands"]);
    check::<c::CommitProposal>(&[], &["adra-assigner.commands"]);
    check::<c::DiscardProposal>(&[], &["adra-assigner.commands"]);
    check::<c::CancelWaybill>(&[], &["sales-order.commands"]);
    check::<c::RecordCancellationAnswer>(&[], &["sales-order.commands"]);
    check::<c::ResubmitSalesOrder>(&[], &["sales-order.commands"]);
    check::<c::TransferSalesOrder>(&[], &["sales-order.commands"]);
    check::<c::RequestReturn>(&[], &["customer-service.commands"]);
    check::<c::ApproveReturn>(&[], &["customer-service.commands"]);
    check::<c::RequestReplacement>(&[], &["customer-service.commands"]);
    check::<c::OpenCase>(&[], &["customer-service.commands"]);
    check::<c::UpdateCase>(&[], &["customer-service.commands"]);
    check::<c::Query>(&[], &["query-desk.queries"]);
    check::<c::AskIdentity>(&[], &["identity.queries"]);
}

#[test]
fn events_go_to_whom_they_concern() {
    let (adra, intake, waybills) =
        ("adra-assigner.events", "order-intake.events", "waybill-status.events");
    let (service, sales) = ("customer-service.events", "sales-order.events");
    check::<c::OrderAccepted>(&[], &[waybills]);
    check::<c::WaybillsRequested>(&["customer-service"], &[waybills]);
    check::<c::WaybillsRequested>(&["sales-order"], &[waybills]);
    check::<c::OrderCancellationRequested>(&[], &[sales]);
    check::<c::CancellationAsked>(&["warehouse"], &["wms-sync.events"]);
    check::<c::CancellationAsked>(&["merchant"], &[]);
    check::<c::CancellationDecided>(&["accepted"], &[waybills]);
    check::<c::CancellationDecided>(&["rejected"], &[service]);
    check::<c::CancellationOverdue>(&[], &[service]);
    check::<c::AmendmentRequested>(&[], &[adra]);
    check::<c::AmendmentReserved>(&[], &[sales]);
    check::<c::AmendmentDecided>(&["adra-assigner"], &[intake, waybills]);
    check::<c::AmendmentDecided>(&["sales-order"], &[adra, intake, waybills]);
    check::<c::WaybillCreated>(&[], &[adra]);
    check::<c::WaybillHeld>(&[], &[adra]);
    check::<c::WaybillReleased>(&[], &[adra]);
    check::<c::WaybillCancelledButMoved>(&[], &[service, intake]);
    check::<c::WaybillCorrected>(&[], &[adra, intake]);
    for nobody in ["acknowledged", "picked", "packed", "loaded", "out-for-pickup", "pickup-failed"]
    {
        check::<c::WaybillStatusChanged>(&[nobody], &[]);
    }
    for counted in ["dispatched", "out-for-delivery", "ready-for-collection", "delivery-failed"] {
        check::<c::WaybillStatusChanged>(&[counted], &[intake]);
    }
    for seen_to in ["returning", "delivered", "lost", "damaged", "returned-to-origin"] {
        check::<c::WaybillStatusChanged>(&[seen_to], &[service, intake]);
    }
    check::<c::WaybillStatusChanged>(&["cancelled"], &[adra, service, intake]);
    check::<c::WaybillAttemptFailed>(&[], &[adra, service]);
    check::<c::WaybillStatusChanged>(&["collected"], &[service]);
    check::<c::ReturnChanged>(&[], &[intake]);
    check::<c::CaseChanged>(&[], &[]);
    check::<c::OrderChanged>(&[], &[]);
    check::<c::NetworkChanged>(&[], &[adra]);
    check::<c::Assigned>(&["warehouse"], &[sales, waybills]);
    check::<c::Assigned>(&["merchant"], &[waybills]);
    check::<c::Unassignable>(&[], &[]);
    check::<c::UnassignedAgain>(&[], &[]);
    check::<c::RouteChanged>(&["locked"], &[sales]);
    check::<c::RouteChanged>(&["opened"], &[]);
    check::<c::SubmissionDue>(&[], &[sales]);
    check::<c::SalesOrderTransferDecided>(&[], &[]);
    check::<c::SalesOrderSubmitted>(&[], &["wms-sync.events"]);
    check::<c::SalesOrderAnswered>(&[], &[]);
    check::<c::SalesOrderProgressed>(&[], &[]);
}

#[test]
fn the_warehouse_talks_to_its_adapter_only() {
    check::<c::WmsOutboundOrder>(&[], &["wms.outbound"]);
    check::<c::WmsOrderConfirmation>(&[], &["wms-sync.partner"]);
    check::<c::WmsOrderProgress>(&[], &["wms-sync.partner"]);
    check::<c::WmsCancellationRequest>(&[], &["wms.outbound"]);
    check::<c::WmsCancellationConfirmation>(&[], &["wms-sync.partner"]);
}

/// The words of the bindings are those that the messages really carry.
#[test]
fn bound_words_are_words_of_messages() {
    assert_eq!(c::WaybillStatus::Cancelled.routing_word(), "cancelled");
    assert_eq!(c::WaybillStatus::ReturnedToOrigin.routing_word(), "returned-to-origin");
    assert_eq!(c::FulfilledBy::Warehouse.as_str(), "warehouse");
}

/// A binding to a topic exchange names a type; each type belongs to its exchange.
#[test]
fn bindings_are_consistent() {
    for kind in WorkerKind::ALL {
        for work in kind.work_queues() {
            let bindings = kind.bindings(*work);
            assert!(!bindings.is_empty(), "{} hears nothing", kind.queue(*work));
            for (exchange, key) in bindings {
                let expected = match work {
                    WorkQueue::Commands => Exchange::Commands,
                    WorkQueue::Events => Exchange::Events,
                    WorkQueue::Partner => Exchange::WmsIn,
                    WorkQueue::Queries => Exchange::Queries,
                };
                assert_eq!(exchange, expected, "{} to {key}", kind.queue(*work));
                assert!(!key.contains('#'), "{key}: a queue takes what it names");
            }
        }
        let all = [WorkQueue::Commands, WorkQueue::Events, WorkQueue::Partner, WorkQueue::Queries];
        for work in all.into_iter().filter(|work| !kind.work_queues().contains(work)) {
            assert!(kind.bindings(work).is_empty(), "{} is never declared", kind.queue(work));
        }
    }
}

#[test]
fn every_binding_is_to_an_exchange_that_is_declared() {
    let exchanges: BTreeSet<&str> = EXCHANGES.iter().map(|(name, _)| *name).collect();
    for queue in Topology::all().queues {
        for binding in &queue.bindings {
            assert!(exchanges.contains(&*binding.exchange), "{}", queue.name);
        }
    }
}

#[test]
fn control_messages_reach_the_kind_they_name() {
    for kind in WorkerKind::ALL {
        let request = c::ControlRequest::Drain;
        let command = c::ControlCommand { worker: kind.name().to_owned(), request };
        assert_eq!(command.routing_key(), kind.control_key());
    }
}
