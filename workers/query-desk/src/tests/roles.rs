//! Every question, asked by every role: who is answered. What is in the answers is in the other tests.

use contracts::{
    Hidden, MessageId, OrderFilter, Query, QueryAnswer, ReturnRef, Role, Source, WaybillNo,
};
use testkit::PublishAs;
use uuid::Uuid;

use super::seeing::asking;
use super::{Desk, about_order, about_waybill, slots, uploads};

const CODE: &str = "7ZX4M0QK9C";
const ID: Uuid = Uuid::from_u128(7);

/// Who asks: staff and the fleet, then everybody who is limited to its own.
const STAFF: [Role; 9] = [
    Role::CsAgent,
    Role::CsSupervisor,
    Role::Dispatcher,
    Role::Warehouse,
    Role::Sorting,
    Role::Road,
    Role::Worker,
    Role::Operator,
    Role::Admin,
];

/// The limited askers, by the letter that the table has for each.
fn limited() -> [(char, PublishAs); 8] {
    [
        ('c', asking(Role::Customer, "C-17", None)),
        ('d', asking(Role::Customer, "C-18", None)),
        ('m', asking(Role::Merchant, "anna", Some("acme"))),
        ('o', asking(Role::Merchant, "olga", Some("third"))),
        ('n', asking(Role::Merchant, "nobody", None)),
        ('s', asking(Role::Shop, "uci", None)),
        ('t', asking(Role::Shop, "grocery", None)),
        ('x', asking(Role::Customer, "", None)),
    ]
}

impl Desk {
    /// Something to ask about in every question. Gives the first waybill and an operation on it.
    async fn insert_one_of_each(&self) -> (String, MessageId) {
        let (first, _) = self.insert_shared_order().await;
        self.insert_return().await;
        self.insert_place(&first).await;
        self.insert_sales_order(&first).await;
        self.insert_proposal(ID).await;
        self.load_network().await;
        self.insert_upload(1, "uci", "'acme'", "STORED").await;
        let operation = MessageId::generate();
        for sql in [
            format!(
                "UPDATE waybill SET order_ref = '{}', fulfilled_by = 'warehouse', sku_type = 'dry', \
                   district = 'D-101', tracking_code = '{CODE}'",
                self.stage.name()
            ),
            format!(
                "INSERT INTO service_case VALUES (UNHEX('{}'), 'waybill {first}', 'LOST', 1, 'anna', 2, NOW(6), \
                   NOW(6))",
                ID.simple()
            ),
            format!(
                "INSERT INTO inbox VALUES ('waybill-status', 'dray-portal-shim', UNHEX('{}'), REPEAT('h', 32), \
                   'applied', 'APPLIED', '{first}', 1, NULL, NOW(6), NULL, NULL)",
                operation.0.simple()
            ),
        ] {
            self.stage.run_sql(&sql).await;
        }
        (first, operation)
    }
}

/// Every question, and the limited askers that are answered. Staff is always.
fn table(order_ref: &str, first: &str, message_id: MessageId) -> Vec<(Query, &'static str)> {
    let no = || WaybillNo::new(first).unwrap();
    let (sender, limit) = ("dray-portal-shim".to_owned(), 10);
    let (source, return_ref) = (Source::new("uci").unwrap(), ReturnRef::new("R1").unwrap());
    let routes = Query::Routes {
        delivery_date: "2035-06-13".parse().unwrap(),
        depot: None,
        timeslot: None,
        zone: None,
        status: None,
        after: None,
        limit,
    };
    vec![
        (about_order(order_ref), "cms"),
        (about_waybill(first), "cms"),
        (Query::SalesOrder { waybill_no: no() }, ""),
        (Query::Return { source, return_ref }, "cms"),
        (Query::Case { case_id: ID }, ""),
        (Query::Operation { sender, message_id }, "cms"),
        (Query::Decisions { waybill_no: no(), after_version: 0 }, ""),
        (routes, ""),
        (Query::Route { route_ref: "NORTH-007".to_owned() }, ""),
        (Query::Proposal { proposal_id: ID }, ""),
        (slots::question(1, 1, slots::BEFORE), "cdmost"),
        (uploads::list(None, None, limit), "ms"),
        (uploads::about("uci", 1, None), "ms"),
        (Query::Orders { filter: OrderFilter::default(), after: None, limit }, "cms"),
        (Query::Waybills { filter: Box::default(), after: None, limit }, "cms"),
        (Query::Timeline { waybill_no: no() }, "cms"),
        (Query::Tracking { waybill_no: no(), code: Hidden::new(CODE) }, "cdmonstx"),
        (Query::Tracking { waybill_no: no(), code: Hidden::new("0000000000") }, "-"),
    ]
}

/// True for an answer with something in it.
fn tells(answer: &QueryAnswer) -> bool {
    match answer {
        QueryAnswer::NotFound => false,
        QueryAnswer::Orders(list) => !list.orders.is_empty(),
        QueryAnswer::Waybills(list) => !list.waybills.is_empty(),
        QueryAnswer::Uploads(list) => !list.uploads.is_empty(),
        _ => true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_answered_to_whom_it_concerns() {
    let desk = Desk::start().await;
    let (first, operation) = desk.insert_one_of_each().await;
    let table = table(&desk.stage.name(), &first, operation);
    let mut about: Vec<&str> = table.iter().map(|(query, _)| query.about()).collect();
    about.dedup();
    assert_eq!(about.len(), QUESTIONS, "a question is missing in this table");
    for (query, answered) in table {
        for role in STAFF {
            let answer = desk.ask_as(&asking(role, "ben", None), &query).await;
            // a wrong code is wrong for everybody
            assert_eq!(tells(&answer), answered != "-", "{role:?}: {query:?}");
        }
        for (letter, how) in limited() {
            let answer = desk.ask_as(&how, &query).await;
            assert_eq!(tells(&answer), answered.contains(letter), "{letter}: {query:?}");
        }
    }
    desk.stop().await;
}

/// As many as [`Query`] has variants.
const QUESTIONS: usize = 17;

#[tokio::test(flavor = "multi_thread")]
async fn the_code_on_the_label_is_for_who_prints_it() {
    let desk = Desk::start().await;
    let (first, _) = desk.insert_one_of_each().await;
    let shows = async |how: PublishAs| match desk.ask_as(&how, &about_waybill(&first)).await {
        QueryAnswer::Waybill(view) => view.tracking_code.is_some_and(|it| it.as_str() == CODE),
        other => panic!("no waybill: {other:?}"),
    };
    for (how, expected) in [
        (asking(Role::Merchant, "anna", Some("acme")), true),
        (asking(Role::Warehouse, "wms", None), true),
        (asking(Role::CsAgent, "ben", None), true),
        (asking(Role::CsSupervisor, "ben", None), true),
        (asking(Role::Dispatcher, "ben", None), true),
        (asking(Role::Operator, "ben", None), true),
        (asking(Role::Admin, "ben", None), true),
        (asking(Role::Customer, "C-17", None), false),
        (asking(Role::Shop, "uci", None), false),
        (asking(Role::Sorting, "pss", None), false),
        (asking(Role::Road, "ods", None), false),
        (asking(Role::Worker, "dray-wms-sync", None), false),
    ] {
        assert_eq!(shows(how.clone()).await, expected, "{how:?}");
    }
    desk.stop().await;
}
