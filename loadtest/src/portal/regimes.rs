//! The four regimes: what is offered when, and what is read off afterwards.
//!
//! What never lives here: how a request is made or timed.

use std::time::Duration;

use rust_decimal::prelude::ToPrimitive as _;
use serde::Serialize;
use tokio::time::{Instant, interval};

use super::class::{Class, Mix};
use super::drive::Offer;
use super::hits::Counts;
use super::samples::{Row, Samples};
use super::say::Speaker;
use super::{Beside, Ground, Measured, PortalError, kill};
use crate::dice::Dice;
use crate::verify::{depths, drained};

/// Limits of the target: reads at 1,000/s and mixed requests at 400/s, in milliseconds.
const READS_P99_MS: f64 = 20.0;
const MIXED_P99_MS: f64 = 100.0;
/// Reads that are answered without the database, of 100.
const WITHOUT_DATABASE_PERCENT: f64 = 80.0;
/// What is served of the peak under overload, of 100.
const GOODPUT_PERCENT: f64 = 90.0;
/// How much more than the last step of the search for the peak the next one offers.
const STEP_NUMERATOR: u32 = 3;
const STEP_DENOMINATOR: u32 = 2;
const STEPS_MAX: usize = 14;
/// A step below this share of what was offered is beyond the peak.
const BEYOND_THE_PEAK: f64 = 0.9;
/// Between two looks at the queues.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(250);
/// How much more than the peak is offered then.
const OVERLOAD: u32 = 10;

/// One step of the search for the peak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Step {
    /// Requests a second that were offered.
    pub(crate) offered: u32,
    /// Requests a second that were served while they were offered.
    pub(crate) served: f64,
    /// 99 of 100 of these took at most so long.
    pub(crate) p99_ms: f64,
}

/// What is served under overload.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Goodput {
    /// The most requests a second that were served before.
    pub(crate) peak: f64,
    /// Requests a second that were offered then.
    pub(crate) offered: u32,
    /// Requests a second that were served.
    pub(crate) served: f64,
    /// Of the peak, of 100.
    pub(crate) percent_of_peak: f64,
    /// Served requests a second of the classes that are served to the last.
    pub(crate) served_first: f64,
    /// Of these classes, what was offered a second.
    pub(crate) offered_first: f64,
}

/// Status questions; who answered them.
pub(crate) async fn reads(ground: &mut Ground<'_>) -> Result<Measured, PortalError> {
    let (rate, seconds) = (ground.args.rate, ground.args.seconds);
    let mut load = Load::new(ground, Mix::reads());
    load.warm_up(ground).await?;
    let before = Counts::read(&ground.pool).await?;
    let samples = load.measure(ground, rate, seconds).await?;
    let answered = Counts::read(&ground.pool).await?.since(&before);
    let rows = rows(&samples)?;
    let mut beside = vec![p99(&rows, READS_P99_MS)];
    if let Some(answered) = answered {
        beside.push(Beside {
            what: "answers without the database",
            measured: answered.percent_without_database(),
            limit: WITHOUT_DATABASE_PERCENT,
            unit: "%",
            at_least: true,
        });
    }
    Ok(Measured { offered_per_second: rate, beside, rows, answered, ..Measured::default() })
}

/// The target hour.
pub(crate) async fn mixed(ground: &mut Ground<'_>) -> Result<Measured, PortalError> {
    let (rate, seconds) = (ground.args.rate, ground.args.seconds);
    let mut load = Load::new(ground, Mix::target_hour());
    load.warm_up(ground).await?;
    let before = Counts::read(&ground.pool).await?;
    let samples = load.measure(ground, rate, seconds).await?;
    let answered = Counts::read(&ground.pool).await?.since(&before);
    let rows = rows(&samples)?;
    let beside = vec![p99(&rows, MIXED_P99_MS)];
    Ok(Measured { offered_per_second: rate, beside, rows, answered, ..Measured::default() })
}

/// The peak, then ten times as much.
pub(crate) async fn overload(ground: &mut Ground<'_>) -> Result<Measured, PortalError> {
    let mut load = Load::new(ground, Mix::target_hour());
    load.warm_up(ground).await?;
    let steps = search(&mut load, ground).await?;
    let peak = steps.iter().map(|step| step.served).fold(0.0, f64::max);
    let offered = peak.to_u32().unwrap_or(1).max(1).saturating_mul(OVERLOAD);
    let seconds = ground.args.seconds;
    let offer = Offer { per_second: offered, seconds };
    let mut samples = load.offer(ground, offer).await?;
    let served = per_second(samples.served(|_| true), seconds);
    let served_first = per_second(samples.served(Class::is_first), seconds);
    ground.drive.settle().await;
    samples.add(&ground.drive.take_samples()?);
    let percent_of_peak = 100.0 * served / peak.max(1e-9);
    let offered_first = f64::from(offered) * Mix::target_hour().share_of(Class::is_first);
    let goodput = Goodput { peak, offered, served, percent_of_peak, served_first, offered_first };
    let beside = vec![Beside {
        what: "served under tenfold load, of the peak",
        measured: percent_of_peak,
        limit: GOODPUT_PERCENT,
        unit: "%",
        at_least: true,
    }];
    Ok(Measured {
        offered_per_second: offered,
        beside,
        rows: rows(&samples)?,
        steps,
        goodput: Some(goodput),
        ..Measured::default()
    })
}

