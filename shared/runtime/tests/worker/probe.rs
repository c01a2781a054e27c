//! The worker under test: it does what each message says, and tells what it went through.

use std::sync::{Arc, Mutex};

use contracts::{Contract, Exchange, Refusal, Timestamp};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, LaneKey, Outcome, Settlement, Worker};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{NONE, Tx};
use tokio::sync::watch;

/// The worker's place in the topology. The contracts below have its names, which its queues are bound to
/// and its rights allow, in a version that nobody else has.
pub(crate) const KIND: WorkerKind = WorkerKind::OrderIntake;

/// What a message makes the worker do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Behave {
    Apply,
    /// Applied, and as heavy as [`HEAVY`] others.
    ApplyHeavy,
    /// Applied, and told to the world.
    Announce,
    Reject,
    Panic,
    Permanent,
    /// Fails until it was tried again by way of the ladder.
    TransientOnce,
    /// Fails for good, but says that it might not.
    Transient,
    /// Fails without a word about who is to blame.
    Unattributed,
    /// A statement that the database refuses.
    BadStatement,
    /// A row that is there already, every time.
    DuplicateKey,
    /// Neither settled nor failed.
    Forgotten,
    /// Panics after the commit.
    PanicCommitted,
    /// Panics while its lane is being chosen.
    PanicLane,
    /// Takes a fifth of a second in the database.
    Slow,
    /// Raises the counters A and B, or B and A.
    CountAB,
    CountBA,
}

/// How many single messages a heavy one stands for.
pub(crate) const HEAVY: usize = 40;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Act {
    pub(crate) key: String,
    pub(crate) n: u32,
    pub(crate) behave: Behave,
    #[serde(default)]
    pub(crate) padding: String,
}

impl Act {
    pub(crate) fn new(behave: Behave, key: impl Into<String>, n: u32) -> Self {
        Self { key: key.into(), n, behave, padding: String::new() }
    }

    /// The largest message that is allowed, nearly.
    pub(crate) fn padded(mut self) -> Self {
        self.padding = "x".repeat(contracts::MAX_MESSAGE_BYTES - 1_000);
        self
    }
}

impl Contract for Act {
    const TYPE: &'static str = "order.create.v99";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if self.key.is_empty() { Err("key is empty".to_owned()) } else { Ok(()) }
    }
}

/// What the worker tells the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Acted {
    pub(crate) n: u32,
}

impl Contract for Acted {
    const TYPE: &'static str = "order.accepted.v99";
    const EXCHANGE: Exchange = Exchange::Events;
}

contracts::inbound! {
    /// What the queue carries.
    pub(crate) enum Incoming {
        /// The only message there is.
        Act(Act),
    }
}

/// What the door to the commit does with those who stand before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    Closed,
    /// The transaction is given up, as when its process died.
    Broken,
}

/// What a test knows of its worker and tells it. Clones are the same; it outlives a killed process.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    /// The size of each batch that was begun.
    batches: Arc<Mutex<Vec<usize>>>,
    /// How many batches came to the gate, and how many stand before it.
    entered: watch::Sender<u32>,
    inside: watch::Sender<u32>,
    gate: watch::Sender<Gate>,
    /// What messages that came again were said to have changed.
    doubled: watch::Sender<Vec<(String, u64)>>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            batches: Arc::default(),
            entered: watch::Sender::new(0),
            inside: watch::Sender::new(0),
            gate: watch::Sender::new(Gate::Open),
            doubled: watch::Sender::new(Vec::new()),
        }
    }
}

impl Watch {
    pub(crate) fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }

    pub(crate) fn set_gate(&self, gate: Gate) {
        self.gate.send_replace(gate);
    }

    /// Waits until so many batches, from the first on, have done everything but commit.
    pub(crate) async fn entered(&self, count: u32) {
        let mut entered = self.entered.subscribe();
        let enough = entered.wait_for(|entered| *entered >= count);
        let what = format!("{count} batches before the gate");
        tokio::time::timeout(testkit::DEADLINE, enough).await.expect(&what).unwrap();
    }

    /// Waits until nobody stands before the gate.
    pub(crate) async fn left(&self) {
        let mut inside = self.inside.subscribe();
        let empty = inside.wait_for(|inside| *inside == 0);
        tokio::time::timeout(testkit::DEADLINE, empty).await.expect("all leave the gate").unwrap();
    }

    /// Waits until something is said to have come again, and takes it.
    pub(crate) async fn doubled(&self) -> Vec<(String, u64)> {
        let mut doubled = self.doubled.subscribe();
        let some = doubled.wait_for(|doubled| !doubled.is_empty());
        // what it gives back holds the lock
        drop(tokio::time::timeout(testkit::DEADLINE, some).await.expect("a double").unwrap());
        self.doubled.send_replace(Vec::new())
    }

    async fn pass(&self) -> Result<(), Failure> {
        self.entered.send_modify(|entered| *entered += 1);
        self.inside.send_modify(|inside| *inside += 1);
        let mut gate = self.gate.subscribe();
        let gate = *gate.wait_for(|gate| *gate != Gate::Closed).await.unwrap();
        self.inside.send_modify(|inside| *inside -= 1);
        match gate {
            Gate::Broken => Err(Failure::Permanent { cause: "the process is gone".to_owned() }),
            Gate::Open | Gate::Closed => Ok(()),
        }
    }
}

/// The worker.
#[derive(Debug, Clone)]
pub(crate) struct Probe(pub(crate) Watch);

