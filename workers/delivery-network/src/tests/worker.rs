//! The worker against a real broker and database.

use clap::Parser;
use contracts::{Actor, Exchange, NetworkChanged, NetworkRows, Reply, Role, UpsertNetwork};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use serde_json::{Value, json};
use testkit::{DEADLINE, PublishAs, ReplyBox, Stage, fixtures};

use super::decision::{actor, command, row};
use crate::settings::Settings;
use crate::worker::DeliveryNetwork;

const KIND: WorkerKind = WorkerKind::DeliveryNetwork;

/// One process of this worker on the stage, with the rights of its broker user and no more.
async fn start(stage: &Stage) -> Running {
    let (amqp_url, database_url) = (stage.amqp_url_as(&KIND.user()), stage.database_url());
    let args = ["delivery-network", "--amqp-url", &amqp_url, "--database-url", &database_url];
    let settings = Settings::try_parse_from(args).unwrap();
    let process = Process::prepare(KIND, settings.as_ref(), Shutdown::new()).await.unwrap();
    Running::start(process, DeliveryNetwork)
}

fn dispatcher() -> Actor {
    actor(Role::Dispatcher)
}

async fn send(stage: &Stage, replies: &ReplyBox, command: &UpsertNetwork) {
    let how = PublishAs::default().actor(dispatcher()).reply_to(replies.queue());
    stage.publish(how, command).await.unwrap();
}

async fn ask(stage: &Stage, replies: &mut ReplyBox, command: &UpsertNetwork) -> Reply {
    send(stage, replies, command).await;
    replies.next(DEADLINE).await
}

async fn count(stage: &Stage, table: &str) -> usize {
    let rows: i64 = stage.scalar(&format!("SELECT COUNT(*) FROM {table}")).await;
    rows.try_into().unwrap()
}

/// The database's table of a message's table.
fn stored_in(rows: &NetworkRows) -> &'static str {
    match rows {
        NetworkRows::Depots(_) => "depot",
        NetworkRows::Zones(_) => "zone",
        NetworkRows::Districts(_) => "district",
        NetworkRows::Timeslots(_) => "timeslot",
        NetworkRows::TruckTypes(_) => "truck_type",
        NetworkRows::UpgradeLadder(_) => "truck_upgrade",
        NetworkRows::TruckPool(_) => "truck_pool",
        NetworkRows::RouteTemplates(_) => "route_template",
        NetworkRows::ZoneQuota(_) => "zone_quota",
        NetworkRows::Warehouses(_) => "warehouse",
        NetworkRows::PickFlow(_) => "pick_flow",
        NetworkRows::Travel(_) => "travel_time",
    }
}

#[tokio::test]
async fn a_network_is_loaded_and_loaded_again() {
    let stage = Stage::with_users(&[KIND]).await;
    let mut events = stage.tap(Exchange::Events, "network.#").await;
    let mut replies = stage.replies().await;
    let worker = start(&stage).await;
    let network = fixtures::network();
    for revision in 1..=2 {
        let reply = ask(&stage, &mut replies, &network).await;
        assert_eq!(reply.code, "APPLIED");
        assert_eq!((reply.aggregate.as_deref(), reply.version), (Some("network"), Some(revision)));
        let (envelope, event) = events.next_of::<NetworkChanged>().await;
        assert_eq!((envelope.seq, event.revision), (Some(revision), revision));
        assert_eq!(event.tables.len(), 11);
        for rows in &network.tables {
            assert_eq!(count(&stage, stored_in(rows)).await, rows.len(), "{}", rows.table());
        }
    }
    worker.stop().await.unwrap();
    stage.close().await;
}

