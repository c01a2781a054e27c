//! Waits until everything is accounted for, or nothing happens any more, and shows how far it is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::FromQueryResult;
use store::{Database, NONE, StoreError};
use tokio::time::Instant;

use super::account::Account;
use super::feed::{Feed, Part};
use super::gauge::Gauge;
use crate::error::Result;
use crate::output::Output;
use crate::site::Site;

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The full account reads large tables: not more often than this while something is still missing.
const ACCOUNT_EVERY: Duration = Duration::from_secs(5);

/// How the watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Watched {
    /// Everything is accounted for.
    Complete,
    /// Nothing happened for too long, and something is missing.
    Stalled,
}

/// Counts that cost little.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
struct Counts {
    files_finished: i64,
    accepted: i64,
    rejected: i64,
    assigned: i64,
    unassignable: i64,
    sales_orders: i64,
    outbox: i64,
}

const COUNTS: &str = "SELECT \
     (SELECT COUNT(*) FROM import_file WHERE finished_at IS NOT NULL) files_finished, \
     (SELECT CAST(COALESCE(SUM(orders_accepted + orders_duplicate), 0) AS SIGNED) FROM import_file) accepted, \
     (SELECT CAST(COALESCE(SUM(orders_rejected), 0) AS SIGNED) FROM import_file) rejected, \
     (SELECT COUNT(*) FROM assignment WHERE state IN ('ASSIGNED', 'LOCKED')) assigned, \
     (SELECT COUNT(*) FROM assignment WHERE state = 'UNASSIGNABLE') unassignable, \
     (SELECT COUNT(*) FROM sales_order) sales_orders, \
     (SELECT COUNT(*) FROM outbox) outbox";

/// What one look shows. As long as it changes, something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    counts: Counts,
    /// Messages that the living instances have settled since they started.
    settled: u64,
    /// Messages that they hold, by their own last word.
    held: u64,
}

/// Looks once a second, until the files up to this part and everything that came of them are done.
pub(super) async fn until_done(
    site: &Site,
    (feed, up_to): (&Feed, Part),
    gauge: &Gauge,
    stall: Duration,
    output: Output,
) -> Result<Watched> {
    let database = site.database().await?;
    let bar = progress_bar(feed, output);
    let mut last = None;
    let mut last_change = Instant::now();
    let mut next_account = last_change;
    while last_change.elapsed() <= stall {
        tokio::time::sleep(LOOK_EVERY).await;
        // a database that is away for a moment is part of what a fleet survives
        let Ok(seen) = look(&database).await else { continue };
        show(&bar, &seen.counts);
        let quiet = is_quiet(&seen, feed.worked_on(up_to)) && gauge.ready_now() == Some(0);
        if last.as_ref() != Some(&seen) {
            last_change = Instant::now();
            last = Some(seen);
        }
        if quiet && Instant::now() >= next_account {
            next_account = Instant::now() + ACCOUNT_EVERY;
            let account = Account::read(&database, feed).await;
            if account.is_ok_and(|account| account.is_complete()) {
                bar.finish_and_clear();
                return Ok(Watched::Complete);
            }
        }
    }
    bar.abandon();
    Ok(Watched::Stalled)
}

async fn look(database: &Database) -> std::result::Result<Seen, StoreError> {
    let mut rows: Vec<Counts> = database.select(COUNTS, &NONE).await?;
    let counts = rows.pop().ok_or_else(|| StoreError::decode("a count without a row"))?;
    let living = store::instances::alive(database).await?;
    let reports = || living.iter().map(|instance| &instance.report);
    Ok(Seen {
        counts,
        settled: reports().map(|report| report.settled_total).sum(),
        held: reports().map(|report| report.in_flight + report.outbox_pending).sum(),
    })
}

fn is_quiet(seen: &Seen, files: usize) -> bool {
    let finished = usize::try_from(seen.counts.files_finished).unwrap_or(0);
    finished >= files && seen.counts.outbox == 0 && seen.held == 0
}

fn progress_bar(feed: &Feed, output: Output) -> ProgressBar {
    if !output.is_watched() {
        return ProgressBar::hidden();
    }
    let length = u64::try_from(feed.orders.len()).unwrap_or(u64::MAX);
    let bar = ProgressBar::new(length);
    let template = "{elapsed_precise} [{bar:32}] {human_pos}/{human_len} orders, {msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

fn show(bar: &ProgressBar, counts: &Counts) {
    let answered = counts.accepted.saturating_add(counts.rejected);
    bar.set_position(u64::try_from(answered).unwrap_or(0));
    bar.set_message(format!(
        "{} waybills assigned, {} unassignable, {} sales orders",
        counts.assigned, counts.unassignable, counts.sales_orders
    ));
}
