//! `dray topology`: brings a broker to the topology of the workspace, compares the two, or writes
//! the topology down.
//!
//! Never here: what the topology is (see the crate `queue-topology`).

mod apply;
mod diff;
mod live;
mod rebuild;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};
use queue_topology::{Topology, definitions};

use crate::error::{CommandError, Exit, Result};
use crate::management::Management;
use crate::output::Output;
use crate::site::Site;

pub(crate) use apply::apply;
pub(crate) use diff::compare;
pub(crate) use live::{Live, LiveQueue, queues};

/// What to do with the topology.
#[derive(Debug, Subcommand)]
pub(crate) enum TopologyCommand {
    /// Declare exchanges, queues, bindings, users and rights; rebuild queues whose arguments changed
    Apply(ApplyArgs),
    /// Show how the broker differs from the topology; exit code 1 when it does
    Diff,
    /// Print the topology as a RabbitMQ definitions file
    Export(ExportArgs),
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    /// Leave users and rights alone (somebody else keeps them)
    #[arg(long)]
    pub(crate) without_users: bool,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The virtual host to write into it
    #[arg(long, default_value = "dray")]
    vhost: String,
}

/// Runs one of them.
pub(crate) async fn run(command: TopologyCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        TopologyCommand::Apply(args) => {
            let done = apply(site, &args, output).await?;
            output.result(&done, || done.text())
        }
        TopologyCommand::Diff => show_diff(site, output).await,
        TopologyCommand::Export(args) => {
            let document = definitions(&Topology::all(), &args.vhost);
            let text = serde_json::to_string_pretty(&document)?;
            output.result(&document, || text)
        }
    }
}

async fn show_diff(site: &Site, output: Output) -> Result<()> {
    let vhost = site.admin()?.vhost;
    let management = Management::new(site.management_url()?.expose())?;
    let live = Live::read(&management, &vhost).await?;
    let differences = compare(&Topology::all(), &live);
    output.result(&differences, || diff::text(&differences, output))?;
    if differences.is_empty() {
        return Ok(());
    }
    let message = format!("{} differences: `dray topology apply` removes them", differences.len());
    Err(CommandError::new(Exit::NotAsItShouldBe, message))
}
