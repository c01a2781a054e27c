//! Brings a broker to the topology: what is missing is made, what differs is changed, nothing that
//! holds messages is ever thrown away.

use broker::Link;
use queue_topology::{Queue, Topology, User};
use serde::Serialize;
use serde_json::json;

use super::live::{Live, queues};
use super::{ApplyArgs, diff, rebuild};
use crate::error::Result;
use crate::management::{Management, path};
use crate::output::Output;
use crate::site::{Amqp, Site};

/// What was done.
#[derive(Debug, Serialize)]
pub(crate) struct Applied {
    vhost: String,
    exchanges: usize,
    queues: usize,
    users: usize,
    /// Queues whose arguments were changed by a migration.
    rebuilt: Vec<String>,
}

impl Applied {
    /// For a person.
    pub(crate) fn text(&self) -> String {
        let rebuilt = match self.rebuilt.len() {
            0 => String::new(),
            _ => format!("; rebuilt {}", self.rebuilt.join(", ")),
        };
        format!(
            "virtual host {}: {} exchanges, {} queues, {} users as the topology says{rebuilt}",
            self.vhost, self.exchanges, self.queues, self.users
        )
    }
}

/// Declares everything and sets users and rights. Run again after an interruption, it goes on where
/// it stopped.
pub(crate) async fn apply(site: &Site, args: &ApplyArgs, output: Output) -> Result<Applied> {
    let topology = Topology::all();
    let admin = site.admin()?;
    let rebuilt = if args.without_users {
        Vec::new()
    } else {
        let management = Management::new(site.management_url()?.expose())?;
        ensure_vhost(&management, &admin).await?;
        // newer brokers give rights to the keys of an exchange only when it is there
        let exchanges = Topology { queues: Vec::new(), ..topology.clone() };
        declare(&admin, &exchanges).await?;
        ensure_users(&management, site, &topology).await?;
        grant_all(&management, &admin.vhost, &topology).await?;
        rebuild_changed(&management, site, &topology, output).await?
    };
    declare(&admin, &topology).await?;
    if !args.without_users {
        let management = Management::new(site.management_url()?.expose())?;
        unbind_extra(&management, &admin.vhost, &topology).await?;
    }
    Ok(Applied {
        vhost: admin.vhost,
        exchanges: topology.exchanges.len(),
        queues: topology.queues.len(),
        users: if args.without_users { 0 } else { topology.users.len() },
        rebuilt,
    })
}

async fn declare(admin: &Amqp, topology: &Topology) -> Result<()> {
    let connection = Link::new(&admin.url(), "dray").connect("topology").await?;
    let declared = broker::declare(&connection, topology).await;
    connection.close().await;
    Ok(declared?)
}

async fn ensure_vhost(management: &Management, admin: &Amqp) -> Result<()> {
    let vhost = path(&["vhosts", &admin.vhost]);
    if management.find::<serde_json::Value>(&vhost).await?.is_none() {
        management.put(&vhost, json!({})).await?;
        let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
        management.put(&path(&["permissions", &admin.vhost, &admin.user]), everything).await?;
    }
    Ok(())
}

/// Users belong to the whole broker; a password that is set again leaves open connections alone.
async fn ensure_users(management: &Management, site: &Site, topology: &Topology) -> Result<()> {
    for user in &topology.users {
        let password = site.broker_password(&user.name)?;
        let account = json!({"password": password, "tags": ""});
        management.put(&path(&["users", &user.name]), account).await?;
    }
    Ok(())
}

async fn grant_all(management: &Management, vhost: &str, topology: &Topology) -> Result<()> {
    for user in &topology.users {
        grant(management, vhost, user, &user.read).await?;
        for topic in &user.topics {
            let rights =
                json!({"exchange": topic.exchange, "write": topic.write, "read": topic.read});
            management.put(&path(&["topic-permissions", vhost, &user.name]), rights).await?;
        }
    }
    Ok(())
}

/// An old binding would go on bringing a queue what is no longer meant for it.
async fn unbind_extra(management: &Management, vhost: &str, topology: &Topology) -> Result<()> {
    let live = Live::read(management, vhost).await?;
    for binding in &live.bindings {
        let queue = topology.queues.iter().find(|queue| queue.name == binding.destination);
        let wanted = |queue: &Queue| {
            queue
                .bindings
                .iter()
                .any(|b| b.exchange == binding.source && b.key == binding.routing_key)
        };
        if queue.is_some_and(|queue| !wanted(queue)) {
            rebuild::unbind(management, vhost, binding).await?;
        }
    }
    Ok(())
}

/// Sets the rights of a user, with `read` in place of its own.
pub(super) async fn grant(
    management: &Management,
    vhost: &str,
    user: &User,
    read: &str,
) -> Result<()> {
    let rights = json!({"configure": user.configure, "write": user.write, "read": read});
    management.put(&path(&["permissions", vhost, &user.name]), rights).await
}

/// Migrates every queue whose arguments changed, and every migration that was cut short.
async fn rebuild_changed(
    management: &Management,
    site: &Site,
    topology: &Topology,
    output: Output,
) -> Result<Vec<String>> {
    let vhost = site.admin()?.vhost;
    let live = queues(management, &vhost).await?;
    let needs_rebuild = |queue: &&Queue| {
        let changed =
            live.get(&queue.name).is_some_and(|q| !diff::different_arguments(queue, q).is_empty());
        changed || live.contains_key(&rebuild::shelter(&queue.name))
    };
    let changed: Vec<&Queue> = topology.queues.iter().filter(needs_rebuild).collect();
    let rebuilt: Vec<String> = changed.iter().map(|queue| queue.name.clone()).collect();
    if !changed.is_empty() {
        output.note(&format!("rebuilding {}: the arguments changed", rebuilt.join(", ")));
        rebuild::rebuild(management, site, topology, &changed).await?;
    }
    Ok(rebuilt)
}
