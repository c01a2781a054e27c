//! Rights as they are written down. That the broker enforces them is tested with a broker.

use contracts::{self as c, Contract, Exchange, RoutingKey};

use crate::*;

fn user(name: &str) -> User {
    let found = users().into_iter().find(|user| user.name == name);
    found.unwrap_or_else(|| panic!("no user {name}"))
}

#[test]
fn a_worker_may_declare_nothing_but_its_own_two_queues() {
    for kind in WorkerKind::ALL {
        let name = kind.name();
        let own =
            format!("^(dray\\.control\\.{name}\\.[a-z0-9-]+|dray\\.reply\\.{name}\\.[a-z0-9-]+)$");
        assert_eq!(user(&kind.user()).configure, own);
    }
    for partner in ["partner-wms", "partner-pss", "partner-ods"] {
        assert_eq!(user(partner).configure, "^$");
    }
}

#[test]
fn the_station_and_the_road_may_report_and_nothing_else() {
    let station = "^(waybill\\.report-status|waybill\\.report-statuses)$";
    let road =
        "^(waybill\\.report-status|waybill\\.report-statuses|route\\.lock|route\\.dispatch)$";
    for (partner, reports) in [("partner-pss", station), ("partner-ods", road)] {
        let rights = user(partner);
        assert_eq!((rights.read.as_str(), rights.write.as_str()), ("^$", "^(dray\\.commands)$"));
        for topic in rights.topics {
            let of_commands = topic.exchange == Exchange::Commands.name();
            assert_eq!(topic.write, if of_commands { reports } else { "^$" });
            assert_eq!(topic.read, "^$");
        }
    }
}

/// Anchors at both ends, or a name that only contains another would match too.
#[test]
fn every_expression_is_anchored_and_escaped() {
    for user in users() {
        let topics = user.topics.iter().flat_map(|topic| [&topic.write, &topic.read]);
        for expression in [&user.configure, &user.write, &user.read].into_iter().chain(topics) {
            assert!(expression.starts_with('^') && expression.ends_with('$'), "{expression}");
            let inner = expression.trim_start_matches('^').trim_end_matches('$');
            let alternatives = inner.trim_start_matches('(').trim_end_matches(')');
            for alternative in alternatives.split('|') {
                let bare =
                    alternative.replace("\\.", "").replace("[a-z0-9-]+", "").replace("[^.]+", "");
                let wild = bare.strip_suffix(".+").or(bare.strip_prefix(".+")).unwrap_or(&bare);
                assert!(!wild.contains('.'), "an unescaped dot in {expression}");
            }
        }
    }
}

/// Without a line for a topic exchange the broker allows every key of it.
#[test]
fn every_user_has_topic_rights_for_every_topic_exchange_it_can_name() {
    for user in users() {
        for (exchange, kind) in EXCHANGES {
            let escaped = exchange.replace('.', "\\.");
            let names_it = user.write.contains(&escaped) || user.read.contains(&escaped);
            let has_line = user.topics.iter().any(|topic| topic.exchange == exchange);
            if kind == ExchangeType::Topic && names_it {
                assert!(has_line, "{} on {exchange}", user.name);
            }
        }
    }
}

#[test]
fn a_worker_consumes_its_own_queues_only() {
    for kind in WorkerKind::ALL {
        let rights = user(&kind.user());
        for other in WorkerKind::ALL {
            for work in other.work_queues() {
                let named = rights.read.contains(&other.queue(*work).replace('.', "\\."));
                assert_eq!(named, kind == other, "{} reads {}", rights.name, other.queue(*work));
            }
            let dead_letters = other.dead_letter_queue().replace('.', "\\.");
            assert!(!rights.read.contains(&dead_letters), "{}", rights.name);
        }
    }
}

fn publishes<C: Contract>(kind: WorkerKind, word: Option<&str>) {
    let key = RoutingKey::of_type(C::TYPE);
    let key = word.map_or(key.clone(), |word| key.with(word));
    let allowed = kind.publishes().into_iter().any(|(exchange, patterns)| {
        let matches = |pattern: &&str| topic_matches(pattern, key.as_str());
        exchange == C::EXCHANGE && patterns.iter().any(matches)
    });
    assert!(allowed, "{} may not publish {key}", kind.name());
}