impl Worker for Probe {
    type Message = Incoming;
    /// True: panic.
    type Effects = bool;
    const KIND: WorkerKind = KIND;

    fn lane_key(Incoming::Act(act): &Incoming) -> LaneKey {
        assert!(act.behave != Behave::PanicLane, "no lane for this one");
        LaneKey::of(&act.key)
    }

    fn weight(Incoming::Act(act): &Incoming) -> usize {
        if act.behave == Behave::ApplyHeavy { HEAVY } else { 1 }
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        _now: Timestamp,
    ) -> Result<bool, Failure> {
        self.0.batches.lock().unwrap().push(batch.len());
        let mut effects = Vec::new();
        let mut panics = false;
        for (index, item) in batch.items().iter().enumerate() {
            let Incoming::Act(act) = &item.message;
            if let Some(settlement) = act_on(tx, batch, index, act, item.envelope.attempt).await? {
                batch.settle(index, settlement);
                effects.push(Effect::of(act, &item.envelope));
            }
            panics |= act.behave == Behave::PanicCommitted;
        }
        if !effects.is_empty() {
            tx.execute(INSERT, &effects).await?;
        }
        self.0.pass().await?;
        Ok(panics)
    }

    async fn committed(&self, panics: bool) {
        assert!(!panics, "after the commit");
    }

    async fn doubled(&self, aggregates: Vec<(String, u64)>) {
        self.0.doubled.send_modify(|doubled| doubled.extend(aggregates));
    }
}

/// Does one message; what it gives is its settlement, with an effect.
async fn act_on(
    tx: &Tx,
    batch: &mut Batch<Incoming>,
    index: usize,
    act: &Act,
    attempt: u32,
) -> Result<Option<Settlement>, Failure> {
    let cause = || format!("message {} was told to fail", act.n);
    let transient = || Failure::Transient { cause: cause(), retry_after: None };
    match act.behave {
        Behave::Apply | Behave::ApplyHeavy | Behave::PanicCommitted | Behave::PanicLane => {}
        Behave::Announce => batch.publish(index, &Acted { n: act.n }, Some(act.n.into()))?,
        Behave::Reject => {
            let refusal = Refusal::new("TOLD_TO", cause());
            batch.settle(index, Settlement::new(Outcome::Rejected(refusal)));
            return Ok(None);
        }
        Behave::Panic => panic!("{}", cause()),
        Behave::Permanent => {
            batch.fail(index, Failure::Permanent { cause: cause() });
            return Ok(None);
        }
        Behave::TransientOnce if attempt == 0 => {
            batch.fail(index, transient());
            return Ok(None);
        }
        Behave::TransientOnce => {}
        Behave::Transient => {
            batch.fail(index, transient());
            return Ok(None);
        }
        Behave::Unattributed => return Err(Failure::Permanent { cause: cause() }),
        Behave::BadStatement => run(tx, "INSERT INTO nowhere VALUES (1)").await?,
        Behave::DuplicateKey => run(tx, "INSERT INTO counter VALUES ('A', 0)").await?,
        Behave::Forgotten => return Ok(None),
        Behave::Slow => run(tx, "DO SLEEP(0.2)").await?,
        Behave::CountAB => {
            run(tx, COUNT_A).await?;
            run(tx, COUNT_B).await?;
        }
        Behave::CountBA => {
            run(tx, COUNT_B).await?;
            run(tx, COUNT_A).await?;
        }
    }
    Ok(Some(Settlement::new(Outcome::Applied).of(&act.key, act.n.into())))
}

const COUNT_A: &str = "UPDATE counter SET n = n + 1 WHERE name = 'A'";
const COUNT_B: &str = "UPDATE counter SET n = n + 1 WHERE name = 'B'";

async fn run(tx: &Tx, statement: &'static str) -> Result<(), Failure> {
    tx.execute(statement, &NONE).await?;
    Ok(())
}

/// Tables of the probe. An effect has no unique key: a second one of the same message would show.
pub(crate) const TABLES: [&str; 3] = [
    "CREATE TABLE effect (id BIGINT AUTO_INCREMENT PRIMARY KEY, sender VARCHAR(64), \
       message_id CHAR(36), lane VARCHAR(64), n INT UNSIGNED, attempt INT UNSIGNED)",
    "CREATE TABLE counter (name VARCHAR(8) PRIMARY KEY, n INT UNSIGNED)",
    "INSERT INTO counter VALUES ('A', 0), ('B', 0)",
];

const INSERT: &str = "INSERT INTO effect (sender, message_id, lane, n, attempt) \
     SELECT r.sender, r.message_id, r.lane, r.n, r.attempt FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       sender VARCHAR(64) PATH '$.sender' ERROR ON ERROR, \
       message_id CHAR(36) PATH '$.message_id' ERROR ON ERROR, \
       lane VARCHAR(64) PATH '$.lane' ERROR ON ERROR, \
       n INT UNSIGNED PATH '$.n' ERROR ON ERROR, \
       attempt INT UNSIGNED PATH '$.attempt' ERROR ON ERROR)) r";

#[derive(Debug, Serialize)]
struct Effect {
    sender: String,
    message_id: String,
    lane: String,
    n: u32,
    attempt: u32,
}

impl Effect {
    fn of(act: &Act, envelope: &contracts::Envelope) -> Self {
        Self {
            sender: envelope.user_id.to_string(),
            message_id: envelope.message_id.to_string(),
            lane: act.key.clone(),
            n: act.n,
            attempt: envelope.attempt,
        }
    }
}
