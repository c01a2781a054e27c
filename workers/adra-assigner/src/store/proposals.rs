//! Proposals: locked before everything else of their batch, so that two who settle one wait for each other; and
//! their end. Never here: whether one may be settled.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveDateTime};
use contracts::{ProposalState, Timestamp};
use routing::SlotDayKey;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, StoreError, Tx, hex, parse_hex, timestamp};
use uuid::Uuid;

use super::columns::{id, plain, rows, rows_to_lock};
use crate::decide::Proposal;

/// The words of the column.
pub(super) const STATES: [(ProposalState, &str); 3] = [
    (ProposalState::Open, "OPEN"),
    (ProposalState::Committed, "COMMITTED"),
    (ProposalState::Discarded, "DISCARDED"),
];

const LOCK: &str = concat!(
    "SELECT HEX(p.id) id, p.depot, p.delivery_date, p.timeslot, p.state, p.version, p.proposed_by, p.note, \
       p.settled_by, p.steps, p.evaluation, p.expires_at FROM ",
    rows_to_lock!(id!("id")),
    " STRAIGHT_JOIN adra_proposal p FORCE INDEX (PRIMARY) ON p.id = UNHEX(r.id) FOR UPDATE"
);

#[derive(Serialize)]
struct Id {
    id: String,
}

#[derive(FromQueryResult)]
struct ProposalRow {
    id: String,
    depot: String,
    delivery_date: NaiveDate,
    timeslot: String,
    state: String,
    version: u64,
    proposed_by: String,
    note: Option<String>,
    settled_by: Option<String>,
    steps: String,
    evaluation: String,
    expires_at: NaiveDateTime,
}

impl ProposalRow {
    fn read(self) -> Result<Proposal, StoreError> {
        let name = self.id;
        let unreadable = |what: &str, error: &dyn std::fmt::Display| {
            StoreError::decode(format!("proposal {name}: {what}: {error}"))
        };
        let state = STATES.iter().find(|(_, word)| *word == self.state);
        let (depot, timeslot) = (self.depot.into(), self.timeslot.into());
        let steps = serde_json::from_str(&self.steps);
        let evaluation = serde_json::from_str(&self.evaluation);
        Ok(Proposal {
            id: parse_hex(&name)?,
            key: SlotDayKey { depot, date: self.delivery_date, timeslot },
            state: state.ok_or_else(|| unreadable("state", &self.state))?.0,
            version: self.version,
            proposed_by: self.proposed_by,
            note: self.note,
            settled_by: self.settled_by,
            steps: steps.map_err(|error| unreadable("steps", &error))?,
            evaluation: evaluation.map_err(|error| unreadable("evaluation", &error))?,
            expires_at: timestamp(self.expires_at),
            is_stored: true,
        })
    }
}

/// Locks the proposals that are there, in the order of their ids.
pub(crate) async fn lock_proposals(
    tx: &Tx,
    ids: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Proposal>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let keys: Vec<_> = ids.iter().map(|id| Id { id: hex(*id) }).collect();
    let rows: Vec<ProposalRow> = tx.select(LOCK, &keys).await?;
    rows.into_iter().map(|row| row.read().map(|proposal| (proposal.id, proposal))).collect()
}

const FORGET: &str = concat!(
    "DELETE FROM adra_proposal WHERE expires_at < (SELECT r.at FROM ",
    rows!(plain!("at", "DATETIME(6)")),
    ") ORDER BY expires_at LIMIT 100"
);

#[derive(Serialize)]
struct Before {
    at: String,
}

/// Deletes up to 100 proposals that expired before this time, whatever became of them; gives how many. Call
/// again until it gives none.
pub(crate) async fn forget_proposals(
    database: &Database,
    before: Timestamp,
) -> Result<u64, StoreError> {
    database.execute(FORGET, &[Before { at: before.to_sql() }]).await
}
