//! A part of the fleet on a stage of its own: what makes waybills, tells of them, signs people in, and the
//! portal in front. Every program logs in as its own broker user, with that user's rights.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use contracts::{
    AccountName, AskIdentity, CreateOrder, Hidden, IdentityAnswer, Merchant, ReplyOutcome, Role,
};
use queue_topology::WorkerKind;
use testkit::fixtures::{OrderBuilder, network, order};
use testkit::{DEADLINE, PublishAs, Stage, eventually};
use tokio::process::{Child, Command};
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::browser::Browser;

const KINDS: [WorkerKind; 7] = [
    WorkerKind::DeliveryNetwork,
    WorkerKind::OrderIntake,
    WorkerKind::WaybillStatus,
    WorkerKind::AdraAssigner,
    WorkerKind::QueryDesk,
    WorkerKind::Identity,
    WorkerKind::PortalShim,
];
pub(crate) const MERCHANT: &str = "acme";
pub(crate) const PASSWORD: &str = "violet tractor seven";

/// Programs that run and the stage that they run on.
pub(crate) struct Fleet {
    pub(crate) stage: Stage,
    /// `http://127.0.0.1:PORT`.
    pub(crate) portal: String,
    /// Where orders come from: a name that no other test has, as all share one cache.
    pub(crate) source: String,
    directory: tempfile::TempDir,
    programs: Vec<Child>,
}

impl Fleet {
    /// Starts it and loads a small network.
    pub(crate) async fn start() -> Self {
        let stage = Stage::with_users(&KINDS).await;
        let directory = tempfile::tempdir().unwrap();
        let programs = KINDS.map(|kind| start(kind, &stage, directory.path())).into();
        let id = Uuid::new_v4().simple().to_string();
        let mut fleet = Self {
            stage,
            portal: String::new(),
            source: format!("t{}", &id[..12]),
            directory,
            programs,
        };
        for kind in KINDS {
            fleet.wait_until_ready(kind).await;
        }
        let address = std::fs::read_to_string(fleet.file("portal-shim.listen")).unwrap();
        fleet.portal = format!("http://{}", address.trim());
        fleet.load_network().await;
        fleet
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    async fn wait_until_ready(&mut self, kind: WorkerKind) {
        let (address, log) =
            (self.file(&format!("{kind:?}.addr")), self.file(&format!("{kind:?}.log")));
        let place = KINDS.iter().position(|known| *known == kind).unwrap();
        let child = &mut self.programs[place];
        eventually(&format!("{} is ready", kind.name()), async || {
            if let Some(status) = child.try_wait().unwrap() {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("{} ended with {status}: {said}", kind.name());
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

    /// An order in the making.
    pub(crate) fn order(&self, order_ref: &str) -> OrderBuilder {
        order(&self.source, order_ref)
    }

    /// Sends an order, waits until its first waybill has a place on a truck, and gives its number.
    pub(crate) async fn accept(&self, order: CreateOrder) -> String {
        let number = format!("{}-{}-1", order.source, order.order_ref);
        let mut replies = self.stage.replies().await;
        // whoever has not heard of the network yet says so
        eventually("the order is taken", async || {
            let how = PublishAs::default().reply_to(replies.queue());
            self.stage.publish(how, &order).await.unwrap();
            let reply = replies.next(DEADLINE).await;
            matches!(reply.outcome, ReplyOutcome::Applied | ReplyOutcome::Duplicate).then_some(())
        })
        .await;
        let places = format!(
            "SELECT COUNT(*) FROM assignment WHERE waybill_no = '{number}' AND state = 'ASSIGNED'"
        );
        eventually("a place for the waybill", async || {
            (self.stage.scalar::<i64>(&places).await == 1).then_some(())
        })
        .await;
        number
    }

    /// The code on the label.
    pub(crate) async fn code(&self, number: &str) -> String {
        let sql = format!("SELECT tracking_code FROM waybill WHERE waybill_no = '{number}'");
        self.stage.scalar(&sql).await
    }

    /// The status in the database.
    pub(crate) async fn status(&self, number: &str) -> String {
        let sql = format!("SELECT status FROM waybill WHERE waybill_no = '{number}'");
        self.stage.scalar(&sql).await
    }

    /// Waits until the database says so.
    pub(crate) async fn wait_for_status(&self, number: &str, status: &str) {
        eventually(&format!("{number} is {status}"), async || {
            (self.status(number).await == status).then_some(())
        })
        .await;
    }

    /// Makes the account of a merchant's person.
    pub(crate) async fn account(&self, name: &str) {
        let mut replies = self.stage.replies().await;
        let add = AskIdentity::AddAccount {
            name: AccountName::new(name).unwrap(),
            password: Hidden::new(PASSWORD),
            role: Role::Merchant,
            merchant: Merchant::new(MERCHANT).ok(),
        };
        let how = PublishAs::default().reply_to(replies.queue());
        self.stage.publish(how, &add).await.unwrap();
        let (_, answer) = replies.next_as::<IdentityAnswer>(DEADLINE).await;
        assert!(matches!(answer, IdentityAnswer::Account(_)), "{answer:?}");
    }

    /// A browser that is signed in at the work list.
    pub(crate) async fn signed_in(&self, name: &str) -> Browser {
        let browser = Browser::start();
        browser.open(&format!("{}/worklist", self.portal));
        browser.wait_for("#sign-in", "Sign in").await;
        browser.fill("#login", name);
        browser.fill("#password", PASSWORD);
        browser.click("#sign-in button");
        browser.wait_for("#who", name).await;
        browser
    }

    /// What the portal answers to a GET: status, headers, body.
    pub(crate) fn get(&self, path: &str) -> (u16, ureq::http::HeaderMap, String) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        block_in_place(|| {
            let mut answer = agent.get(&format!("{}{path}", self.portal)).call().unwrap();
            let text = answer.body_mut().read_to_string().unwrap();
            (answer.status().as_u16(), answer.headers().clone(), text)
        })
    }

    /// Everything that the portal wrote to its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.file(&format!("{:?}.log", WorkerKind::PortalShim))).unwrap()
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
    let portal = Path::new(env!("CARGO_BIN_EXE_portal-shim"));
    let program = portal.parent().unwrap().join(kind.name());
    assert!(
        program.is_file(),
        "there is no {}: run ops/test, or cargo build --workspace --bins",
        program.display()
    );
    let file = |suffix: &str| directory.join(format!("{kind:?}.{suffix}"));
    let log = File::create(file("log")).unwrap();
    let mut command = Command::new(program);
    command
        .env("AMQP_URL", stage.amqp_url_as(&kind.user()))
        .env("DRAY_ADMIN_ADDR", "127.0.0.1:0")
        .env("DRAY_ADMIN_ADDR_FILE", file("addr"))
        .env("DRAY_INSTANCE", "1-pages")
        .env("DRAY_LOG", "info,portal_shim=debug,runtime=debug,broker=debug")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .kill_on_drop(true);
    if kind == WorkerKind::PortalShim {
        command
            .env_remove("DATABASE_URL")
            .env_remove("REDIS_URL")
            .env("DRAY_PORTAL_LISTEN", "127.0.0.1:0")
            .env("DRAY_PORTAL_LISTEN_FILE", directory.join("portal-shim.listen"));
    } else {
        command.env("DATABASE_URL", stage.database_url()).env("REDIS_URL", stage.redis_url());
    }
    if kind == WorkerKind::Identity {
        command.env("DRAY_IDENTITY_SECRET", Uuid::new_v4().simple().to_string());
    }
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", kind.name()))
}
