//! Questions about returns, cases and the story of sales orders: what is shown, and to whom.

use contracts::{
    Actor, CaseView, Query, QueryAnswer, ReturnLineStanding, ReturnRef, ReturnStanding,
    ReturnVerdict, Role, SalesOrderView, Source, WaybillNo,
};
use testkit::PublishAs;
use uuid::Uuid;

use super::Desk;

const RETURN_ID: &str = "00000000000000000000000000000001";

impl Desk {
    /// A return of customer C-17 with a line of acme and a line of other, and one that matched nothing.
    pub(super) async fn insert_return(&self) {
        let statements = [
            format!(
                "INSERT INTO customer_return VALUES (UNHEX('{RETURN_ID}'), 'uci', 'R1', \
                   UNHEX(REPEAT('0', 64)), 'RECEIVED', 'C-17', NULL, 1, '2026-03-05 10:00:00', 3, \
                   '2026-03-05 10:00:01', '2026-03-06 10:00:00')"
            ),
            format!(
                "INSERT INTO customer_return_waybill VALUES ('uci-9-r1', UNHEX('{RETURN_ID}'), \
                   UNHEX('{RETURN_ID}'))"
            ),
            format!(
                "INSERT INTO orders (id, source, order_ref, content_hash, status, version, ordered_at, \
                   customer_ref, district, delivery_date, timeslot, currency, total_minor, line_count, \
                   waybill_count, actor, created_at, updated_at) \
                 VALUES (UNHEX('{RETURN_ID}'), 'uci', '9', REPEAT('h', 32), 'PAID', 1, NOW(6), 'C-17', 'D-101', \
                   '2035-06-13', '0900-1300', 'GBP', 100, 2, 1, '{{}}', NOW(6), NOW(6))"
            ),
        ];
        for sql in statements {
            self.stage.run_sql(&sql).await;
        }
        for (line_no, merchant) in [(1, "acme"), (2, "other")] {
            self.insert_return_line(line_no, "MATCHED").await;
            self.insert_part(line_no, line_no, merchant, 2).await;
        }
        self.insert_return_line(3, "NO_MATCH").await;
    }

    /// Units of an order line in a line of the return.
    async fn insert_part(&self, line_no: u32, order_line_no: u32, merchant: &str, units: u32) {
        for sql in [
            format!(
                "INSERT INTO customer_return_part VALUES (UNHEX('{RETURN_ID}'), {line_no}, \
                   UNHEX('{RETURN_ID}'), {order_line_no}, '9', {units})"
            ),
            format!(
                "INSERT INTO order_line (order_id, line_no, merchant, sku, quantity, unit_price, \
                   sku_type, volume_ml, weight_g, fulfilled_by) \
                 VALUES (UNHEX('{RETURN_ID}'), {order_line_no}, '{merchant}', 'A', {units}, 1, 'dry', 1, 1, \
                   'warehouse')"
            ),
        ] {
            self.stage.run_sql(&sql).await;
        }
    }

    async fn insert_return_line(&self, line_no: u32, verdict: &str) {
        let sql = format!(
            "INSERT INTO customer_return_line VALUES (UNHEX('{RETURN_ID}'), {line_no}, 'A', NULL, 2, NULL, \
               NULL, '{verdict}', 2, 0, 0, 0, 0)"
        );
        self.stage.run_sql(&sql).await;
    }

    async fn the_return(&self, actor: Actor) -> Option<ReturnStanding> {
        let (source, return_ref) = (Source::new("uci").unwrap(), ReturnRef::new("R1").unwrap());
        let question = Query::Return { source, return_ref };
        match self.ask_as(&PublishAs::default().actor(actor), &question).await {
            QueryAnswer::Return(standing) => Some(*standing),
            QueryAnswer::NotFound => None,
            other => panic!("no return: {other:?}"),
        }
    }

