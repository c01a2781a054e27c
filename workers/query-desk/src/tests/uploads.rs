//! Files that were handed in: who sees them, page by page, with the report of each.

use contracts::{
    Actor, AfterError, MessageId, Query, QueryAnswer, Role, Source, UploadList, UploadState,
    UploadView,
};
use testkit::PublishAs;
use uuid::Uuid;

use super::Desk;

fn actor(role: Role, subject: &str, merchant: Option<&str>) -> PublishAs {
    let (subject, merchant) = (subject.to_owned(), merchant.map(str::to_owned));
    PublishAs::default().actor(Actor { subject, role, merchant, origin: None })
}

fn name(source: &str, number: u32) -> String {
    format!("order-{source}-{number:06}.tsv")
}

pub(super) fn about(source: &str, number: u32, after: Option<AfterError>) -> Query {
    let file_name = name(source, number);
    Query::Upload { source: Source::new(source).unwrap(), file_name, after }
}

impl Desk {
    pub(super) async fn insert_upload(
        &self,
        number: u32,
        source: &str,
        merchant: &str,
        state: &str,
    ) {
        let file_name = name(source, number);
        self.stage
            .run_sql(&format!(
                "INSERT INTO upload VALUES (UNHEX(LPAD('{number}', 32, '0')), '{source}', '{file_name}', 'order', \
                   {number}, 0, '{state}', UNHEX(LPAD('aa', 64, '0')), 10, 2, IF('{state}' = 'STORED', 2, 1), \
                   'anna', {merchant}, 1, NOW(6), NOW(6), IF('{state}' = 'STORED', NOW(6), NULL))"
            ))
            .await;
    }

    /// The record of the file, with three errors in two lines and two verdicts.
    async fn insert_import(&self, number: u32, source: &str) {
        let (id, file_name) = (format!("UNHEX(LPAD('f{number}', 32, '0'))"), name(source, number));
        for sql in [
            format!(
                "INSERT INTO import_file (id, kind, source, sequence, repair, file_name, size_bytes, state, fence, \
                   offset_bytes, offset_lines, lines_total, orders_accepted, orders_duplicate, orders_rejected, \
                   started_at, finished_at) VALUES ({id}, 'order', '{source}', {number}, 0, '{file_name}', 10, \
                   'DONE', 0, 0, 0, 9, 4, 1, 2, NOW(6), NOW(6))"
            ),
            format!(
                "INSERT INTO import_line VALUES ({id}, 2, 0, 'A', 'quantity', 'QUANTITY_OUT_OF_RANGE', 'no', 2, 2, 0, 1), \
                   ({id}, 2, 1, 'A', NULL, 'INVALID_ORDER', 'no', 2, 2, 0, 1), \
                   ({id}, 7, 0, NULL, 'sku', 'MISSING_VALUE', 'no', 7, 7, 0, 1)"
            ),
            format!(
                "INSERT INTO import_verdict VALUES ({id}, 3, 'R-1', 'MATCHED', NULL), ({id}, 4, 'R-2', 'MATCHED', NULL)"
            ),
        ] {
            self.stage.run_sql(&sql).await;
        }
    }

    async fn uploads(&self, how: &PublishAs, query: &Query) -> UploadList {
        match self.ask_as(how, query).await {
            QueryAnswer::Uploads(list) => *list,
            other => panic!("no uploads: {other:?}"),
        }
    }

    async fn upload(&self, query: &Query) -> UploadView {
        match self.ask(query).await {
            QueryAnswer::Upload(view) => *view,
            other => panic!("no upload: {other:?}"),
        }
    }
}

pub(super) fn list(source: Option<&str>, before: Option<Uuid>, limit: u16) -> Query {
    Query::Uploads { source: source.map(|source| Source::new(source).unwrap()), before, limit }
}

