//! Lists: pages, filters, whose they are, and the indexes that they are read from.

use contracts::{
    Cursor, Merchant, OrderFilter, OrderList, OrderStatus, Query, QueryAnswer, Role, Source,
    Timestamp, WaybillFilter, WaybillKind, WaybillList, WaybillStatus,
};
use testkit::PublishAs;
use uuid::Uuid;

use super::Desk;
use super::seeing::asking;
use crate::lists::cut;
use crate::store::lists::{ORDER_WALKS, WAYBILL_WALKS};

const DAY: &str = "2035-06-13";
/// Ten rows of one digit each: several of them count further.
const DIGITS: &str = "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
   UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";

fn waybills(filter: WaybillFilter, after: Option<Cursor>, limit: u16) -> Query {
    Query::Waybills { filter: Box::new(filter), after, limit }
}

fn orders(filter: OrderFilter, after: Option<Cursor>, limit: u16) -> Query {
    Query::Orders { filter, after, limit }
}

fn staff() -> PublishAs {
    asking(Role::CsAgent, "ben", None)
}

fn acme() -> Option<Merchant> {
    Some(Merchant::new("acme").unwrap())
}

impl Desk {
    /// Waybill `uci-9-{number}` of acme and customer C-17, made after those of smaller numbers.
    async fn insert_listed(&self, number: u32) {
        self.stage
            .run_sql(&format!(
                "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, \
                   parked, lifecycle, kind, source, order_ref, merchant, sku_type, fulfilled_by, customer_ref, \
                   district, delivery_date, timeslot, line_count, exists_since, first_seen_at, updated_at) \
                 VALUES (UNHEX(LPAD('{number}', 32, '0')), 'uci-9-{number}', 1, 'CREATED', 0, 0, 0, 0, '{{}}', \
                   'FORWARD', 'uci', '9', 'acme', 'dry', 'merchant', 'C-17', 'D-101', '{DAY}', '0900-1300', 2, \
                   NOW(6), NOW(6), '2035-06-01 10:00:00')"
            ))
            .await;
    }

    async fn set_listed(&self, number: u32, set: &str) {
        let sql = format!("UPDATE waybill SET {set} WHERE waybill_no = 'uci-9-{number}'");
        self.stage.run_sql(&sql).await;
    }

    /// Order `{number}` of customer C-17: two lines of acme, one of other.
    async fn insert_listed_order(&self, number: u32) {
        let id = format!("UNHEX(LPAD('{number}', 32, '0'))");
        self.stage
            .run_sql(&format!(
                "INSERT INTO orders (id, source, order_ref, content_hash, status, version, ordered_at, \
                   customer_ref, district, delivery_date, timeslot, currency, total_minor, line_count, \
                   waybill_count, actor, created_at, updated_at) \
                 VALUES ({id}, 'uci', '{number}', REPEAT('h', 32), 'PAID', 1, NOW(6), 'C-17', 'D-101', \
                   '{DAY}', '0900-1300', 'GBP', 100, 3, 1, '{{}}', NOW(6), '2035-06-01 10:00:00')"
            ))
            .await;
        for (line_no, merchant) in [(1, "acme"), (2, "acme"), (3, "other")] {
            self.stage
                .run_sql(&format!(
                    "INSERT INTO order_line (order_id, line_no, merchant, sku, quantity, unit_price, sku_type, \
                       volume_ml, weight_g, fulfilled_by) \
                     VALUES ({id}, {line_no}, '{merchant}', 'A', 1, 1, 'dry', 1, 1, 'warehouse')"
                ))
                .await;
        }
    }

    async fn listed(&self, how: &PublishAs, query: &Query) -> WaybillList {
        match self.ask_as(how, query).await {
            QueryAnswer::Waybills(list) => *list,
            other => panic!("no waybills: {other:?}"),
        }
    }

    async fn listed_orders(&self, how: &PublishAs, query: &Query) -> OrderList {
        match self.ask_as(how, query).await {
            QueryAnswer::Orders(list) => *list,
            other => panic!("no orders: {other:?}"),
        }
    }
}

/// The last part of each number.
fn numbers(list: &WaybillList) -> Vec<u32> {
    let last = |no: &str| no.rsplit_once('-').unwrap().1.parse().unwrap();
    list.waybills.iter().map(|head| last(head.waybill_no.as_str())).collect()
}

