//! Names as scraped, quantiles, latches, trace headers, log lines and the admin port over a socket.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod admin;
mod log;
mod metrics;
mod trace;

use crate::Readiness;
use crate::process::{cpu_seconds, resident_bytes};

#[test]
fn readiness_needs_every_latch() {
    let readiness = Readiness::new();
    assert!(!readiness.is_ready(), "nothing has even begun");

    let (consumer, database) = (readiness.latch("consumer"), readiness.latch("database"));
    assert_eq!(readiness.missing(), ["consumer", "database"]);
    consumer.set(true);
    assert_eq!(readiness.missing(), ["database"]);
    database.set(true);
    assert!(readiness.is_ready() && readiness.missing().is_empty());

    readiness.latch("consumer").set(false);
    assert!(!consumer.is_set() && !readiness.clone().is_ready(), "one name is one latch");
}

#[test]
fn memory_and_cpu_are_found_in_the_kernels_files() {
    let status = "Name:\tdray\nVmHWM:\t   9999 kB\nVmRSS:\t    2048 kB\n";
    assert_eq!(resident_bytes(status), Some(2_097_152));
    assert_eq!(resident_bytes("Name:\tdray\n"), None);

    let stat = "42 (a) b) (c) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0";
    assert_eq!(cpu_seconds(stat), Some(2.0));
    assert_eq!(cpu_seconds("42 (x) R 1"), None);
    assert_eq!(cpu_seconds(""), None);
}
