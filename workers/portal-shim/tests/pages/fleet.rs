//! A part of the fleet on a stage of its own: what makes waybills, tells of them, signs people in, and the
//! portal in front. Every program logs in as its own broker user, with that user's rights.

use std::path::Path;

use contracts::{
    AccountName, AskIdentity, CreateOrder, Hidden, IdentityAnswer, Merchant, ReplyOutcome, Role,
};
use queue_topology::WorkerKind;
use testkit::fixtures::{OrderBuilder, network, order};
use testkit::{DEADLINE, Programs, PublishAs, Stage, eventually};
use tokio::process::Command;
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
    programs: Programs,
    /// The last field: the programs write into it.
    _directory: tempfile::TempDir,
}

impl Fleet {
    /// Starts it and loads a small network.
    pub(crate) async fn start() -> Self {
        // a script asks for lists faster than a person
        Self::with_lists_each_second(1_000).await
    }

    /// The same with so many lists a second for each account.
    pub(crate) async fn with_lists_each_second(lists: u32) -> Self {
        let stage = Stage::with_users(&KINDS).await;
        let directory = tempfile::tempdir().unwrap();
        let portal = Path::new(env!("CARGO_BIN_EXE_portal-shim"));
        let programs =
            Programs::start(&stage, &KINDS, portal, directory.path(), |kind, command| {
                set_up(kind, command, lists);
            })
            .await;
        let id = Uuid::new_v4().simple().to_string();
        let (portal, source) = (programs.portal(), format!("t{}", &id[..12]));
        let fleet = Self { stage, portal, source, programs, _directory: directory };
        fleet.load_network().await;
        fleet
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
        self.programs.log(WorkerKind::PortalShim)
    }

    /// Ends everything.
    pub(crate) async fn close(self) {
        self.programs.kill().await;
        self.stage.close().await;
    }
}

/// What these programs need beyond what every program does.
fn set_up(kind: WorkerKind, command: &mut Command, lists: u32) {
    command.env("DRAY_LOG", "info,portal_shim=debug,runtime=debug,broker=debug");
    if kind == WorkerKind::PortalShim {
        // all of these browsers are one address
        command.env("DRAY_PORTAL_PUBLIC_RATE", "10000");
        command.env("DRAY_PORTAL_LOW_RATE", lists.to_string());
    }
    if kind == WorkerKind::Identity {
        command.env("DRAY_IDENTITY_SECRET", Uuid::new_v4().simple().to_string());
    }
}
