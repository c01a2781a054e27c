//! Dead letters: looked at without being taken, and tried again without being lost.

use broker::{FailureNote, Outgoing};
use contracts::{
    Actor, Contract as _, Envelope, MessageId, RoutingKey, SkipSequence, Timestamp, TraceContext,
    UserId,
};
use queue_topology::DLX;
use testkit::Stage;

use crate::run::Operator;

const DLQ: &str = "hotfolder-ingest.dlq";
const WORK: &str = "hotfolder-ingest.commands";

/// A message that the worker gave up on.
fn letter(reason: &str, sequence: u64) -> Outgoing {
    let user = UserId::new("dray-admin").unwrap();
    let command = SkipSequence {
        kind: "order".to_owned(),
        source: contracts::Source::new("shop").unwrap(),
        sequence,
    };
    Outgoing {
        exchange: DLX.to_owned(),
        routing_key: RoutingKey::to_queue(DLQ),
        mandatory: true,
        envelope: Envelope {
            message_id: MessageId::generate(),
            message_type: SkipSequence::TYPE.to_owned(),
            timestamp: Timestamp::now(),
            app_id: "hotfolder-ingest".to_owned(),
            actor: Actor::itself(&user),
            user_id: user,
            correlation_id: None,
            reply_to: None,
            trace: TraceContext::default(),
            attempt: 9,
            seq: None,
        },
        note: FailureNote {
            reason: Some(reason.to_owned()),
            detail: Some("it did not work".to_owned()),
            origin: Some(WORK.to_owned()),
            first_failure: Some("2026-01-01T00:00:00Z".to_owned()),
            last_failure: Some("2026-01-01T00:10:00Z".to_owned()),
        },
        body: serde_json::to_vec(&command).unwrap(),
        expiration_ms: None,
    }
}

async fn stage_with(letters: &[Outgoing]) -> Operator {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    for letter in letters {
        operator.stage.publish_outgoing(letter).await.unwrap();
    }
    operator
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_grouped_and_stay() {
    let operator = stage_with(&[letter("A", 1), letter("B", 2), letter("A", 3)]).await;
    for _again in 0..2 {
        let groups = operator.ok(&["dlq", "ls"]).await["groups"].clone();
        let of = |reason: &str| {
            let groups = groups.as_array().unwrap();
            groups.iter().find(|group| group["reason"] == reason).unwrap()["count"].clone()
        };
        assert_eq!((of("A"), of("B")), (2.into(), 1.into()), "{groups}");
    }
    let shown = operator.ok(&["dlq", "show", "hotfolder-ingest", "--reason", "B", "--body"]).await;
    assert_eq!(shown.as_array().unwrap().len(), 1);
    assert_eq!(shown[0]["origin"], WORK);
    assert_eq!(shown[0]["attempt"], 9);
    assert_eq!(shown[0]["body"]["sequence"], 2);
    operator.stage.wait_for_depth(DLQ, 3).await;
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_takes_what_the_filter_names_and_nothing_else() {
    let letters = [letter("A", 1), letter("B", 2), letter("A", 3)];
    let operator = stage_with(&letters).await;
    let only_a = ["dlq", "retry", "hotfolder-ingest", "--reason", "A"];
    let counted = operator.ok(&[&only_a[..], &["--dry-run"]].concat()).await;
    assert_eq!((&counted["matching"], &counted["retried"]), (&2.into(), &0.into()));
    operator.stage.wait_for_depth(DLQ, 3).await;

    let retried = operator.ok(&only_a).await;
    assert_eq!((&retried["matching"], &retried["retried"]), (&2.into(), &2.into()));
    let back = operator.stage.wait_for_messages(WORK, 2).await;
    for (message, sent) in back.iter().zip([&letters[0], &letters[2]]) {
        assert_eq!(message.envelope.message_id, sent.envelope.message_id);
        assert_eq!(message.envelope.user_id, sent.envelope.user_id, "the first sender is kept");
        assert_eq!(message.envelope.attempt, 0);
        assert_eq!(message.body, sent.body);
    }
    let left = operator.stage.wait_for_messages(DLQ, 1).await;
    assert_eq!(left[0].envelope.message_id, letters[1].envelope.message_id);

    let nothing = operator.dray(&only_a).await;
    assert_eq!(nothing.exit, 66, "{}", nothing.said);
    operator.stage.close().await;
}
