//! A stage with the probe's tables, and the processes that work on it.

use std::ffi::OsString;
use std::num::NonZeroU16;

use broker::{Link, Subscription};
use contracts::{
    ControlAnswer, ControlCommand, ControlRequest, LaneSettings, MessageId, SettingsVersion, UserId,
};
use futures_util::future::join_all;
use queue_topology::{WorkQueue, WorkerKind};
use runtime::{Process, Running, RuntimeError, Shutdown};
use settings::WorkerSettings;
use testkit::{DEADLINE, PublishAs, Stage, eventually};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::probe::{Act, Behave, Gate, KIND, Probe, TABLES, Watch};

/// Published at once; more would only wait for the same confirms.
const CHUNK: usize = 250;

#[derive(Debug, clap::Parser)]
struct Settings {
    #[command(flatten)]
    worker: WorkerSettings,
}

/// A stage, and what its workers are watched by.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) stage: Stage,
    pub(crate) watch: Watch,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(&[KIND, WorkerKind::WaybillStatus]).await
    }

    pub(crate) async fn with(kinds: &[WorkerKind]) -> Self {
        Self::on(Stage::new(kinds).await).await
    }

    /// With the fleet's real users and their rights.
    pub(crate) async fn with_users(kinds: &[WorkerKind]) -> Self {
        Self::on(Stage::with_users(kinds).await).await
    }

    async fn on(stage: Stage) -> Self {
        for table in TABLES {
            stage.run_sql(table).await;
        }
        Self { stage, watch: Watch::default() }
    }

    /// A process with these options, by the straight way to both servers.
    pub(crate) async fn start(&self, options: &[&str]) -> Running {
        self.start_by(&self.stage.amqp_url(), &self.stage.database_url(), options).await
    }

    pub(crate) async fn start_by(&self, amqp: &str, database: &str, options: &[&str]) -> Running {
        let process = self.prepare(amqp, database, options).await.unwrap();
        Running::start(process, Probe(self.watch.clone()))
    }

    pub(crate) async fn prepare(
        &self,
        amqp: &str,
        database: &str,
        options: &[&str],
    ) -> Result<Process, RuntimeError> {
        let addresses = ["probe", "--amqp-url", amqp, "--database-url", database];
        let arguments = addresses.iter().chain(options).map(OsString::from);
        let settings: Settings = settings::try_load(arguments).unwrap();
        Process::prepare(KIND, &settings.worker, Shutdown::new()).await
    }

    pub(crate) async fn close(self) {
        self.stage.close().await;
    }

    /// After a kill: what the dead process had open is rolled back, and the next one has a watch of its own.
    pub(crate) async fn bury(&mut self) {
        let dead = std::mem::take(&mut self.watch);
        dead.set_gate(Gate::Broken);
        dead.left().await;
    }

    /// Publishes one message with a new id.
    pub(crate) async fn say(&self, act: &Act) -> MessageId {
        self.stage.publish(PublishAs::default(), act).await.unwrap()
    }

    /// Publishes messages in order of their chunks; what a full queue refuses goes out again.
    pub(crate) async fn say_all(&self, acts: Vec<Act>) -> Vec<MessageId> {
        let messages: Vec<(MessageId, &Act)> =
            acts.iter().map(|act| (MessageId::generate(), act)).collect();
        for chunk in messages.chunks(CHUNK) {
            join_all(chunk.iter().map(|(id, act)| self.say_until_taken(*id, act))).await;
        }
        messages.into_iter().map(|(id, _)| id).collect()
    }

    async fn say_until_taken(&self, id: MessageId, act: &Act) {
        eventually("the queue takes the message", async || {
            self.stage.publish(PublishAs::default().id(id), act).await.ok()
        })
        .await;
    }

    /// Closes the gate and sends a message ahead, which then waits there with lane `key`.
    pub(crate) async fn block(&self, key: &str) {
        self.watch.set_gate(Gate::Closed);
        self.say(&Act::new(Behave::Apply, key, 0)).await;
        self.watch.entered(1).await;
    }

    pub(crate) async fn effects(&self) -> i64 {
        self.stage.scalar("SELECT COUNT(*) FROM effect").await
    }

    /// Waits until there are so many effects, and checks that no message had two.
    pub(crate) async fn effects_become(&self, count: i64) {
        let what = format!("{count} effects");
        eventually(&what, async || (self.effects().await >= count).then_some(())).await;
        self.effects_are(count).await;
    }

    pub(crate) async fn effects_are(&self, count: i64) {
        let distinct = "SELECT COUNT(DISTINCT sender, message_id) FROM effect";
        let (all, distinct) = (self.effects().await, self.stage.scalar::<i64>(distinct).await);
        assert_eq!((all, distinct), (count, count), "effects, and messages that had one");
    }

    /// Ready messages of the work queue.
    pub(crate) async fn depth(&self) -> u32 {
        self.stage.depth(&work_queue()).await
    }

    /// Waits until the broker has handed out everything.
    pub(crate) async fn queue_is_empty(&self) {
        eventually("an empty work queue", async || (self.depth().await == 0).then_some(())).await;
    }

    /// Takes everything that is in the work queue and dies with it: all come again, delivered once more.
    pub(crate) async fn take_and_give_back(&self, count: u16) {
        let connection = Link::new(&self.stage.amqp_url(), "test").connect("take").await.unwrap();
        let user = UserId::new("dray-admin").unwrap();
        let opened = Subscription::open(&connection, &work_queue(), count, user).await;
        let mut taken = opened.unwrap();
        for _ in 0..count {
            taken.next().await.unwrap().unwrap().unwrap();
        }
        connection.close().await;
        let back = async || (self.depth().await == u32::from(count)).then_some(());
        eventually("all are back", back).await;
    }

    /// Waits for dead letters and gives their reasons, sorted.
    pub(crate) async fn dead_letters(&self, count: u32) -> Vec<String> {
        let queue = KIND.dead_letter_queue();
        let letters = self.stage.wait_for_messages(&queue, count).await;
        let mut reasons: Vec<String> =
            letters.into_iter().map(|letter| letter.note.reason.unwrap_or_default()).collect();
        reasons.sort();
        reasons
    }

    /// Waits until the outbox has nothing to publish any more.
    pub(crate) async fn outbox_is_empty(&self) {
        let rows = "SELECT COUNT(*) FROM outbox";
        eventually("an empty outbox", async || {
            (self.stage.scalar::<i64>(rows).await == 0).then_some(())
        })
        .await;
    }

    /// Waits until `/ready` of the only instance says so or otherwise.
    pub(crate) async fn ready_becomes(&self, ready: bool) {
        let what = format!("readiness becomes {ready}");
        eventually(&what, async || (self.is_ready().await? == ready).then_some(())).await;
    }

    pub(crate) async fn is_ready(&self) -> Option<bool> {
        let rows = self.stage.rows("SELECT admin_addr FROM worker_instance").await;
        let address = rows.first()?["admin_addr"].as_str()?.to_owned();
        let mut socket = TcpStream::connect(&address).await.ok()?;
        let request =
            format!("GET /ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.ok()?;
        Some(answer.starts_with("HTTP/1.1 200"))
    }

    /// Stores settings as an operator does, without telling anybody.
    pub(crate) async fn store_settings(
        &self,
        edit: impl FnOnce(&mut LaneSettings) + Send,
    ) -> (SettingsVersion, LaneSettings) {
        let database = self.stage.database();
        let stored = store::settings::change(&database, KIND.name(), "test", edit).await.unwrap();
        (stored.version, stored.settings)
    }

    /// Tells every instance, and hears so many answers.
    pub(crate) async fn control(
        &self,
        request: ControlRequest,
        answers: usize,
    ) -> Vec<ControlAnswer> {
        let mut replies = self.stage.replies().await;
        self.say_control(request, replies.queue()).await;
        let mut heard = Vec::new();
        while heard.len() < answers {
            heard.push(replies.next_as::<ControlAnswer>(DEADLINE).await.1);
        }
        heard
    }

    /// Sends a control message as soon as an instance hears it.
    pub(crate) async fn say_control(&self, request: ControlRequest, reply_to: &str) {
        let command = ControlCommand { worker: KIND.name().to_owned(), request };
        let how = || PublishAs::default().reply_to(reply_to);
        eventually("an instance hears control messages", async || {
            self.stage.publish(how(), &command).await.ok()
        })
        .await;
    }
}

pub(crate) fn work_queue() -> String {
    KIND.queue(WorkQueue::Commands)
}

pub(crate) fn lanes(count: u16) -> Option<NonZeroU16> {
    NonZeroU16::new(count)
}

/// `count` messages over a few lanes, numbered from 1.
pub(crate) fn acts(behave: Behave, count: u32) -> Vec<Act> {
    (1..=count).map(|n| Act::new(behave, format!("key-{}", n % 7), n)).collect()
}