/// Table of the message, table of the database, what is changed, and how the row then reads.
type Replacement = (&'static str, &'static str, Value, &'static str);

fn replacements() -> [Replacement; 12] {
    let depot = json!({"name": "Kuzey ş", "timezone": "UTC"});
    let zone = json!({"depot": "SOUTH", "neighbours": ["Z03", "Z02"]});
    let timeslot = json!({"start": "10:00", "end": "12:00", "cutoff": "D 07:00"});
    let truck = json!({"max_weight_kg": 1, "max_stops": 2, "cost": 3, "profiles": "dry=4"});
    let template = json!({
        "depot": "D", "zone": "Z", "timeslot": "T", "sku_class": "mixed", "default_truck_type": "V",
        "waybill_quota": 5,
    });
    let quota = json!({"waybills": 1, "dry_l": 2, "frozen_l": u64::MAX / 1_000, "weight_kg": 4});
    let warehouse = json!({"depot": "S", "name": "South", "keeps": ["frozen", "dry"]});
    let rule = json!({"sku_class": "dry", "min_lines": 2, "max_lines": 3, "pick_flow": "P"});
    [
        ("depots", "depot", depot, "NORTH|Kuzey ş|UTC"),
        ("zones", "zone", zone, "Z01|SOUTH|Zone 1|Z03,Z02"),
        ("districts", "district", json!({"zone": "Z09"}), "D001|0001-01-01|Z09"),
        ("timeslots", "timeslot", timeslot, "0900-1300|10:00|12:00|D 07:00"),
        ("truck_types", "truck_type", truck, "VAN|1|2|3|dry=4"),
        ("upgrade_ladder", "truck_upgrade", json!({}), "VAN|TRUCK"),
        ("truck_pool", "truck_pool", json!({"count": 7}), "NORTH|0900-1300|VAN|7"),
        ("route_templates", "route_template", template, "Z01-09-DRY|D|Z|T|mixed|V|5"),
        ("zone_quota", "zone_quota", quota, "Z01|0900-1300|1|2|18446744073709551|4"),
        ("warehouses", "warehouse", warehouse, "WH-N1|S|South|frozen,dry"),
        ("pick_flow", "pick_flow", rule, "10|dry|2|3|P"),
        ("travel", "travel_time", json!({"minutes": 0}), "DEPOT|NORTH|DISTRICT|D001|0"),
    ]
}

#[tokio::test]
async fn a_row_that_is_there_is_replaced() {
    let stage = Stage::with_users(&[KIND]).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage).await;
    for (table, stored_in, changes, expected) in replacements() {
        for changes in [json!({}), changes] {
            let command = command(json!([{ "table": table, "rows": [row(table, changes)] }]));
            assert_eq!(ask(&stage, &mut replies, &command).await.code, "APPLIED", "{table}");
        }
        assert_eq!(only_row(&stage, stored_in).await, expected, "{table}");
    }
    worker.stop().await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn places_that_say_where_they_lie_are_found_there() {
    let stage = Stage::with_users(&[KIND]).await;
    let mut replies = stage.replies().await;
    let worker = start(&stage).await;
    let district = |lon: i32| {
        let at = json!({ "coordinates": { "lat_e6": 41_008_200, "lon_e6": lon } });
        command(json!([{ "table": "districts", "rows": [row("districts", at)] }]))
    };
    for lon in [1, -28_978_400] {
        assert_eq!(ask(&stage, &mut replies, &district(lon)).await.code, "APPLIED");
    }
    // a row that says nothing of it leaves it as it was
    let plain = command(json!([
        { "table": "districts", "rows": [row("districts", json!({}))] },
        { "table": "depots", "rows": [row("depots", json!({}))] },
    ]));
    assert_eq!(ask(&stage, &mut replies, &plain).await.code, "APPLIED");
    let found = only_row(&stage, "coordinates").await;
    assert_eq!(found, "DISTRICT|D001|41008200|-28978400");
    worker.stop().await.unwrap();
    stage.close().await;
}

/// The one row of a table, its values in the order of the columns.
async fn only_row(stage: &Stage, table: &str) -> String {
    let columns: String = stage
        .scalar(&format!(
            "SELECT GROUP_CONCAT(column_name ORDER BY ordinal_position) FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name = '{table}'"
        ))
        .await;
    stage.scalar(&format!("SELECT CONCAT_WS('|', {columns}) FROM {table}")).await
}

#[tokio::test]
async fn one_wrong_row_refuses_all_and_changes_nothing() {
    let stage = Stage::with_users(&[KIND]).await;
    let mut events = stage.tap(Exchange::Events, "network.#").await;
    let mut replies = stage.replies().await;
    let worker = start(&stage).await;
    let wrong = command(json!([
        { "table": "depots", "rows": [row("depots", json!({}))] },
        { "table": "timeslots", "rows": [row("timeslots", json!({"start": "9", "cutoff": "x"}))] },
    ]));
    let reply = ask(&stage, &mut replies, &wrong).await;
    assert_eq!(reply.code, "INVALID_NETWORK");
    assert_eq!(reply.refusal.unwrap().errors.len(), 2);
    worker.stop().await.unwrap();
    assert_eq!((count(&stage, "depot").await, count(&stage, "network_revision").await), (0, 0));
    assert!(events.so_far(&stage).await.is_empty());
    stage.close().await;
}

#[tokio::test]
async fn changes_from_two_processes_come_one_after_another() {
    let stage = Stage::with_users(&[KIND]).await;
    let mut replies = stage.replies().await;
    let commands = 40;
    for n in 0..commands {
        let rows = [row("depots", json!({"name": format!("North {n}")}))];
        send(&stage, &replies, &command(json!([{ "table": "depots", "rows": rows }]))).await;
    }
    let workers = [start(&stage).await, start(&stage).await];
    let mut revisions = Vec::new();
    for _ in 0..commands {
        revisions.push(replies.next(DEADLINE).await.version.unwrap());
    }
    for worker in workers {
        worker.stop().await.unwrap();
    }
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=commands).collect::<Vec<u64>>());
    assert_eq!(count(&stage, "depot").await, 1);
    stage.close().await;
}
