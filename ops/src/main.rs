//! `dray`: the operators' tool. Runs, steers and looks into a fleet.
//!
//! Each module is one command; `site` knows the surroundings, `operator` and `management` talk to the
//! broker, `output` to the person. Business rules live in the workers, never here.

mod error;
mod fleet;
mod management;
mod migrate;
mod network;
mod operator;
mod output;
mod quickstart;
mod redis;
mod site;
mod topology;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

/// Runs, steers and looks into a fleet of Dray workers.
///
/// Addresses come from the environment: AMQP_URL (as the broker's administrator), AMQP_MANAGEMENT_URL,
/// DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL, DRAY_SECRET_FILE; for the private services of a
/// checkout: eval "$(ops/services env)". Exit codes follow sysexits(3); 1 means that the command ran
/// and what it found is not as it should be.
#[derive(Debug, Parser)]
#[command(name = "dray", version)]
struct Cli {
    /// Print one JSON value instead of text
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Bring the broker to the topology, compare the two, or write the topology down
    #[command(subcommand)]
    Topology(topology::TopologyCommand),
    /// Bring the database schema up to date
    Migrate(migrate::MigrateArgs),
    /// Run the workers of this machine
    #[command(subcommand)]
    Fleet(fleet::FleetCommand),
    /// Load the delivery network
    #[command(subcommand)]
    Network(network::NetworkCommand),
    /// A whole day through the fleet, and a table of what became of it
    Quickstart(quickstart::QuickstartArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match begin(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dray: {error}");
            ExitCode::from(error.exit().code())
        }
    }
}

fn begin(cli: Cli) -> Result<()> {
    let filter = settings::var("DRAY_LOG")?.unwrap_or_else(|| "warn".to_owned());
    telemetry::init(&filter, false, "dray", "cli")
        .map_err(|error| CommandError::new(Exit::Config, error.to_string()))?;
    let output = Output::new(cli.json)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| CommandError::new(Exit::System, format!("no threads to be had: {error}")))?;
    runtime.block_on(run(cli.command, output))
}

async fn run(command: Command, output: Output) -> Result<()> {
    let site = Site::find()?;
    match command {
        Command::Topology(command) => topology::run(command, &site, output).await,
        Command::Migrate(args) => migrate::run(&args, &site, output).await,
        Command::Fleet(command) => fleet::run(command, &site, output).await,
        Command::Network(command) => network::run(command, &site, output).await,
        Command::Quickstart(args) => quickstart::run(args, &site, output).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "dray", &mut std::io::stdout());
            Ok(())
        }
    }
}