fn order_numbers(list: &OrderList) -> Vec<u32> {
    list.orders.iter().map(|head| head.order_ref.as_str().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_one_another_and_what_is_made_later_moves_nothing() {
    let desk = Desk::start().await;
    for number in 1..=7 {
        desk.insert_listed(number).await;
        desk.insert_listed_order(number).await;
    }
    let of_acme = WaybillFilter { merchant: acme(), ..WaybillFilter::default() };
    let first = desk.listed(&staff(), &waybills(of_acme.clone(), None, 3)).await;
    assert_eq!(numbers(&first), [7, 6, 5]);
    let first_orders = desk.listed_orders(&staff(), &orders(OrderFilter::default(), None, 3)).await;
    assert_eq!(order_numbers(&first_orders), [7, 6, 5]);

    desk.insert_listed(8).await;
    desk.insert_listed_order(8).await;
    let second = desk.listed(&staff(), &waybills(of_acme.clone(), first.next, 3)).await;
    assert_eq!(numbers(&second), [4, 3, 2]);
    let third = desk.listed(&staff(), &waybills(of_acme, second.next, 3)).await;
    assert_eq!((numbers(&third), third.next), (vec![1], None));

    let more = orders(OrderFilter::default(), first_orders.next, 4);
    let second = desk.listed_orders(&staff(), &more).await;
    assert_eq!((order_numbers(&second), second.next), (vec![4, 3, 2, 1], None));
    let shown = &second.orders[0];
    assert_eq!((shown.status, shown.lines, shown.version), (OrderStatus::Paid, 3, 1));
    desk.stop().await;
}

impl Desk {
    /// Makes each of twelve waybills another one: by merchant, source, status, kind, day, hold, time and place.
    async fn spread(&self) {
        for (number, set) in [
            (2, "merchant = 'other'"),
            (3, "source = 'grocery'"),
            (4, "status = 'PICKED'"),
            (5, "kind = 'RETURN'"),
            (6, "delivery_date = '2035-06-14'"),
            (7, "open_holds = 1"),
            (8, "updated_at = '2035-06-02 10:00:00'"),
            (10, "status = 'STUB', exists_since = NULL"),
            (11, "status = 'PICKED'"),
            (12, "fulfilled_by = 'warehouse'"),
        ] {
            self.set_listed(number, set).await;
        }
        self.insert_place("uci-9-9").await;
        for number in [11, 12] {
            let sql = format!(
                "INSERT INTO assignment SELECT 'uci-9-{number}', state, reason, route_id, place_no, version, \
                   waybill_version, held, pinned, order_key, stop_key, district, zone, depot, delivery_date, timeslot, \
                   sku_type, fulfilled_by, dry_ml, frozen_ml, weight_g, ordered_at, updated_at, kind \
                 FROM assignment WHERE waybill_no = 'uci-9-9'"
            );
            self.stage.run_sql(&sql).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_keeps_its_own() {
    let desk = Desk::start().await;
    for number in 1..=12 {
        desk.insert_listed(number).await;
    }
    desk.spread().await;
    let since: Timestamp =
        chrono::DateTime::parse_from_rfc3339("2035-06-02T10:00:00Z").unwrap().to_utc().into();
    let none = WaybillFilter::default;
    let of_acme = || WaybillFilter { merchant: acme(), ..none() };
    let picked = Some(WaybillStatus::Picked);
    let cases: [(&str, WaybillFilter, &[u32]); 14] = [
        ("all", none(), &[12, 11, 9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("merchant", of_acme(), &[12, 11, 9, 8, 7, 6, 5, 4, 3, 1]),
        (
            "other merchant",
            WaybillFilter { merchant: Some(Merchant::new("other").unwrap()), ..none() },
            &[2],
        ),
        ("source", WaybillFilter { source: Some(Source::new("grocery").unwrap()), ..none() }, &[3]),
        ("status", WaybillFilter { status: picked, ..none() }, &[11, 4]),
        ("status of a merchant", WaybillFilter { status: picked, ..of_acme() }, &[11, 4]),
        ("kind", WaybillFilter { kind: Some(WaybillKind::Return), ..none() }, &[5]),
        (
            "day",
            WaybillFilter { delivery_date: Some("2035-06-14".parse().unwrap()), ..none() },
            &[6],
        ),
        (
            "depot",
            WaybillFilter { depot: Some(contracts::DepotCode::new("NORTH").unwrap()), ..none() },
            &[12, 11, 9],
        ),
        ("held", WaybillFilter { held: Some(true), ..none() }, &[7]),
        ("updated since", WaybillFilter { updated_since: Some(since), ..none() }, &[8]),
        ("work", WaybillFilter { work: true, ..none() }, &[9]),
        ("work of a merchant", WaybillFilter { work: true, ..of_acme() }, &[9]),
        ("picked work", WaybillFilter { work: true, status: picked, ..of_acme() }, &[]),
    ];
    for (name, filter, expected) in cases {
        let list = desk.listed(&staff(), &waybills(filter, None, 50)).await;
        assert_eq!(numbers(&list), expected, "{name}");
        assert_eq!(list.next, None, "{name}");
    }
    let held = WaybillFilter { held: Some(false), work: true, ..of_acme() };
    let work = desk.listed(&staff(), &waybills(held, None, 1)).await;
    let head = &work.waybills[0];
    assert_eq!((head.assignment.as_deref(), head.held), (Some("ASSIGNED"), false));
    assert_eq!(head.route_ref.as_deref(), Some("NORTH-007"));
    assert_eq!((head.lines, head.order_ref.as_str()), (2, "9"));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_filtered_too() {
    let desk = Desk::start().await;
    for number in 1..=4 {
        desk.insert_listed_order(number).await;
    }
    for sql in [
        "UPDATE orders SET status = 'SHIPPED' WHERE order_ref = '2'",
        "UPDATE orders SET delivery_date = '2035-06-14' WHERE order_ref = '3'",
        "UPDATE orders SET source = 'grocery' WHERE order_ref = '4'",
        "UPDATE order_line SET merchant = 'other' WHERE order_id = UNHEX(LPAD('1', 32, '0'))",
    ] {
        desk.stage.run_sql(sql).await;
    }
    let none = OrderFilter::default;
    let grocery = Some(Source::new("grocery").unwrap());
    let cases: [(&str, OrderFilter, &[u32]); 5] = [
        ("all", none(), &[4, 3, 2, 1]),
        ("merchant", OrderFilter { merchant: acme(), ..none() }, &[4, 3, 2]),
        ("status", OrderFilter { status: Some(OrderStatus::Shipped), ..none() }, &[2]),
        ("day", OrderFilter { delivery_date: Some("2035-06-14".parse().unwrap()), ..none() }, &[3]),
        ("source", OrderFilter { source: grocery, ..none() }, &[4]),
    ];
    for (name, filter, expected) in cases {
        let list = desk.listed_orders(&staff(), &orders(filter, None, 50)).await;
        assert_eq!(order_numbers(&list), expected, "{name}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_holds_what_is_the_askers_own() {
    let desk = Desk::start().await;
    for number in 1..=3 {
        desk.insert_listed(number).await;
        desk.insert_listed_order(number).await;
    }
    desk.set_listed(2, "merchant = 'other', customer_ref = 'C-18', source = 'grocery'").await;
    for sql in [
        "UPDATE orders SET customer_ref = 'C-18', source = 'grocery' WHERE order_ref = '2'",
        "UPDATE order_line SET merchant = 'other' WHERE order_id = UNHEX(LPAD('2', 32, '0'))",
    ] {
        desk.stage.run_sql(sql).await;
    }
    let other = Some(Merchant::new("other").unwrap());
    let cases: [(PublishAs, &[u32], &[u32]); 8] = [
        (staff(), &[3, 2, 1], &[3, 2, 1]),
        (asking(Role::Merchant, "a", Some("acme")), &[3, 1], &[3, 1]),
        (asking(Role::Merchant, "o", Some("other")), &[2], &[3, 2, 1]),
        (asking(Role::Merchant, "o", None), &[], &[]),
        (asking(Role::Customer, "C-17", None), &[3, 1], &[3, 1]),
        (asking(Role::Customer, "C-18", None), &[2], &[2]),
        (asking(Role::Shop, "uci", None), &[3, 1], &[3, 1]),
        (asking(Role::Shop, "grocery", None), &[2], &[2]),
    ];
    for (how, expected, expected_orders) in cases {
        let list = desk.listed(&how, &waybills(WaybillFilter::default(), None, 50)).await;
        assert_eq!(numbers(&list), expected, "{how:?}");
        let list = desk.listed_orders(&how, &orders(OrderFilter::default(), None, 50)).await;
        assert_eq!(order_numbers(&list), expected_orders, "{how:?}");
    }
    // of an order a merchant is told of its own lines alone
    let how = asking(Role::Merchant, "a", Some("acme"));
    let list = desk.listed_orders(&how, &orders(OrderFilter::default(), None, 50)).await;
    assert_eq!(list.orders[0].lines, 2);
    // and who asks for somebody else's gets nothing
    let filter = WaybillFilter { merchant: other.clone(), ..WaybillFilter::default() };
    assert!(numbers(&desk.listed(&how, &waybills(filter, None, 50)).await).is_empty());
    let filter = OrderFilter { merchant: other, ..OrderFilter::default() };
    assert!(order_numbers(&desk.listed_orders(&how, &orders(filter, None, 50)).await).is_empty());
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_little_passes_costs_short_pages_and_no_long_read() {
    let desk = Desk::start().await;
    desk.insert_listed(1).await;
    desk.set_listed(1, "kind = 'RETURN'").await;
    // 2,500 newer ones that do not pass
    let sql = format!(
        "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, parked, \
           lifecycle, kind, source, order_ref, merchant, sku_type, fulfilled_by, district, delivery_date, \
           timeslot, line_count, exists_since, first_seen_at, updated_at) \
         SELECT UNHEX(LPAD(HEX(4096 + n.n), 32, '0')), CONCAT('uci-8-', n.n), 1, 'CREATED', 0, 0, 0, 0, '{{}}', \
           'FORWARD', 'uci', '8', 'acme', 'dry', 'merchant', 'D-101', '{DAY}', '0900-1300', 1, NOW(6), NOW(6), \
           NOW(6) \
         FROM (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d n FROM {DIGITS} a JOIN {DIGITS} b JOIN {DIGITS} c \
           JOIN {DIGITS} e) n WHERE n.n < 2500"
    );
    desk.stage.run_sql(&sql).await;
    for merchant in [None, acme()] {
        let returns = || WaybillFilter {
            merchant: merchant.clone(),
            kind: Some(WaybillKind::Return),
            ..WaybillFilter::default()
        };
        let first = desk.listed(&staff(), &waybills(returns(), None, 50)).await;
        assert!(numbers(&first).is_empty());
        assert!(first.next.is_some(), "there may be more");
        let second = desk.listed(&staff(), &waybills(returns(), first.next, 50)).await;
        assert_eq!((numbers(&second), second.next), (vec![1], None));
    }
    desk.stop().await;
}

/// Keys are read from the index that is named, in its order: nothing is scanned or sorted.
#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_their_index_in_its_order() {
    let desk = Desk::start().await;
    for number in 1..=9 {
        desk.insert_listed(number).await;
        desk.insert_listed_order(number).await;
    }
    for walk in WAYBILL_WALKS.into_iter().chain(ORDER_WALKS) {
        let value = if walk.index.ends_with("_day") { "'2035-06-13'" } else { "'acme'" };
        let sql = walk.sql.replace("UNHEX(?)", &format!("UNHEX('{}')", "F".repeat(32)));
        let sql = sql.replace("LIMIT ?", "LIMIT 3").replace('?', value);
        let plan = desk.stage.rows(&format!("EXPLAIN FORMAT=TRADITIONAL {sql}")).await;
        assert_eq!(plan.len(), 1, "{plan:?}");
        assert_eq!(plan[0]["key"], walk.index, "{sql}: {plan:?}");
        let access = plan[0]["type"].as_str().unwrap();
        assert!(["range", "ref"].contains(&access), "{sql}: {plan:?}");
        let extra = plan[0]["Extra"].as_str().unwrap_or_default();
        assert!(!extra.contains("filesort") && !extra.contains("temporary"), "{sql}: {plan:?}");
    }
    desk.stop().await;
}

#[test]
fn a_page_goes_on_after_its_last_row_or_its_last_look() {
    let key = Uuid::from_u128;
    let found = |keys: &[u128]| keys.iter().map(|n| (key(*n), *n)).collect::<Vec<_>>();
    // of two rows a page: what passed, what was looked at, how much could be; what is shown, and the cursor
    type Case<'a> = (&'a [u128], &'a [u128], usize, &'a [u128], Option<u128>);
    let cases: [Case<'_>; 5] = [
        (&[9, 8, 7], &[9, 8, 7], 3, &[9, 8], Some(8)),
        (&[9, 8], &[9, 8], 3, &[9, 8], None),
        (&[9], &[9, 8, 7, 6], 4, &[9], Some(6)),
        (&[], &[9, 8, 7, 6], 4, &[], Some(6)),
        (&[], &[], 4, &[], None),
    ];
    for (passed, keys, most, shown, next) in cases {
        let keys: Vec<Uuid> = keys.iter().copied().map(key).collect();
        let expected = (shown.to_vec(), next.map(|n| Cursor(key(n))));
        assert_eq!(cut(found(passed), &keys, 2, most), expected, "{passed:?} of {keys:?}");
    }
}
