//! What the shim shows when everything is over, beside what the tables hold.
//!
//! What lives here: asking and comparing. What never does: a change.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use sea_orm::sqlx::{self, MySqlPool};
use tokio::time::{Instant, sleep};

use super::client::{Answer, Unanswered};
use super::drive::Drive;
use super::say;
use super::seen::{Shown, Subject};
use super::truth::Truth;
use super::world::World;

/// So many waybills and so many orders are looked at.
const LOOKED_AT: usize = 1_000;
/// Questions at once.
const AT_ONCE: usize = 8;
/// A copy in the process of query-desk is that old at most; what is false for longer is false.
const TRUE_WITHIN: Duration = Duration::from_secs(10);
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Status and version.
type Standing = (String, u64);

/// Asks about the newest waybills and orders and notes what is not as the tables have it.
pub(crate) async fn compare(
    pool: &MySqlPool,
    drive: &Drive,
    world: &World,
    truth: &mut Truth,
) -> Result<(), sqlx::Error> {
    let waybills = world.waybills.iter().take(LOOKED_AT);
    let waybills = waybills.map(|waybill| Subject::Waybill(waybill.waybill_no.clone()));
    let orders = world.orders.iter().take(LOOKED_AT);
    let orders = orders.map(|order| Subject::Order(order.source.clone(), order.order_ref.clone()));
    let subjects: Vec<Subject> = waybills.chain(orders).collect();
    let held = held(pool).await?;
    let compared = futures_util::stream::iter(subjects)
        .map(async |subject| {
            let fault = ask(pool, drive, &subject, held.get(&subject).cloned()).await;
            fault.map(|fault| format!("{}: {fault}", subject.label()))
        })
        .buffer_unordered(AT_ONCE);
    let mut compared = std::pin::pin!(compared);
    while let Some(fault) = compared.next().await {
        truth.shown += 1;
        if let Some(fault) = fault {
            truth.shown_false.note(fault);
        }
    }
    Ok(())
}

/// What is false about what is shown, and stays false.
async fn ask(
    pool: &MySqlPool,
    drive: &Drive,
    subject: &Subject,
    mut held: Option<Standing>,
) -> Option<String> {
    let deadline = Instant::now() + TRUE_WITHIN;
    loop {
        let answer = drive.ask(&say::show(subject)).await;
        let fault = difference(&answer, held.as_ref())?;
        if Instant::now() > deadline {
            return Some(fault);
        }
        sleep(AGAIN_AFTER).await;
        // it may just have changed
        held = standing(pool, subject).await.unwrap_or(held);
    }
}

/// `None`: it is as the tables have it.
fn difference(answer: &Result<Answer, Unanswered>, held: Option<&Standing>) -> Option<String> {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Some(error.to_string()),
    };
    let Some((status, version)) = held else {
        return (answer.status != 404).then(|| "shown, the tables hold nothing".to_owned());
    };
    match Shown::read(&answer.body) {
        Some(shown) if shown.status == *status && shown.version == *version => None,
        Some(shown) => Some(format!(
            "shown {} v{}, the tables hold {status} v{version}",
            shown.status, shown.version
        )),
        None => Some(format!("answered {}, the tables hold {status} v{version}", answer.status)),
    }
}

async fn standing(pool: &MySqlPool, subject: &Subject) -> Result<Option<Standing>, sqlx::Error> {
    let question = match subject {
        Subject::Waybill(waybill_no) => {
            sqlx::query_as::<sqlx::MySql, Standing>(ONE_WAYBILL).bind(waybill_no)
        }
        Subject::Order(source, order_ref) => {
            sqlx::query_as::<sqlx::MySql, Standing>(ONE_ORDER).bind(source).bind(order_ref)
        }
    };
    question.fetch_optional(pool).await
}

const ONE_WAYBILL: &str = "SELECT status, version FROM waybill WHERE waybill_no = ?";
const ONE_ORDER: &str = "SELECT status, version FROM orders WHERE source = ? AND order_ref = ?";
const WAYBILLS: &str = "SELECT waybill_no, status, version FROM waybill";
const ORDERS: &str = "SELECT source, order_ref, status, version FROM orders";

async fn held(pool: &MySqlPool) -> Result<HashMap<Subject, Standing>, sqlx::Error> {
    let waybills: Vec<(String, String, u64)> = sqlx::query_as(WAYBILLS).fetch_all(pool).await?;
    let orders: Vec<(String, String, String, u64)> = sqlx::query_as(ORDERS).fetch_all(pool).await?;
    let waybill = |(waybill_no, status, version)| (Subject::Waybill(waybill_no), (status, version));
    let order = |(source, order_ref, status, version)| {
        (Subject::Order(source, order_ref), (status, version))
    };
    Ok(waybills.into_iter().map(waybill).chain(orders.into_iter().map(order)).collect())
}
