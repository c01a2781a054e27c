//! What dispatchers ask and send: questions answered as query-desk does, commands as adra-assigner does.

use contracts::{
    Aboard, CommitProposal, Contract, Exchange, MoveWaybill, PinWaybill, Position,
    ProposalEvaluation, ProposalState, ProposalView, ProposeMoves, ProposedStep, Query,
    QueryAnswer, Refusal, Reply, ReplyOutcome, RouteHead, RouteId, RouteList, RouteState,
    RouteStop, RouteView, SkuType, StepVerdict, TruckLimits, WaybillKind,
};
use testkit::{Stage, Tap};
use uuid::Uuid;

use crate::run::{Operator, write};

const ROUTE: &str = "NORTH-20350613-0900-1300-Z01-001";

fn id<T: TryFrom<String>>(text: &str) -> T {
    T::try_from(text.to_owned()).ok().unwrap()
}

/// Answers the next question.
async fn answer(stage: &Stage, heard: &mut Tap, answer: QueryAnswer) -> Query {
    let (asked, question) = heard.next_of::<Query>().await;
    stage.answer(&asked, "query.answer.v1", &answer).await;
    question
}

/// Carries the next command out, or refuses it.
async fn settle<C: Contract>(stage: &Stage, heard: &mut Tap, refusal: Option<Refusal>) -> C {
    let (asked, command) = heard.next_of::<C>().await;
    let outcome = if refusal.is_some() { ReplyOutcome::Rejected } else { ReplyOutcome::Applied };
    let code = refusal.as_ref().map_or_else(|| "APPLIED".to_owned(), |no| no.code.clone());
    let message_id = asked.message_id;
    let (items, aggregate, version) = (Vec::new(), None, None);
    let reply = Reply { message_id, outcome, code, refusal, items, aggregate, version };
    stage.answer(&asked, "reply.v1", &reply).await;
    command
}

async fn stage() -> (Operator, Tap, Tap) {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let questions = operator.stage.tap(Exchange::Queries, "#").await;
    let commands = operator.stage.tap(Exchange::Commands, "#").await;
    (operator, questions, commands)
}

fn head() -> RouteHead {
    RouteHead {
        route_id: RouteId(Uuid::from_u128(1)),
        route_ref: ROUTE.to_owned(),
        depot: id("NORTH"),
        delivery_date: "2035-06-13".parse().unwrap(),
        timeslot: id("0900-1300"),
        zone: id("Z01"),
        template: "T".to_owned(),
        sku_class: SkuType::Dry,
        truck_type: id("VAN"),
        status: RouteState::Open,
        version: 4,
        waybills: 1,
        stops: 1,
        dry_ml: 450_000,
        frozen_ml: 0,
        weight_g: 1_000,
    }
}

