//! Files that come as messages: whole or in parts, in whose name, and what a crash leaves.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::{Actor, Reply, Role, Source, UploadContent, UploadFile};
use store::{hash, hex_bytes};
use testkit::{DEADLINE, PublishAs};

use super::fleet::Fleet;
use super::{HEADER, line};
use crate::reporters::Reporters;
use crate::upload::may_upload;

const PORTAL: &str = "dray-operator";

fn actor(role: Role, subject: &str, merchant: Option<&str>) -> Actor {
    let (subject, merchant) = (subject.to_owned(), merchant.map(str::to_owned));
    Actor { subject, role, merchant, origin: None }
}

fn shop() -> Actor {
    actor(Role::Shop, "shop", None)
}

/// The file as messages, one for each piece of its content.
fn upload(name: &str, pieces: &[&[u8]]) -> Vec<UploadFile> {
    let whole = pieces.concat();
    let parts = u16::try_from(pieces.len()).unwrap();
    let message = |(part, piece): (u16, &&[u8])| UploadFile {
        source: Source::new("shop").unwrap(),
        file_name: name.to_owned(),
        sha256: hex_bytes(&hash(&whole)),
        size_bytes: u64::try_from(whole.len()).unwrap(),
        part,
        parts,
        content: UploadContent::Base64(STANDARD.encode(piece)),
    };
    (1..).zip(pieces).map(message).collect()
}

fn text(name: &str, content: &str) -> UploadFile {
    let [whole] = upload(name, &[content.as_bytes()]).try_into().unwrap();
    UploadFile { content: UploadContent::Text(content.to_owned()), ..whole }
}

