//! The hot folder on a real broker and database, with a small order-intake that answers it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use clap::Parser as _;
use contracts::{
    CreateOrder, FieldError, ItemReply, Refusal, ReportStatus, RequestReturn, ReturnLine, Role,
    Timestamp, inbound,
};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, LaneKey, Outcome, Process, Running, Settlement, Shutdown, Worker};
use serde_json::Value;
use store::Tx;
use tempfile::TempDir;
use testkit::{Stage, eventually};

use crate::commands::CommandDesk;
use crate::ingest;
use crate::settings::Settings;
use crate::upload::Uploads;

const KINDS: [WorkerKind; 4] = [
    WorkerKind::HotfolderIngest,
    WorkerKind::OrderIntake,
    WorkerKind::WaybillStatus,
    WorkerKind::CustomerService,
];

inbound! {
    /// What the small intake takes.
    pub enum Orders {
        /// An order.
        Create(CreateOrder),
    }
}

/// How often each order had an effect, by order number.
pub(super) type Effects = Arc<Mutex<BTreeMap<String, u32>>>;

/// Accepts every order except those to the district NOWHERE; keeps no orders, so that the message
/// id alone tells a resend from a new order.
#[derive(Debug)]
struct Intake(Effects);

impl Worker for Intake {
    type Message = Orders;
    type Effects = Vec<String>;
    const KIND: WorkerKind = WorkerKind::OrderIntake;

    fn lane_key(message: &Orders) -> LaneKey {
        let Orders::Create(order) = message;
        LaneKey::of(order.order_ref.as_str())
    }

    async fn handle(
        &self,
        _tx: &Tx,
        batch: &mut Batch<Orders>,
        _now: Timestamp,
    ) -> Result<Vec<String>, Failure> {
        let mut taken = Vec::new();
        for (index, item) in batch.items().iter().enumerate() {
            let Orders::Create(order) = &item.message;
            let outcome = if order.district.as_str() == "NOWHERE" {
                Outcome::Rejected(unknown_district())
            } else {
                taken.push(order.order_ref.to_string());
                Outcome::Applied
            };
            batch.settle(index, Settlement::new(outcome));
        }
        Ok(taken)
    }

    async fn committed(&self, effects: Vec<String>) {
        let mut orders = self.0.lock().unwrap();
        for order in effects {
            *orders.entry(order).or_default() += 1;
        }
    }
}

inbound! {
    /// What the small keeper of waybills takes.
    pub enum Reports {
        /// A report.
        Report(ReportStatus),
    }
}

/// Takes every report of the road, and no other.
#[derive(Debug)]
struct Keeper(Effects);

impl Worker for Keeper {
    type Message = Reports;
    type Effects = Vec<String>;
    const KIND: WorkerKind = WorkerKind::WaybillStatus;

    fn lane_key(message: &Reports) -> LaneKey {
        let Reports::Report(report) = message;
        LaneKey::of(report.waybill_no.as_str())
    }

    async fn handle(
        &self,
        _tx: &Tx,
        batch: &mut Batch<Reports>,
        _now: Timestamp,
    ) -> Result<Vec<String>, Failure> {
        let mut taken = Vec::new();
        for (index, item) in batch.items().iter().enumerate() {
            let Reports::Report(report) = &item.message;
            let outcome = if item.envelope.actor.role == Role::Road {
                taken.push(format!("{} {}", report.waybill_no, report.status.as_str()));
                Outcome::Parked
            } else {
                Outcome::Rejected(Refusal::new("NOT_ALLOWED", "the road alone reports here"))
            };
            batch.settle(index, Settlement::new(outcome));
        }
        Ok(taken)
    }

    async fn committed(&self, effects: Vec<String>) {
        let mut reports = self.0.lock().unwrap();
        for report in effects {
            *reports.entry(report).or_default() += 1;
        }
    }
}

inbound! {
    /// What the small customer service takes.
    pub enum Returns {
        /// A return.
        Request(RequestReturn),
    }
}

/// Knows the goods whose SKU begins with `A`, and no others.
#[derive(Debug)]
struct Service;

impl Worker for Service {
    type Message = Returns;
    type Effects = ();
    const KIND: WorkerKind = WorkerKind::CustomerService;

    fn lane_key(message: &Returns) -> LaneKey {
        let Returns::Request(asked) = message;
        LaneKey::of(asked.return_ref.as_str())
    }

    async fn handle(
        &self,
        _tx: &Tx,
        batch: &mut Batch<Returns>,
        _now: Timestamp,
    ) -> Result<(), Failure> {
        for (index, item) in batch.items().iter().enumerate() {
            let Returns::Request(asked) = &item.message;
            let verdict = |line: &ReturnLine| {
                let code = if line.sku.as_str().starts_with('A') { "MATCHED" } else { "NO_MATCH" };
                ItemReply { item: line.line_no, code: code.to_owned(), detail: None }
            };
            let items: Vec<ItemReply> = asked.lines.iter().map(verdict).collect();
            let outcome = if items.iter().any(|item| item.code == "MATCHED") {
                Outcome::Applied
            } else {
                Outcome::Rejected(Refusal::new("NOTHING_MATCHES", "nothing matches"))
            };
            batch.settle(index, Settlement::new(outcome).with_items(items));
        }
        Ok(())
    }
}

fn unknown_district() -> Refusal {
    let error = FieldError {
        line_no: Some(2),
        field: Some("district".into()),
        code: "UNKNOWN_DISTRICT".into(),
        message: "there is no district NOWHERE".into(),
    };
    Refusal { errors: vec![error], ..Refusal::new("UNKNOWN_DISTRICT", "unknown district") }
}

