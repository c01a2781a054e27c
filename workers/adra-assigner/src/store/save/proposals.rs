//! Proposals, written. Never here: a decision.

use chrono::NaiveDate;
use routing::SlotDayKey;
use serde::Serialize;
use store::{StoreError, hex};

use crate::decide::Proposal;
use crate::store::columns::{ascii, id, number, plain, rows, slot_day};
use crate::store::proposals::STATES;

macro_rules! settled {
    () => {
        concat!(
            id!("id"),
            ", ",
            ascii!("state", 12),
            ", ",
            number!("version"),
            ", ",
            plain!("settled_by", "VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
            ", ",
            plain!("at", "DATETIME(6)")
        )
    };
}

// A plain INSERT: of two processes with the same proposal one gets a duplicate key, runs again and finds it.
pub(super) const NEW_PROPOSALS: &str = concat!(
    "INSERT INTO adra_proposal (id, depot, delivery_date, timeslot, state, version, proposed_by, note, \
       settled_by, steps, evaluation, created_at, expires_at, updated_at) \
     SELECT UNHEX(r.id), r.depot, r.delivery_date, r.timeslot, r.state, r.version, r.proposed_by, r.note, \
       r.settled_by, r.steps, r.evaluation, r.at, r.expires_at, r.at FROM ",
    rows!(
        settled!(),
        slot_day!(),
        plain!("proposed_by", "VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        plain!("note", "VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        plain!("steps", "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        plain!("evaluation", "MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"),
        plain!("expires_at", "DATETIME(6)")
    )
);

// its row is locked
pub(super) const PROPOSALS: &str = concat!(
    "UPDATE ",
    rows!(settled!()),
    " STRAIGHT_JOIN adra_proposal p FORCE INDEX (PRIMARY) ON p.id = UNHEX(r.id) \
     SET p.state = r.state, p.version = r.version, p.settled_by = r.settled_by, p.updated_at = r.at"
);

/// The columns of names hold so many characters.
const NAME_CHARS: usize = 200;

#[derive(Serialize)]
pub(super) struct Proposed<'a> {
    id: String,
    state: &'static str,
    version: u64,
    settled_by: Option<String>,
    at: &'a str,
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    proposed_by: String,
    note: Option<&'a str>,
    expires_at: String,
    /// Last: the server looks for every column from the row's beginning.
    steps: String,
    evaluation: String,
}

impl<'a> Proposed<'a> {
    pub(super) fn of(row: &'a Proposal, at: &'a str) -> Result<Self, StoreError> {
        let json = |error: serde_json::Error| StoreError::Encode(error.to_string());
        let SlotDayKey { depot, date, timeslot } = &row.key;
        let state = STATES.iter().find(|(state, _)| *state == row.state);
        Ok(Self {
            id: hex(row.id),
            state: state.map_or("", |(_, word)| *word),
            version: row.version,
            settled_by: row.settled_by.as_deref().map(name),
            at,
            depot: depot.as_str(),
            delivery_date: *date,
            timeslot: timeslot.as_str(),
            proposed_by: name(&row.proposed_by),
            note: row.note.as_deref(),
            expires_at: row.expires_at.to_sql(),
            steps: serde_json::to_string(&row.steps).map_err(json)?,
            evaluation: serde_json::to_string(&row.evaluation).map_err(json)?,
        })
    }
}

fn name(text: &str) -> String {
    text.chars().take(NAME_CHARS).collect()
}
