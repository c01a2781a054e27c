//! Planning of whole slot days.

use contracts::*;

use super::{Visitor, date, id, time};

pub(crate) fn visit(visitor: &mut impl Visitor) {
    let occurred_at = time("2010-12-01T15:00:00Z");
    let broken = Broken::Trucks {
        depot: id("NORTH"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        truck_type: id("VAN"),
        out_of_order: 2,
    };
    let reason = Some("gearbox".to_owned());
    let trucks = ReportBreakdown { broken, reason, occurred_at };
    let route_ref = "NORTH-20101202-0900-1300-Z01-007".to_owned();
    let truck_of =
        ReportBreakdown { broken: Broken::TruckOf { route_ref }, reason: None, occurred_at };
    visitor.visit("adra.report-breakdown.v1", trucks);
    visitor.visit("adra.report-breakdown.v1-route", truck_of);
    visitor.visit(
        "adra.recalculate.v1",
        Recalculate {
            zone: Some(id("Z01")),
            delivery_date: Some(date("2010-12-02")),
            timeslot: Some(id("0900-1300")),
            occurred_at,
        },
    );
    visitor.visit(
        "adra.day-plan.v1",
        PlanDay {
            depot: id("NORTH"),
            delivery_date: date("2010-12-02"),
            timeslot: Some(id("0900-1300")),
            seconds: 5,
            occurred_at,
        },
    );
    visitor.visit(
        "adra.day-planned.v1",
        DayPlanned {
            depot: id("NORTH"),
            delivery_date: date("2010-12-02"),
            timeslot: id("0900-1300"),
            before: PlanFigures { violations: 1, unassigned: 3, fleet_cost: 2_345 },
            after: PlanFigures { violations: 0, unassigned: 2, fleet_cost: 2_130 },
            lower_bound: Some(2_000),
            move_sets: 4,
            waybills_moved: 17,
        },
    );
}
