//! The network, routes, partners, questions and control.

use std::num::{NonZeroU16, NonZeroU32};

use contracts::*;

use super::{Visitor, date, id, time, uuid};

pub(crate) fn visit(visitor: &mut impl Visitor) {
    visitor.visit("network.upsert.v1", UpsertNetwork { tables: [places(), trucks()].concat() });
    let depot = DepotRow {
        depot: id("NORTH"),
        name: "North hub".to_owned(),
        timezone: "Europe/Istanbul".to_owned(),
        coordinates: Some(Coordinates { lat_e6: 41_008_200, lon_e6: 28_978_400 }),
    };
    let located = UpsertNetwork { tables: vec![NetworkRows::Depots(vec![depot])] };
    visitor.visit("network.upsert.v1-located", located);
    visitor.visit("network.upsert.v1-travel", UpsertNetwork { tables: vec![travel()] });
    let tables = vec!["depots".to_owned(), "zones".to_owned()];
    visitor.visit("network.changed.v1", NetworkChanged { revision: 7, tables });
    assignments(visitor);
    warehouse(visitor);
    questions(visitor);
    control(visitor);
}

fn travel() -> NetworkRows {
    let (depot, district, zone) = (
        TravelEnd::Depot(id("NORTH")),
        TravelEnd::District(id("D063")),
        TravelEnd::Zone(id("Z01")),
    );
    NetworkRows::Travel(vec![
        TravelRow { from: depot.clone(), to: district.clone(), minutes: 18 },
        TravelRow { from: district, to: depot, minutes: 25 },
        TravelRow { from: zone.clone(), to: zone, minutes: 7 },
    ])
}

fn places() -> Vec<NetworkRows> {
    let (depot, zone): (DepotCode, ZoneCode) = (id("NORTH"), id("Z01"));
    vec![
        NetworkRows::Depots(vec![DepotRow {
            depot: depot.clone(),
            name: "North hub".to_owned(),
            timezone: "Europe/Istanbul".to_owned(),
            coordinates: None,
        }]),
        NetworkRows::Zones(vec![ZoneRow {
            zone: zone.clone(),
            depot: depot.clone(),
            name: "Zone 1".to_owned(),
            neighbours: vec![id("Z02")],
        }]),
        NetworkRows::Districts(vec![DistrictRow {
            district: id("D063"),
            zone,
            valid_from: Some(date("2010-01-01")),
            coordinates: None,
        }]),
        NetworkRows::Timeslots(vec![TimeslotRow {
            timeslot: id("0900-1300"),
            start: "09:00".to_owned(),
            end: "13:00".to_owned(),
            cutoff: "D-1 20:00".to_owned(),
        }]),
        NetworkRows::Warehouses(vec![WarehouseRow {
            warehouse: id("WH-N2"),
            depot,
            name: "North cold store".to_owned(),
            keeps: vec![SkuType::Dry, SkuType::Frozen],
        }]),
        NetworkRows::PickFlow(vec![PickFlowRow {
            priority: 30,
            sku_class: SkuType::Dry,
            min_lines: 1,
            max_lines: Some(3),
            pick_flow: "PICK_BY_BATCH".to_owned(),
        }]),
    ]
}

fn trucks() -> Vec<NetworkRows> {
    let (depot, zone): (DepotCode, ZoneCode) = (id("NORTH"), id("Z01"));
    let timeslot: TimeslotCode = id("0900-1300");
    vec![
        NetworkRows::TruckTypes(vec![TruckTypeRow {
            truck_type: id("VAN-COLD"),
            max_weight_kg: 850,
            max_stops: 22,
            cost: 130,
            profiles: "frozen=4000|dry=2600,frozen=1400".to_owned(),
        }]),
        NetworkRows::UpgradeLadder(vec![UpgradeRow {
            from_type: id("VAN-COLD"),
            to_type: id("TRUCK-MIX"),
        }]),
        NetworkRows::TruckPool(vec![PoolRow {
            depot: depot.clone(),
            timeslot: timeslot.clone(),
            truck_type: id("VAN-COLD"),
            count: 20,
        }]),
        NetworkRows::RouteTemplates(vec![RouteTemplateRow {
            template: "Z01-09-COLD".to_owned(),
            depot,
            zone: zone.clone(),
            timeslot: timeslot.clone(),
            sku_class: SkuType::Mixed,
            default_truck_type: id("VAN-COLD"),
            waybill_quota: 20,
        }]),
        NetworkRows::ZoneQuota(vec![QuotaRow {
            zone,
            timeslot,
            waybills: 500,
            dry_l: 400_000,
            frozen_l: 200_000,
            weight_kg: 200_000,
        }]),
    ]
}

