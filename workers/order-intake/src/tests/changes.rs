//! Each command and event about an order that is there, against a real broker and database.

use cache::{Cache, Key, Kind};
use contracts::{
    AmendedDestination, AmendmentRequested, CreateOrder, CreateOrders, DistrictCode, Exchange,
    OrderAccepted, OrderCancellationRequested, OrderChanged, OrderRef, OrderReturnStatus,
    OrderStanding, OrderStatus, Personal, ReplyOutcome, ReturnChanged, ReturnLineStanding,
    ReturnRef, ReturnStanding, ReturnStatus, ReturnVerdict, ReturnedPart, Role, Sku, Source,
    WaybillCancelledButMoved, WaybillCorrected, WaybillKind, WaybillNo, WaybillStatus as S,
};
use serde_json::json;
use testkit::{PublishAs, eventually, fixtures};
use uuid::Uuid;

use super::fixture::{actor, at};
use super::fleet::{
    FIRST, Fleet, SECOND, agent, amending, cancelling, decided, sending_to, shop, two_waybills,
};

fn row(status: &str, version: u64) -> serde_json::Value {
    json!({"status": status, "return_status": "NONE", "version": version, "district": "D001",
           "total_minor": 2_295, "open": 0})
}

#[tokio::test(flavor = "multi_thread")]
async fn the_orders_of_a_batch_are_decided_one_by_one() {
    let fleet = Fleet::start().await;
    let mut events = fleet.stage.tap(Exchange::Events, "order.#").await;
    let order = |order_ref: &str| fixtures::order("shop", order_ref).line("M01", "S1", 2);
    let orders = vec![
        order("B-1").build(),
        order("B-2").district("D777").build(),
        order("B-1").build(),
        order("B-1").line("M01", "S2", 1).build(),
        order("B-3").build(),
    ];
    let batch = CreateOrders { orders, whole: None };
    let reply = fleet.ask(shop(), &batch).await;
    assert_eq!((reply.outcome, reply.aggregate), (ReplyOutcome::Applied, None));
    let codes: Vec<&str> = reply.items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, ["APPLIED", "UNKNOWN_DISTRICT", "DUPLICATE", "CONFLICT", "APPLIED"]);
    assert!(reply.items[1].detail.as_ref().unwrap().contains("D777"));
    for expected in ["B-1", "B-3"] {
        assert_eq!(events.next_of::<OrderAccepted>().await.1.order_ref.as_str(), expected);
    }
    let only = |orders: &[CreateOrder]| CreateOrders { orders: orders.to_vec(), whole: None };
    let again = fleet.ask(shop(), &only(&batch.orders[..1])).await;
    assert_eq!(again.code, "DUPLICATE");
    let nothing = fleet.ask(shop(), &only(&batch.orders[1..2])).await;
    assert_eq!(nothing.code, "NO_ORDER_TAKEN");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_asks_for_each_waybill_and_is_remembered_with_its_sender() {
    let fleet = Fleet::start().await.taken().await;
    let mut events = fleet.stage.tap(Exchange::Events, "order.#").await;
    let stranger = fleet.ask(actor("C-9", Role::Customer), &cancelling(None)).await;
    assert_eq!((stranger.code.as_str(), stranger.version), ("UNKNOWN_ORDER", None));
    let reply = fleet.ask(actor("C-1001", Role::Customer), &cancelling(None)).await;
    assert_eq!((reply.code.as_str(), reply.version), ("APPLIED", Some(2)));
    assert_eq!(reply.aggregate.as_deref(), Some("shop/A~1"));
    for waybill in [FIRST, SECOND] {
        let (envelope, asked) = events.next_of::<OrderCancellationRequested>().await;
        assert_eq!((asked.waybill_no.as_str(), envelope.seq), (waybill, Some(2)));
        assert_eq!(
            (asked.requested_by.as_str(), asked.reason.as_deref()),
            ("C-1001", Some("ordered twice"))
        );
    }
    let entry =
        "SELECT CONCAT_WS('|', what, to_value, reason, who, role, sender) FROM order_change";
    let sender = PublishAs::default();
    let entry: String = fleet.stage.scalar(entry).await;
    assert!(
        entry.starts_with(&format!(
            "CANCELLATION_REQUESTED|{FIRST}, {SECOND}|ordered twice|C-1001|customer|"
        )),
        "{entry} {sender:?}"
    );
    assert_eq!(fleet.order().await, row("PAID", 2));

    assert_eq!(fleet.moves(FIRST, S::Cancelled, 4).await.code, "APPLIED");
    assert_eq!(fleet.moves(SECOND, S::Cancelled, 4).await.code, "APPLIED");
    assert_eq!(fleet.order().await, row("CANCELLED", 4));
    assert_eq!(fleet.ask(agent(), &cancelling(None)).await.code, "DUPLICATE");
    let unknown =
        contracts::CancelOrder { order_ref: OrderRef::new("none").unwrap(), ..cancelling(None) };
    assert_eq!(fleet.ask(agent(), &unknown).await.code, "UNKNOWN_ORDER");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn quantities_change_when_every_waybill_is_decided() {
    let fleet = Fleet::start().await.taken().await;
    let mut events = fleet.stage.tap(Exchange::Events, "order.#").await;
    assert_eq!(fleet.ask(agent(), &amending(7, &[(1, 1)])).await.code, "VERSION_CONFLICT");
    let reply = fleet.ask(shop(), &amending(1, &[(1, 5), (2, 0), (3, 1)])).await;
    assert_eq!((reply.code.as_str(), reply.items.len()), ("APPLIED", 2));
    let (_, first) = events.next_of::<AmendmentRequested>().await;
    let (_, second) = events.next_of::<AmendmentRequested>().await;
    assert_eq!(first.amendment.amendment_id, reply.message_id.0);
    assert_eq!((first.amendment.dry_ml, second.amendment.dry_ml), (5_000, 1_000));
    assert_eq!(fleet.ask(agent(), &amending(2, &[(3, 2)])).await.code, "AMENDMENT_PENDING");
    assert_eq!(fleet.lines().await, ["3 0 0 0 0 0 0", "2 0 0 0 0 0 0", "4 0 0 0 0 0 0"]);

    assert_eq!(fleet.tell(5, &decided(&first, None)).await.version, Some(3));
    assert_eq!(fleet.order().await["open"], 1);
    assert_eq!(fleet.tell(5, &decided(&second, Some("AMEND_TOO_LATE"))).await.version, Some(4));
    assert_eq!(fleet.tell(6, &decided(&second, None)).await.code, "DUPLICATE");
    assert_eq!(fleet.lines().await, ["5 0 0 0 0 0 0", "2 2 0 0 0 0 0", "4 0 0 0 0 0 0"]);
    let order = fleet.order().await;
    assert_eq!((&order["open"], &order["total_minor"]), (&json!(0), &json!(9 * 255)));
    let history = ["2 AMENDMENT_REQUESTED", "3 AMENDED", "4 AMENDMENT_REFUSED"];
    assert_eq!(fleet.history().await, history);
    let shipped = "SELECT COUNT(*) FROM order_line WHERE waybill_no IS NULL AND removed = 1";
    assert_eq!(fleet.stage.scalar::<i64>(shipped).await, 1);

    // and the last unit of the order's life
    fleet.moves(FIRST, S::Delivered, 9).await;
    fleet.moves(SECOND, S::Delivered, 9).await;
    assert_eq!(fleet.order().await["status"], "COMPLETED");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_destination_is_taken_over_with_its_personal_fields() {
    let fleet = Fleet::start().await.taken().await;
    let mut events = fleet.stage.tap(Exchange::Events, "order.#").await;
    let district = |code: &str| Some(DistrictCode::new(code).unwrap());
    let nowhere = AmendedDestination { district: district("D999"), ..Default::default() };
    let refused = fleet.ask(agent(), &sending_to(1, nowhere)).await;
    assert_eq!(refused.code, "UNKNOWN_DISTRICT");
    let elsewhere = AmendedDestination {
        district: district("D002"),
        address: Some(Personal::new("2 Other \"Street\"")),
        ..Default::default()
    };
    assert_eq!(fleet.ask(agent(), &sending_to(1, elsewhere)).await.code, "APPLIED");
    let (_, first) = events.next_of::<AmendmentRequested>().await;
    let (_, second) = events.next_of::<AmendmentRequested>().await;
    assert_eq!((first.amendment.district.as_str(), first.amendment.lines.len()), ("D002", 2));
    fleet.tell(5, &decided(&first, None)).await;
    fleet.tell(5, &decided(&second, None)).await;
    assert_eq!(fleet.order().await["district"], "D002");
    let personal: String = fleet.stage.scalar("SELECT personal FROM orders").await;
    let personal: serde_json::Value = serde_json::from_str(&personal).unwrap();
    let expected = json!({"recipient": "Ada Example", "address": "2 Other \"Street\""});
    assert_eq!(personal, expected);
    let door: String = fleet.stage.scalar("SELECT address_key FROM orders").await;
    assert_eq!((door.is_empty(), door), (false, first.amendment.address_key));
    let kept = "SELECT COUNT(*) FROM order_amendment WHERE personal IS NOT NULL";
    assert_eq!(fleet.stage.scalar::<i64>(kept).await, 0);
    let told = "SELECT COUNT(*) FROM order_change WHERE CONCAT_WS(' ', from_value, to_value) LIKE '%Street%'";
    assert_eq!(fleet.stage.scalar::<i64>(told).await, 0, "no personal data in the history");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn waybills_move_their_order_and_every_change_is_told() {
    let fleet = Fleet::start().await.taken().await;
    let mut events = fleet.stage.tap(Exchange::Events, "order.changed").await;
    fleet.moves(FIRST, S::Dispatched, 5).await;
    let (envelope, changed) = events.next_of::<OrderChanged>().await;
    assert_eq!((changed.status, envelope.seq), (OrderStatus::PartiallyShipped, Some(2)));
    let further = fleet.moves(FIRST, S::OutForDelivery, 6).await;
    assert_eq!((further.code.as_str(), further.version), ("APPLIED", Some(2)));
    assert_eq!(fleet.moves(FIRST, S::Dispatched, 5).await.code, "STALE");
    fleet.moves(SECOND, S::Lost, 4).await;
    fleet.moves(FIRST, S::Delivered, 7).await;
    assert_eq!(fleet.order().await, row("COMPLETED", 4));
    assert_eq!(fleet.lines().await, ["3 0 3 3 0 0 0", "2 0 2 2 0 0 0", "4 0 4 0 0 4 0"]);
    let statuses = events.so_far(&fleet.stage).await;
    let last: OrderChanged = serde_json::from_slice(&statuses.last().unwrap().body).unwrap();
    assert_eq!((statuses.len(), last.status), (2, OrderStatus::Completed));
    assert_eq!((last.lines[2].ordered, last.lines[2].lost), (4, 4));

    let corrected = WaybillCorrected {
        waybill_id: Uuid::from_u128(1),
        waybill_no: WaybillNo::new(FIRST).unwrap(),
        kind: WaybillKind::Forward,
        status: S::Packed,
        attempt: 0,
        failed_attempts: 0,
        occurred_at: at(20),
    };
    fleet.tell(8, &corrected).await;
    assert_eq!(fleet.order().await, row("PARTIALLY_SHIPPED", 5));
    fleet.moves(FIRST, S::Cancelled, 9).await;
    assert_eq!(fleet.order().await["status"], "COMPLETED");
    let moved = WaybillCancelledButMoved {
        waybill_id: Uuid::from_u128(1),
        waybill_no: WaybillNo::new(FIRST).unwrap(),
        status: S::Loaded,
        attempt: 2,
        occurred_at: at(21),
    };
    fleet.tell(10, &moved).await;
    assert_eq!(fleet.order().await["status"], "PARTIALLY_SHIPPED");
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_nothing_that_is_known_is_refused_and_not_tried_again() {
    let fleet = Fleet::start().await.taken().await;
    let unknown = fleet.moves("shop-none-1", S::Delivered, 3).await;
    assert_eq!((unknown.outcome, unknown.code.as_str()), (ReplyOutcome::Rejected, "UNKNOWN_ORDER"));
    assert_eq!(fleet.moves("nobody", S::Delivered, 3).await.code, "UNKNOWN_ORDER");
    assert_eq!(fleet.moves("shop-A~1-r1", S::Delivered, 3).await.code, "STALE");
    assert_eq!(fleet.order().await, row("PAID", 1));
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_counts_in_every_order_it_takes_from() {
    let fleet = Fleet::start().await.taken().await;
    let other = fixtures::order("shop", "Z").line("M01", "S1", 3).build();
    assert_eq!(fleet.ask(shop(), &other).await.code, "APPLIED");
    for waybill in [FIRST, SECOND, "shop-Z-1"] {
        fleet.moves(waybill, S::Delivered, 3).await;
    }
    let part = |order_ref: &str, quantity| ReturnedPart {
        order_ref: OrderRef::new(order_ref).unwrap(),
        line_no: 1,
        quantity,
    };
    let mut standing = ReturnStanding {
        return_id: Uuid::from_u128(8),
        source: Source::new("shop").unwrap(),
        return_ref: ReturnRef::new("R-1").unwrap(),
        customer_ref: None,
        status: ReturnStatus::Received,
        reason: None,
        lines: vec![ReturnLineStanding {
            line_no: 1,
            sku: Sku::new("S1").unwrap(),
            requested: 5,
            verdict: ReturnVerdict::Spread,
            parts: vec![part("Z", 3), part("A~1", 2)],
            received: 5,
            damaged: 0,
            restocked: 0,
            written_off: 0,
            refused: 0,
        }],
        waybills: Vec::new(),
        requested_at: at(0),
        updated_at: at(0),
        version: 3,
    };
    assert_eq!(fleet.tell(3, &ReturnChanged { standing: standing.clone() }).await.code, "APPLIED");
    let returned = "SELECT CONCAT(o.order_ref, ' ', o.return_status, ' ', SUM(l.returned)) told FROM orders o \
                    JOIN order_line l ON l.order_id = o.id GROUP BY o.order_ref, o.return_status ORDER BY o.order_ref";
    let told = fleet.stage.rows(returned).await;
    let told: Vec<&str> = told.iter().map(|row| row["told"].as_str().unwrap()).collect();
    assert_eq!(told, ["A~1 PARTIALLY_RETURNED 2", "Z RETURNED 3"]);
    standing.version = 2;
    standing.status = ReturnStatus::Cancelled;
    assert_eq!(fleet.tell(2, &ReturnChanged { standing: standing.clone() }).await.code, "STALE");
    standing.version = 4;
    assert_eq!(fleet.tell(4, &ReturnChanged { standing }).await.code, "APPLIED");
    let none = format!(
        "SELECT COUNT(*) FROM orders WHERE return_status = '{}'",
        OrderReturnStatus::None.as_str()
    );
    assert_eq!(fleet.stage.scalar::<i64>(&none).await, 2);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_and_what_is_asked_of_it_in_one_batch() {
    let fleet = Fleet::bare().await;
    let mut replies = fleet.stage.replies().await;
    // all are there before the worker is
    let how = || PublishAs::default().actor(shop()).reply_to(replies.queue());
    fleet.stage.publish(how(), &two_waybills()).await.unwrap();
    fleet.stage.publish(how(), &amending(1, &[(1, 1)])).await.unwrap();
    fleet.stage.publish(how(), &cancelling(Some(3))).await.unwrap();
    let fleet = fleet.joined(&["--concurrency", "1"]).await;
    for version in 1..4 {
        let reply = replies.next(testkit::DEADLINE).await;
        assert_eq!((reply.code.as_str(), reply.version), ("APPLIED", Some(version)));
    }
    assert_eq!(fleet.history().await, ["2 AMENDMENT_REQUESTED", "3 CANCELLATION_REQUESTED"]);
    assert_eq!(fleet.order().await["open"], 1);
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_order_is_no_longer_known_to_be_absent() {
    let fleet = Fleet::bare().await;
    let (order_ref, redis_url) = (fleet.stage.name(), fleet.stage.redis_url());
    let fleet = fleet.showing(Some(&redis_url), &[]).await;
    let key = Key::new(Kind::OrderStatus, format!("shop/{order_ref}"));
    // an absence has version 0; with a body Redis does not forget it by itself while this test runs
    let asker = Cache::connect(Some(&redis_url));
    eventually("Redis keeps the absence", async || {
        asker.put_if_newer(&[(key.clone(), 0, b"{}".to_vec())]).await;
        (asker.stats().writes > 0).then_some(())
    })
    .await;
    let order = fixtures::order("shop", &order_ref).line("M01", "S1", 2).build();
    fleet.ask(shop(), &order).await;
    eventually("its absence is forgotten", async || {
        let found = Cache::connect(Some(&redis_url)).get(&key).await;
        found.is_none().then_some(())
    })
    .await;
    fleet.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_change_the_cache_knows_where_the_order_stands() {
    let fleet = Fleet::bare().await;
    let (order_ref, redis_url) = (fleet.stage.name(), fleet.stage.redis_url());
    let fleet = fleet.showing(Some(&redis_url), &[]).await;
    // everybody shares Redis: a number of its own
    let order = fixtures::order("shop", &order_ref).line("M01", "S1", 2).build();
    fleet.ask(shop(), &order).await;
    fleet.moves(&format!("shop-{order_ref}-1"), S::Dispatched, 4).await;
    let key = Key::new(Kind::OrderStatus, format!("shop/{order_ref}"));
    let shown: OrderStanding = eventually("Redis has the new version", async || {
        // a reader without a memory of its own
        let answer = Cache::connect(Some(&redis_url)).get(&key).await?;
        let is_new = answer.entry.version == 2;
        is_new.then(|| answer.entry.json().unwrap().unwrap())
    })
    .await;
    assert_eq!((shown.status, shown.lines), (OrderStatus::Shipped, 1));
    assert_eq!((shown.line_standings[0].shipped, shown.ordered_at), (2, order.ordered_at));
    assert_eq!(shown.waybill_numbers[0].as_str(), format!("shop-{order_ref}-1"));
    fleet.stop().await;
}
