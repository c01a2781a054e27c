//! Proposals: worked out without moving anything, committed as a whole or not at all.

use std::collections::BTreeMap;

use contracts::{
    CommitProposal, DepotCode, DiscardProposal, ProposalState, ProposeMoves, ProposedStep, Role,
    TimeslotCode, WaybillNo,
};
use runtime::Outcome;
use uuid::Uuid;

use super::by_hand::{frozen, pin, somebody, two_routes, unpin};
use super::fixture::{SLOT, delivery_date, no, parts, time, waybill};
use super::world::{CANCELLED, Standings, World, cancelled_at, settled, told};
use crate::decide::{Facts, Planned, Proposal, Proposing};
use crate::dispatch::Dispatch;

/// A world with the proposals that are stored.
struct Desk {
    world: World,
    stored: BTreeMap<Uuid, Proposal>,
    now: &'static str,
}

impl Desk {
    fn new(world: World) -> Self {
        Self { world, stored: BTreeMap::new(), now: "2035-06-10T10:00:00Z" }
    }

    fn ask(&mut self, asked: Dispatch<'_>, role: Role) -> (Outcome, Planned) {
        let named = self.world.named();
        let stored = self.stored.clone();
        let now = time(self.now);
        let (verdict, planned) = self.world.transact(|planner| {
            let expires_at = time("2035-06-10T10:30:00Z");
            planner.proposing = Some(Proposing { stored, now, expires_at });
            let facts = Facts { standings: &Standings::new(), named: &named };
            planner.dispatch(0, asked, &somebody(role), facts).unwrap()
        });
        let proposals = planned.writes.proposals.iter();
        let written = proposals.map(|row| (row.id, Proposal { is_stored: true, ..row.clone() }));
        self.stored.extend(written);
        (settled(verdict), planned)
    }

    fn propose(&mut self, id: u128, steps: Vec<ProposedStep>) -> Proposal {
        let (outcome, planned) =
            self.ask(Dispatch::Propose(&proposal(id, steps)), Role::Dispatcher);
        assert_eq!(outcome, Outcome::Applied);
        assert!(planned.writes.ledger.is_empty() && planned.writes.routes.is_empty());
        assert!(planned.news.is_empty() && planned.writes.assignments.is_empty());
        self.stored[&Uuid::from_u128(id)].clone()
    }

    fn commit(&mut self, id: u128) -> (Outcome, Planned) {
        self.ask(Dispatch::Commit(&commit(id)), Role::Dispatcher)
    }

    fn commit_code(&mut self, id: u128) -> String {
        self.commit(id).0.code().to_owned()
    }
}

pub(super) fn proposal(id: u128, steps: Vec<ProposedStep>) -> ProposeMoves {
    ProposeMoves {
        proposal_id: Uuid::from_u128(id),
        depot: DepotCode::new("NORTH").unwrap(),
        delivery_date: delivery_date(),
        timeslot: TimeslotCode::new(SLOT).unwrap(),
        steps,
        note: Some("one truck less".to_owned()),
        occurred_at: time("2035-06-10T10:00:00Z"),
    }
}

pub(super) fn commit(id: u128) -> CommitProposal {
    let occurred_at = time("2035-06-10T10:05:00Z");
    CommitProposal { proposal_id: Uuid::from_u128(id), occurred_at }
}

pub(super) fn step(waybill_no: WaybillNo, route_ref: &str) -> ProposedStep {
    ProposedStep::Move { waybill_no, route_ref: route_ref.to_owned(), upgrade: false }
}