impl Fleet {
    async fn upload(&self, who: Actor, message: &UploadFile) -> Reply {
        let mut replies = self.stage.replies().await;
        let how = PublishAs::default().user(PORTAL).actor(who).reply_to(replies.queue());
        self.stage.publish(how, message).await.unwrap();
        replies.next(DEADLINE).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_as_one_message_and_has_one_effect() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let (name, content) = ("order-shop-000001.tsv", format!("{HEADER}{}", line("A", 1)));
    let taken = fleet.upload(shop(), &text(name, &content)).await;
    assert_eq!((taken.code.as_str(), taken.version), ("APPLIED", Some(1)));
    assert_eq!(taken.aggregate.as_deref(), Some("upload:order-shop-000001.tsv"));
    assert_eq!(fleet.report("order-shop-000001.tsv.json").await["state"], "DONE");

    assert_eq!(fleet.upload(shop(), &text(name, &content)).await.code, "DUPLICATE");
    let other = format!("{content}{}", line("B", 1));
    assert_eq!(fleet.upload(shop(), &text(name, &other)).await.code, "NAME_TAKEN");
    let repair = fleet.upload(shop(), &text("order-shop-000001.r1.tsv", &other)).await;
    assert_eq!(repair.code, "APPLIED");
    assert_eq!(fleet.report("order-shop-000001.r1.tsv.json").await["state"], "DONE");
    assert_eq!(fleet.accepted().get("B"), Some(&1));
    fleet.wait_until_empty("upload").await;
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_come_in_any_order_and_make_one_file() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let lines: Vec<String> = (1..=3).map(|n| line(&format!("P{n}"), 1)).collect();
    let pieces = [format!("{HEADER}{}", lines[0]), lines[1].clone(), lines[2].clone()];
    let parts = upload("order-shop-000001.tsv", &pieces.each_ref().map(|piece| piece.as_bytes()));
    assert_eq!(fleet.upload(shop(), &parts[2]).await.code, "PARKED");
    assert_eq!(fleet.upload(shop(), &parts[0]).await.code, "PARKED");
    assert_eq!(fleet.upload(shop(), &parts[0]).await.code, "PARKED", "the same part again");
    let meanwhile = actor(Role::Operator, "olga", None);
    let foreign = text("order-shop-000001.tsv", "another content");
    assert_eq!(fleet.upload(meanwhile, &foreign).await.code, "NAME_TAKEN");
    assert_eq!(fleet.upload(shop(), &parts[1]).await.code, "APPLIED");
    assert_eq!(fleet.report("order-shop-000001.tsv.json").await["counts"]["accepted"], 3);
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_of_the_sender_is_refused() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let good = text("order-shop-000001.tsv", &format!("{HEADER}{}", line("A", 1)));
    let named = |name: &str| UploadFile { file_name: name.to_owned(), ..good.clone() };
    let damaged = UploadFile { sha256: "0".repeat(64), ..good.clone() };
    let nonsense = UploadFile { content: UploadContent::Base64("***".to_owned()), ..good.clone() };
    let nowhere = UploadFile {
        source: Source::new("nobody").unwrap(),
        file_name: "order-nobody-000001.tsv".to_owned(),
        ..good.clone()
    };
    let operator = actor(Role::Operator, "olga", None);
    for (who, message, code) in [
        (actor(Role::Shop, "other", None), good.clone(), "UNKNOWN_SOURCE"),
        (actor(Role::CsAgent, "ben", None), good.clone(), "NOT_ALLOWED"),
        (operator, nowhere, "UNKNOWN_SOURCE"),
        (shop(), named("letter-shop-000001.tsv"), "NAME_KIND"),
        (shop(), named("order-other-000001.tsv"), "NAME_OTHER_SOURCE"),
        (shop(), named("container-shop-000001.tsv"), "NO_WORKER_YET"),
        (shop(), nonsense, "INVALID_CONTENT"),
        (shop(), damaged, "CONTENT_DIFFERS"),
    ] {
        assert_eq!(fleet.upload(who, &message).await.code, code, "{message:?}");
    }
    assert_eq!(fleet.stage.scalar::<i64>("SELECT COUNT(*) FROM upload").await, 0);
    assert_eq!(fleet.upload(shop(), &good).await.code, "APPLIED", "nothing stands in its way");
    fleet.report("order-shop-000001.tsv.json").await;
    fleet.close(ingest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_came_through_the_folder_is_not_taken_again() {
    let fleet = Fleet::answering().await;
    let ingest = fleet.start(&[]).await;
    let content = format!("{HEADER}{}", line("A", 1));
    fleet.send("order-shop-000001.tsv", &content);
    fleet.wait_for("archive", "order-shop-000001.tsv.").await;
    let same = text("order-shop-000001.tsv", &content);
    assert_eq!(fleet.upload(shop(), &same).await.code, "DUPLICATE");
    let other = text("order-shop-000001.tsv", &format!("{content}{}", line("B", 1)));
    assert_eq!(fleet.upload(shop(), &other).await.code, "FILE_HAS_COME");
    fleet.close(ingest).await;
}

/// The process died between its commit and the move into the inbox.
#[tokio::test(flavor = "multi_thread")]
async fn a_committed_file_that_was_not_moved_is_moved_by_the_next_process() {
    let fleet = Fleet::answering().await;
    let content = format!("{HEADER}{}", line("A", 1));
    fs::create_dir_all(fleet.path("upload")).unwrap();
    let (committed, other) =
        ("order-shop-000001.tsv.00aa.whole", "order-shop-000001.tsv.00bb.whole");
    for name in [committed, other] {
        fs::write(fleet.path("upload").join(name), &content).unwrap();
    }
    fleet
        .stage
        .run_sql(
            "INSERT INTO upload VALUES (UNHEX(LPAD('1', 32, '0')), 'shop', 'order-shop-000001.tsv', 'order', 1, 0, \
               'STORED', UNHEX(RPAD('00aa', 64, '0')), 1, 1, 1, 'shop', NULL, 1, UTC_TIMESTAMP(6), \
               UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))",
        )
        .await;
    let ingest = fleet.start(&[]).await;
    assert_eq!(fleet.report("order-shop-000001.tsv.json").await["state"], "DONE");
    assert_eq!(fleet.names("upload"), [other], "what nobody committed is not moved");
    fleet.close(ingest).await;
}

#[test]
fn folders_belong_to_shops_and_merchants() {
    let reporters: Reporters = "wms=warehouse,m01=merchant:M01".parse().unwrap();
    let may = |who: &Actor, source: &str| {
        may_upload(who, &Source::new(source).unwrap(), &reporters).map_err(|refusal| refusal.code)
    };
    let merchant = actor(Role::Merchant, "anna", Some("M01"));
    assert_eq!(may(&merchant, "m01"), Ok(()));
    let unknown = Err("UNKNOWN_SOURCE".to_owned());
    for (who, source) in [
        (&merchant, "shop"),
        (&merchant, "wms"),
        (&actor(Role::Merchant, "anna", None), "wms"),
        (&shop(), "m01"),
    ] {
        assert_eq!(may(who, source), unknown, "{who:?} {source}");
    }
    for role in [Role::Operator, Role::Admin] {
        assert_eq!(may(&actor(role, "olga", None), "m01"), Ok(()));
    }
    for role in [Role::Customer, Role::Worker, Role::Warehouse, Role::Dispatcher] {
        let refused = may(&actor(role, "m01", Some("M01")), "m01");
        assert_eq!(refused, Err("NOT_ALLOWED".to_owned()));
    }
}
