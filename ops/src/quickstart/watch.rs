//! Waits until everything is accounted for, or nothing happens any more, and shows how far it is.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::FromQueryResult;
use store::{Database, NONE, StoreError};
use tokio::time::Instant;

use super::account::Account;
use super::feed::Feed;
use super::gauge::Gauge;
use crate::error::Result;
use crate::output::Output;
use crate::site::Site;

const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The full account reads large tables: not more often than this while something is still missing.
const ACCOUNT_EVERY: Duration = Duration::from_secs(5);

/// How the watch ended.
#[derive(Debug)]
pub(super) struct Watched {
    /// When something changed for the last time.
    pub(super) last_change: Instant,
    /// True: nothing happened for too long, and not everything is accounted for.
    pub(super) stalled: bool,
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
    prepared: i64,
    outbox: i64,
}

const COUNTS: &str = "SELECT \
     (SELECT COUNT(*) FROM import_file WHERE finished_at IS NOT NULL) files_finished, \
     (SELECT CAST(COALESCE(SUM(orders_accepted + orders_duplicate), 0) AS SIGNED) FROM import_file) accepted, \
     (SELECT CAST(COALESCE(SUM(orders_rejected), 0) AS SIGNED) FROM import_file) rejected, \
     (SELECT COUNT(*) FROM assignment WHERE state IN ('ASSIGNED', 'LOCKED')) assigned, \
     (SELECT COUNT(*) FROM assignment WHERE state = 'UNASSIGNABLE') unassignable, \
     (SELECT COUNT(*) FROM sales_order) sales_orders, \
     (SELECT COUNT(*) FROM partner_delivery WHERE partner = 'wms') prepared, \
     (SELECT COUNT(*) FROM outbox) outbox";

/// Looks twice a second.
pub(super) async fn until_done(
    site: &Site,
    feed: &Feed,
    gauge: &Gauge,
    stall: Duration,
    output: Output,
) -> Result<Watched> {
    let database = site.database().await?;
    let bar = progress_bar(feed, output);
    let mut last: Option<Counts> = None;
    let mut last_change = Instant::now();
    let mut next_account = last_change;
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        // a database that is away for a moment is part of what a fleet survives
        let counts = counts(&database).await.ok();
        if let Some(counts) = &counts {
            show(&bar, counts);
        }
        if counts.is_some() && counts != last {
            last_change = Instant::now();
            last.clone_from(&counts);
        }
        let quiet =
            counts.is_some_and(|counts| is_quiet(&counts, feed)) && gauge.ready_now() == Some(0);
        if quiet && Instant::now() >= next_account {
            next_account = Instant::now() + ACCOUNT_EVERY;
            if is_idle(&database).await && Account::read(&database, feed).await?.is_complete() {
                bar.finish_and_clear();
                return Ok(Watched { last_change, stalled: false });
            }
        }
        if last_change.elapsed() > stall {
            bar.abandon();
            return Ok(Watched { last_change, stalled: true });
        }
    }
}

async fn counts(database: &Database) -> std::result::Result<Counts, StoreError> {
    let mut rows: Vec<Counts> = database.select(COUNTS, &NONE).await?;
    rows.pop().ok_or_else(|| StoreError::decode("a count without a row"))
}

fn is_quiet(counts: &Counts, feed: &Feed) -> bool {
    let finished = usize::try_from(counts.files_finished).unwrap_or(0);
    finished >= feed.order_files() && counts.outbox == 0
}

/// No instance holds a message, by its own last word.
async fn is_idle(database: &Database) -> bool {
    let alive = store::instances::alive(database).await;
    alive.is_ok_and(|all| {
        all.iter().all(|i| i.report.in_flight == 0 && i.report.outbox_pending == 0)
    })
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
