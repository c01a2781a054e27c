//! The broker: reachable, new enough, with the topology, the rights, living queues and consumers.

use std::collections::BTreeMap;

use broker::Link;
use queue_topology::{Topology, WorkerKind};
use serde::Deserialize;

use super::Findings;
use crate::error::Result;
use crate::management::{Management, path};
use crate::site::Site;
use crate::topology::{Live, LiveQueue, compare, queues};

/// Ready messages in steady load stay below this.
const READY_MOST: u64 = 500;

#[derive(Debug, Deserialize)]
struct Overview {
    product_version: Option<String>,
    rabbitmq_version: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Node {
    name: String,
    #[serde(default)]
    running: bool,
    #[serde(default)]
    mem_alarm: bool,
    #[serde(default)]
    disk_free_alarm: bool,
}

pub(super) async fn look(site: &Site, findings: &mut Findings) {
    if let Err(error) = login(site, findings).await {
        return findings.failed("broker", &error);
    }
    if let Err(error) = management(site, findings).await {
        findings.failed("management API", &error);
    }
    workers(site, findings).await;
}

async fn login(site: &Site, findings: &mut Findings) -> Result<()> {
    let admin = site.admin()?;
    let connection = Link::new(&admin.url(), "dray").connect("doctor").await?;
    connection.close().await;
    findings.ok("broker", format!("{admin:?} answers"));
    Ok(())
}

async fn management(site: &Site, findings: &mut Findings) -> Result<()> {
    let api = Management::new(site.management_url()?.expose())?;
    let overview: Overview = api.get("overview").await?;
    let version = overview.product_version.or(overview.rabbitmq_version).unwrap_or_default();
    if is_new_enough(&version) {
        findings.ok("broker", format!("RabbitMQ {version}"));
    } else {
        findings.wrong(
            "broker",
            format!("RabbitMQ {version}"),
            "3.10 is the oldest that works: upgrade",
        );
    }
    let nodes: Vec<Node> = api.get("nodes").await?;
    for node in &nodes {
        judge_node(node, findings);
    }
    let vhost = site.admin()?.vhost;
    let known = api.find::<serde_json::Value>(&path(&["vhosts", &vhost])).await?.is_some();
    if !known {
        findings.wrong(
            "virtual host",
            format!("{vhost} is not there"),
            "run `dray topology apply`",
        );
        return Ok(());
    }
    match compare(&Topology::all(), &Live::read(&api, &vhost).await?).len() {
        0 => findings.ok("topology", format!("{vhost} is as the topology says, rights included")),
        count => {
            let advice = "`dray topology diff` shows them, `dray topology apply` removes them";
            findings.wrong("topology", format!("{count} differences in {vhost}"), advice);
        }
    }
    judge_queues(&queues(&api, &vhost).await?, findings);
    Ok(())
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (3, 10)
}

fn judge_node(node: &Node, findings: &mut Findings) {
    let alarms = [
        (!node.running, "is down"),
        (node.mem_alarm, "memory alarm"),
        (node.disk_free_alarm, "disk alarm"),
    ];
    for (_, what) in alarms.into_iter().filter(|(raised, _)| *raised) {
        let advice =
            "publishers are blocked until it ends: free memory or disk, or bring the node up";
        findings.wrong("broker", format!("{} {what}", node.name), advice);
    }
}

fn judge_queues(live: &BTreeMap<String, LiveQueue>, findings: &mut Findings) {
    let mut fine = 0_usize;
    for queue in live.values() {
        let before = findings.0.len();
        judge_queue(queue, findings);
        fine += usize::from(findings.0.len() == before);
    }
    findings.ok("queues", format!("{fine} of {} have nothing to tell", live.len()));
}

fn judge_queue(queue: &LiveQueue, findings: &mut Findings) {
    let name = &queue.name;
    if queue.state.as_deref() != Some("running") {
        let found = format!("{name} is {}", queue.state.as_deref().unwrap_or("without a leader"));
        let advice = "a quorum queue needs a majority of its nodes: bring them back";
        return findings.wrong("queues", found, advice);
    }
    let ready =
        queue.messages.unwrap_or(0).saturating_sub(queue.messages_unacknowledged.unwrap_or(0));
    let is_work = WorkerKind::ALL
        .into_iter()
        .any(|kind| kind.work_queues().iter().any(|work| kind.queue(*work) == *name));
    if name.ends_with(".dlq") && ready > 0 {
        findings.warn("dead letters", format!("{name} holds {ready}"), "`dray dlq ls` says why");
    } else if is_work && queue.consumers.unwrap_or(0) == 0 {
        let found = format!("{name} has no consumer, {ready} messages wait");
        findings.warn("queues", found, "start its worker, or resume it");
    } else if is_work && ready > READY_MOST {
        findings.warn("queues", format!("{name} holds {ready} ready messages"), "scale its worker");
    }
}

/// Every worker's own login.
async fn workers(site: &Site, findings: &mut Findings) {
    let mut good = 0_usize;
    for kind in WorkerKind::ALL {
        let tried = match site.worker(kind) {
            Ok(address) => {
                Link::new(&address.url(), "dray").connect("doctor").await.map_err(Into::into)
            }
            Err(error) => Err(error),
        };
        match tried {
            Ok(connection) => {
                good += 1;
                connection.close().await;
            }
            Err(error) => {
                let found = format!("{} cannot log in: {error}", kind.user());
                findings.wrong("users", found, "run `dray topology apply` with the same secret");
            }
        }
    }
    if good == WorkerKind::ALL.len() {
        findings.ok("users", format!("all {good} workers can log in"));
    }
}
