//! How fast and when again: reconnect delays, rate limits, breakers.
//!
//! Everything here is policy and answers with a number or a verdict. Two things wait and nothing
//! else does: [`Backoff::wait`] and [`RateLimit::permit`]. This is the only crate that names
//! `backoff` (unmaintained, so replacing it must stay one file) and `governor`. It never performs
//! the operation that is being paced, never logs and never reads settings.

mod backoff;
mod breaker;
mod keyed;
mod rate;

#[cfg(test)]
mod tests;

pub use crate::backoff::Backoff;
pub use crate::breaker::{Breaker, BreakerState};
pub use crate::keyed::KeyedRate;
pub use crate::rate::RateLimit;