#[test]
fn a_proposal_says_what_it_would_come_to_and_moves_nothing() {
    let (world, [dry, cold]) = two_routes();
    let mut desk = Desk::new(world);
    let pinned = ProposedStep::Pin { waybill_no: no(50) };
    let made = desk.propose(1, vec![step(no(1), &cold), pinned, step(no(9), &cold)]);
    let codes: Vec<&str> = made.evaluation.steps.iter().map(|step| step.code.as_str()).collect();
    assert_eq!(codes, ["FEASIBLE", "FEASIBLE", "UNKNOWN_WAYBILL"]);
    assert!(!made.evaluation.feasible);
    let cost = (made.evaluation.fleet_cost_before, made.evaluation.fleet_cost_after);
    assert_eq!(cost, (230, 130), "the van is given back");
    let routes: Vec<_> = made
        .evaluation
        .routes
        .iter()
        .map(|route| (route.route_ref.as_str(), route.waybills_before, route.waybills_after))
        .collect();
    assert_eq!(routes, [(dry.as_str(), 1, 0), (cold.as_str(), 1, 2)]);
    assert_eq!(made.evaluation.routes[0].truck_after, None);
    let [quota] = made.evaluation.quotas.as_slice() else { panic!("one zone") };
    assert_eq!((quota.zone.as_str(), quota.before.waybills, quota.after.waybills), ("Z01", 2, 2));
    assert_eq!((desk.world.route_name(1), made.state), (dry, ProposalState::Open));
    assert_eq!(desk.commit_code(1), "PROPOSAL_INFEASIBLE");
    let again = proposal(1, vec![pinned_of(1)]);
    let (outcome, _) = desk.ask(Dispatch::Propose(&again), Role::Dispatcher);
    assert_eq!(outcome, Outcome::Duplicate, "its id was used");
}

fn pinned_of(number: u32) -> ProposedStep {
    ProposedStep::Pin { waybill_no: no(number) }
}

#[test]
fn it_is_committed_as_a_whole_and_once() {
    let (world, [dry, cold]) = two_routes();
    let mut desk = Desk::new(world);
    desk.propose(1, vec![step(no(1), &cold), pinned_of(50)]);
    let (outcome, planned) = desk.commit(1);
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(told(&planned.news)[0], format!("{dry} Closed v2"));
    assert_eq!(desk.world.route_name(1), cold);
    assert!(desk.world.book[&no(1)].pinned && desk.world.book[&no(50)].pinned);
    let settled = &desk.stored[&Uuid::from_u128(1)];
    assert_eq!((settled.state, settled.version), (ProposalState::Committed, 2));
    assert_eq!(settled.settled_by.as_deref(), Some("dana"));
    let (outcome, planned) = desk.commit(1);
    assert_eq!((outcome, planned.writes.ledger.len()), (Outcome::Duplicate, 0));
}

#[test]
fn what_was_reviewed_has_to_be_there_still() {
    // each change of a reviewed route counts: a new waybill, a pin, the end of the route
    type Change = fn(&mut Desk);
    let changes: [(Change, &str); 4] = [
        (|desk| drop(desk.world.create(&waybill(2))), "PROPOSAL_OUTDATED"),
        (|desk| drop(desk.ask(Dispatch::Pin(&pin(50)), Role::Dispatcher)), "PROPOSAL_OUTDATED"),
        (|desk| drop(desk.world.decide(1, CANCELLED, cancelled_at(9))), "PROPOSAL_OUTDATED"),
        (|desk| desk.now = "2035-06-10T10:30:01Z", "PROPOSAL_EXPIRED"),
    ];
    for (change, expected) in changes {
        let (world, [_, cold]) = two_routes();
        let mut desk = Desk::new(world);
        desk.propose(1, vec![step(no(1), &cold)]);
        change(&mut desk);
        let before = (desk.world.book.clone(), format!("{:?}", desk.world.plans));
        let (outcome, planned) = desk.commit(1);
        assert_eq!(outcome.code(), expected);
        assert_eq!((desk.world.book, format!("{:?}", desk.world.plans)), before);
        assert!(planned.writes.proposals.is_empty());
        if let Outcome::Rejected(refusal) = outcome {
            assert_eq!(refusal.errors.is_empty(), expected == "PROPOSAL_EXPIRED", "{refusal:?}");
        }
    }
}

