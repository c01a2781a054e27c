//! Cancel files: their lines, and what becomes of each.

use contracts::{CancelOrder, Exchange, MessageId, Refusal, Reply, ReplyOutcome, Timestamp};
use testkit::Stage;

use super::fleet::Fleet;
use super::source;
use crate::format::{Command, FileHeader, Unit, Units};
use crate::name::FileKind;

const CANCEL_HEADER: &str = "order_ref\tline_no\treason\n";

fn units(file: &str) -> Vec<Unit> {
    let mut input = file.as_bytes();
    let header = FileHeader::read(FileKind::Cancel, &mut input).unwrap();
    let position = header.end();
    let mut units = Units::new(header, input, position, &source());
    std::iter::from_fn(|| units.next_unit().unwrap()).collect()
}

fn command(unit: &Unit, file_came_at: Timestamp) -> CancelOrder {
    let Ok(sound) = &unit.result else { panic!("{unit:?}") };
    let Command::Cancel(cancel) = &sound.command else { panic!("{sound:?}") };
    cancel.command(file_came_at)
}

#[test]
fn a_line_cancels_an_order_or_one_of_its_lines() {
    let came: Timestamp = serde_json::from_str("\"2026-03-05T09:30:00Z\"").unwrap();
    let file = [
        "requested_at\torder_ref\tline_no\treason\n",
        "\tA\t\tordered twice\n",
        "2026-03-04T09:30:00Z\tA\t2\t\n",
        "\t\tx\t\n",
    ];
    let units = units(&file.concat());
    let whole = command(&units[0], came);
    assert_eq!((whole.order_ref.as_str(), whole.line_no), ("A", None));
    assert_eq!((whole.reason.as_deref(), whole.occurred_at), (Some("ordered twice"), came));
    let one = command(&units[1], came);
    assert_eq!((one.line_no, one.reason), (Some(2), None));
    assert_eq!(one.occurred_at.to_string(), "2026-03-04T09:30:00Z");
    let errors = units[2].result.as_ref().unwrap_err();
    let codes: Vec<&str> = errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(codes, ["MISSING_VALUE", "INVALID_NUMBER"]);
}

/// Answers one command as order-intake does.
async fn answer(stage: &Stage, reply_to: &str, reply: &Reply) {
    let url = stage.amqp_url();
    let user = url.split_once("://").unwrap().1.split_once(':').unwrap().0;
    let properties = |properties: testkit::BasicProperties| {
        let id = MessageId::generate().to_string();
        properties
            .with_type("reply.v1".into())
            .with_message_id(id.as_str().into())
            .with_user_id(user.into())
    };
    let body = serde_json::to_vec(reply).unwrap();
    let sent = stage.publish_raw(Exchange::Replies.name(), reply_to, properties, &body).await;
    sent.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_is_sent_and_its_answer_reported() {
    let fleet = Fleet::new().await;
    let mut commands = fleet.stage.tap(Exchange::Commands, "order.cancel").await;
    let ingest = fleet.start(&["--answer-seconds", "30"]).await;
    let file = [CANCEL_HEADER, "A\t\tordered twice\n", "B\t2\t\n"].concat();
    fleet.send("cancel-shop-1.tsv", &file);
    for _ in 0..2 {
        let (envelope, cancel) = commands.next_of::<CancelOrder>().await;
        assert_eq!((envelope.actor.subject.as_str(), cancel.source.as_str()), ("shop", "shop"));
        let refusal = (cancel.order_ref.as_str() == "B")
            .then(|| Refusal::new("UNKNOWN_ORDER", "there is no order B"));
        let reply = Reply {
            message_id: envelope.message_id,
            outcome: if refusal.is_some() { ReplyOutcome::Rejected } else { ReplyOutcome::Applied },
            code: refusal.as_ref().map_or("APPLIED", |refusal| &refusal.code).to_owned(),
            refusal,
            items: Vec::new(),
            aggregate: None,
            version: None,
        };
        answer(&fleet.stage, &envelope.reply_to.unwrap(), &reply).await;
    }
    let report = fleet.report("cancel-shop-1.tsv.json").await;
    assert_eq!(report["verdict_counts"], serde_json::json!({"APPLIED": 1, "UNKNOWN_ORDER": 1}));
    assert_eq!(report["counts"]["rejected"], 1);
    assert_eq!(report["errors"][0]["code"], "UNKNOWN_ORDER");
    assert_eq!(fleet.rejected("cancel-shop-1.tsv"), [CANCEL_HEADER, "B\t2\t\n"].concat());
    drop(commands);
    fleet.close(ingest).await;
}
