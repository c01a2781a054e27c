//! RabbitMQ through lapin: connect, declare, consume, publish with confirms, settle.
//!
//! What lives here: everything that names lapin. What never does: what a message means, a database.
//!
//! Recovery is our own and plain: a lost connection ends everything that hung on it (its channels,
//! its delivery tags), and the owner connects anew. Nothing of an old connection is ever reused, so no
//! old delivery tag can be acknowledged on a new channel. Publishing and consuming have connections of
//! their own: on a shared one a memory alarm would stop consumption too.

mod caution;
mod closing;
mod connection;
mod declare;
mod delivery;
mod envelope;
mod error;
mod publish;
mod settle;
mod subscribe;
#[cfg(test)]
mod tests;
mod trust;

pub use connection::{Connection, DepthProbe, Link};
pub use declare::declare;
pub use delivery::{Delivery, Rejected};
pub use envelope::{EnvelopeError, FailureNote};
pub use error::{BrokerError, PublishError};
pub use publish::{Outgoing, Publisher, PublisherDriver};
pub use settle::{AckPlan, SettleTracker};
pub use subscribe::{Exclusive, Settler, Subscription};