fn assignments(visitor: &mut impl Visitor) {
    let waybill_no: WaybillNo = id("uci-536365-1");
    let route_ref = "NORTH-20101202-0900-1300-Z01-007".to_owned();
    let assigned = Assigned {
        waybill_no: waybill_no.clone(),
        place_no: 1,
        route_id: RouteId(uuid(4)),
        route_ref: route_ref.clone(),
        depot: id("NORTH"),
        zone: id("Z01"),
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        truck_type: id("VAN"),
        sku_type: SkuType::Dry,
        fulfilled_by: FulfilledBy::Warehouse,
        assigned_at: Some(time("2010-12-01T09:41:07.25Z")),
    };
    // as it was before it told the time: such messages may still be in a queue
    let untimed = Assigned { assigned_at: None, ..assigned.clone() };
    visitor.visit("assignment.assigned.v1", untimed);
    visitor.visit("assignment.assigned.v1-timed", assigned);
    let reason = UnassignableReason::CutOffPassed;
    let unassignable = Unassignable { waybill_no: waybill_no.clone(), reason };
    visitor.visit("assignment.unassignable.v1", unassignable);
    visitor.visit(
        "assignment.unassigned.v1",
        UnassignedAgain {
            waybill_no,
            place_no: 1,
            route_id: RouteId(uuid(4)),
            cause: "cancelled".to_owned(),
        },
    );
    visitor.visit(
        "route.changed.v1",
        RouteChanged {
            route_id: RouteId(uuid(4)),
            route_ref,
            change: RouteChange::Upgraded,
            depot: id("NORTH"),
            zone: id("Z01"),
            delivery_date: date("2010-12-02"),
            timeslot: id("0900-1300"),
            truck_type: id("TRUCK-MIX"),
        },
    );
}

fn warehouse(visitor: &mut impl Visitor) {
    let (order_number, label) = ("uci-536365-1-r1".to_owned(), "uci-536365-1".to_owned());
    visitor.visit(
        "wms.outbound-order.v1",
        WmsOutboundOrder {
            order_number: order_number.clone(),
            label: label.clone(),
            site: "WH-N1".to_owned(),
            process: "PICK_BY_BATCH".to_owned(),
            ship_date: date("2010-12-02"),
            wave: "NORTH-20101202-0900-1300-Z01-007".to_owned(),
            positions: vec![WmsPosition {
                position: 1,
                article: "85123A".to_owned(),
                pieces: 6,
                cold: false,
            }],
        },
    );
    visitor.visit(
        "wms.order-confirmation.v1",
        WmsOrderConfirmation {
            order_number: order_number.clone(),
            label: label.clone(),
            result: WmsConfirmation::Nok,
            reason_code: Some("OUT_OF_STOCK".to_owned()),
            at: time("2010-12-01T21:00:00Z"),
        },
    );
    visitor.visit(
        "wms.order-progress.v1",
        WmsOrderProgress {
            order_number,
            label,
            step: WmsStep::HandOver,
            at: time("2010-12-02T06:00:00Z"),
        },
    );
}

fn questions(visitor: &mut impl Visitor) {
    let (source, order_ref) = (id("uci"), id("536365"));
    visitor.visit("query.ask.v1", Query::Order { source, order_ref });
    visitor.visit("query.ask.v1-waybill", Query::Waybill { waybill_no: id("uci-536365-1") });
    let (sender, message_id) = ("dray-hotfolder-ingest".to_owned(), MessageId(uuid(3)));
    visitor.visit("query.ask.v1-operation", Query::Operation { sender, message_id });
    let (kind, source) = ("order".to_owned(), id("uci"));
    visitor.visit("hotfolder.skip-sequence.v1", SkipSequence { kind, source, sequence: 42 });
}

fn control(visitor: &mut impl Visitor) {
    let command = |request| ControlCommand { worker: "order-intake".to_owned(), request };
    let settings = LaneSettings {
        concurrency: NonZeroU16::new(4),
        batch_max: NonZeroU16::new(256),
        prefetch: NonZeroU16::new(2_048),
        rate_per_second: NonZeroU32::new(500),
        paused: true,
    };
    visitor.visit("control.command.v1", command(ControlRequest::Apply { version: 3, settings }));
    visitor.visit("control.command.v1-drain", command(ControlRequest::Drain));
    let reset = command(ControlRequest::ResetKillSwitch);
    visitor.visit("control.command.v1-reset-kill-switch", reset);
    visitor.visit("control.command.v1-report", command(ControlRequest::Report));
    let report = InstanceReport {
        worker: "order-intake".to_owned(),
        instance: "host-1-a".to_owned(),
        version: 3,
        concurrency: 4,
        batch_max: 256,
        prefetch: 2_048,
        rate_per_second: Some(500),
        paused: true,
        tripped: false,
        draining: false,
        ready: true,
        in_flight: 12,
        settled_total: 100_000,
        outbox_pending: 3,
        latency_p50_seconds: Some(0.012),
        latency_p99_seconds: Some(0.25),
    };
    visitor.visit_answer("control-answer", ControlAnswer { taken: true, report });
}
