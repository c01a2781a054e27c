//! What dispatchers do by hand, and routes, decisions and proposals as queries show them.

use contracts::*;

use super::{Visitor, date, id, time, uuid};

const ROUTE: &str = "NORTH-20101202-0900-1300-Z01-007";

pub(crate) fn visit(visitor: &mut impl Visitor) {
    by_hand(visitor);
    proposals(visitor);
    questions(visitor);
    answers(visitor);
}

fn by_hand(visitor: &mut impl Visitor) {
    let occurred_at = time("2010-12-01T18:00:00Z");
    let waybill_no: WaybillNo = id("uci-536365-1");
    let reason = "rides with its neighbour".to_owned();
    let (no, why) = (waybill_no.clone(), reason.clone());
    visitor.visit("assignment.pin.v1", PinWaybill { waybill_no: no, reason: why, occurred_at });
    let (no, why) = (waybill_no.clone(), Some(reason.clone()));
    visitor.visit("assignment.unpin.v1", UnpinWaybill { waybill_no: no, reason: why, occurred_at });
    let moved = MoveWaybill {
        waybill_no,
        route_ref: ROUTE.to_owned(),
        expected_route_version: Some(12),
        upgrade: true,
        override_cut_off: true,
        reason,
        occurred_at,
    };
    visitor.visit("assignment.move.v1", moved);
}

fn steps() -> Vec<ProposedStep> {
    let moved = ProposedStep::Move {
        waybill_no: id("uci-536365-1"),
        route_ref: ROUTE.to_owned(),
        upgrade: false,
    };
    let unpin = ProposedStep::Unpin { waybill_no: id("uci-536365-1") };
    vec![unpin, moved, ProposedStep::Pin { waybill_no: id("uci-536366-1") }]
}

fn shown(step: &str, route_ref: Option<&str>) -> ShownStep {
    ShownStep {
        step: step.to_owned(),
        waybill_no: id("uci-536365-1"),
        route_ref: route_ref.map(str::to_owned),
        upgrade: route_ref.map(|_| false),
    }
}

fn proposals(visitor: &mut impl Visitor) {
    let (proposal_id, occurred_at) = (uuid(12), time("2010-12-01T18:00:00Z"));
    visitor.visit(
        "adra.propose.v1",
        ProposeMoves {
            proposal_id,
            depot: id("NORTH"),
            delivery_date: date("2010-12-02"),
            timeslot: id("0900-1300"),
            steps: steps(),
            note: Some("one truck less".to_owned()),
            occurred_at,
        },
    );
    visitor.visit("adra.commit-proposal.v1", CommitProposal { proposal_id, occurred_at });
    visitor.visit("adra.discard-proposal.v1", DiscardProposal { proposal_id, occurred_at });
}

fn questions(visitor: &mut impl Visitor) {
    let waybill_no = id("uci-536365-1");
    visitor.visit("query.ask.v1-decisions", Query::Decisions { waybill_no, after_version: 3 });
    visitor.visit(
        "query.ask.v1-routes",
        Query::Routes {
            delivery_date: date("2010-12-02"),
            depot: Some(id("NORTH")),
            timeslot: Some(id("0900-1300")),
            zone: Some(id("Z01")),
            status: Some(RouteState::Open),
            after: Some(ROUTE.to_owned()),
            limit: 100,
        },
    );
    visitor.visit("query.ask.v1-route", Query::Route { route_ref: ROUTE.to_owned() });
    visitor.visit("query.ask.v1-proposal", Query::Proposal { proposal_id: uuid(12) });
}

