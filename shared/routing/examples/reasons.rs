//! Prints how many refusals of seeded small worlds name what really has to give way, as JSON:
//! `cargo run -p routing --example reasons -- [FIRST_SEED [WORLDS]]`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a tool that a person runs and reads"
)]

#[path = "../tests/reasons/mod.rs"]
mod support;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number =
        |otherwise: u64| arguments.next().map_or(otherwise, |text| text.parse().expect("a number"));
    let (seed, worlds) = (number(1), number(1_000));
    let report = support::check_worlds(seed, worlds);
    let confirmed: u64 = report.by_reason.values().map(|count| count.confirmed).sum();
    let percent = 100.0 * share(confirmed, report.asked());
    let value = serde_json::json!({
        "seed": seed, "worlds": worlds, "refusals": report.asked(), "confirmed": confirmed,
        "percent": percent, "single": report.single, "alternatives": report.alternatives,
        "by_reason": report.by_reason, "wrong": report.wrong,
    });
    println!("{}", serde_json::to_string_pretty(&value).unwrap());
}

/// Nothing of nothing is all of it.
fn share(part: u64, of: u64) -> f64 {
    let exact = |number: u64| f64::from(u32::try_from(number).unwrap());
    if of == 0 { 1.0 } else { exact(part) / exact(of) }
}
