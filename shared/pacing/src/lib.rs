//! How fast and when again: reconnect delays, rate limits, breakers, and rates that follow queues.
//!
//! Everything here is policy and answers with a number or a verdict. Three things wait and nothing
//! else does: [`Backoff::wait`], [`RateLimit::permit`] and [`Turnstile::pass`]. This is the only crate that names
//! `backoff` (unmaintained, so replacing it must stay one file) and `governor`. It never performs
//! the operation that is being paced, never logs and never reads settings.

mod backoff;
mod breaker;
mod keyed;
mod pace;
mod rate;

#[cfg(test)]
mod tests;

pub use crate::backoff::Backoff;
pub use crate::breaker::{Breaker, BreakerState};
pub use crate::keyed::KeyedRate;
pub use crate::pace::{Course, LOOKED_AT_EVERY, Pace, Rate, Turnstile};
pub use crate::rate::RateLimit;