#[test]
fn workers_may_publish_what_they_do_publish() {
    publishes::<c::CreateOrder>(WorkerKind::HotfolderIngest, None);
    publishes::<c::ReportStatus>(WorkerKind::HotfolderIngest, None);
    publishes::<c::OrderAccepted>(WorkerKind::OrderIntake, None);
    publishes::<c::WaybillCreated>(WorkerKind::WaybillStatus, None);
    publishes::<c::WaybillStatusChanged>(WorkerKind::WaybillStatus, Some("cancelled"));
    publishes::<c::WaybillHeld>(WorkerKind::WaybillStatus, None);
    publishes::<c::WaybillReleased>(WorkerKind::WaybillStatus, None);
    publishes::<c::WaybillCancelledButMoved>(WorkerKind::WaybillStatus, None);
    publishes::<c::CancellationDecided>(WorkerKind::SalesOrder, Some("accepted"));
    publishes::<c::Assigned>(WorkerKind::AdraAssigner, Some("warehouse"));
    publishes::<c::Unassignable>(WorkerKind::AdraAssigner, None);
    publishes::<c::UnassignedAgain>(WorkerKind::AdraAssigner, None);
    publishes::<c::RouteChanged>(WorkerKind::AdraAssigner, Some("locked"));
    publishes::<c::DayPlanned>(WorkerKind::AdraAssigner, None);
    publishes::<c::AmendmentReserved>(WorkerKind::AdraAssigner, None);
    publishes::<c::AmendmentDecided>(WorkerKind::AdraAssigner, Some("adra-assigner"));
    publishes::<c::SalesOrderSubmitted>(WorkerKind::SalesOrder, None);
    publishes::<c::SalesOrderAnswered>(WorkerKind::SalesOrder, None);
    publishes::<c::SalesOrderProgressed>(WorkerKind::SalesOrder, None);
    publishes::<c::CancellationAsked>(WorkerKind::SalesOrder, Some("merchant"));
    publishes::<c::CancellationOverdue>(WorkerKind::SalesOrder, None);
    publishes::<c::AmendmentDecided>(WorkerKind::SalesOrder, Some("sales-order"));
    publishes::<c::SalesOrderTransferDecided>(WorkerKind::SalesOrder, None);
    publishes::<c::SubmissionDue>(WorkerKind::SalesOrder, None);
    publishes::<c::WaybillsRequested>(WorkerKind::SalesOrder, Some("sales-order"));
    publishes::<c::RecordWarehouseAnswer>(WorkerKind::WmsSync, None);
    publishes::<c::RecordWarehouseProgress>(WorkerKind::WmsSync, None);
    publishes::<c::ReportStatus>(WorkerKind::WmsSync, None);
    publishes::<c::RecordCancellationAnswer>(WorkerKind::WmsSync, None);
    publishes::<c::WmsOutboundOrder>(WorkerKind::WmsSync, None);
    publishes::<c::WmsCancellationRequest>(WorkerKind::WmsSync, None);
    publishes::<c::NetworkChanged>(WorkerKind::DeliveryNetwork, None);
    publishes::<c::CancelOrder>(WorkerKind::HotfolderIngest, None);
    publishes::<c::RequestReturn>(WorkerKind::HotfolderIngest, None);
    publishes::<c::WaybillsRequested>(WorkerKind::CustomerService, Some("customer-service"));
    publishes::<c::ReturnChanged>(WorkerKind::CustomerService, None);
    publishes::<c::CaseChanged>(WorkerKind::CustomerService, None);
    publishes::<c::ReportStatus>(WorkerKind::CustomerService, None);
    publishes::<c::ReleaseHold>(WorkerKind::CustomerService, None);
    publishes::<c::CancelWaybill>(WorkerKind::CustomerService, None);
    publishes::<c::CreateOrder>(WorkerKind::PortalShim, None);
    publishes::<c::CreateOrders>(WorkerKind::PortalShim, None);
    publishes::<c::AmendOrder>(WorkerKind::PortalShim, None);
    publishes::<c::CancelOrder>(WorkerKind::PortalShim, None);
    publishes::<c::ReportStatus>(WorkerKind::PortalShim, None);
    publishes::<c::ReportStatuses>(WorkerKind::PortalShim, None);
    publishes::<c::PlaceHold>(WorkerKind::PortalShim, None);
    publishes::<c::ReleaseHold>(WorkerKind::PortalShim, None);
    publishes::<c::CancelWaybill>(WorkerKind::PortalShim, None);
    publishes::<c::RescheduleWaybill>(WorkerKind::PortalShim, None);
    publishes::<c::RequestReturn>(WorkerKind::PortalShim, None);
    publishes::<c::RequestReplacement>(WorkerKind::PortalShim, None);
    publishes::<c::OpenCase>(WorkerKind::PortalShim, None);
    publishes::<c::UpdateCase>(WorkerKind::PortalShim, None);
    publishes::<c::Query>(WorkerKind::PortalShim, None);
    publishes::<c::AskIdentity>(WorkerKind::PortalShim, None);
    assert!(WorkerKind::QueryDesk.publishes().is_empty());
    assert!(WorkerKind::Identity.publishes().is_empty());
}

/// Two writers of one fact would be two truths.
#[test]
fn no_two_workers_may_publish_the_same_event() {
    let mut patterns: Vec<&str> = Vec::new();
    for kind in WorkerKind::ALL {
        let events = kind.publishes().into_iter().filter(|(e, _)| *e == Exchange::Events);
        patterns.extend(events.flat_map(|(_, keys)| keys.iter().copied()));
    }
    super::assert_unique(patterns);
}

/// Strangers reach the portal: what only the fleet and its operators say is not for its user.
#[test]
fn the_portal_says_and_hears_what_people_do_and_nothing_else() {
    let rights = user("dray-portal-shim");
    let of = |exchange: Exchange| {
        rights.topics.iter().find(|topic| topic.exchange == exchange.name()).unwrap()
    };
    assert_eq!(of(Exchange::Events).write, "^$");
    assert_eq!(of(Exchange::Events).read, "^(waybill\\..+|assignment\\..+)$");
    assert_eq!(of(Exchange::Queries).write, "^(query\\.ask|identity\\.ask)$");
    assert_eq!(of(Exchange::Commands).read, "^$");
    for key in ["waybill.correct", "network.upsert", "adra.day-plan", "sales-order.transfer"] {
        let words = key.replace('.', "\\.");
        assert!(!of(Exchange::Commands).write.contains(&words), "{key}");
    }
}
