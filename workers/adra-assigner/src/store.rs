//! The rows of ADRA, and what it reads of waybills and of the network. Only this file and its folder know
//! SQL. Never here: a decision.
//!
//! Order of locks, in every transaction: rows of `adra_proposal` by id, then rows of `waybill` (shared) and of `assignment` by number, then rows
//! of `slot_day` by key. Rows of routes, buckets and truck uses are guarded by their slot day's.

mod amendments;
mod assignments;
mod columns;
mod demand;
pub(crate) mod network;
mod planning;
mod proposals;
mod recalculate;
mod routes;
mod rows;
mod save;
mod slot_days;
mod stops;
mod travel;

pub(crate) use self::amendments::{amendments_of, order_facts};
pub(crate) use self::assignments::{
    lock_assignments, lock_unassignable, standings, unassignable_before, unassignable_in,
};
pub(crate) use self::demand::{
    demand_of, forget_demand, note_demand, slot_days_to_note, windows_with_history,
};
pub(crate) use self::planning::{
    claim, deficits, next_to_improve, note_improved, slot_days_of, standings_now, waybills_of,
};
pub(crate) use self::proposals::{forget_proposals, lock_proposals};
pub(crate) use self::recalculate::{read_books, save_mending, slot_days_to_compare};
pub(crate) use self::routes::{aboard, known_routes};
pub(crate) use self::save::save;
pub(crate) use self::slot_days::{lock_slot_days, stored_days};
pub(crate) use self::stops::{UnorderedRoute, save_order, unordered_routes};
pub(crate) use self::travel::map_of;
