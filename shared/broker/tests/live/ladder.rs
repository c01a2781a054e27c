//! The retry ladder and the dead letters, as the broker runs them.

use contracts::{MessageId, RoutingKey};
use queue_topology::{DLX, RetryTier, WorkerKind};
use testkit::{Stage, eventually};

use crate::{intake_queue, outgoing};

/// The copy waits its time and comes back to the home queue, still the same message.
#[tokio::test]
async fn a_copy_on_the_ladder_comes_back_to_its_queue() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let mut copy = outgoing("dray-admin", MessageId::generate());
    copy.envelope.attempt = 1;
    copy.envelope.seq = Some(3);
    copy.note.reason = Some("TIMEOUT".to_owned());
    copy.exchange = DLX.to_owned();
    copy.routing_key = RoutingKey::to_queue(WorkerKind::OrderIntake.retry_queue(RetryTier::S1));
    let begun = tokio::time::Instant::now();
    stage.publish_outgoing(&copy).await.unwrap();
    let back = stage.wait_for_messages(&intake_queue(), 1).await.remove(0);
    assert!(begun.elapsed() >= std::time::Duration::from_millis(900), "it waited");
    assert_eq!(back.envelope, copy.envelope);
    assert_eq!(back.note, copy.note);
    assert_eq!(back.routing_key, intake_queue());
    assert_eq!(stage.depth(&WorkerKind::OrderIntake.dead_letter_queue()).await, 0);
    stage.close().await;
}

/// A message that kills its consumer again and again ends in the dead letters by the broker's own count.
#[tokio::test]
async fn a_message_that_is_never_settled_ends_in_the_dead_letters() {
    let stage = Stage::new(&[WorkerKind::OrderIntake]).await;
    let poison = outgoing("dray-admin", MessageId::generate());
    stage.publish_outgoing(&poison).await.unwrap();
    let connection = broker::Link::new(&stage.amqp_url(), "test").connect("consume").await.unwrap();
    let (queue, dead) = (intake_queue(), WorkerKind::OrderIntake.dead_letter_queue());
    // each time: delivered, and the channel ends without an acknowledgement
    let give_back = async || {
        if stage.depth(&dead).await == 1 {
            return Some(());
        }
        let user = crate::user("dray-admin");
        let mut opened = broker::Subscription::open(&connection, &queue, 1, user).await.unwrap();
        let wait = std::time::Duration::from_millis(50);
        // nothing comes once it is dead
        let _ = tokio::time::timeout(wait, opened.next()).await;
        opened.settler().close().await;
        None
    };
    eventually("the dead letter", give_back).await;
    let letter = stage.messages(&dead).await.remove(0);
    assert_eq!(letter.envelope, poison.envelope);
    assert_eq!(stage.depth(&queue).await, 0);
    connection.close().await;
    stage.close().await;
}
