//! The fleet behind the portal: every program that its operations reach, as it is deployed, with its own broker
//! user's rights, on a virtual host and a schema of the test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use contracts::{CreateOrder, ReplyOutcome};
use queue_topology::WorkerKind;
use testkit::fixtures::network;
use testkit::{DEADLINE, PublishAs, Stage, eventually};
use tokio::process::{Child, Command};
use tokio::task::block_in_place;

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
/// So many lists a second: the test asks for more than people may.
const LISTS_PER_SECOND: &str = "10000";
const SECRET: &str = "Sp2fQ7bX0cV9nL4kH8tR1wZ6yD3mJ5gE";

/// Programs that run, and the stage that they run on.
pub(crate) struct Fleet {
    pub(crate) stage: Stage,
    /// `http://127.0.0.1:PORT`.
    pub(crate) portal: String,
    directory: tempfile::TempDir,
    programs: Vec<Child>,
}

impl Fleet {
    /// Starts everything on a stage that was made by [`Fleet::stage`].
    pub(crate) async fn start(stage: Stage) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let inbox = directory.path().join("hotfolder").join(source_of(&stage));
        std::fs::create_dir_all(inbox).unwrap();
        let programs = KINDS.map(|kind| start(kind, &stage, directory.path())).into();
        let mut fleet = Self { stage, portal: String::new(), directory, programs };
        for (place, kind) in KINDS.into_iter().enumerate() {
            fleet.wait_until_ready(place, kind).await;
        }
        let address = std::fs::read_to_string(fleet.file("listen")).unwrap();
        fleet.portal = format!("http://{}", address.trim());
        fleet.load_network().await;
        fleet
    }

    /// Where it will run: with the queues of every worker, so that nothing that is told finds nobody.
    pub(crate) async fn stage() -> Stage {
        Stage::with_users(&WorkerKind::ALL).await
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn wait_until_ready(&mut self, place: usize, kind: WorkerKind) {
        let name = kind.name();
        let (address, log) =
            (self.file(&format!("{name}.addr")), self.file(&format!("{name}.log")));
        let child = &mut self.programs[place];
        eventually(&format!("{name} is ready"), async || {
            if let Some(status) = child.try_wait().unwrap() {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("{name} ended with {status}: {said}");
            }
            let address = std::fs::read_to_string(&address).ok()?;
            let url = format!("http://{}/ready", address.trim());
            block_in_place(|| ureq::get(&url).call()).ok().map(drop)
        })
        .await;
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
        std::fs::read_to_string(self.file("portal-shim.log")).unwrap()
    }

    /// Ends everything.
    pub(crate) async fn close(self) {
        for mut program in self.programs {
            program.kill().await.unwrap();
        }
        self.stage.close().await;
    }
}

/// Starts a program that lies beside the portal's.
fn start(kind: WorkerKind, stage: &Stage, directory: &Path) -> Child {
    let name = kind.name();
    let program = Path::new(env!("CARGO_BIN_EXE_portal-shim")).with_file_name(name);
    assert!(
        program.is_file(),
        "there is no {}: run ops/test, or cargo build --workspace --bins",
        program.display()
    );
    let file = |suffix: &str| directory.join(format!("{name}.{suffix}"));
    let log = File::create(file("log")).unwrap();
    let mut command = Command::new(program);
    command
        .env("AMQP_URL", stage.amqp_url_as(&kind.user()))
        .env("DRAY_ADMIN_ADDR", "127.0.0.1:0")
        .env("DRAY_ADMIN_ADDR_FILE", file("addr"))
        .env("DRAY_INSTANCE", "1-document")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true);
    match kind {
        WorkerKind::PortalShim => command
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .env("DRAY_PORTAL_LISTEN", "127.0.0.1:0")
            .env("DRAY_PORTAL_LISTEN_FILE", directory.join("listen"))
            .env("DRAY_PORTAL_LOW_RATE", LISTS_PER_SECOND)
            .env("DRAY_PORTAL_LOW_TOTAL", LISTS_PER_SECOND),
        _ => command
            .env("DATABASE_URL", stage.database_url())
            .env("REDIS_URL", stage.redis_url())
            .env("DRAY_HOTFOLDER", directory.join("hotfolder"))
            .env("DRAY_HOTFOLDER_REPORTERS", format!("{}=merchant:{MERCHANT}", source_of(stage)))
            .env("DRAY_IDENTITY_SECRET", SECRET),
    };
    command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"))
}