#[test]
fn of_two_that_overlap_one_wins() {
    for first in [1, 2] {
        let (mut world, [_, cold]) = two_routes();
        world.create(&waybill(2));
        let mut desk = Desk::new(world);
        desk.propose(1, vec![step(no(1), &cold)]);
        desk.propose(2, vec![step(no(2), &cold)]);
        assert_eq!(desk.commit_code(first), "APPLIED");
        assert_eq!(desk.commit_code(3 - first), "PROPOSAL_OUTDATED");
    }
}

#[test]
fn a_pinned_waybill_is_unpinned_first_in_the_same_proposal() {
    let (world, [_, cold]) = two_routes();
    let mut desk = Desk::new(world);
    let (outcome, _) = desk.ask(Dispatch::Pin(&pin(1)), Role::Dispatcher);
    assert_eq!(outcome, Outcome::Applied);
    let made = desk.propose(1, vec![step(no(1), &cold)]);
    assert_eq!(made.evaluation.steps[0].code, "PINNED");
    let steps = vec![ProposedStep::Unpin { waybill_no: no(1) }, step(no(1), &cold)];
    assert!(desk.propose(2, steps).evaluation.feasible);
    assert_eq!(desk.commit_code(2), "APPLIED");
    assert_eq!(desk.world.route_name(1), cold);
    let (outcome, _) = desk.ask(Dispatch::Unpin(&unpin(1)), Role::Dispatcher);
    assert_eq!(outcome, Outcome::Applied);
}

#[test]
fn a_proposal_has_one_answer_to_each_command_in_each_part_of_its_life() {
    let discard = |id| DiscardProposal {
        proposal_id: Uuid::from_u128(id),
        occurred_at: time("2035-06-10T10:05:00Z"),
    };
    // before it is made, open, committed, discarded: commit, discard
    let table = [
        ("UNKNOWN_PROPOSAL", "UNKNOWN_PROPOSAL"),
        ("APPLIED", "APPLIED"),
        ("DUPLICATE", "PROPOSAL_COMMITTED"),
        ("PROPOSAL_DISCARDED", "DUPLICATE"),
    ];
    for (life, (committed, discarded)) in table.into_iter().enumerate() {
        let stage = || {
            let (world, [_, cold]) = two_routes();
            let mut desk = Desk::new(world);
            if life > 0 {
                desk.propose(1, vec![step(no(1), &cold)]);
            }
            match life {
                2 => assert_eq!(desk.commit_code(1), "APPLIED"),
                3 => drop(desk.ask(Dispatch::Discard(&discard(1)), Role::Admin)),
                _ => {}
            }
            desk
        };
        assert_eq!(stage().commit_code(1), committed, "{life}");
        let (outcome, _) = stage().ask(Dispatch::Discard(&discard(1)), Role::Dispatcher);
        assert_eq!(outcome.code(), discarded, "{life}");
        for asked in [Dispatch::Commit(&commit(1)), Dispatch::Discard(&discard(1))] {
            let (outcome, _) = stage().ask(asked, Role::CsAgent);
            assert_eq!(outcome.code(), "NOT_ALLOWED");
        }
    }
    let mut desk = Desk::new(World::with(parts()));
    desk.world.create(&frozen(50));
    let mut elsewhere = proposal(1, vec![pinned_of(50)]);
    elsewhere.depot = DepotCode::new("SOUTH").unwrap();
    let (outcome, _) = desk.ask(Dispatch::Propose(&elsewhere), Role::Dispatcher);
    assert_eq!(outcome.code(), "UNKNOWN_SLOT_DAY");
    let (outcome, _) = desk.ask(Dispatch::Propose(&elsewhere), Role::Sorting);
    assert_eq!(outcome.code(), "NOT_ALLOWED");
}
