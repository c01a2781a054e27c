//! `dray contracts`: the messages of the fleet, written down for people and tools that speak no Rust.
//!
//! Never here: what the messages are (see the crate `contracts`) and where they go (`queue-topology`).

mod asyncapi;
mod envelope;
#[cfg(test)]
mod tests;

use clap::{Args, Subcommand};
use contracts::Catalogue;
use queue_topology::Topology;

use crate::error::Result;
use crate::output::Output;

/// What to write down.
#[derive(Debug, Subcommand)]
pub(crate) enum ContractsCommand {
    /// Print every message, queue and worker as an AsyncAPI 3.0 document (JSON)
    Asyncapi(AsyncapiArgs),
}

/// Arguments of `asyncapi`.
#[derive(Debug, Args)]
pub(crate) struct AsyncapiArgs {
    /// The virtual host to write into it
    #[arg(long, default_value = "dray")]
    vhost: String,
}

/// Runs it; needs neither broker nor database.
pub(crate) fn run(command: ContractsCommand, output: Output) -> Result<()> {
    let ContractsCommand::Asyncapi(args) = command;
    let document = asyncapi::document(&Catalogue::all(), &Topology::all(), &args.vhost);
    let text = serde_json::to_string_pretty(&document)?;
    output.result(&document, || text)
}
