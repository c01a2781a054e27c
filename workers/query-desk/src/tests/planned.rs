//! Questions about decisions, routes and proposals: what is shown, how much at once, and to whom.

use contracts::{
    Actor, DecisionHistory, Position, ProposalState, Query, QueryAnswer, Role, RouteList,
    RouteState, RouteView, WaybillNo, WaybillStatus,
};
use testkit::PublishAs;
use uuid::Uuid;

use super::Desk;

const ROUTE: &str = "NORTH-007";
const DAY: &str = "2035-06-13";

fn actor(role: Role, subject: &str, merchant: Option<&str>) -> Actor {
    let (subject, merchant) = (subject.to_owned(), merchant.map(str::to_owned));
    Actor { subject, role, merchant, origin: None }
}

/// The day's routes as far as they are asked for.
#[derive(Default)]
struct Wanted {
    zone: Option<&'static str>,
    status: Option<RouteState>,
    after: Option<String>,
}

fn routes(wanted: Wanted, limit: u16) -> Query {
    Query::Routes {
        delivery_date: DAY.parse().unwrap(),
        depot: None,
        timeslot: None,
        zone: wanted.zone.map(|zone| contracts::ZoneCode::new(zone).unwrap()),
        status: wanted.status,
        after: wanted.after,
        limit,
    }
}

impl Desk {
    async fn decisions(&self, waybill_no: &str, after_version: u64) -> Option<DecisionHistory> {
        let waybill_no = WaybillNo::new(waybill_no).unwrap();
        match self.ask(&Query::Decisions { waybill_no, after_version }).await {
            QueryAnswer::Decisions(history) => Some(*history),
            QueryAnswer::NotFound => None,
            other => panic!("no decisions: {other:?}"),
        }
    }

    async fn list(&self, wanted: Wanted, limit: u16) -> RouteList {
        match self.ask(&routes(wanted, limit)).await {
            QueryAnswer::Routes(list) => *list,
            other => panic!("no routes: {other:?}"),
        }
    }

    async fn route(&self) -> Option<RouteView> {
        match self.ask(&Query::Route { route_ref: ROUTE.to_owned() }).await {
            QueryAnswer::Route(view) => Some(*view),
            QueryAnswer::NotFound => None,
            other => panic!("no route: {other:?}"),
        }
    }

    /// Decision after decision, the odd ones without a place.
    async fn insert_decisions(&self, waybill_no: &str, count: u32) {
        for version in 1..=count {
            let (outcome, reason, route) = match version % 2 {
                1 => ("UNASSIGNABLE", "'ZONE_QUOTA'", "NULL"),
                _ => ("ASSIGNED", "NULL", "UNHEX(LPAD('9', 32, '0'))"),
            };
            let explanation = format!(
                "{{\"chosen\":{{\"route\":\"{}\"}},\"route\":\"NORTH-008\"}}",
                Uuid::from_u128(9)
            );
            self.stage
                .run_sql(&format!(
                    "INSERT INTO adra_decision VALUES ('{waybill_no}', {version}, '{outcome}', {reason}, \
                       {route}, '{explanation}', NOW(6), NOW(6))"
                ))
                .await;
        }
    }

    /// A proposal that pins a waybill.
    pub(super) async fn insert_proposal(&self, proposal_id: Uuid) {
        let evaluation = "{\"feasible\":true,\"steps\":[{\"code\":\"FEASIBLE\"}],\"fleet_cost_before\":2,\
            \"fleet_cost_after\":1,\"quotas\":[],\"routes\":[]}";
        self.stage
            .run_sql(&format!(
                "INSERT INTO adra_proposal VALUES (UNHEX('{}'), 'NORTH', '{DAY}', '0900-1300', 'OPEN', 1, 'dana', \
                   NULL, NULL, '[{{\"step\":\"pin\",\"waybill_no\":\"uci-1-1\"}}]', '{evaluation}', NOW(6), \
                   NOW(6), NOW(6))",
                proposal_id.simple()
            ))
            .await;
    }

