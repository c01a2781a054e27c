//! Loading a network: what the worker is sent, and how its refusal is told.

use contracts::{FieldError, NetworkRows, Refusal, Reply, ReplyOutcome, UpsertNetwork};
use queue_topology::WorkerKind;
use testkit::Stage;

use crate::run::{Operator, write};

const QUEUE: &str = "delivery-network.commands";

/// Takes the one command that comes and answers it as the worker would.
async fn answer(stage: &Stage, refusal: Option<Refusal>) -> UpsertNetwork {
    let received = stage.wait_for_messages(QUEUE, 1).await.remove(0);
    let asked = received.envelope;
    let reply = Reply {
        message_id: asked.message_id,
        outcome: if refusal.is_some() { ReplyOutcome::Rejected } else { ReplyOutcome::Applied },
        code: "ANY".to_owned(),
        refusal,
        items: Vec::new(),
        aggregate: Some("network".to_owned()),
        version: Some(41),
    };
    stage.answer(&asked, "reply.v1", &reply).await;
    serde_json::from_slice(&received.body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_sent_and_the_revision_comes_back() {
    let operator = Operator::on(Stage::new(&[WorkerKind::DeliveryNetwork]).await);
    operator.ok(&["topology", "apply"]).await;
    let tables = tempfile::tempdir().unwrap();
    write(
        tables.path(),
        "zones.tsv",
        "zone\tdepot\tname\tneighbours\nZ1\tN\tOne\tZ2\nZ2\tN\tTwo\t\n",
    );
    write(
        tables.path(),
        "districts.tsv",
        "district\tzone\tvalid_from\nD1\tZ1\t\nD1\tZ2\t2030-01-01\n",
    );
    let directory = tables.path().to_str().unwrap();
    let arguments = ["network", "load", directory];
    let (called, command) = tokio::join!(operator.dray(&arguments), answer(&operator.stage, None));
    assert_eq!(called.exit, 0, "{}", called.said);
    assert_eq!(called.json["revision"], 41);
    let [NetworkRows::Zones(zones), NetworkRows::Districts(districts)] = command.tables.as_slice()
    else {
        panic!("{command:?}")
    };
    assert_eq!((zones.len(), zones[0].neighbours[0].as_str()), (2, "Z2"));
    assert_eq!(districts[1].valid_from.unwrap().to_string(), "2030-01-01");
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_line_of_the_file() {
    let operator = Operator::on(Stage::new(&[WorkerKind::DeliveryNetwork]).await);
    operator.ok(&["topology", "apply"]).await;
    let tables = tempfile::tempdir().unwrap();
    let file = write(
        tables.path(),
        "depots.tsv",
        "depot\tname\ttimezone\nN\tNorth\tUTC\n\nS\tSouth\tMars\n",
    );
    let refusal = Refusal {
        code: "INVALID_NETWORK".to_owned(),
        detail: "1 error".to_owned(),
        errors: vec![FieldError {
            line_no: Some(2),
            field: Some("depots.timezone".to_owned()),
            code: "UNKNOWN_TIMEZONE".to_owned(),
            message: "no such time zone".to_owned(),
        }],
    };
    let arguments = ["network", "load", tables.path().to_str().unwrap()];
    let (called, _) =
        tokio::join!(operator.dray(&arguments), answer(&operator.stage, Some(refusal)));
    assert_eq!(called.exit, 65, "{}", called.said);
    let expected = format!("{}:4: timezone: no such time zone (UNKNOWN_TIMEZONE)", file.display());
    assert!(called.said.contains(&expected), "{}", called.said);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_told_as_such() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let tables = tempfile::tempdir().unwrap();
    write(tables.path(), "depots.tsv", "depot\tname\ttimezone\nN\tNorth\tUTC\n");
    let called =
        operator.dray(&["network", "load", tables.path().to_str().unwrap(), "--wait", "1"]).await;
    assert_eq!(called.exit, 69, "{}", called.said);
    assert!(called.said.contains("nobody answered network.upsert.v1"), "{}", called.said);
    operator.stage.wait_for_depth(QUEUE, 1).await;
    operator.stage.close().await;
}
