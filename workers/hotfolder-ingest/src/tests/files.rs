//! Files from the inbox to their answer.

use std::fs;
use std::io::Write as _;

use contracts::{Actor, ReplyOutcome, Role, SkipSequence, Source};
use flate2::Compression;
use flate2::write::GzEncoder;
use testkit::{DEADLINE, PublishAs};

use super::fleet::Fleet;
use super::{HEADER, line, line_with};
use crate::order::OrderColumn as C;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn good_orders_are_sent_and_bad_ones_come_back() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let nowhere = |n| line_with("C", n, C::District, "NOWHERE");
    let bad = line_with("B", 2, C::Quantity, "0");
    let file = [
        HEADER.into(),
        line("A", 1),
        line("B", 1),
        bad.clone(),
        nowhere(1),
        nowhere(2),
        line("D", 1),
    ];
    fleet.send("order-shop-7.tsv.gz", gzip(&file.concat()));
    fleet.wait_for("archive", "order-shop-7.tsv.gz.").await;

    let report = fleet.report("order-shop-7.tsv.gz.json").await;
    assert_eq!(report["state"], "DONE");
    let counts =
        serde_json::json!({"lines": 6, "orders": 4, "accepted": 2, "duplicate": 0, "rejected": 2});
    assert_eq!(report["counts"], counts);
    let errors = report["errors"].as_array().unwrap();
    let brief: Vec<(u64, &str, &str)> = errors
        .iter()
        .map(|e| {
            (
                e["line"].as_u64().unwrap(),
                e["column"].as_str().unwrap(),
                e["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        brief,
        [(4, "quantity", "QUANTITY_OUT_OF_RANGE"), (6, "district", "UNKNOWN_DISTRICT")]
    );
    let expected = [HEADER.to_owned(), line("B", 1), bad, nowhere(1), nowhere(2)].concat();
    assert_eq!(fleet.rejected("order-shop-7.tsv.gz"), expected);
    assert_eq!(report["rejected_rows"], "error/order-shop-7.tsv.gz.rejected.tsv");
    assert_eq!(
        fleet.accepted().into_iter().collect::<Vec<_>>(),
        [("A".into(), 1), ("D".into(), 1)]
    );
    assert!(fleet.names("processing").is_empty() && fleet.names("inbox").is_empty());
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_run_in_sequence_and_a_gap_waits_until_an_operator_passes_it() {
    let fleet = Fleet::answering().await;
    fleet.send("order-shop-5.tsv", format!("{HEADER}{}", line("A", 1)));
    fleet.send("order-shop-7.tsv", format!("{HEADER}{}", line("C", 1)));
    fleet.send("container-shop-1.tsv", "reference_code\n");
    let ingest = fleet.start(&[]).await;
    fleet.wait_for("archive", "order-shop-5.tsv.").await;
    fleet.wait_for_listing("order-shop-7.tsv", "WAITS_FOR_SEQUENCE").await;
    fleet.wait_for_listing("container-shop-1.tsv", "NO_WORKER_YET").await;

    let skip = |sequence| SkipSequence {
        kind: "order".into(),
        source: Source::new("shop").unwrap(),
        sequence,
    };
    let mut replies = fleet.stage.replies().await;
    let operator = PublishAs::default().user("dray-operator").reply_to(replies.queue());
    for (sequence, code) in [(5, "ALREADY_PASSED"), (7, "NOT_NEXT"), (6, "APPLIED")] {
        fleet.stage.publish(operator.clone(), &skip(sequence)).await.unwrap();
        assert_eq!(replies.next(DEADLINE).await.code, code);
    }
    fleet.wait_for("archive", "order-shop-7.tsv.").await;
    assert_eq!(fleet.state(6, 0).await.as_deref(), Some("SKIPPED"));

    fleet.send("order-shop-6.tsv", format!("{HEADER}{}", line("B", 1)));
    fleet.send("order-shop-3.tsv", format!("{HEADER}{}", line("Z", 1)));
    assert_eq!(fleet.report("order-shop-6.tsv.").await["state"], "SKIPPED");
    assert_eq!(fleet.report("order-shop-3.tsv.").await["state"], "LATE");
    fleet.send("order-shop-6.r1.tsv", format!("{HEADER}{}", line("B", 1)));
    assert_eq!(fleet.report("order-shop-6.r1.tsv.json").await["state"], "DONE");
    assert_eq!(fleet.names("inbox"), ["container-shop-1.tsv"]);
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_operators_pass_gaps() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let mut replies = fleet.stage.replies().await;
    let shop = Actor { subject: "shop".into(), role: Role::Shop, merchant: None, origin: None };
    let skip =
        SkipSequence { kind: "order".into(), source: Source::new("shop").unwrap(), sequence: 1 };
    let as_shop = PublishAs::default().user("dray-operator").actor(shop).reply_to(replies.queue());
    fleet.stage.publish(as_shop, &skip).await.unwrap();
    let reply = replies.next(DEADLINE).await;
    assert_eq!((reply.outcome, reply.code.as_str()), (ReplyOutcome::Rejected, "FORBIDDEN"));
    for (kind, code) in [("order", "UNKNOWN_SEQUENCE"), ("letter", "NAME_KIND")] {
        let skip = SkipSequence { kind: kind.into(), ..skip.clone() };
        let operator = PublishAs::default().user("dray-operator").reply_to(replies.queue());
        fleet.stage.publish(operator, &skip).await.unwrap();
        assert_eq!(replies.next(DEADLINE).await.code, code);
    }
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_again_and_other_bytes_in_the_same_place_are_told_apart() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let text = format!("{HEADER}{}", line("A", 1));
    fleet.send("order-shop-1.tsv", &text);
    fleet.wait_for("archive", "order-shop-1.tsv.").await;

    fleet.send("order-shop-1.tsv", &text);
    let again = fleet.report("order-shop-1.tsv.2").await;
    assert_eq!(again["state"], "DUPLICATE_FILE");
    fleet.send("order-shop-1.tsv.gz", gzip(&format!("{text}{}", line("B", 1))));
    assert_eq!(fleet.report("order-shop-1.tsv.gz.").await["state"], "CONFLICT");
    fleet.send("order-shop-2.tsv.gz", gzip(&text));
    let copy = fleet.report("order-shop-2.tsv.gz.json").await;
    assert_eq!(copy["state"], "DUPLICATE_FILE");
    assert!(copy["detail"].as_str().unwrap().contains("order-shop-1.tsv"));
    fleet.send("order-shop-3.tsv", format!("{HEADER}{}", line("C", 1)));
    fleet.wait_for("archive", "order-shop-3.tsv.").await;
    assert_eq!(fleet.report("order-shop-3.tsv.json").await["state"], "DONE");
    assert_eq!(
        fleet.accepted().into_iter().collect::<Vec<_>>(),
        [("A".into(), 1), ("C".into(), 1)]
    );
    assert_eq!(fleet.names("archive").len(), 5);
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_answered_and_do_not_stop_the_next() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let whole = gzip(&format!("{HEADER}{}", line("A", 1).repeat(2_000)));
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("order-shop-1.tsv.gz", whole[..whole.len() / 2].to_vec(), "GZIP_TRUNCATED"),
        ("order-shop-2.tsv.gz", b"no gzip at all".to_vec(), "GZIP_DAMAGED"),
        ("order-shop-3.tsv", Vec::new(), "EMPTY_FILE"),
        ("order-shop-4.tsv", b"a,b\n1,2\n".to_vec(), "NOT_TAB_SEPARATED"),
    ];
    for (name, content, code) in cases {
        fleet.send(name, content);
        let report = fleet.report(&format!("{name}.json")).await;
        assert_eq!(report["state"], "FAILED", "{name}");
        let said = format!("{} {}", report["detail"], report["errors"]);
        assert!(said.contains(code), "{name}: {said}");
        fleet.wait_for("archive", &format!("{name}.")).await;
    }
    fleet.send("order-shop-5.tsv", format!("{HEADER}{}", line("B", 1)));
    assert_eq!(fleet.report("order-shop-5.tsv.json").await["state"], "DONE");
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_belong_is_set_aside_with_a_report() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    fleet.send("order-other-1.tsv", "x");
    fleet.send("notes.txt", "x");
    std::os::unix::fs::symlink("/etc/passwd", fleet.path("inbox").join("order-shop-1.tsv"))
        .unwrap();
    for (name, code) in [
        ("order-other-1.tsv", "NAME_OTHER_SOURCE"),
        ("notes.txt", "NAME_EXTENSION"),
        ("order-shop-1.tsv", "NOT_A_REGULAR_FILE"),
    ] {
        let kept = fleet.wait_for("unmapped", name).await;
        let report = fleet.report(&kept).await;
        assert_eq!(report["state"], "UNMAPPED");
        assert!(report["detail"].as_str().unwrap().starts_with(code), "{report}");
    }
    assert!(fleet.names("inbox").is_empty());
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_policy_reject_file_one_bad_order_keeps_all_back() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&["--policy", "reject-file"]).await;
    let bad = [HEADER.into(), line("A", 1), line_with("B", 1, C::Sku, ""), line("C", 1)].concat();
    fleet.send("order-shop-1.tsv", &bad);
    let report = fleet.report("order-shop-1.tsv.json").await;
    assert_eq!((&report["state"], &report["counts"]["rejected"]), (&"FAILED".into(), &3.into()));
    assert_eq!(report["errors"].as_array().unwrap().len(), 1);
    assert_eq!(fleet.rejected("order-shop-1.tsv"), bad);
    let mended = bad.replace("M01\t\t", "M01\tS1\t");
    fleet.send("order-shop-1.r1.tsv", mended);
    assert_eq!(fleet.report("order-shop-1.r1.tsv.json").await["counts"]["accepted"], 3);
    assert_eq!(fleet.accepted().len(), 3);
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_reports_and_sends_nothing() {
    let fleet = Fleet::answering().await;
    let file = [HEADER.into(), line("A", 1), line_with("B", 1, C::Sku, "")].concat();
    fleet.send("order-shop-3.tsv", &file);
    fleet.send("order-shop-9.tsv", "no header");
    let checking = fleet.start(&["--policy", "dry-run"]).await;
    let report = fleet.report("order-shop-3.tsv.json").await;
    assert_eq!((&report["state"], &report["counts"]["accepted"]), (&"DRY_RUN".into(), &1.into()));
    assert_eq!(report["errors"][0]["code"], "MISSING_VALUE");
    assert!(fleet.rejected("order-shop-3.tsv").contains("B\t1"));
    assert_eq!(fleet.report("order-shop-9.tsv.json").await["errors"].as_array().unwrap().len(), 12);
    fleet.wait_for("archive", "order-shop-9.tsv.").await;
    checking.stop().await.unwrap();
    assert_eq!(fleet.state(3, 0).await, None);
    assert!(fleet.accepted().is_empty());

    let ingest = fleet.start(&[]).await;
    fleet.send("order-shop-3.tsv", &file);
    let what = "the file in earnest";
    testkit::eventually(what, async || (fleet.state(3, 0).await? == "DONE").then_some(())).await;
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_leaves_files_where_they_are() {
    let fleet = Fleet::answering().await;
    fleet.send("order-shop-1.tsv", format!("{HEADER}{}", line("A", 1)));
    let full = fleet.start(&["--free-bytes", "18446744073709551615"]).await;
    fleet.wait_for_listing("order-shop-1.tsv", "DISK_FULL").await;
    assert_eq!(fleet.names("inbox"), ["order-shop-1.tsv"]);
    full.stop().await.unwrap();
    let ingest = fleet.start(&[]).await;
    fleet.wait_for("archive", "order-shop-1.tsv.").await;
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_written_is_written_later() {
    let fleet = Fleet::answering().await;
    // A folder where the report should be: the rename onto it fails.
    fs::create_dir_all(fleet.path("report").join("order-shop-1.tsv.json").join("in the way"))
        .unwrap();
    let ingest = fleet.start(&[]).await;
    fleet.send("order-shop-1.tsv", format!("{HEADER}{}", line("A", 1)));
    let what = "the file answered in the record";
    testkit::eventually(what, async || (fleet.state(1, 0).await? == "DONE").then_some(())).await;
    assert!(fleet.names("archive").is_empty());
    fs::remove_dir_all(fleet.path("report").join("order-shop-1.tsv.json")).unwrap();
    fleet.wait_for("archive", "order-shop-1.tsv.").await;
    assert_eq!(fleet.report("order-shop-1.tsv.json").await["counts"]["accepted"], 1);
    assert_eq!(fleet.accepted().into_iter().collect::<Vec<_>>(), [("A".into(), 1)]);
    fleet.close(ingest).await;
}