    async fn the_sales_orders(&self, actor: Actor, waybill_no: &str) -> Option<SalesOrderView> {
        let question = Query::SalesOrder { waybill_no: WaybillNo::new(waybill_no).unwrap() };
        match self.ask_as(&PublishAs::default().actor(actor), &question).await {
            QueryAnswer::SalesOrder(view) => Some(*view),
            QueryAnswer::NotFound => None,
            other => panic!("no sales orders: {other:?}"),
        }
    }

    async fn the_case(&self, actor: Actor, case_id: Uuid) -> Option<CaseView> {
        let question = Query::Case { case_id };
        match self.ask_as(&PublishAs::default().actor(actor), &question).await {
            QueryAnswer::Case(view) => Some(*view),
            QueryAnswer::NotFound => None,
            other => panic!("no case: {other:?}"),
        }
    }
}

fn actor(role: Role, subject: &str, merchant: Option<&str>) -> Actor {
    let (subject, merchant) = (subject.to_owned(), merchant.map(str::to_owned));
    Actor { subject, role, merchant, origin: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_shown_to_whom_it_concerns() {
    let desk = Desk::start().await;
    let anna = || actor(Role::CsAgent, "anna", None);
    assert_eq!(desk.the_return(anna()).await, None);
    desk.insert_return().await;
    let whole = desk.the_return(anna()).await.unwrap();
    assert_eq!((whole.lines.len(), whole.waybills.len(), whole.version), (3, 1, 3));
    assert_eq!(whole.lines[1].parts[0].line_no, 2);
    let lines = [
        (actor(Role::Customer, "C-17", None), Some(3)),
        (actor(Role::Customer, "C-18", None), None),
        (actor(Role::Shop, "uci", None), Some(3)),
        (actor(Role::Shop, "else", None), None),
        (actor(Role::Merchant, "ben", Some("acme")), Some(1)),
        (actor(Role::Merchant, "ben", Some("nobody")), None),
        (actor(Role::Merchant, "ben", None), None),
    ];
    for (actor, expected) in lines {
        let seen = desk.the_return(actor.clone()).await.map(|it| it.lines.len());
        assert_eq!(seen, expected, "{actor:?}");
    }
    desk.stop().await;
}

/// Both merchants sell what line 4 gives back.
#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_is_told_its_own_units_of_a_line_with_those_of_others() {
    let desk = Desk::start().await;
    desk.insert_return().await;
    let line = format!(
        "INSERT INTO customer_return_line VALUES (UNHEX('{RETURN_ID}'), 4, 'A', NULL, 5, NULL, NULL, 'SPREAD', \
           4, 1, 2, 1, 1)"
    );
    desk.stage.run_sql(&line).await;
    desk.insert_part(4, 4, "acme", 2).await;
    desk.insert_part(4, 5, "other", 3).await;
    let told = async |actor: Actor| {
        let mut standing = desk.the_return(actor).await.unwrap();
        let line = standing.lines.pop().unwrap();
        assert_eq!(line.line_no, 4);
        line
    };
    let counted = |line: &ReturnLineStanding| {
        [
            line.requested,
            line.received,
            line.damaged,
            line.restocked,
            line.written_off,
            line.refused,
        ]
    };
    let parts = |line: &ReturnLineStanding| -> Vec<(u32, u32)> {
        line.parts.iter().map(|part| (part.line_no, part.quantity)).collect()
    };
    let whole = told(actor(Role::CsAgent, "anna", None)).await;
    assert_eq!((whole.verdict, counted(&whole)), (ReturnVerdict::Spread, [5, 4, 1, 2, 1, 1]));
    assert_eq!(parts(&whole), [(5, 3), (4, 2)], "in the order in which they were matched");
    for (merchant, own_parts, own_units) in
        [("acme", [(4, 2)], [2, 1, 1, 0, 0, 1]), ("other", [(5, 3)], [3, 3, 0, 2, 1, 0])]
    {
        let own = told(actor(Role::Merchant, "ben", Some(merchant))).await;
        assert_eq!(parts(&own), own_parts, "{merchant}");
        assert_eq!((own.verdict, counted(&own)), (ReturnVerdict::Matched, own_units), "{merchant}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_is_for_staff() {
    let desk = Desk::start().await;
    let case_id = Uuid::from_u128(7);
    let id = case_id.simple();
    for sql in [
        format!(
            "INSERT INTO service_case VALUES (UNHEX('{id}'), 'waybill uci-9-1', 'LOST', 1, 'anna', 2, \
               NOW(6), NOW(6))"
        ),
        format!(
            "INSERT INTO service_case_entry VALUES (UNHEX('{id}'), 1, 'OPENED', 'it is gone', \
               'dray-waybill-status', UNHEX('{id}'), NOW(6)), (UNHEX('{id}'), 2, 'ASSIGNED', 'anna', 'ben', \
               UNHEX('{id}'), NOW(6))"
        ),
    ] {
        desk.stage.run_sql(&sql).await;
    }
    let view = desk.the_case(actor(Role::CsAgent, "anna", None), case_id).await.unwrap();
    assert_eq!((view.case.open, view.case.assigned_to.as_deref()), (true, Some("anna")));
    let steps: Vec<&str> = view.entries.iter().map(|entry| entry.step.as_str()).collect();
    assert_eq!(steps, ["OPENED", "ASSIGNED"]);
    assert_eq!(desk.the_case(actor(Role::Customer, "C-17", None), case_id).await, None);
    assert_eq!(desk.the_case(actor(Role::CsAgent, "anna", None), Uuid::nil()).await, None);
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_sales_orders_of_a_waybill_are_for_staff() {
    let desk = Desk::start().await;
    let columns = "id, sales_order_no, waybill_no, live, revision, warehouse, pick_flow, status, reached, \
       route_ref, delivery_date, timeslot, predecessor, successor, version, created_at, updated_at";
    for sql in [
        format!(
            "INSERT INTO sales_order ({columns}) VALUES (x'01', 'uci-9-1/1', 'uci-9-1', NULL, 1, 'DRY', 'PICK', \
               'REJECTED', '', 'R', '2035-06-13', '0900-1300', NULL, 'uci-9-1/2', 3, '2026-03-05 10:00:00', \
               NOW(6)), (x'02', 'uci-9-1/2', 'uci-9-1', 1, 1, 'COLD', 'PICK', 'SUBMITTED', '', 'R', \
               '2035-06-13', '0900-1300', 'uci-9-1/1', NULL, 4, '2026-03-05 11:00:00', NOW(6))"
        ),
        "INSERT INTO sales_order_change VALUES ('uci-9-1/2', 4, '2026-03-05 11:00:00', \
           'sales-order.transfer.v1', NULL, 'SUBMITTED', 'anna', 'cs_agent', 'portal', 'dray-operator', \
           REPEAT('m', 16), 'c-1')"
            .to_owned(),
    ] {
        desk.stage.run_sql(&sql).await;
    }
    let anna = || actor(Role::CsAgent, "anna", None);
    let view = desk.the_sales_orders(anna(), "uci-9-1").await.unwrap();
    let orders: Vec<_> =
        view.orders.iter().map(|it| (it.warehouse.as_deref(), it.in_force)).collect();
    assert_eq!(orders, [(Some("DRY"), false), (Some("COLD"), true)]);
    assert_eq!(view.orders[0].successor.as_deref(), Some("uci-9-1/2"));
    let [step] = &*view.history else { panic!("{view:?}") };
    assert_eq!(
        (step.who.as_str(), step.from.as_deref(), step.to.as_str()),
        ("anna", None, "SUBMITTED")
    );
    assert_eq!(step.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(desk.the_sales_orders(actor(Role::Customer, "C-17", None), "uci-9-1").await, None);
    assert_eq!(desk.the_sales_orders(anna(), "uci-9-2").await, None);
    desk.stop().await;
}
