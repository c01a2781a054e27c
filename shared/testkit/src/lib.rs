//! What tests stand on: a virtual host and a database schema of their own on the real servers,
//! messages in and out, fixtures, a network that can be broken, and the one place that waits.
//!
//! What lives here: things that several crates' tests need. What never does: a stand-in for the
//! broker, the database or the cache, a worker, anything of a production binary (this crate is a
//! dev-dependency everywhere). Everything here fails by panicking, with a text that says what to do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "tests fail by panicking"
)]

mod cleanup;
mod environment;
mod eventually;
pub mod fixtures;
mod inspect;
mod listen;
mod management;
mod programs;
mod proxy;
mod publish;
mod schema;
mod stage;
mod sweep;
#[cfg(test)]
mod tests;
mod users;

pub use eventually::{DEADLINE, eventually};
pub use lapin::BasicProperties;
pub use lapin::types::{AMQPValue, FieldTable};
pub use listen::{ReplyBox, Tap};
pub use programs::Programs;
pub use proxy::Proxy;
pub use publish::PublishAs;
pub use stage::Stage;