fn head() -> RouteHead {
    RouteHead {
        route_id: RouteId(uuid(4)),
        route_ref: ROUTE.to_owned(),
        depot: id("NORTH"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        zone: id("Z01"),
        template: "Z01-09-COLD".to_owned(),
        sku_class: SkuType::Mixed,
        truck_type: id("VAN-COLD"),
        status: RouteState::Open,
        version: 12,
        waybills: 1,
        stops: 1,
        dry_ml: 6_504,
        frozen_ml: 0,
        weight_g: 6_284,
    }
}

fn stop() -> RouteStop {
    RouteStop {
        stop: uuid(13),
        seq: Some(1),
        district: "D063".to_owned(),
        position: Some(Position { lat_e6: 41_008_238, lon_e6: 28_978_359 }),
        waybills: vec![Aboard {
            waybill_no: id("uci-536365-1"),
            kind: WaybillKind::Forward,
            status: Some(WaybillStatus::Packed),
            held: false,
            pinned: true,
            dry_ml: 6_504,
            frozen_ml: 0,
            weight_g: 6_284,
        }],
    }
}

fn answers(visitor: &mut impl Visitor) {
    let history = DecisionHistory {
        waybill_no: id("uci-536365-1"),
        decisions: vec![StoredDecision {
            version: 1,
            outcome: "ASSIGNED".to_owned(),
            reason: Some("ZONE_QUOTA".to_owned()),
            route_ref: Some(ROUTE.to_owned()),
            judged_at: time("2010-12-01T09:41:07Z"),
            decided_at: time("2010-12-01T09:41:07.25Z"),
            explanation: "{\"omitted\":0}".to_owned(),
        }],
        routes: vec![RouteName { route_id: RouteId(uuid(4)), route_ref: ROUTE.to_owned() }],
        next: Some(1),
    };
    visitor.visit_answer("query-answer-decisions", QueryAnswer::Decisions(Box::new(history)));
    let list = RouteList { routes: vec![head()], next: Some(ROUTE.to_owned()) };
    visitor.visit_answer("query-answer-routes", QueryAnswer::Routes(Box::new(list)));
    let truck = TruckLimits {
        max_weight_kg: 850,
        max_stops: 22,
        cost: 130,
        profiles: "frozen=4000|dry=2600,frozen=1400".to_owned(),
    };
    let view = RouteView {
        head: head(),
        truck: Some(truck),
        depot_position: Some(Position { lat_e6: 41_000_000, lon_e6: 29_000_000 }),
        tour: vec![stop()],
        omitted: 0,
    };
    visitor.visit_answer("query-answer-route", QueryAnswer::Route(Box::new(view)));
    visitor.visit_answer("query-answer-proposal", QueryAnswer::Proposal(Box::new(proposal())));
}

fn proposal() -> ProposalView {
    let amounts = |waybills| Amounts { waybills, dry_ml: 6_504, frozen_ml: 0, weight_g: 6_284 };
    let infeasible = StepVerdict {
        code: "STOPS".to_owned(),
        detail: Some("its truck drives to no more doors".to_owned()),
    };
    let evaluation = ProposalEvaluation {
        feasible: false,
        steps: vec![StepVerdict { code: "FEASIBLE".to_owned(), detail: None }, infeasible],
        fleet_cost_before: 260,
        fleet_cost_after: 130,
        quotas: vec![QuotaStanding {
            zone: "Z01".to_owned(),
            limit: amounts(500),
            before: amounts(2),
            after: amounts(2),
        }],
        routes: vec![RouteStanding {
            route_ref: ROUTE.to_owned(),
            version: 12,
            truck_before: "VAN-COLD".to_owned(),
            truck_after: Some("VAN-COLD".to_owned()),
            waybills_before: 1,
            waybills_after: 2,
        }],
    };
    ProposalView {
        proposal_id: uuid(12),
        depot: id("NORTH"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        state: ProposalState::Committed,
        proposed_by: "dana".to_owned(),
        note: Some("one truck less".to_owned()),
        settled_by: Some("emre".to_owned()),
        steps: vec![shown("unpin", None), shown("move", Some(ROUTE))],
        evaluation,
        created_at: time("2010-12-01T18:00:00Z"),
        expires_at: time("2010-12-01T18:30:00Z"),
        version: 2,
    }
}
