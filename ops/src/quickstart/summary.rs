//! The account of a quickstart as one JSON object or as a page for a person.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::account::{Account, Latency};
use super::portal::Portal;
use crate::error::{CommandError, Exit, Result};
use crate::fleet::Clock;
use crate::output::{Output, Table, Tone};

/// Everything that is told at the end.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// The clock the fleet judged by.
    pub(crate) clock: Clock,
    /// From the first file in the inbox to the last change in the database.
    pub(crate) seconds: f64,
    /// True: nothing happened for too long, and not everything is accounted for.
    pub(crate) stalled: bool,
    /// What became of files, orders, waybills.
    #[serde(flatten)]
    pub(crate) account: Account,
    /// From the publication of a file line's order to the decision about its waybill.
    pub(crate) latency: Latency,
    /// Most ready messages seen in each queue.
    pub(crate) max_ready: BTreeMap<String, u32>,
    /// What the road did, where it was asked to: the report of `loadtest deliver`, once for the orders and
    /// once for what is fetched back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) delivered: Vec<Value>,
    /// The report of `loadtest verify`.
    pub(crate) verdict: Value,
    /// The fingerprint of `loadtest digest`.
    pub(crate) digest: Value,
    /// How to get in by HTTP.
    pub(crate) portal: Portal,
}

impl Summary {
    /// An error when an order is unaccounted for, an invariant is broken, or the portal does not answer.
    pub(crate) fn judge(&self) -> Result<()> {
        let mut wrong = Vec::new();
        if self.account.unaccounted > 0 {
            wrong.push(format!("{} orders are unaccounted for", self.account.unaccounted));
        }
        if self.account.unsettled > 0 {
            wrong.push(format!("{} sales orders are not settled", self.account.unsettled));
        }
        if !self.invariants_hold() {
            wrong.push("the checker found a broken invariant".to_owned());
        }
        wrong.extend(self.portal.trouble().map(str::to_owned));
        if wrong.is_empty() {
            return Ok(());
        }
        Err(CommandError::new(Exit::NotAsItShouldBe, wrong.join("; ")))
    }

    fn invariants_hold(&self) -> bool {
        self.verdict.get("holds").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The page.
    pub(crate) fn text(&self, output: Output) -> String {
        let mut text = String::new();
        // writing to a String cannot fail
        let _ = writeln!(text, "{}", self.counts().render(output));
        let _ = writeln!(text, "{}", self.routes(output));
        let _ = writeln!(text, "{}", self.speed());
        let deepest = self.max_ready.iter().filter(|(name, _)| !name.ends_with(".dlq"));
        if let Some((queue, depth)) = deepest.max_by_key(|(_, depth)| **depth) {
            let _ = writeln!(text, "deepest queue: {queue} with {depth} ready messages");
        }
        if !self.account.waiting.is_empty() {
            let count = self.account.waiting.len();
            let _ = writeln!(
                text,
                "{count} files were not dropped: their kind has no worker yet, or (returns) --deliver is missing"
            );
        }
        let _ = writeln!(text, "{}", self.verdict_text(output));
        if self.stalled {
            let stalled = "nothing happened any more before everything was accounted for";
            let _ = writeln!(text, "{}", output.paint(Tone::Bad, stalled));
        }
        if let Some(trouble) = self.portal.trouble() {
            let _ = writeln!(text, "{}", output.paint(Tone::Bad, trouble));
        }
        for order in &self.account.unaccounted_named {
            let _ = writeln!(text, "{}", output.paint(Tone::Bad, &format!("unaccounted: {order}")));
        }
        text
    }

    fn counts(&self) -> Table {
        let account = &self.account;
        let mut table = Table::new(&["what", "of which", "count"]);
        let mut row = |what: &str, of_which: &str, count: u64| {
            table.row([what.to_owned(), of_which.to_owned(), count.to_string()]);
        };
        for (state, count) in &account.files {
            row("files", state, *count);
        }
        row("orders", "in the files", account.orders);
        row("orders", "accepted", account.accepted);
        for (reason, count) in &account.rejected {
            row("orders", &format!("rejected: {reason}"), *count);
        }
        if account.in_refused_files > 0 {
            row("orders", "in refused files", account.in_refused_files);
        }
        row("orders", "unaccounted for", account.unaccounted);
        for (verdict, count) in &account.verdicts {
            row("file rows", verdict, *count);
        }
        for (status, count) in &account.waybills {
            row("waybills", status, *count);
        }
        row("waybills", "assigned", account.assigned);
        for (reason, count) in &account.unassignable {
            row("waybills", &format!("unassignable: {reason}"), *count);
        }
        for (status, count) in &account.sales_orders {
            row("sales orders", status, *count);
        }
        row("dead letters", "", self.dead_letters());
        table
    }

    fn dead_letters(&self) -> u64 {
        let dead = self.max_ready.iter().filter(|(name, _)| name.ends_with(".dlq"));
        dead.map(|(_, depth)| u64::from(*depth)).sum()
    }

    fn routes(&self, output: Output) -> String {
        let mut table = Table::new(&["truck", "routes", "waybills"]);
        for (truck, count) in &self.account.routes {
            table.row([truck.clone(), count.routes.to_string(), count.waybills.to_string()]);
        }
        if table.is_empty() { "no routes".to_owned() } else { table.render(output) }
    }

    fn speed(&self) -> String {
        let answered = self.account.accepted + self.account.rejected.values().sum::<u64>();
        let decided = self.account.assigned + self.account.unassignable.values().sum::<u64>();
        let milliseconds = |seconds: Option<f64>| {
            seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{:.0} ms", seconds * 1_000.0))
        };
        format!(
            "{:.1} s with the {} clock: {} orders/s, {} waybills/s; from a file's line to its place p50 {}, \
             p99 {} ({} waybills)",
            self.seconds,
            self.clock.word(),
            self.rate(answered),
            self.rate(decided),
            milliseconds(self.latency.p50_seconds),
            milliseconds(self.latency.p99_seconds),
            self.latency.samples
        )
    }

    fn rate(&self, count: u64) -> String {
        let count = u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
        if self.seconds > 0.0 { format!("{:.0}", count / self.seconds) } else { "-".to_owned() }
    }

    fn verdict_text(&self, output: Output) -> String {
        if self.invariants_hold() {
            let good =
                "checker: every invariant holds (quota ledger = buckets = live places <= capacity)";
            return output.paint(Tone::Good, good);
        }
        let empty = Vec::new();
        let checks = self.verdict.get("checks").and_then(Value::as_array).unwrap_or(&empty);
        let broken = checks.iter().filter(|check| violations(check) > 0).map(|check| {
            let name = check.get("name").and_then(Value::as_str).unwrap_or("?");
            format!("{name}: {} violations", violations(check))
        });
        let text = format!("checker: {}", broken.collect::<Vec<_>>().join(", "));
        output.paint(Tone::Bad, &text)
    }
}

fn violations(check: &Value) -> u64 {
    check.get("violations").and_then(Value::as_u64).unwrap_or(0)
}

/// What somebody who just saw this would like to try.
pub(crate) fn where_to_look_next() -> String {
    [
        "",
        "where to look next, in another terminal after: eval \"$(ops/services env)\"",
        "  dray fleet status                          who runs, how fast, what waits",
        "  dray order show SOURCE ORDER_REF           one order from file to truck",
        "  dray hotfolder ls                          files, their counts and reports",
        "  dray scale waybill-status --concurrency 8  change a running worker",
        "  loadtest verify                            check every invariant again",
    ]
    .join("\n")
}
