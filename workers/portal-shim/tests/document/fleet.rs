//! The fleet behind the portal: every program that its operations reach, as it is deployed, with its own broker
//! user's rights, on a virtual host and a schema of the test.

use std::path::Path;

use contracts::{CreateOrder, ReplyOutcome};
use queue_topology::WorkerKind;
use testkit::fixtures::network;
use testkit::{DEADLINE, Programs, PublishAs, Stage, eventually};
use tokio::process::Command;

use crate::people::MERCHANT;
use crate::things::source_of;

const KINDS: [WorkerKind; 10] = [
    WorkerKind::DeliveryNetwork,
    WorkerKind::OrderIntake,
    WorkerKind::WaybillStatus,
    WorkerKind::AdraAssigner,
    WorkerKind::SalesOrder,
    WorkerKind::CustomerService,
    WorkerKind::HotfolderIngest,
    WorkerKind::QueryDesk,
    WorkerKind::Identity,
    WorkerKind::PortalShim,
];
/// So many a second of what has a rate: the test asks for more than people may.
const PER_SECOND: &str = "10000";
const SECRET: &str = "Sp2fQ7bX0cV9nL4kH8tR1wZ6yD3mJ5gE";

/// Programs that run, and the stage that they run on.
pub(crate) struct Fleet {
    pub(crate) stage: Stage,
    /// `http://127.0.0.1:PORT`.
    pub(crate) portal: String,
    programs: Programs,
    /// The last field: the programs write into it.
    _directory: tempfile::TempDir,
}

impl Fleet {
    /// Starts everything on a stage that was made by [`Fleet::stage`].
    pub(crate) async fn start(stage: Stage) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (hotfolder, source) = (directory.path().join("hotfolder"), source_of(&stage));
        std::fs::create_dir_all(hotfolder.join(&source)).unwrap();
        let portal = Path::new(env!("CARGO_BIN_EXE_portal-shim"));
        let set_up = |kind, command: &mut Command| set_up(kind, &hotfolder, &source, command);
        let programs = Programs::start(&stage, &KINDS, portal, directory.path(), set_up).await;
        let portal = programs.portal();
        let fleet = Self { stage, portal, programs, _directory: directory };
        fleet.load_network().await;
        fleet
    }

    /// Where it will run: with the queues of every worker, so that nothing that is told finds nobody.
    pub(crate) async fn stage() -> Stage {
        Stage::with_users(&WorkerKind::ALL).await
    }

    async fn load_network(&self) {
        let mut replies = self.stage.replies().await;
        let how = PublishAs::default().reply_to(replies.queue());
        self.stage.publish(how, &network()).await.unwrap();
        let reply = replies.next(DEADLINE).await;
        assert_eq!(reply.outcome, ReplyOutcome::Applied, "{reply:?}");
    }

    /// Sends an order and waits until so many waybills of it have a place; gives each with its merchant.
    pub(crate) async fn accept(&self, order: CreateOrder, waybills: i64) -> Vec<(String, String)> {
        let mut replies = self.stage.replies().await;
        // whoever has not heard of the network yet says so
        eventually("the order is taken", async || {
            let how = PublishAs::default().reply_to(replies.queue());
            self.stage.publish(how, &order).await.unwrap();
            let reply = replies.next(DEADLINE).await;
            matches!(reply.outcome, ReplyOutcome::Applied | ReplyOutcome::Duplicate).then_some(())
        })
        .await;
        let of_it = format!("w.order_ref = '{}'", order.order_ref);
        let placed = format!(
            "SELECT COUNT(*) FROM waybill w JOIN assignment a ON a.waybill_no = w.waybill_no \
             WHERE {of_it} AND a.state = 'ASSIGNED'"
        );
        eventually("a place for each waybill", async || {
            (self.stage.scalar::<i64>(&placed).await == waybills).then_some(())
        })
        .await;
        let sql = format!("SELECT waybill_no, merchant FROM waybill w WHERE {of_it}");
        let rows = self.stage.rows(&sql);
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        rows.await.iter().map(|row| (text(&row["waybill_no"]), text(&row["merchant"]))).collect()
    }

    /// Everything that the portal wrote to its log.
    pub(crate) fn log(&self) -> String {
        self.programs.log(WorkerKind::PortalShim)
    }

    /// Ends everything.
    pub(crate) async fn close(self) {
        self.programs.kill().await;
        self.stage.close().await;
    }
}

/// What these programs need beyond what every program does.
fn set_up(kind: WorkerKind, hotfolder: &Path, source: &str, command: &mut Command) {
    if kind == WorkerKind::PortalShim {
        command
            .env("DRAY_PORTAL_LOW_RATE", PER_SECOND)
            .env("DRAY_PORTAL_LOW_TOTAL", PER_SECOND)
            .env("DRAY_PORTAL_PUBLIC_RATE", PER_SECOND);
    } else {
        command
            .env("DRAY_HOTFOLDER", hotfolder)
            .env("DRAY_HOTFOLDER_REPORTERS", format!("{source}=merchant:{MERCHANT}"))
            .env("DRAY_IDENTITY_SECRET", SECRET);
    }
}
