//! Commands about whole slot days: each of them is worked on in transactions of its own, one a slot day and
//! more, before the batch that the command came in. They may run again: what is planned stays planned, what is
//! mended agrees. Never here: a search or a sum.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contracts::{ItemReply, PlanDay, Recalculate, Refusal, Role};
use routing::SlotDayKey;
use runtime::{Failure, Item, Outcome, Settlement};

use crate::activity::Turn;
use crate::decide::may_plan;
use crate::improve::{ImproveError, Improved, Improver, Report, figures};
use crate::incoming::Incoming;
use crate::recalculate::mend;
use crate::store::{read_books, save_mending, slot_days_of, slot_days_to_compare};

/// The longest that one command may search, in all: the messages behind it in its lane wait.
const SEARCHING: Duration = Duration::from_secs(60);

/// How these commands ended, by their place in the batch.
pub(crate) type Answers = BTreeMap<usize, Settlement>;

/// Carries out every such command of a batch.
///
/// # Errors
/// The failure of the whole batch.
pub(crate) async fn answers(
    improver: &Improver,
    items: &[Arc<Item<Incoming>>],
) -> Result<Answers, Failure> {
    let mut answers = Answers::new();
    for (index, item) in items.iter().enumerate() {
        let role = item.envelope.actor.role;
        let answer = match &item.message {
            Incoming::PlanDay(asked) if may_plan(role) => plan_day(improver, asked).await?,
            Incoming::Recalculate(asked) if may_plan(role) => recalculate(improver, asked).await?,
            Incoming::PlanDay(_) | Incoming::Recalculate(_) => not_allowed(role),
            Incoming::Created(_)
            | Incoming::Held(_)
            | Incoming::Released(_)
            | Incoming::StatusChanged(_)
            | Incoming::AttemptFailed(_)
            | Incoming::Corrected(_)
            | Incoming::Reschedule(_)
            | Incoming::AmendmentRequested(_)
            | Incoming::AmendmentDecided(_)
            | Incoming::Lock(_)
            | Incoming::Dispatch(_)
            | Incoming::Breakdown(_)
            | Incoming::Pin(_)
            | Incoming::Unpin(_)
            | Incoming::Shift(_)
            | Incoming::Propose(_)
            | Incoming::Commit(_)
            | Incoming::Discard(_)
            | Incoming::Network(_) => continue,
        };
        answers.insert(index, answer);
    }
    Ok(answers)
}

fn not_allowed(role: Role) -> Settlement {
    let detail = format!("{role:?} may not plan routes: ask a dispatcher");
    Settlement::new(Outcome::Rejected(Refusal::new("NOT_ALLOWED", detail)))
}

/// Settled with a line for each of these; said how many of them there are.
fn settled(lines: impl IntoIterator<Item = (&'static str, String)>) -> Settlement {
    let items = (0..).zip(lines).map(|(item, (code, detail))| {
        let (code, detail) = (code.to_owned(), Some(detail));
        ItemReply { item, code, detail }
    });
    Settlement::new(Outcome::Applied).with_items(items.collect())
}

async fn plan_day(improver: &Improver, asked: &PlanDay) -> Result<Settlement, Failure> {
    let database = &improver.database;
    let mut keys = slot_days_of(database, asked.depot.as_str(), asked.delivery_date).await?;
    if let Some(timeslot) = &asked.timeslot {
        keys.retain(|key| key.timeslot.as_str() == timeslot.as_str());
    }
    let each = SEARCHING / u32::try_from(keys.len()).unwrap_or(u32::MAX).max(1);
    let budget = Duration::from_secs(asked.seconds.into()).min(each);
    let mut lines = Vec::new();
    for key in keys {
        let improved = improver.improve(&key, Turn { budget, yields: false }).await?;
        lines.push(described(&key, &improved));
    }
    Ok(settled(lines))
}

fn described(key: &SlotDayKey, improved: &Improved) -> (&'static str, String) {
    let slot = &key.timeslot;
    match improved {
        Improved::Planned(report) if report.move_sets == 0 => ("AS_IT_WAS", said(key, report)),
        Improved::Planned(report) => ("IMPROVED", said(key, report)),
        Improved::Closed => ("CUT_OFF_PASSED", format!("{slot}: nothing is moved any more")),
        Improved::Taken => ("BUSY", format!("{slot}: another process improves it at this moment")),
        Improved::Unreadable => (
            "UNREADABLE",
            format!("{slot}: its rows contradict each other, or no network is loaded"),
        ),
    }
}

fn said(key: &SlotDayKey, report: &Report) -> String {
    let (before, after) = (figures(&report.before), figures(&report.after));
    let bound = report.lower_bound.map_or(String::new(), |bound| format!(" (at least {bound})"));
    format!(
        "{}: fleet cost {} to {}{bound}, without a place {} to {}, beyond limits {} to {}; {} moves in {} sets",
        key.timeslot,
        before.fleet_cost,
        after.fleet_cost,
        before.unassigned,
        after.unassigned,
        before.violations,
        after.violations,
        report.waybills_moved,
        report.move_sets,
    )
}

async fn recalculate(improver: &Improver, asked: &Recalculate) -> Result<Settlement, Failure> {
    let database = &improver.database;
    let mut lines = Vec::new();
    for key in slot_days_to_compare(database, asked).await? {
        let tx = database.begin().await?;
        let (version, books) = read_books(&tx, &key).await?;
        let mending = mend(&books, asked.zone.as_ref().map(|zone| zone.as_str()));
        if mending.says.is_empty() {
            tx.rollback().await?;
            continue;
        }
        save_mending(&tx, &key, version, &mending, contracts::Timestamp::now()).await?;
        tx.commit().await?;
        let SlotDayKey { depot, date, timeslot } = &key;
        for line in mending.says {
            tracing::warn!(%depot, %date, %timeslot, %line, "books were mended");
            lines.push(("MENDED", format!("{depot} {date} {timeslot}: {line}")));
        }
    }
    Ok(settled(lines))
}

impl From<ImproveError> for Failure {
    fn from(error: ImproveError) -> Self {
        match error {
            ImproveError::Store(error) => Self::Store(error),
            ImproveError::Failed(failure) => failure,
            error @ (ImproveError::State { .. }
            | ImproveError::Search(_)
            | ImproveError::Code(_)
            | ImproveError::Event(_)) => {
                Self::Transient { cause: error.to_string(), retry_after: None }
            }
        }
    }
}
