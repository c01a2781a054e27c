//! Status files: their lines, in whose name they speak, and their place behind the order files.

use contracts::{Role, WaybillStatus};

use super::fleet::Fleet;
use super::{HEADER, line, source};
use crate::decide::waits_for;
use crate::format::{Command, FileHeader, Unit, Units};
use crate::name::{FileKind, FileName};
use crate::reporters::Reporters;

const STATUS_HEADER: &str = "status\twaybill_no\toccurred_at\treason\tattempt\troute_ref\n";

fn row(waybill: &str, status: &str) -> String {
    format!("{status}\t{waybill}\t2026-03-01T09:30:00Z\t\t\t\n")
}

fn units(file: &str) -> Vec<Unit> {
    let mut input = file.as_bytes();
    let header = FileHeader::read(FileKind::Status, &mut input).unwrap();
    let position = header.end();
    let mut units = Units::new(header, input, position, &source());
    std::iter::from_fn(|| units.next_unit().unwrap()).collect()
}

fn codes(unit: &Unit) -> Vec<&'static str> {
    let errors = unit.result.as_ref().err().into_iter().flatten();
    errors.map(|error| error.code.as_str()).collect()
}

#[test]
fn every_line_is_a_report_of_its_own() {
    let file = [
        STATUS_HEADER,
        "DELIVERY_FAILED\tshop-1-1\t2026-03-01T09:30:00+01:00\tnobody at home\t2\tR-7\n",
        "TELEPORTED\tshop-2-1\tyesterday\t\t33\t\n",
        "LOADED\t\t2026-03-01T09:30:00Z\t\t\t\n",
        "LOADED\tshop-3-1\n",
        "LOADED\tshop-3-1\t2026-03-01T09:30:00Z\t\t\t\n",
    ];
    let units = units(&file.concat());
    let Ok(first) = &units[0].result else { panic!("{:?}", units[0]) };
    let Command::Report(report) = &first.command else { panic!("{first:?}") };
    assert_eq!(report.waybill_no.as_str(), "shop-1-1");
    assert_eq!((report.status, report.attempt), (WaybillStatus::DeliveryFailed, Some(2)));
    assert_eq!(report.route_ref.as_deref(), Some("R-7"));
    assert_eq!(report.reason.as_deref(), Some("nobody at home"));
    assert_eq!(codes(&units[1]), ["INVALID_CHOICE", "INVALID_TIME", "INVALID_NUMBER"]);
    assert_eq!(codes(&units[2]), ["MISSING_VALUE"]);
    assert_eq!(codes(&units[3]), ["FIELD_COUNT"]);
    assert!(units[4].result.is_ok());
    assert_eq!((units[4].first_line, units[4].lines), (6, 1));
}

#[test]
fn a_folder_speaks_in_its_own_name_only() {
    let reporters: Reporters = "wms=warehouse, shop=road,m01=merchant:M01".parse().unwrap();
    let actor = |kind, folder: &str| {
        let source = contracts::Source::new(folder).unwrap();
        let actor = reporters.actor(kind, &source, "x:1".to_owned());
        (actor.role, actor.merchant)
    };
    assert_eq!(actor(FileKind::Status, "wms"), (Role::Warehouse, None));
    assert_eq!(actor(FileKind::Status, "m01"), (Role::Merchant, Some("M01".to_owned())));
    assert_eq!(actor(FileKind::Status, "somebody"), (Role::Shop, None));
    assert_eq!(actor(FileKind::Order, "shop"), (Role::Shop, None), "orders come from shops");
    for wrong in ["wms", "wms=admin", "wms=merchant", "wms=merchant:", "a b=road", "x=road:1"] {
        assert!(wrong.parse::<Reporters>().is_err(), "{wrong}");
    }
}

#[test]
fn what_follows_orders_waits_for_the_earlier_ones_of_its_source() {
    let file = |kind: &str| FileName::at(kind, &source(), 1).unwrap();
    let check = |kind: &str, came, others: &[(&str, Option<u32>)]| {
        let unsettled = others.iter().map(|(kind, came)| (file(kind), *came));
        waits_for(&file(kind), came, unsettled).is_some()
    };
    for kind in ["cancel", "return", "status"] {
        assert!(check(kind, Some(5), &[("status", Some(1)), ("order", Some(5))]));
        assert!(!check(kind, Some(5), &[("order", Some(6)), ("cancel", Some(1))]), "it came later");
        assert!(check(kind, Some(5), &[("order", None)]), "nobody knows when it came");
    }
    assert!(!check("order", Some(5), &[("order", Some(1))]), "orders have their sequence");
    assert!(!check("container", Some(5), &[("order", Some(1))]));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_sent_and_every_refused_row_comes_back() {
    let fleet = Fleet::answering().await;
    let keeper = fleet.start_keeper().await;
    let ingest = fleet.start(&["--reporters", "shop=road"]).await;
    let rows = [row("shop-1-1", "LOADED"), row("shop-1-1", "GONE"), row("shop-1-1", "DELIVERED")];
    fleet.send("status-shop-1.tsv", [STATUS_HEADER.to_owned(), rows.concat()].concat());
    let report = fleet.report("status-shop-1.tsv.json").await;
    assert_eq!(report["state"], "DONE");
    let counts =
        serde_json::json!({"lines": 3, "orders": 3, "accepted": 2, "duplicate": 0, "rejected": 1});
    assert_eq!(report["counts"], counts);
    assert_eq!(report["errors"][0]["code"], "INVALID_CHOICE");
    assert_eq!(report["errors"][0]["line"], 3);
    let expected = [STATUS_HEADER.to_owned(), rows[1].clone()].concat();
    assert_eq!(fleet.rejected("status-shop-1.tsv"), expected);
    let taken: Vec<_> = fleet.accepted().into_iter().collect();
    let once = |report: &str| (report.to_owned(), 1);
    assert_eq!(taken, [once("shop-1-1 DELIVERED"), once("shop-1-1 LOADED")]);
    keeper.stop().await.unwrap();
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_wait_until_the_earlier_orders_are_settled() {
    let fleet = Fleet::answering().await;
    let keeper = fleet.start_keeper().await;
    fleet.send("order-shop-1.tsv", [HEADER.to_owned(), line("A", 1)].concat());
    // a gap: this one cannot run yet
    fleet.send("order-shop-3.tsv", [HEADER.to_owned(), line("C", 1)].concat());
    fleet.send("status-shop-1.tsv", [STATUS_HEADER.to_owned(), row("shop-C-1", "LOADED")].concat());
    let ingest = fleet.start(&["--reporters", "shop=road"]).await;
    fleet.wait_for_listing("status-shop-1.tsv", "WAITS_FOR_ORDERS").await;
    assert!(!fleet.accepted().contains_key("shop-C-1 LOADED"));

    fleet.send("order-shop-2.tsv", [HEADER.to_owned(), line("B", 1)].concat());
    fleet.report("status-shop-1.tsv.json").await;
    for taken in ["A", "B", "C", "shop-C-1 LOADED"] {
        assert_eq!(fleet.accepted().get(taken), Some(&1), "{taken}");
    }
    keeper.stop().await.unwrap();
    fleet.close(ingest).await;
}
