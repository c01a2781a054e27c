//! `loadtest deliver`: the sorting station and the road. Reports every assigned waybill through to
//! DELIVERED, with failed first attempts, second attempts, late and doubled reports, through the broker
//! as these two partners.
//!
//! What lives here: whom to deliver, how fast, when to stop. [`plan`] says what is reported of a waybill.

mod plan;
mod send;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use sea_orm::sqlx::{self, MySqlPool};
use serde::Serialize;
use settings::Secret;
use tokio::time::Instant;

use self::plan::{Habits, Parcel, Planned, plan};
use self::send::{Partners, Wave};
use crate::partner::Journal;
use crate::player::{PlayerArgs, PlayerError};

/// How often new places are looked for while nothing is on its way.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Waybills taken up at once: their reports are mixed with each other.
const PARCELS_AT_ONCE: u32 = 2_000;

/// Arguments of `loadtest deliver`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeliverArgs {
    /// Broker, logged in as the sorting station: amqp://partner-pss:password@host:port/vhost
    #[arg(long, env = "PARTNER_PSS_AMQP_URL", hide_env_values = true)]
    pub(crate) pss_amqp_url: Secret,
    /// Broker, logged in as the road: amqp://partner-ods:password@host:port/vhost
    #[arg(long, env = "PARTNER_ODS_AMQP_URL", hide_env_values = true)]
    pub(crate) ods_amqp_url: Secret,
    /// Share of the waybills whose first attempt fails, 0 to 1
    #[arg(long, default_value_t = 0.08)]
    pub(crate) fail_rate: f64,
    /// Share of the reports that come after the ones that follow them, 0 to 1
    #[arg(long, default_value_t = 0.05)]
    pub(crate) late_rate: f64,
    /// Share of the reports that are made twice, 0 to 1
    #[arg(long, default_value_t = 0.03)]
    pub(crate) double_rate: f64,
    /// Reports a second at most
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// Reports that had no effect yet at most
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) window: u32,
    /// Reports of one message; 1 sends each by itself
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub(crate) batch: u32,
    /// Give up after so many seconds without any progress
    #[arg(long, default_value_t = 60)]
    pub(crate) stall_seconds: u64,
    #[command(flatten)]
    pub(crate) player: PlayerArgs,
}

/// What was delivered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Delivered {
    /// Waybills that were reported through to the end.
    pub(crate) waybills: u64,
    /// Reports, doubled ones included.
    pub(crate) reports: u64,
    /// Messages they went out in.
    pub(crate) messages: u64,
    /// Waybills whose first attempt failed.
    pub(crate) failed_attempts: u64,
    /// Reports that came after the ones that follow them.
    pub(crate) late: u64,
    /// Reports made a second time.
    pub(crate) doubled: u64,
    /// Messages that a full queue refused for a while.
    pub(crate) pushed_back: u64,
    /// From the first to the last effect.
    pub(crate) seconds: f64,
    /// Reports a second.
    pub(crate) per_second: f64,
}

/// Delivers until every assigned waybill is.
pub(crate) async fn run(args: &DeliverArgs) -> Result<Delivered, PlayerError> {
    let pool = MySqlPool::connect(args.player.database_url.expose()).await?;
    let partners = Partners::connect(args).await?;
    let mut journal = Journal::open(args.player.journal.as_ref())?;
    let habits = Habits {
        seed: args.player.seed,
        fail_rate: args.fail_rate,
        late_rate: args.late_rate,
        double_rate: args.double_rate,
    };
    let mut round =
        Round { args, pool, partners, told: BTreeSet::new(), done: Delivered::default() };
    let mut progress = Instant::now();
    let begun = Instant::now();
    loop {
        let parcels = round.parcels().await?;
        if parcels.is_empty() {
            let undelivered = round.undelivered().await?;
            if undelivered == 0 {
                break;
            }
            round.check_stall(progress, 0, undelivered)?;
            tokio::time::sleep(LOOK_AGAIN).await;
            continue;
        }
        let planned = plan(&parcels, habits);
        round.count(&parcels, &planned);
        round.tell(planned, &mut journal).await?;
        progress = Instant::now();
    }
    let mut done = round.done;
    done.seconds = begun.elapsed().as_secs_f64();
    #[allow(clippy::as_conversions, reason = "a count as a rate")]
    let reports = done.reports as f64;
    done.per_second = reports / done.seconds.max(1e-9);
    Ok(done)
}

/// One run while it lasts.
struct Round<'a> {
    args: &'a DeliverArgs,
    pool: MySqlPool,
    partners: Partners,
    /// Waybills of which everything was said; those of which it had no effect are not told again.
    told: BTreeSet<String>,
    done: Delivered,
}