/// A root with one source, a stage, and what runs on it.
pub(super) struct Fleet {
    pub(super) stage: Stage,
    pub(super) effects: Effects,
    root: TempDir,
    intake: Option<Running>,
}

impl Fleet {
    pub(super) async fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("shop")).unwrap();
        let stage = Stage::with_users(&KINDS).await;
        Self { stage, effects: Effects::default(), root, intake: None }
    }

    /// The same, with the intake at work.
    pub(super) async fn answering() -> Self {
        let mut fleet = Self::new().await;
        fleet.start_intake().await;
        fleet
    }

    pub(super) async fn start_intake(&mut self) {
        let settings = self.settings(WorkerKind::OrderIntake, &[]);
        let process = Process::prepare(WorkerKind::OrderIntake, settings.as_ref(), Shutdown::new());
        let intake = Intake(Arc::clone(&self.effects));
        self.intake = Some(Running::start(process.await.unwrap(), intake));
    }

    /// Somebody who takes reports; what they had for effects is counted with the orders.
    pub(super) async fn start_keeper(&self) -> Running {
        let settings = self.settings(WorkerKind::WaybillStatus, &[]);
        let kind = WorkerKind::WaybillStatus;
        let process = Process::prepare(kind, settings.as_ref(), Shutdown::new()).await.unwrap();
        Running::start(process, Keeper(Arc::clone(&self.effects)))
    }

    /// Somebody who takes returns.
    pub(super) async fn start_service(&self) -> Running {
        let settings = self.settings(WorkerKind::CustomerService, &[]);
        let kind = WorkerKind::CustomerService;
        let process = Process::prepare(kind, settings.as_ref(), Shutdown::new()).await.unwrap();
        Running::start(process, Service)
    }

    /// One process of the hot folder with short intervals.
    pub(super) async fn start(&self, more: &[&str]) -> Running {
        let settings = self.settings(WorkerKind::HotfolderIngest, more);
        let process =
            Process::prepare(WorkerKind::HotfolderIngest, settings.as_ref(), Shutdown::new());
        let process = process.await.unwrap();
        let uploads = Uploads::open(&settings.folder).unwrap();
        ingest::start(settings.folder, &process.context()).unwrap();
        Running::start(process, CommandDesk::new(uploads))
    }

    fn settings(&self, kind: WorkerKind, more: &[&str]) -> Settings {
        let amqp_url = self.stage.amqp_url_as(&kind.user());
        let database_url = self.stage.database_url();
        let root = self.root.path().to_str().unwrap();
        let mut arguments = vec!["test", "--amqp-url", &amqp_url, "--database-url", &database_url];
        arguments.extend(["--hotfolder", root, "--scan-ms", "50"]);
        if !more.contains(&"--answer-seconds") {
            arguments.extend(["--answer-seconds", "1"]);
        }
        if !more.contains(&"--lease-seconds") {
            arguments.extend(["--lease-seconds", "2"]);
        }
        arguments.extend(more);
        Settings::try_parse_from(arguments).unwrap()
    }

    pub(super) fn path(&self, place: &str) -> PathBuf {
        self.root.path().join("shop").join(place)
    }

    /// Moves a file into the inbox, as a sender should.
    pub(super) fn send(&self, name: &str, content: impl AsRef<[u8]>) {
        let inbox = self.path("inbox");
        fs::create_dir_all(&inbox).unwrap();
        let draft = self.root.path().join("shop").join("draft");
        fs::write(&draft, content).unwrap();
        fs::rename(draft, inbox.join(name)).unwrap();
    }

    /// Waits for a file in one of the folders whose name begins so.
    pub(super) async fn wait_for(&self, place: &str, prefix: &str) -> String {
        let what = format!("{prefix} in {place}");
        eventually(&what, async || {
            names(&self.path(place)).into_iter().find(|n| n.starts_with(prefix))
        })
        .await
    }

    pub(super) async fn wait_until_empty(&self, place: &str) {
        let what = format!("nothing in {place}");
        eventually(&what, async || names(&self.path(place)).is_empty().then_some(())).await;
    }

    pub(super) fn names(&self, place: &str) -> Vec<String> {
        names(&self.path(place))
    }

    /// Waits for a report and reads it.
    pub(super) async fn report(&self, name: &str) -> Value {
        let found = self.wait_for("report", name).await;
        serde_json::from_slice(&fs::read(self.path("report").join(found)).unwrap()).unwrap()
    }

    /// Waits until the listing of the inbox gives this reason for the file.
    pub(super) async fn wait_for_listing(&self, name: &str, reason: &str) {
        let what = format!("{name} listed as {reason}");
        eventually(&what, async || {
            let listing = fs::read(self.path("report").join("inbox.json")).ok()?;
            let listing: Value = serde_json::from_slice(&listing).ok()?;
            let mut files = listing.as_array()?.iter();
            files.find(|file| file["file"] == name && file["reason"] == reason).map(drop)
        })
        .await;
    }

    pub(super) fn rejected(&self, name: &str) -> String {
        fs::read_to_string(self.path("error").join(format!("{name}.rejected.tsv"))).unwrap()
    }

    pub(super) async fn state(&self, sequence: u64, repair: u32) -> Option<String> {
        let sql = format!(
            "SELECT state FROM import_file WHERE sequence = {sequence} AND repair = {repair}"
        );
        let rows = self.stage.rows(&sql).await;
        rows.first().map(|row| row["state"].as_str().unwrap().to_owned())
    }

    pub(super) fn accepted(&self) -> BTreeMap<String, u32> {
        self.effects.lock().unwrap().clone()
    }

    pub(super) async fn close(self, ingest: Running) {
        ingest.stop().await.unwrap();
        if let Some(intake) = self.intake {
            intake.stop().await.unwrap();
        }
        self.stage.close().await;
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}
