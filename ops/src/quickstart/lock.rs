//! What stands between planning and the road: every route is locked before it is driven. A parcel on the road
//! is none that planning may still move to another route.
//!
//! Never here: who stays aboard; that is adra-assigner's alone.

use std::time::Duration;

use contracts::{LockRoute, MessageId, Timestamp};
use sea_orm::FromQueryResult;
use store::{Database, NONE};
use tokio::time::Instant;

use crate::error::{CommandError, Exit, Result};
use crate::operator::Operator;
use crate::site::Site;

/// Most commands without an answer at a time.
const AT_ONCE: usize = 200;
/// So many commands are answered within this, or somebody is away.
const ANSWERED_WITHIN: Duration = Duration::from_secs(120);

const OPEN: &str = "SELECT r.route_ref FROM route r WHERE r.status = 'OPEN' AND EXISTS \
     (SELECT 1 FROM assignment a WHERE a.route_id = r.id) ORDER BY r.route_ref";

#[derive(Debug, FromQueryResult)]
struct Open {
    route_ref: String,
}

/// Locks every open route that carries something. Planning may close some and open others meanwhile: it looks
/// again until none is open.
pub(super) async fn all_routes(site: &Site) -> Result<()> {
    let database = site.database().await?;
    let mut operator = Operator::connect(site).await?;
    let mut left = open(&database).await?;
    while !left.is_empty() {
        for some in left.chunks(AT_ONCE) {
            lock(&mut operator, some).await?;
        }
        let still = open(&database).await?;
        if still.len() >= left.len() {
            let message = format!(
                "{} routes cannot be locked, the first is {}: `dray adra route show` says what is on it",
                still.len(),
                still.first().map_or("-", |open| open.route_ref.as_str())
            );
            return Err(CommandError::new(Exit::Unavailable, message));
        }
        left = still;
    }
    operator.close().await;
    Ok(())
}

async fn open(database: &Database) -> Result<Vec<Open>> {
    Ok(database.select(OPEN, &NONE).await?)
}

/// Sends all commands, then hears all answers: whether it was locked is seen in the table.
async fn lock(operator: &mut Operator, routes: &[Open]) -> Result<()> {
    let until = Instant::now() + ANSWERED_WITHIN;
    for Open { route_ref } in routes {
        let command = LockRoute { route_ref: route_ref.clone(), occurred_at: Timestamp::now() };
        operator.send(MessageId::generate(), &command, until).await?;
    }
    for _answer in routes {
        if operator.next(until).await?.is_none() {
            let message =
                "adra-assigner did not answer in time: `dray fleet status` shows who runs";
            return Err(CommandError::new(Exit::Unavailable, message));
        }
    }
    Ok(())
}