    async fn insert_route(&self, number: u32, zone: &str, status: &str) {
        self.stage
            .run_sql(&format!(
                "INSERT INTO route (id, route_ref, depot, delivery_date, timeslot, zone, template, sku_class, \
                   truck_type, status, version, waybills, dry_ml, frozen_ml, weight_g, stops, created_at, \
                   updated_at) VALUES (UNHEX(LPAD('{number}', 32, '0')), 'NORTH-{number:03}', 'NORTH', \
                   '{DAY}', '0900-1300', '{zone}', 'T', 'dry', 'VAN', '{status}', 1, 1, 1, 0, 1, 1, NOW(6), \
                   NOW(6))"
            ))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_are_told_in_their_order_and_some_at_once() {
    let desk = Desk::start().await;
    let waybill_no = desk.first();
    assert_eq!(desk.decisions(&waybill_no, 0).await, None);
    desk.insert_place(&waybill_no).await;
    let known = desk.decisions(&waybill_no, 0).await.unwrap();
    assert!(known.decisions.is_empty(), "known, and nothing was decided yet");
    desk.insert_decisions(&waybill_no, 52).await;

    let first = desk.decisions(&waybill_no, 0).await.unwrap();
    assert_eq!((first.decisions.len(), first.next), (50, Some(50)));
    let of = |at: usize| (first.decisions[at].version, first.decisions[at].reason.clone());
    assert_eq!([of(0), of(1)], [(1, Some("ZONE_QUOTA".to_owned())), (2, None)]);
    assert_eq!(first.decisions[1].route_ref.as_deref(), Some(ROUTE));
    let names: Vec<&str> = first.routes.iter().map(|name| name.route_ref.as_str()).collect();
    assert_eq!(names, [ROUTE], "the name of every route that is mentioned by its id");
    let rest = desk.decisions(&waybill_no, 50).await.unwrap();
    let versions: Vec<u64> = rest.decisions.iter().map(|decision| decision.version).collect();
    assert_eq!((versions, rest.next), (vec![51, 52], None));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_routes_of_a_day_are_listed_by_name_page_by_page() {
    let desk = Desk::start().await;
    for number in 1..=5 {
        let zone = if number < 4 { "Z01" } else { "Z02" };
        let status = if number == 2 { "LOCKED" } else { "OPEN" };
        desk.insert_route(number, zone, status).await;
    }
    desk.stage
        .run_sql("UPDATE route SET delivery_date = '2035-06-14' WHERE route_ref = 'NORTH-003'")
        .await;
    let names = |list: &RouteList| -> Vec<String> {
        list.routes.iter().map(|route| route.route_ref.clone()).collect()
    };
    let all = desk.list(Wanted::default(), 100).await;
    assert_eq!(names(&all), ["NORTH-001", "NORTH-002", "NORTH-004", "NORTH-005"]);
    assert_eq!((all.next.clone(), all.routes[1].status), (None, RouteState::Locked));

    let first = desk.list(Wanted::default(), 3).await;
    assert_eq!((names(&first).len(), first.next.as_deref()), (3, Some("NORTH-004")));
    let rest = desk.list(Wanted { after: first.next, ..Wanted::default() }, 3).await;
    assert_eq!((names(&rest), rest.next), (vec!["NORTH-005".to_owned()], None));

    let of_zone = desk.list(Wanted { zone: Some("Z02"), ..Wanted::default() }, 100).await;
    assert_eq!(names(&of_zone), ["NORTH-004", "NORTH-005"]);
    let locked = Wanted { status: Some(RouteState::Locked), ..Wanted::default() };
    assert_eq!(names(&desk.list(locked, 100).await), ["NORTH-002"]);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_is_shown_with_its_doors_in_the_order_of_driving() {
    let desk = Desk::start().await;
    assert_eq!(desk.route().await, None);
    let name = desk.stage.name();
    let numbers: Vec<String> = (1..=3).map(|number| format!("uci-{name}-{number}")).collect();
    desk.insert_place(&numbers[0]).await;
    desk.insert_waybill(&numbers[0]).await;
    let place = |number: &str, door: u32, district: &str| {
        format!(
            "INSERT INTO assignment VALUES ('{number}', 'ASSIGNED', NULL, UNHEX(LPAD('9', 32, '0')), 1, 2, 1, \
               1, 1, 'uci/1', UNHEX(LPAD('{door}', 32, '0')), '{district}', 'Z01', 'NORTH', '{DAY}', \
               '0900-1300', 'dry', 'warehouse', 1, 0, 1, NOW(6), NOW(6), 'FORWARD')"
        )
    };
    for sql in [
        place(&numbers[1], 7, "D-102"),
        place(&numbers[2], 8, "D-101"),
        "INSERT INTO route_stop (route_id, stop_key, waybills) VALUES \
           (UNHEX(LPAD('9', 32, '0')), UNHEX(LPAD('8', 32, '0')), 2), \
           (UNHEX(LPAD('9', 32, '0')), UNHEX(LPAD('7', 32, '0')), 1)"
            .to_owned(),
    ] {
        desk.stage.run_sql(&sql).await;
    }
    let view = desk.route().await.unwrap();
    let districts = |view: &RouteView| -> Vec<String> {
        view.tour.iter().map(|stop| stop.district.clone()).collect()
    };
    assert_eq!(districts(&view), ["D-101", "D-102"], "without an order: by district");
    assert_eq!((view.truck, view.depot_position, view.omitted), (None, None, 0));
    assert_eq!(view.tour[0].waybills.len(), 2);
    let first = &view.tour[0].waybills[0];
    assert_eq!(
        (first.status, first.held, first.pinned),
        (Some(WaybillStatus::Packed), false, false)
    );
    let second = &view.tour[0].waybills[1];
    assert_eq!((second.status, second.held, second.pinned), (None, true, true));

    for sql in [
        "UPDATE route_stop SET seq = IF(stop_key = UNHEX(LPAD('7', 32, '0')), 1, 2)",
        "INSERT INTO truck_type VALUES ('VAN', 900, 22, 100, 'dry=4500')",
        "INSERT INTO coordinates VALUES ('DEPOT', 'NORTH', 41000000, 29000000), \
           ('DISTRICT', 'D-102', 41100000, -29100000)",
    ] {
        desk.stage.run_sql(sql).await;
    }
    let view = desk.route().await.unwrap();
    assert_eq!(districts(&view), ["D-102", "D-101"], "in the order of driving");
    assert_eq!(view.truck.unwrap().max_stops, 22);
    let depot = Position { lat_e6: 41_000_000, lon_e6: 29_000_000 };
    assert_eq!(view.depot_position, Some(depot));
    let there = Position { lat_e6: 41_100_000, lon_e6: -29_100_000 };
    assert_eq!([view.tour[0].position, view.tour[1].position], [Some(there), None]);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_is_shown_and_all_of_this_is_for_staff() {
    let desk = Desk::start().await;
    let proposal_id = Uuid::from_u128(7);
    desk.insert_proposal(proposal_id).await;
    let waybill_no = desk.first();
    desk.insert_place(&waybill_no).await;
    let about = || {
        [
            Query::Proposal { proposal_id },
            Query::Route { route_ref: ROUTE.to_owned() },
            routes(Wanted::default(), 1),
            Query::Decisions {
                waybill_no: WaybillNo::new(&*waybill_no).unwrap(),
                after_version: 0,
            },
        ]
    };
    let QueryAnswer::Proposal(view) = desk.ask(&Query::Proposal { proposal_id }).await else {
        panic!("no proposal")
    };
    assert_eq!((view.state, view.steps.len()), (ProposalState::Open, 1));
    assert_eq!((view.proposed_by.as_str(), view.evaluation.fleet_cost_after), ("dana", 1));
    for (who, sees) in [
        (actor(Role::Dispatcher, "dana", None), true),
        (actor(Role::CsAgent, "ben", None), true),
        (actor(Role::Customer, "C-17", None), false),
        (actor(Role::Merchant, "anna", Some("acme")), false),
        (actor(Role::Shop, "uci", None), false),
    ] {
        for query in about() {
            let answer = desk.ask_as(&PublishAs::default().actor(who.clone()), &query).await;
            assert_eq!(answer != QueryAnswer::NotFound, sees, "{who:?} {query:?}");
        }
    }
    let nowhere = Query::Proposal { proposal_id: Uuid::nil() };
    assert_eq!(desk.ask(&nowhere).await, QueryAnswer::NotFound);
    desk.stop().await;
}
