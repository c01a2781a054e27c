//! `dray fleet status`: who lives, what it runs, what waits for it.

use std::collections::BTreeMap;

use broker::Link;
use queue_topology::WorkerKind;
use serde::Serialize;
use store::instances::{Instance, alive};

use super::fronts::{self, Front};
use super::register;
use crate::error::Result;
use crate::output::{Output, Table, Tone, cell};
use crate::site::Site;

#[derive(Debug, Serialize)]
struct Status {
    /// Living instances by their heartbeats.
    instances: Vec<Instance>,
    /// Living fronts of the local fleet: they keep no heartbeats.
    fronts: Vec<Front>,
    /// Kinds without a living instance; fronts only where a local fleet runs, since others cannot be seen from here.
    absent: Vec<&'static str>,
    /// Ready messages by work queue.
    ready: BTreeMap<String, u32>,
    /// The local supervisor, when one runs.
    supervisor: Option<i32>,
    /// The clock of the local fleet.
    clock: Option<String>,
}

/// Runs the command.
pub(super) async fn status(site: &Site, output: Output) -> Result<()> {
    let instances = alive(&site.database().await?).await?;
    let local = register::find(site)?.filter(|entry| entry.supervisor.is_alive());
    let fronts = fronts::living(site).await?;
    let lives = |name: &str| {
        instances.iter().any(|instance| instance.report.worker == name)
            || fronts.iter().any(|front| front.worker == name)
    };
    let absent = WorkerKind::ALL
        .into_iter()
        .filter(|kind| kind.has_database() || local.is_some())
        .map(WorkerKind::name)
        .filter(|name| !lives(name))
        .collect();
    let status = Status {
        instances,
        fronts,
        absent,
        ready: ready(site).await?,
        supervisor: local.as_ref().map(|entry| entry.supervisor.pid),
        clock: local.map(|entry| entry.clock),
    };
    output.result(&status, || text(&status, output))
}

/// Ready messages of every work queue and dead-letter queue, as the broker knows them at this moment.
async fn ready(site: &Site) -> Result<BTreeMap<String, u32>> {
    let connection = Link::new(&site.operator()?.url(), "dray").connect("status").await?;
    let mut depths = BTreeMap::new();
    for kind in WorkerKind::ALL {
        let dead_letters = kind.settles_messages().then(|| kind.dead_letter_queue());
        let work = kind.work_queues().iter().map(|queue| kind.queue(*queue));
        for queue in work.chain(dead_letters) {
            let depth = connection.depth(&queue).await?;
            depths.insert(queue, depth);
        }
    }
    connection.close().await;
    Ok(depths)
}

fn text(status: &Status, output: Output) -> String {
    let heads = [
        "worker",
        "instance",
        "ready",
        "lanes",
        "batch",
        "prefetch",
        "rate/s",
        "in flight",
        "settled",
        "outbox",
        "p50 ms",
        "p99 ms",
        "settings",
        "metrics",
    ];
    let mut table = Table::new(&heads);
    for instance in &status.instances {
        let report = &instance.report;
        let state = match (report.draining, report.paused, report.tripped, report.ready) {
            (true, _, _, _) => "draining",
            (false, true, _, _) => "paused",
            (false, false, true, _) => "tripped",
            (false, false, false, true) => "yes",
            (false, false, false, false) => "no",
        };
        let milliseconds =
            |seconds: Option<f64>| cell(seconds.map(|s| format!("{:.1}", s * 1_000.0)));
        table.row([
            report.worker.clone(),
            report.instance.clone(),
            state.to_owned(),
            report.concurrency.to_string(),
            report.batch_max.to_string(),
            report.prefetch.to_string(),
            cell(report.rate_per_second),
            report.in_flight.to_string(),
            report.settled_total.to_string(),
            report.outbox_pending.to_string(),
            milliseconds(report.latency_p50_seconds),
            milliseconds(report.latency_p99_seconds),
            format!("v{}", report.version),
            cell(instance.admin_addr.as_ref()),
        ]);
    }
    for front in &status.fronts {
        table.row(front.cells());
    }
    let mut queues = Table::new(&["queue", "ready messages"]);
    for (queue, depth) in &status.ready {
        queues.row([queue.clone(), depth.to_string()]);
    }
    let mut text = String::new();
    if !table.is_empty() {
        text.push_str(&table.render(output));
        text.push('\n');
    }
    for address in status.fronts.iter().filter_map(Front::address) {
        text.push_str(&address);
        text.push_str("\n\n");
    }
    if !status.absent.is_empty() {
        let absent = format!("no living instance: {}\n\n", status.absent.join(", "));
        text.push_str(&output.paint(Tone::Bad, &absent));
    }
    text.push_str(&queues.render(output));
    text
}