/// More and more, until a tenth of it is not served any more. Each step lasts as long as the overload, so that what
/// the workers only put off counts in neither.
async fn search(load: &mut Load, ground: &mut Ground<'_>) -> Result<Vec<Step>, PortalError> {
    let mut steps = Vec::new();
    let mut offered = ground.args.rate;
    for _ in 0..STEPS_MAX {
        let seconds = ground.args.seconds;
        let offer = Offer { per_second: offered, seconds };
        let samples = load.offer(ground, offer).await?;
        let served = per_second(samples.served(|_| true), seconds);
        let p99_ms = rows(&samples)?.last().map_or(0.0, |all| all.latency.p99_ms);
        steps.push(Step { offered, served, p99_ms });
        // the next step begins with nothing of this one on its way
        ground.drive.settle().await;
        let _late = ground.drive.take_samples()?;
        at_rest(ground).await?;
        if served < BEYOND_THE_PEAK * f64::from(offered) {
            break;
        }
        offered = offered.saturating_mul(STEP_NUMERATOR) / STEP_DENOMINATOR;
    }
    if steps.iter().all(|step| step.served <= 0.0) {
        return Err(PortalError::NothingServed);
    }
    Ok(steps)
}

/// Waits until nothing is left in the work queues, or as long as is waited for a change. Without the broker's address
/// it does not wait.
async fn at_rest(ground: &Ground<'_>) -> Result<(), PortalError> {
    let Some(amqp_url) = &ground.args.amqp_url else { return Ok(()) };
    let deadline = Instant::now() + Duration::from_secs(ground.args.stall_seconds);
    let mut looks = interval(LOOKED_AT_EVERY);
    while Instant::now() < deadline {
        looks.tick().await;
        if drained(&depths(amqp_url).await?).violations == 0 {
            break;
        }
    }
    Ok(())
}

/// The target hour, while everybody is killed in turn.
pub(crate) async fn kill(ground: &mut Ground<'_>) -> Result<Measured, PortalError> {
    let (rate, seconds) = (ground.args.rate, ground.args.seconds);
    let mut load = Load::new(ground, Mix::target_hour());
    load.warm_up(ground).await?;
    let plan = kill::Plan {
        home: ground.home.clone(),
        services: ground.args.services.clone(),
        within: Duration::from_secs(seconds),
    };
    let (struck, samples) = tokio::join!(plan.run(), load.measure(ground, rate, seconds));
    let rows = rows(&samples?)?;
    Ok(Measured { offered_per_second: rate, rows, struck: struck?, ..Measured::default() })
}

/// What is offered, by seed.
struct Load {
    speaker: Speaker,
    arrivals: Dice,
}

impl Load {
    fn new(ground: &Ground<'_>, mix: Mix) -> Self {
        let seed = ground.args.player.seed;
        let speaker = Speaker::new(seed, mix, ground.looker.world());
        Self { speaker, arrivals: Dice::new(seed, "portal-arrivals", 0) }
    }

    /// The same load before the measurement: caches fill, connections are made.
    async fn warm_up(&mut self, ground: &mut Ground<'_>) -> Result<(), PortalError> {
        let (per_second, seconds) = (ground.args.rate, ground.args.warm_up_seconds);
        self.measure(ground, per_second, seconds).await.map(|_not_measured| ())
    }

    /// Offers and waits for every answer.
    async fn measure(
        &mut self,
        ground: &mut Ground<'_>,
        per_second: u32,
        seconds: u64,
    ) -> Result<Samples, PortalError> {
        let mut samples = self.offer(ground, Offer { per_second, seconds }).await?;
        ground.drive.settle().await;
        samples.add(&ground.drive.take_samples()?);
        Ok(samples)
    }

    /// Offers; what is answered later is not among the samples.
    async fn offer(
        &mut self,
        ground: &mut Ground<'_>,
        offer: Offer,
    ) -> Result<Samples, PortalError> {
        let speaker = &mut self.speaker;
        ground.drive.offer(offer, &mut self.arrivals, || speaker.next()).await;
        ground.drive.take_samples()
    }
}

fn rows(samples: &Samples) -> Result<Vec<Row>, PortalError> {
    Ok(samples.rows()?)
}

fn p99(rows: &[Row], limit: f64) -> Beside {
    let measured = rows.last().map_or(0.0, |all| all.latency.p99_ms);
    Beside { what: "p99 from request to answer", measured, limit, unit: "ms", at_least: false }
}

fn per_second(count: u64, seconds: u64) -> f64 {
    let small = |number: u64| u32::try_from(number).map_or(f64::from(u32::MAX), f64::from);
    small(count) / small(seconds.max(1))
}
