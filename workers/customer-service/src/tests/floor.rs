//! A stage with the fleet's real users, some delivered orders, and running workers.

use clap::Parser;
use contracts::{Actor, Contract, Exchange, MessageId, Reply};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use testkit::{DEADLINE, PublishAs, ReplyBox, Stage, Tap};

use super::world::{anna, shop};
use crate::settings::Settings;
use crate::worker::CustomerService;

/// Who sends to us and whom we send to.
const KINDS: [WorkerKind; 4] = [
    WorkerKind::CustomerService,
    WorkerKind::WaybillStatus,
    WorkerKind::SalesOrder,
    WorkerKind::HotfolderIngest,
];

pub(super) struct Floor {
    pub(super) stage: Stage,
    pub(super) replies: ReplyBox,
    running: Vec<Running>,
}

impl Floor {
    /// With so many processes of the worker.
    pub(super) async fn with(processes: usize) -> Self {
        let stage = Stage::with_users(&KINDS).await;
        let replies = stage.replies().await;
        let mut floor = Self { stage, replies, running: Vec::new() };
        for _ in 0..processes {
            floor.start().await;
        }
        floor
    }

    async fn start(&mut self) {
        let amqp_url = self.stage.amqp_url_as(&WorkerKind::CustomerService.user());
        let database_url = self.stage.database_url();
        let arguments =
            ["customer-service", "--amqp-url", &amqp_url, "--database-url", &database_url];
        let settings = Settings::try_parse_from(arguments).unwrap();
        let kind = WorkerKind::CustomerService;
        let process = Process::prepare(kind, &settings.worker, Shutdown::new()).await.unwrap();
        self.running.push(Running::start(process, CustomerService::new(settings.policy())));
    }

    /// An order of customer C-1 with a line for each number of units, all of SKU `A` and on one waybill
    /// with this status. Orders are a day apart.
    pub(super) async fn order(&self, number: u8, units: &[u32], status: &str) {
        let id = format!("{number:032x}");
        let order = format!(
            "INSERT INTO orders (id, source, order_ref, content_hash, status, version, ordered_at, \
               customer_ref, district, address_key, delivery_date, timeslot, currency, total_minor, line_count, \
               waybill_count, actor, created_at, updated_at) \
             VALUES (UNHEX('{id}'), 'shop', 'O{number}', UNHEX(REPEAT('0', 64)), 'PAID', 1, \
               '2026-03-01' + INTERVAL {number} DAY, 'C-1', 'D1', 'a{number}', '2026-03-20', '0900-1300', 'GBP', 0, 1, 1, \
               '{{}}', NOW(6), NOW(6))"
        );
        let waybill = format!(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, \
               parked, lifecycle, kind, first_seen_at, updated_at) \
             VALUES (UNHEX('{id}'), 'shop-O{number}-1', 1, '{status}', 1, 0, 0, 0, '', 'FORWARD', NOW(6), NOW(6))"
        );
        self.stage.run_sql(&order).await;
        self.stage.run_sql(&waybill).await;
        for (line_no, units) in (1..).zip(units) {
            let line = format!(
                "INSERT INTO order_line (order_id, line_no, merchant, sku, quantity, unit_price, sku_type, \
                   volume_ml, weight_g, fulfilled_by, waybill_no) \
                 VALUES (UNHEX('{id}'), {line_no}, 'M1', 'A', {units}, 1, 'dry', 100, 10, 'warehouse', \
                   'shop-O{number}-1')"
            );
            self.stage.run_sql(&line).await;
        }
    }

    pub(super) async fn tap(&self, pattern: &str) -> Tap {
        self.stage.tap(Exchange::Events, pattern).await
    }

    /// Sends a command as a file of the shop.
    pub(super) async fn as_shop<C: Contract>(&mut self, command: &C) -> Reply {
        self.send("dray-hotfolder-ingest", shop(), command).await
    }

    /// Sends a command as somebody of customer service.
    pub(super) async fn as_anna<C: Contract>(&mut self, command: &C) -> Reply {
        self.send("dray-operator", anna(), command).await
    }

    async fn send<C: Contract>(&mut self, user: &str, actor: Actor, command: &C) -> Reply {
        let how = PublishAs::default().user(user).actor(actor).reply_to(self.replies.queue());
        self.stage.publish(how, command).await.unwrap();
        self.replies.next(DEADLINE).await
    }

    /// An event of another worker.
    pub(super) async fn event<C: Contract>(&self, user: &str, event: &C) -> MessageId {
        self.stage.publish(PublishAs::default().user(user), event).await.unwrap()
    }

    pub(super) async fn close(self) {
        for running in self.running {
            running.stop().await.unwrap();
        }
        drop(self.replies);
        self.stage.close().await;
    }
}
