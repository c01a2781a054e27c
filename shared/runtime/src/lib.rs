//! The worker runtime: takes what has arrived, runs it as one transaction, publishes what came of it.
//!
//! What lives here: lanes and batches, the settle policy, the relay of outbox rows, live control, drain
//! and readiness. What never does: a business rule, a table of a worker, a lapin or sea-orm name.
//!
//! The way of a message: a [`generation`](self) of the intake decodes it and hands it to a lane by its key;
//! the lane takes
//! whatever has arrived while its previous batch was in flight ([`lane`](self)) and runs it as one
//! transaction ([`transact`](self)): what was seen, `Worker::handle`, how it ended, what to publish,
//! commit. Then it acknowledges, and the [`relay`](self) publishes.

mod batch;
mod context;
mod control;
mod core;
mod depths;
mod error;
mod failed;
mod feed;
mod front;
mod generation;
mod held;
mod ingress;
mod intake;
mod kill_switch;
mod lane;
mod process;
mod relay;
mod responder;
mod shutdown;
mod sweep;
mod switchboard;
#[cfg(test)]
mod tests;
mod trail;
mod transact;
mod worker;

pub use batch::{Batch, Item};
pub use context::Context;
pub use depths::Depths;
pub use error::{RuntimeError, SendError, Unsent};
pub use failed::DeadLetter;
pub use feed::{Feed, Happened};
pub use front::{Front, FrontProcess, run_front};
pub use ingress::Ingress;
pub use process::{Process, Running, run_worker};
pub use responder::{Responder, run_responder};
pub use shutdown::Shutdown;
pub use switchboard::{Letter, Switchboard};
pub use worker::{Failure, LaneKey, Outcome, Settlement, Worker};
