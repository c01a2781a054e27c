//! Tests of the broker crate.