/// Waybills with a live place that have not come to an end. A held one stays where it is.
const OPEN: &str = "FROM assignment a JOIN waybill w ON w.waybill_no = a.waybill_no \
     LEFT JOIN route r ON r.id = a.route_id \
     WHERE a.state IN ('ASSIGNED', 'LOCKED') AND w.exists_since IS NOT NULL AND w.open_holds = 0 \
       AND w.status NOT IN ('DELIVERED', 'RETURNED_TO_ORIGIN', 'LOST', 'DAMAGED', 'CANCELLED')";

impl Round<'_> {
    /// The next waybills that nothing was said of yet.
    async fn parcels(&self) -> Result<Vec<Parcel>, PlayerError> {
        let sql = format!(
            "SELECT w.waybill_no, a.place_no, COALESCE(r.route_ref, ''), w.delivery_date, w.kind {OPEN} \
             ORDER BY w.waybill_no"
        );
        let rows: Vec<(String, u16, String, chrono::NaiveDate, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let new = rows.into_iter().filter(|(no, ..)| !self.told.contains(no));
        let limit = usize::try_from(PARCELS_AT_ONCE).unwrap_or(usize::MAX);
        Ok(new.take(limit).filter_map(Parcel::of).collect())
    }

    async fn undelivered(&self) -> Result<u64, PlayerError> {
        let sql = format!("SELECT COUNT(*) {OPEN}");
        let (count,): (i64,) =
            sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(&self.pool).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn count(&mut self, parcels: &[Parcel], planned: &[Planned]) {
        self.told.extend(parcels.iter().map(|parcel| parcel.waybill_no.to_string()));
        let count = |wanted: &dyn Fn(&Planned) -> bool| -> u64 {
            planned.iter().filter(|planned| wanted(planned)).count().try_into().unwrap_or(0)
        };
        self.done.waybills += u64::try_from(parcels.len()).unwrap_or(0);
        self.done.reports += count(&|_| true);
        self.done.late += count(&|planned| planned.is_late);
        self.done.doubled += count(&|planned| planned.is_double);
        self.done.failed_attempts += count(&|planned| planned.is_failure && !planned.is_double);
    }

    /// Says everything, in waves: the next one leaves when the last one had its effect.
    async fn tell(
        &mut self,
        planned: Vec<Planned>,
        journal: &mut Journal,
    ) -> Result<(), PlayerError> {
        let window = usize::try_from(self.args.window).unwrap_or(usize::MAX);
        let mut planned = planned.into_iter().peekable();
        while planned.peek().is_some() {
            let begun = Instant::now();
            let reports: Vec<Planned> = planned.by_ref().take(window).collect();
            let pause = Duration::from_secs(1) * u32::try_from(reports.len()).unwrap_or(u32::MAX)
                / self.args.rate;
            let wave = Wave::of(reports, &self.partners, self.args.batch)?;
            self.done.messages += u64::try_from(wave.len()).unwrap_or(0);
            self.done.pushed_back += self.partners.publish(&wave, journal).await?;
            self.wait_for(&wave, begun).await?;
            tokio::time::sleep_until(begun + pause).await;
        }
        Ok(())
    }

    /// Waits until every message of a wave had its effect.
    async fn wait_for(&self, wave: &Wave, begun: Instant) -> Result<(), PlayerError> {
        let mut ticks = tokio::time::interval(Duration::from_millis(10));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let unsettled = wave.len().saturating_sub(wave.settled(&self.pool).await?);
            if unsettled == 0 {
                return Ok(());
            }
            self.check_stall(begun, unsettled, 0)?;
        }
    }

    fn check_stall(
        &self,
        since: Instant,
        unsettled: usize,
        undelivered: u64,
    ) -> Result<(), PlayerError> {
        let seconds = self.args.stall_seconds;
        if since.elapsed() < Duration::from_secs(seconds) {
            return Ok(());
        }
        let what = format!(
            "{unsettled} messages had no effect and {undelivered} waybills are not delivered"
        );
        Err(PlayerError::Stalled { what, seconds })
    }
}

/// For people.
pub(crate) fn print(done: &Delivered) {
    println!(
        "{} waybills delivered ({} at the second attempt) by {} reports in {} messages: {:.1} s, {:.0} reports/s",
        done.waybills,
        done.failed_attempts,
        done.reports,
        done.messages,
        done.seconds,
        done.per_second
    );
    println!(
        "{} reports came late, {} were made twice; {} messages were pushed back by a full queue",
        done.late, done.doubled, done.pushed_back
    );
}