fn view(position: Option<Position>) -> RouteView {
    let waybill = Aboard {
        waybill_no: id("shop-1-1"),
        kind: WaybillKind::Forward,
        status: None,
        held: true,
        pinned: true,
        dry_ml: 450_000,
        frozen_ml: 0,
        weight_g: 1_000,
    };
    let district = "D001".to_owned();
    let stop =
        RouteStop { stop: Uuid::nil(), seq: Some(1), district, position, waybills: vec![waybill] };
    let profiles = "dry=4500".to_owned();
    let truck = TruckLimits { max_weight_kg: 900, max_stops: 22, cost: 100, profiles };
    RouteView {
        head: head(),
        truck: Some(truck),
        depot_position: position,
        tour: vec![stop],
        omitted: 0,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_are_listed_and_one_is_shown_and_drawn() {
    let (operator, mut questions, _) = stage().await;
    let list = RouteList { routes: vec![head()], next: Some(ROUTE.to_owned()) };
    let arguments = ["adra", "routes", "--date", "2035-06-13", "--status", "open", "--limit", "1"];
    let (said, question) = tokio::join!(
        operator.ok(&arguments),
        answer(&operator.stage, &mut questions, QueryAnswer::Routes(Box::new(list))),
    );
    assert_eq!(
        (said["routes"][0]["version"].as_u64(), said["next"].as_str()),
        (Some(4), Some(ROUTE))
    );
    assert!(matches!(question, Query::Routes { status: Some(RouteState::Open), limit: 1, .. }));

    let file = operator.state.path().join("tour.svg");
    let path = file.to_str().unwrap();
    let here = Some(Position { lat_e6: 41_000_000, lon_e6: 29_000_000 });
    let drawn = ["adra", "route", "show", ROUTE, "--svg", path];
    let (said, _) = tokio::join!(
        operator.ok(&drawn),
        answer(&operator.stage, &mut questions, QueryAnswer::Route(Box::new(view(here)))),
    );
    assert_eq!(said["loads"]["dry_l"]["percent"], 10);
    assert_eq!(said["tour"][0]["waybills"][0]["pinned"], true);
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains(ROUTE), "{svg}");

    let (refused, _) = tokio::join!(
        operator.dray(&drawn),
        answer(&operator.stage, &mut questions, QueryAnswer::Route(Box::new(view(None)))),
    );
    assert_eq!(refused.exit, 65);
    assert!(refused.said.contains("depot NORTH and districts D001"), "{}", refused.said);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waybill_is_pinned_and_moved_by_hand() {
    let (operator, _, mut commands) = stage().await;
    let (said, pin) = tokio::join!(
        operator.ok(&["adra", "pin", "shop-1-1", "--reason", "as agreed"]),
        settle::<PinWaybill>(&operator.stage, &mut commands, None),
    );
    assert_eq!((said["code"].as_str(), pin.reason.as_str()), (Some("APPLIED"), "as agreed"));
    let no = Some(Refusal::new("PINNED", "unpin it first"));
    let arguments = ["adra", "move", "shop-1-1", ROUTE, "--reason", "as agreed", "--upgrade"];
    let arguments = [&arguments[..], &["--expect-version", "4"]].concat();
    let (refused, moved) = tokio::join!(
        operator.dray(&arguments),
        settle::<MoveWaybill>(&operator.stage, &mut commands, no),
    );
    assert_eq!((refused.exit, moved.upgrade), (65, true));
    assert_eq!((moved.expected_route_version, moved.override_cut_off), (Some(4), false));
    assert!(refused.said.contains("PINNED: unpin it first"), "{}", refused.said);
    let without = operator.dray(&["adra", "pin", "shop-1-1", "--reason", " "]).await;
    assert_eq!(without.exit, 64, "{}", without.said);
    operator.stage.close().await;
}

fn proposal(asked: &ProposeMoves) -> ProposalView {
    let evaluation = ProposalEvaluation {
        feasible: true,
        steps: vec![StepVerdict { code: "FEASIBLE".to_owned(), detail: None }],
        fleet_cost_before: 2,
        fleet_cost_after: 1,
        quotas: Vec::new(),
        routes: Vec::new(),
    };
    ProposalView {
        proposal_id: asked.proposal_id,
        depot: asked.depot.clone(),
        delivery_date: asked.delivery_date,
        timeslot: asked.timeslot.clone(),
        state: ProposalState::Open,
        proposed_by: "dana".to_owned(),
        note: asked.note.clone(),
        settled_by: None,
        steps: Vec::new(),
        evaluation,
        created_at: asked.occurred_at,
        expires_at: asked.occurred_at,
        version: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_steps_is_proposed_shown_and_committed() {
    let (operator, mut questions, mut commands) = stage().await;
    let file = write(operator.state.path(), "steps", &format!("# less\nmove shop-1-1 {ROUTE}\n"));
    let path = file.to_str().unwrap();
    let which = ["--depot", "NORTH", "--date", "2035-06-13", "--slot", "0900-1300"];
    let arguments = [&["adra", "propose", path][..], &which].concat();
    let serve = async {
        let asked = settle::<ProposeMoves>(&operator.stage, &mut commands, None).await;
        let shown = QueryAnswer::Proposal(Box::new(proposal(&asked)));
        answer(&operator.stage, &mut questions, shown).await;
        asked
    };
    let (said, asked) = tokio::join!(operator.ok(&arguments), serve);
    assert!(matches!(&asked.steps[..], [ProposedStep::Move { upgrade: false, .. }]));
    assert_eq!(said["evaluation"]["fleet_cost_after"], 1);
    let name = said["proposal_id"].as_str().unwrap();
    let commit = ["adra", "proposal", "commit", name];
    let (_, committed) = tokio::join!(
        operator.ok(&commit),
        settle::<CommitProposal>(&operator.stage, &mut commands, None),
    );
    assert_eq!(committed.proposal_id, asked.proposal_id);
    let broken = write(operator.state.path(), "broken", "move shop-1-1\nfly away\n");
    let arguments = [&["adra", "propose", broken.to_str().unwrap()][..], &which].concat();
    let refused = operator.dray(&arguments).await;
    assert_eq!(refused.exit, 65);
    assert!(refused.said.contains(":1: write `move") && refused.said.contains(":2: "));
    operator.stage.close().await;
}
