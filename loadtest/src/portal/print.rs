//! The report for people. Never here: a figure that the report does not hold.

use super::processes::Used;
use super::samples::{Latency, Row};
use super::truth::{Faults, Truth};
use super::{Beside, Report};
use crate::verify;

/// Prints it.
pub(crate) fn print(report: &Report) {
    let Report { regime, offered_per_second, seconds, seed, .. } = report;
    println!(
        "portal, {}: {offered_per_second} requests/s offered for {seconds} s, seed {seed}",
        regime.label()
    );
    println!();
    print_rows(&report.rows);
    if report.unsent > 0 {
        println!(
            "{} requests were due and not sent: the load itself was at its end",
            report.unsent
        );
    }
    print_regime(report);
    println!();
    for beside in &report.beside {
        println!("{}", line(beside));
    }
    println!();
    print_processes(&report.processes);
    println!();
    print_truth(&report.truth);
    if let Some(invariants) = &report.invariants {
        print_broken(invariants);
    }
    println!("{}", if report.holds { "nothing lost, doubled or false" } else { "VIOLATED" });
}

/// What was measured, beside what it should be.
pub(super) fn line(beside: &Beside) -> String {
    let Beside { what, measured, limit, unit, at_least } = beside;
    let bound = if *at_least { "at least" } else { "at most" };
    let verdict = if beside.is_met() { "met" } else { "MISSED" };
    format!("{what}: {measured:.1} {unit} ({bound} {limit:.0} {unit}: {verdict})")
}

fn print_rows(rows: &[Row]) {
    println!(
        "{:<18} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  answers",
        "class", "requests", "served", "p50 ms", "p99 ms", "p99.9 ms", "max ms"
    );
    for row in rows {
        let Latency { p50_ms, p99_ms, p999_ms, max_ms } = row.latency;
        println!(
            "{:<18} {:>9} {:>9} {p50_ms:>9.1} {p99_ms:>9.1} {p999_ms:>9.1} {max_ms:>9.1}  {}",
            row.class,
            row.requests,
            row.served,
            answers(row)
        );
    }
    for row in rows.iter().filter(|row| row.turned_away > 0) {
        println!(
            "{:<18} {:>9} turned away (429, 503) in p50 {:.1} ms, p99 {:.1} ms, {} without Retry-After",
            row.class,
            row.turned_away,
            row.turned_away_latency.p50_ms,
            row.turned_away_latency.p99_ms,
            row.without_retry_after
        );
    }
}

/// How often each status came, and each reason for none.
pub(super) fn answers(row: &Row) -> String {
    let statuses = row.statuses.iter().map(|(status, count)| format!("{status}: {count}"));
    let unanswered = row.unanswered.iter().map(|(why, count)| format!("{why}: {count}"));
    statuses.chain(unanswered).collect::<Vec<_>>().join(", ")
}

fn print_regime(report: &Report) {
    if let Some(answered) = report.answered {
        println!(
            "query-desk: {} answers about waybills and orders, {} of them without the database; \
             parts: {} from its process, {} from Redis, {} from the database",
            answered.answers,
            answered.without_database,
            answered.parts_by_process,
            answered.parts_by_redis,
            answered.parts_by_database
        );
    }
    for step in &report.steps {
        println!(
            "offered {:>7}/s   served {:>9.0}/s   p99 {:>9.1} ms",
            step.offered, step.served, step.p99_ms
        );
    }
    if let Some(goodput) = report.goodput {
        println!(
            "peak {:.0}/s; of {}/s offered {:.0}/s were served; of status reports and planning {:.0}/s of {:.0}/s",
            goodput.peak,
            goodput.offered,
            goodput.served,
            goodput.served_first,
            goodput.offered_first
        );
    }
    for struck in &report.struck {
        println!(
            "{:>7.1} s  kill -9 {} ({} processes)",
            struck.at_seconds, struck.victim, struck.processes
        );
    }
}

fn print_processes(processes: &[Used]) {
    println!(
        "{:<18} {:>10} {:>10} {:>10} {:>7}",
        "resident MiB", "before", "most", "after", "cores"
    );
    for used in processes {
        println!(
            "{:<18} {:>10.1} {:>10.1} {:>10.1} {:>7.2}",
            used.process,
            used.resident_mib_before,
            used.resident_mib_most,
            used.resident_mib_after,
            used.cores
        );
    }
}

fn print_truth(truth: &Truth) {
    let Truth { changes, accepted, settled, unanswered, shown, .. } = truth;
    println!(
        "{changes} changes, {accepted} accepted, {settled} of these in the inbox, {unanswered} never answered; \
         {shown} states compared"
    );
    for (what, faults) in kinds(truth) {
        print_faults(what, faults);
    }
}

/// Every kind of fault, with its words.
pub(super) fn kinds(truth: &Truth) -> [(&'static str, &Faults); 5] {
    [
        ("accepted and lost", &truth.lost),
        ("one message with several effects", &truth.doubled),
        ("answers that are false", &truth.false_answers),
        ("states shown that are false", &truth.shown_false),
        ("versions that went back", &truth.went_back),
    ]
}

fn print_faults(what: &str, faults: &Faults) {
    let verdict = if faults.count == 0 { "ok  " } else { "FAIL" };
    println!("{verdict} {what}: {}", faults.count);
    for fault in &faults.named {
        println!("        {fault}");
    }
}

fn print_broken(invariants: &verify::Report) {
    let broken = invariants.checks.iter().filter(|check| check.violations > 0);
    for check in broken {
        println!("FAIL {}: {} violations", check.name, check.violations);
        for finding in &check.named {
            println!("        {}: {}", finding.subject, finding.detail);
        }
    }
    if invariants.holds {
        println!("ok   every invariant of the checker");
    }
}
