//! The decision about a change of the network: all rows are taken, or none and every error is named.
//!
//! Judged is each row by itself, and that no row is there twice. Whether rows of different tables
//! fit together is judged by those who read the whole network: the chunks of one load may come in
//! any order. Pure: never here IO, a clock, the environment.

mod findings;
mod places;
mod travel;
mod trucks;

use contracts::{Actor, NetworkRows, Refusal, Role, UpsertNetwork};

use self::findings::Findings;

/// Decides whether `command` may be carried out for `actor`.
///
/// # Errors
/// The refusal to answer with: `NOT_ALLOWED`, `NO_ROWS`, or all errors of all rows.
pub(crate) fn check(command: &UpsertNetwork, actor: &Actor) -> Result<(), Refusal> {
    if !may_change(actor.role) {
        let detail = "the network is changed by operators and dispatchers: ask one of them";
        return Err(Refusal::new("NOT_ALLOWED", detail));
    }
    if command.tables.iter().all(NetworkRows::is_empty) {
        let detail = "the command holds no row: send at least one";
        return Err(Refusal::new("NO_ROWS", detail));
    }
    let mut findings = Findings::default();
    for rows in &command.tables {
        check_rows(rows, &mut findings);
    }
    findings.into_result()
}

/// The tables that a command changes, by name, each once.
pub(crate) fn changed_tables(command: &UpsertNetwork) -> Vec<String> {
    let changed = command.tables.iter().filter(|rows| !rows.is_empty());
    let mut names: Vec<String> = changed.map(|rows| rows.table().to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn may_change(role: Role) -> bool {
    match role {
        Role::Operator | Role::Admin | Role::Dispatcher => true,
        Role::Customer
        | Role::Merchant
        | Role::CsAgent
        | Role::CsSupervisor
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Shop
        | Role::Worker => false,
    }
}

fn check_rows(rows: &NetworkRows, findings: &mut Findings) {
    let table = rows.table();
    match rows {
        NetworkRows::Depots(rows) => findings.each(table, rows, places::depot),
        NetworkRows::Zones(rows) => findings.each(table, rows, places::zone),
        NetworkRows::Districts(rows) => findings.each(table, rows, places::district),
        NetworkRows::Timeslots(rows) => findings.each(table, rows, places::timeslot),
        NetworkRows::ZoneQuota(rows) => findings.each(table, rows, places::zone_quota),
        NetworkRows::Warehouses(rows) => findings.each(table, rows, places::warehouse),
        NetworkRows::PickFlow(rows) => findings.each(table, rows, places::pick_flow),
        NetworkRows::TruckTypes(rows) => findings.each(table, rows, trucks::truck_type),
        NetworkRows::UpgradeLadder(rows) => findings.each(table, rows, trucks::upgrade),
        NetworkRows::TruckPool(rows) => findings.each(table, rows, trucks::pool),
        NetworkRows::RouteTemplates(rows) => findings.each(table, rows, trucks::route_template),
        NetworkRows::Travel(rows) => findings.each(table, rows, travel::drive),
    }
}
