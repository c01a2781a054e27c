//! What queries are shown of an assignment: its entry in the cache, made of what a transaction wrote.
//! Never here: a decision, or anything that is decided by what the cache holds.

use cache::{Key, Kind};
use contracts::AssignmentStanding;

use crate::assignment::{Assignment, named};
use crate::decide::Writes;
use crate::state::Plan;

/// A cache entry: its key, the version it was made from, its body.
pub(crate) type Entry = (Key, u64, Vec<u8>);

/// The entries of everything that was written; `plans` name the routes.
pub(crate) fn entries(writes: &Writes, plans: &[Plan]) -> Vec<Entry> {
    let written = writes.new_assignments.iter().chain(&writes.assignments);
    written.filter_map(|assignment| entry(assignment, plans)).collect()
}

/// Without an entry queries ask the database.
fn entry(assignment: &Assignment, plans: &[Plan]) -> Option<Entry> {
    let route_id = assignment.state.route();
    let route_ref = match route_id {
        Some(id) => {
            let route = plans.iter().find_map(|plan| plan.day.route(id))?;
            Some(route.reference().to_string())
        }
        None => None,
    };
    let standing = AssignmentStanding {
        state: assignment.state.word().to_owned(),
        reason: assignment.state.reason().map(|reason| named(reason).1.to_owned()),
        route_id: route_id.map(|id| contracts::RouteId(id.0)),
        route_ref,
        version: assignment.version,
    };
    let key = Key::new(Kind::Assignment, assignment.waybill_no.as_str());
    Some((key, standing.version, serde_json::to_vec(&standing).ok()?))
}
