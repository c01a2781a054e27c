//! Whom a reader believes.

use contracts::UserId;

use crate::trust::{Trust, fits};

fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

#[test]
fn a_worker_believes_itself_and_operators() {
    let trust = Trust::of(user("dray-order-intake"), "order-intake.commands");
    for (publisher, covered) in [
        ("dray-order-intake", true),
        ("dray-operator", true),
        ("dray-admin", true),
        ("dray-hotfolder-ingest", false),
        ("dray-portal-shim", false),
        ("partner-wms", false),
    ] {
        assert_eq!(trust.covers(&user(publisher)), covered, "{publisher}");
    }
}

/// So that dead letters still say who sent them when an operator reads them.
#[test]
fn an_operator_believes_the_worker_whose_queue_it_reads() {
    let operator = || user("dray-operator");
    for queue in ["order-intake.dlq", "order-intake.commands.g2", "order-intake.retry.1s"] {
        let trust = Trust::of(operator(), queue);
        assert!(trust.covers(&user("dray-order-intake")), "{queue}");
        assert!(!trust.covers(&user("dray-waybill-status")), "{queue}");
    }
    let nobodys = Trust::of(operator(), "order-intakes");
    assert!(!nobodys.covers(&user("dray-order-intake")));
}

#[test]
fn a_type_comes_with_its_own_key() {
    let table = [
        ("order.create.v1", "dray.commands", "order.create", true),
        ("order.create.v2", "dray.commands", "order.create", true),
        ("waybill.status-changed.v1", "dray.events", "waybill.status-changed.packed", true),
        ("waybill.place-hold.v1", "dray.commands", "waybill.report-status", false),
        ("waybill.held.v1", "dray.events", "waybill.heldx", false),
        ("order.create", "dray.commands", "order.create", true),
        ("", "dray.commands", "order.create", false),
        ("query.ask.v1", "dray.queries", "order.create", false),
        ("wms.order-progress.v1", "partner.wms.in", "wms.order-confirmation", false),
        // not by key: one queue, one instance, one worker's own dead letters
        ("reply", "dray.replies", "dray.reply.order-intake.a", true),
        ("control.command.v1", "dray.control", "control.order-intake", true),
        ("order.create.v1", "dray.dlx", "order-intake.dlq", true),
        // only copies come back from the ladder
        ("order.create.v1", "dray.return", "order-intake.commands", false),
    ];
    for (message_type, exchange, key, expected) in table {
        assert_eq!(fits(message_type, exchange, key), expected, "{message_type} {exchange} {key}");
    }
}
