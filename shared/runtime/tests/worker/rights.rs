//! The worker as its own broker user, with its own rights and no others.

use contracts::{ControlRequest, Exchange};
use queue_topology::WorkerKind;
use testkit::{DEADLINE, PublishAs};

use crate::bench::Bench;
use crate::probe::{Act, Acted, Behave, KIND};

const INGRESS: WorkerKind = WorkerKind::HotfolderIngest;

#[tokio::test(flavor = "multi_thread")]
async fn its_rights_are_enough_for_everything_it_does() {
    let bench = Bench::with_users(&[KIND, WorkerKind::WaybillStatus, INGRESS]).await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    let amqp = bench.stage.amqp_url_as(&KIND.user());
    let running = bench.start_by(&amqp, &bench.stage.database_url(), &[]).await;
    let mut replies = bench.stage.replies().await;
    let how = PublishAs::default().user(&INGRESS.user()).reply_to(replies.queue());
    let say = async |behave| {
        bench.stage.publish(how.clone(), &Act::new(behave, "key", 1)).await.unwrap();
    };
    say(Behave::Announce).await;
    assert_eq!(replies.next(DEADLINE).await.code, "APPLIED");
    let (envelope, _) = tap.next_of::<Acted>().await;
    assert_eq!(envelope.user_id.as_str(), KIND.user());
    say(Behave::Permanent).await;
    assert_eq!(bench.dead_letters(1).await, ["FAILED"]);
    say(Behave::TransientOnce).await;
    assert_eq!(replies.next(DEADLINE).await.code, "APPLIED");
    let tried =
        "SELECT COUNT(*) FROM effect WHERE attempt = 1 AND sender = 'dray-hotfolder-ingest'";
    assert_eq!(bench.stage.scalar::<i64>(tried).await, 1, "its own copy is believed");
    let answers = bench.control(ControlRequest::Report, 1).await;
    assert!(answers[0].report.ready);
    running.stop().await.unwrap();
    bench.close().await;
}
