//! What is sent to adra-assigner, and its answer shown.

use contracts::{
    Contract, DispatchRoute, Exchange, LockRoute, Refusal, Reply, ReplyOutcome, RescheduleWaybill,
    Role,
};
use testkit::{Stage, Tap};

use crate::run::Operator;

const ROUTE: &str = "NORTH-20350613-0900-1300-Z01-001";

/// Answers the next command as a worker would, and gives the command.
pub(crate) async fn answer<C: Contract>(
    stage: &Stage,
    heard: &mut Tap,
    refusal: Option<Refusal>,
) -> C {
    let (asked, command) = heard.next_of::<C>().await;
    assert_eq!(asked.actor.role, Role::Operator);
    let outcome = if refusal.is_some() { ReplyOutcome::Rejected } else { ReplyOutcome::Applied };
    let code = refusal.as_ref().map_or_else(|| "APPLIED".to_owned(), |no| no.code.clone());
    let reply = Reply {
        message_id: asked.message_id,
        outcome,
        code,
        refusal,
        items: Vec::new(),
        aggregate: None,
        version: None,
    };
    stage.answer(&asked, "reply.v1", &reply).await;
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_locked_and_dispatched_by_their_names() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let mut heard = operator.stage.tap(Exchange::Commands, "#").await;
    let (said, lock) = tokio::join!(
        operator.ok(&["route", "lock", ROUTE]),
        answer::<LockRoute>(&operator.stage, &mut heard, None),
    );
    assert_eq!((lock.route_ref.as_str(), said["outcome"].as_str()), (ROUTE, Some("applied")));
    let no = Some(Refusal::new("ROUTE_CLOSED", "nothing is on it"));
    let (refused, dispatch) = tokio::join!(
        operator.dray(&["route", "dispatch", ROUTE]),
        answer::<DispatchRoute>(&operator.stage, &mut heard, no),
    );
    assert_eq!((dispatch.route_ref.as_str(), refused.exit), (ROUTE, 65));
    assert!(refused.said.contains("ROUTE_CLOSED: nothing is on it"), "{}", refused.said);
    let no_name = operator.dray(&["route", "lock", "two words"]).await;
    assert!(no_name.said.contains("no space"), "{}", no_name.said);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waybill_is_asked_another_day_for() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let mut heard = operator.stage.tap(Exchange::Commands, "#").await;
    let arguments = ["waybill", "reschedule", "shop-1-1", "--date", "2035-06-14", "--slot"];
    let arguments = [&arguments[..], &["0900-1300", "--reason", "on holiday"]].concat();
    let (said, asked) = tokio::join!(
        operator.ok(&arguments),
        answer::<RescheduleWaybill>(&operator.stage, &mut heard, None),
    );
    assert_eq!(said["code"], "APPLIED");
    assert_eq!((asked.waybill_no.as_str(), asked.timeslot.as_str()), ("shop-1-1", "0900-1300"));
    assert_eq!(asked.delivery_date.to_string(), "2035-06-14");
    assert_eq!(asked.reason.as_deref(), Some("on holiday"));
    operator.stage.close().await;
}
