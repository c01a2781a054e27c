//! `dray`: the operators' tool. Runs, steers and looks into a fleet.
//!
//! Each module is one command; `site` knows the surroundings, `operator` and `management` talk to the
//! broker, `output` to the person. Business rules live in the workers, never here.

mod account;
mod adra;
mod change;
mod config;
mod contracts;
mod control;
mod dlq;
mod doctor;
mod error;
mod fleet;
mod hotfolder;
mod management;
mod migrate;
mod network;
mod operator;
mod output;
mod quickstart;
mod redis;
mod reschedule;
mod route;
mod sales_order;
mod service;
mod show;
mod site;
mod topology;
mod worker;

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
    /// Change how much a running worker takes on; stored, so that a restart keeps it
    Scale(control::ScaleArgs),
    /// Let a worker consume nothing until it is resumed
    Pause(control::WorkerArgs),
    /// Let a paused worker go on
    Resume(control::WorkerArgs),
    /// Let every instance of a worker finish what it holds and end
    Drain(control::WorkerArgs),
    /// Let a worker go on that stopped because most of its messages failed
    #[command(subcommand)]
    KillSwitch(control::KillSwitchCommand),
    /// Look at orders, cancel or amend them
    #[command(subcommand)]
    Order(show::OrderCommand),
    /// Look at waybills, cancel or reschedule them
    #[command(subcommand)]
    Waybill(show::WaybillCommand),
    /// Look at sales orders, have them prepared elsewhere or asked for again
    #[command(subcommand)]
    SalesOrder(sales_order::SalesOrderCommand),
    /// Say what is done with routes
    #[command(subcommand)]
    Route(route::RouteCommand),
    /// Plan routes: mend what broke, improve a day, set the books right
    #[command(subcommand)]
    Adra(adra::AdraCommand),
    /// Look at returns, approve or reject them
    #[command(subcommand)]
    Return(service::ReturnCommand),
    /// Look at the cases of customer service, work on them
    #[command(subcommand)]
    Case(service::CaseCommand),
    /// Look at accounts, make and change them
    #[command(subcommand)]
    User(account::UserCommand),
    /// Print an access token of an account, good for 15 minutes
    Token(account::WhichUser),
    /// Look at the keys that tokens are signed with, rotate them
    #[command(subcommand)]
    Keys(account::KeysCommand),
    /// Look at the hot folder, pass gaps
    #[command(subcommand)]
    Hotfolder(hotfolder::HotfolderCommand),
    /// Look at dead letters, try them again
    #[command(subcommand)]
    Dlq(dlq::DlqCommand),
    /// Write the messages of the fleet down
    #[command(subcommand)]
    Contracts(contracts::ContractsCommand),
    /// Make a new worker
    #[command(subcommand)]
    Worker(worker::WorkerCommand),
    /// Look at settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Look at everything the fleet depends on: what is wrong and what to do
    Doctor,
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
    let filter = settings::var("DRAY_LOG")?.unwrap_or_else(|| "warn,lapin=off".to_owned());
    telemetry::init(&filter, false, "dray", "cli")
        .map_err(|error| CommandError::new(Exit::Config, error.to_string()))?;
    let output = Output::new(cli.json)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            CommandError::new(Exit::System, format!("no threads to be had: {error}"))
        })?;
    runtime.block_on(run(cli.command, output))
}

async fn run(command: Command, output: Output) -> Result<()> {
    let site = Site::find()?;
    match command {
        Command::Topology(command) => topology::run(command, &site, output).await,
        Command::Migrate(args) => migrate::run(&args, &site, output).await,
        Command::Fleet(command) => fleet::run(command, &site, output).await,
        Command::Network(command) => network::run(command, &site, output).await,
        Command::Scale(args) => control::scale(&args, &site, output).await,
        Command::Pause(args) => control::pause(&args, true, &site, output).await,
        Command::Resume(args) => control::pause(&args, false, &site, output).await,
        Command::Drain(args) => control::drain(&args, &site, output).await,
        Command::KillSwitch(command) => control::kill_switch(&command, &site, output).await,
        Command::Order(command) => show::order(command, &site, output).await,
        Command::Waybill(command) => show::waybill(command, &site, output).await,
        Command::SalesOrder(command) => sales_order::run(command, &site, output).await,
        Command::Route(command) => route::run(command, &site, output).await,
        Command::Adra(command) => adra::run(command, &site, output).await,
        Command::Return(command) => service::returns(command, &site, output).await,
        Command::Case(command) => service::cases(command, &site, output).await,
        Command::User(command) => account::user(command, &site, output).await,
        Command::Token(args) => account::token(args, &site, output).await,
        Command::Keys(command) => account::keys(command, &site, output).await,
        Command::Hotfolder(command) => hotfolder::run(command, &site, output).await,
        Command::Dlq(command) => dlq::run(command, &site, output).await,
        Command::Contracts(command) => contracts::run(command, output),
        Command::Worker(command) => worker::run(command, output),
        Command::Config(command) => config::run(command, &site, output).await,
        Command::Doctor => doctor::run(&site, output).await,
        Command::Quickstart(args) => quickstart::run(args, &site, output).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "dray", &mut std::io::stdout());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
