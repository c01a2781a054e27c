//! `loadtest agents`: customer service and customers at work. Several agents at once do by seed what such
//! people do with the orders and waybills that are there: hold, release, cancel, reschedule, amend, return,
//! correct, lock routes, have parcels prepared elsewhere or asked for again. Many of it must be refused; what counts is that each command had one outcome and
//! that the invariants hold afterwards (`loadtest verify`).
//!
//! What lives here: how many agents, how fast, when to stop, and the account at the end. [`acts`] says what
//! an agent does, [`world`] what it sees.

mod acts;
#[cfg(test)]
mod tests;
mod world;

use std::collections::BTreeMap;
use std::time::Duration;

use broker::Outgoing;
use clap::Args;
use contracts::{MessageId, derive_message_id};
use futures_util::StreamExt;
use queue_topology::WorkerKind;
use sea_orm::sqlx::{self, MySqlPool};
use serde::Serialize;
use settings::Secret;
use tokio::time::{Instant, MissedTickBehavior, interval};

use self::acts::{Act, Agent, act};
use self::world::World;
use crate::dice::Dice;
use crate::journal::{JournalEntry, SendState};
use crate::partner::Journal;
use crate::player::{PlayerArgs, PlayerError};
use crate::sending::Sender;

/// How old an agent's picture of the world may be: like a page that somebody looks at.
const WORLD_LASTS: Duration = Duration::from_secs(2);
/// Commands on their way to the broker at once.
const AT_ONCE: usize = 64;

/// Arguments of `loadtest agents`.
#[derive(Debug, Clone, Args)]
pub(crate) struct AgentsArgs {
    /// Broker, logged in as somebody who may speak for others: amqp://dray-admin:password@host:port/vhost
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub(crate) amqp_url: Secret,
    /// People at work
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) agents: u32,
    /// Commands a second, all together
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rate: u32,
    /// For so long
    #[arg(long, default_value_t = 30)]
    pub(crate) seconds: u64,
    /// Give up when a command has no outcome so many seconds after the last one
    #[arg(long, default_value_t = 120)]
    pub(crate) stall_seconds: u64,
    #[command(flatten)]
    pub(crate) player: PlayerArgs,
}

/// What they did.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Acted {
    /// Commands that the broker took over.
    pub(crate) commands: u64,
    /// Commands that a full queue refused for a while.
    pub(crate) pushed_back: u64,
    /// Their outcomes: message type, then outcome and code.
    pub(crate) outcomes: BTreeMap<String, BTreeMap<String, u64>>,
}

/// A command that was confirmed.
struct Said {
    consumer: WorkerKind,
    message_type: String,
    message_id: MessageId,
}

/// Acts until the time is over, then waits for every outcome.
pub(crate) async fn run(args: &AgentsArgs) -> Result<Acted, PlayerError> {
    let pool = MySqlPool::connect(args.player.database_url.expose()).await?;
    let sender = Sender::connect(args.amqp_url.expose()).await?;
    let mut journal = Journal::open(args.player.journal.as_ref())?;
    let mut acted = Acted::default();
    let mut said = Vec::new();
    let mut acts = Acts::new(args, pool.clone(), &sender).await?;
    let mut pace = interval(Duration::from_secs(1) / args.rate);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = Instant::now() + Duration::from_secs(args.seconds);
    while Instant::now() < end {
        let mut burst = Vec::new();
        // people do not wait for each other: a few at the same moment
        for _ in 0..acts.dice.below(4) + 1 {
            pace.tick().await;
            burst.extend(acts.next().await?);
        }
        let sent = futures_util::stream::iter(burst)
            .map(async |(consumer, message)| (sender.persist(&message).await, consumer, message))
            .buffer_unordered(AT_ONCE);
        let mut sent = std::pin::pin!(sent);
        while let Some((refusals, consumer, message)) = sent.next().await {
            acted.pushed_back += refusals?;
            acted.commands += 1;
            journal.note(&JournalEntry {
                consumer: consumer.name().to_owned(),
                sender: message.envelope.user_id.to_string(),
                message_id: message.envelope.message_id,
                state: SendState::Confirmed,
            })?;
            let (message_type, message_id) =
                (message.envelope.message_type, message.envelope.message_id);
            said.push(Said { consumer, message_type, message_id });
        }
    }
    acted.outcomes = outcomes(&pool, &said, args.stall_seconds).await?;
    Ok(acted)
}

/// Who acts next, and on what.
struct Acts<'a> {
    seed: u64,
    agents: Vec<Agent>,
    dice: Dice,
    number: u64,
    pool: MySqlPool,
    sender: &'a Sender,
    world: World,
    seen_at: Instant,
}

