//! The database: one pool, transactions, and the tables of the runtime (inbox, outbox, settings,
//! instances, leases).
//!
//! What lives here: how a statement is sent, how an error is classified, the runtime's own rows. What
//! never does: a worker's tables (each has its own `store.rs`), the broker, a decision.
//!
//! **One parameter a statement.** Every statement has a fixed text and at most one bound parameter: a
//! JSON array of rows that the server unpacks with `JSON_TABLE`. The set of statement texts is closed
//! whatever the size of a batch, so the prepared-statement cache never evicts, and each is one round trip.
//! In a row the long fields stand last: MariaDB looks for each column from the beginning of the row, and reads
//! over every long text before it (a row of the outbox takes less than half of its time with the body at the
//! end).
//! A locking read takes its rows through a derived table, `(SELECT r.* FROM JSON_TABLE(...) r) r`: MySQL
//! cannot lock a JSON_TABLE itself (3569), and MariaDB has no `FOR UPDATE OF`.
//! Values that do not fit their columns are refused before they are sent: the server would change them.

mod database;
mod error;
mod fit;
pub mod inbox;
pub mod instances;
pub mod lease;
pub mod outbox;
pub mod settings;
#[cfg(test)]
mod tests;
mod values;

pub use database::{Database, NONE, NoRows, Tx};
pub use error::{ErrorClass, StoreError};
pub use values::{hash, hex, hex_bytes, parse_hex, timestamp};