fn numbers(list: &UploadList) -> Vec<u128> {
    let number = |id: Uuid| id.simple().to_string().parse().unwrap();
    list.uploads.iter().map(|upload| number(upload.upload_id)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_listed_the_newest_first_to_those_whose_they_are() {
    let desk = Desk::start().await;
    for (number, source, merchant) in
        [(1, "uci", "NULL"), (2, "m01", "'M01'"), (3, "uci", "NULL"), (4, "m01", "'M01'")]
    {
        desk.insert_upload(number, source, merchant, "STORED").await;
    }
    let staff = actor(Role::Operator, "olga", None);
    let first = desk.uploads(&staff, &list(None, None, 3)).await;
    assert_eq!((numbers(&first), first.next), (vec![4, 3, 2], Some(first.uploads[2].upload_id)));
    let rest = desk.uploads(&staff, &list(None, first.next, 3)).await;
    assert_eq!((numbers(&rest), rest.next), (vec![1], None));
    assert_eq!(numbers(&desk.uploads(&staff, &list(Some("uci"), None, 9)).await), [3, 1]);

    let merchant = actor(Role::Merchant, "anna", Some("M01"));
    assert_eq!(numbers(&desk.uploads(&merchant, &list(None, None, 9)).await), [4, 2]);
    assert!(desk.uploads(&merchant, &list(Some("uci"), None, 9)).await.uploads.is_empty());
    let shop = actor(Role::Shop, "uci", None);
    assert_eq!(numbers(&desk.uploads(&shop, &list(None, None, 9)).await), [3, 1]);
    for (who, query) in [
        (&shop, list(Some("m01"), None, 9)),
        (&actor(Role::Customer, "C-17", None), list(None, None, 9)),
    ] {
        assert_eq!(desk.ask_as(who, &query).await, QueryAnswer::NotFound);
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_shown_with_its_report_as_far_as_there_is_one() {
    let desk = Desk::start().await;
    desk.insert_upload(1, "uci", "NULL", "RECEIVING").await;
    let coming = desk.upload(&about("uci", 1, None)).await;
    assert_eq!((coming.upload.state, coming.upload.received), (UploadState::Receiving, 1));
    assert_eq!((coming.upload.import, coming.errors.len()), (None, 0));

    desk.insert_upload(2, "uci", "NULL", "STORED").await;
    desk.insert_import(2, "uci").await;
    let shown = desk.upload(&about("uci", 2, None)).await;
    let import = shown.upload.import.unwrap();
    assert_eq!((import.state.as_str(), import.accepted, import.rejected), ("DONE", 4, 2));
    let places: Vec<_> = shown.errors.iter().map(|error| (error.line, error.entry)).collect();
    assert_eq!((places, shown.next), (vec![(2, 0), (2, 1), (7, 0)], None));
    assert_eq!(shown.verdicts.get("MATCHED"), Some(&2));
    let after = Some(AfterError { line: 2, entry: 0 });
    let rest = desk.upload(&about("uci", 2, after)).await;
    assert_eq!(rest.errors.iter().map(|error| error.line).collect::<Vec<_>>(), [2, 7]);
    assert_eq!(rest.errors[1].column.as_deref(), Some("sku"));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_foreign_is_not_there_and_the_outcome_of_an_upload_is_its_senders() {
    let desk = Desk::start().await;
    desk.insert_upload(1, "m01", "'M01'", "STORED").await;
    let id = Uuid::from_u128(77);
    desk.stage
        .run_sql(&format!(
            "INSERT INTO inbox VALUES ('hotfolder-ingest', 'dray-portal-shim', UNHEX('{}'), REPEAT('h', 32), \
               'applied', 'APPLIED', 'upload:{}', 1, NULL, NOW(6), NULL, NULL)",
            id.simple(),
            name("m01", 1)
        ))
        .await;
    let sender = "dray-portal-shim".to_owned();
    let operation = Query::Operation { sender, message_id: MessageId(id) };
    for (who, sees) in [
        (actor(Role::Merchant, "anna", Some("M01")), true),
        (actor(Role::Admin, "ada", None), true),
        (actor(Role::Shop, "m01", None), true),
        (actor(Role::Merchant, "ben", Some("M02")), false),
        (actor(Role::Shop, "uci", None), false),
        (actor(Role::Customer, "anna", None), false),
    ] {
        for query in [about("m01", 1, None), operation.clone()] {
            let answer = desk.ask_as(&who, &query).await;
            assert_eq!(answer != QueryAnswer::NotFound, sees, "{who:?} {query:?}");
        }
    }
    desk.stop().await;
}