impl<'a> Acts<'a> {
    async fn new(
        args: &AgentsArgs,
        pool: MySqlPool,
        sender: &'a Sender,
    ) -> Result<Self, PlayerError> {
        let world = World::look(&pool, args.player.seed).await?;
        if world.is_empty() {
            return Err(PlayerError::Nothing);
        }
        Ok(Self {
            seed: args.player.seed,
            agents: (1..=args.agents).map(Agent::new).collect(),
            dice: Dice::new(args.player.seed, "agents", 0),
            number: 0,
            pool,
            sender,
            world,
            seen_at: Instant::now(),
        })
    }

    /// The next command; nothing when the agent found nothing to do. Now and then it is sent twice.
    async fn next(&mut self) -> Result<Vec<(WorkerKind, Outgoing)>, PlayerError> {
        if self.seen_at.elapsed() > WORLD_LASTS {
            // a database that is away for a moment is part of what a fleet survives: the old picture stays
            if let Ok(world) = World::look(&self.pool, self.dice.bits()).await {
                self.world = world;
            }
            self.seen_at = Instant::now();
        }
        self.number += 1;
        let which = self.dice.below(u64::try_from(self.agents.len()).unwrap_or(1));
        let Some(agent) = usize::try_from(which).ok().and_then(|i| self.agents.get_mut(i)) else {
            return Ok(Vec::new());
        };
        let key = format!("{}/{}/{}", self.seed, std::process::id(), self.number);
        let message_id = derive_message_id("loadtest-agents", &key);
        let Some(Act { consumer, actor, say }) =
            act(agent, &self.world, message_id, &mut self.dice)
        else {
            return Ok(Vec::new());
        };
        let message = say.outgoing(self.sender, message_id, actor)?;
        let twice = self.dice.chance(0.05);
        let again = twice.then(|| (consumer, message.clone()));
        Ok(std::iter::once((consumer, message)).chain(again).collect())
    }
}

/// Waits until every command is in the inbox of its consumer, and counts what stands there.
async fn outcomes(
    pool: &MySqlPool,
    said: &[Said],
    stall_seconds: u64,
) -> Result<BTreeMap<String, BTreeMap<String, u64>>, PlayerError> {
    let mut of_type: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for Said { consumer, message_type, message_id } in said {
        let ids = of_type.entry((message_type, consumer.name())).or_default();
        ids.push(message_id.0.simple().to_string());
    }
    of_type.values_mut().for_each(|ids| {
        ids.sort_unstable();
        ids.dedup();
    });
    let wanted: usize = of_type.values().map(Vec::len).sum();
    let sent = u64::try_from(wanted).unwrap_or(0);
    let (mut last, mut since) = (0, Instant::now());
    let mut ticks = interval(Duration::from_millis(200));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let mut outcomes = BTreeMap::new();
        for ((message_type, consumer), ids) in &of_type {
            // who cannot be asked at the moment has settled nothing yet
            let settled = count(pool, consumer, ids).await.unwrap_or_default();
            outcomes.insert((*message_type).to_owned(), settled);
        }
        let settled: u64 = outcomes.values().flat_map(BTreeMap::values).sum();
        if settled == sent {
            return Ok(outcomes);
        }
        if settled > last {
            (last, since) = (settled, Instant::now());
        }
        if since.elapsed() > Duration::from_secs(stall_seconds) {
            let missing = sent.saturating_sub(settled);
            let what = format!("{missing} of {sent} commands had no outcome");
            return Err(PlayerError::Stalled { what, seconds: stall_seconds });
        }
    }
}

async fn count(
    pool: &MySqlPool,
    consumer: &str,
    ids: &[String],
) -> Result<BTreeMap<String, u64>, PlayerError> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT CONCAT(i.outcome, ' ', i.code), COUNT(*) FROM JSON_TABLE(?, '$[*]' COLUMNS( \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$')) r \
         JOIN inbox i ON i.consumer = ? AND i.message_id = UNHEX(r.id) \
         GROUP BY i.outcome, i.code",
    )
    .bind(serde_json::json!(ids).to_string())
    .bind(consumer)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|(code, n)| (code, u64::try_from(n).unwrap_or(0))).collect())
}

/// For people.
pub(crate) fn print(acted: &Acted) {
    println!("{} commands, {} pushed back by a full queue", acted.commands, acted.pushed_back);
    for (message_type, outcomes) in &acted.outcomes {
        for (outcome, count) in outcomes {
            println!("  {message_type:<40} {outcome:<40} {count:>7}");
        }
    }
}
