//! Valid messages that tests begin with and change where they must.
//!
//! Everything fits together: an order of [`order`] can be delivered in the network of [`network`].

mod network;
mod order;

pub use network::network;
pub use order::{OrderBuilder, delivery_date, line, order};
