//! `dray route lock|dispatch`: says of a route that it is being picked, or that it left, and shows the
//! answer of adra-assigner.
//!
//! Never here: who stays aboard; that is adra-assigner's alone.

use std::time::Duration;

use clap::{Args, Subcommand};
use contracts::{Contract, DispatchRoute, LockRoute, Timestamp};

use crate::error::Result;
use crate::operator::{Operator, refused};
use crate::output::Output;
use crate::site::Site;

/// What to do with a route.
#[derive(Debug, Subcommand)]
pub(crate) enum RouteCommand {
    /// It is being picked: held waybills leave it, nothing is added any more
    Lock(RouteArgs),
    /// It left: waybills that were not loaded have missed it
    Dispatch(RouteArgs),
}

/// Which route.
#[derive(Debug, Args)]
pub(crate) struct RouteArgs {
    /// Its name, for example NORTH-20351202-0900-1300-Z01-007 (`dray waybill show` has it)
    #[arg(value_parser = name)]
    route_ref: String,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

fn name(text: &str) -> std::result::Result<String, String> {
    let (route_ref, occurred_at) = (text.to_owned(), Timestamp::now());
    let command = LockRoute { route_ref, occurred_at };
    command.validate().map(|()| command.route_ref)
}

/// Runs one of them.
pub(crate) async fn run(command: RouteCommand, site: &Site, output: Output) -> Result<()> {
    let occurred_at = Timestamp::now();
    match command {
        RouteCommand::Lock(RouteArgs { route_ref, wait }) => {
            let (done, command) =
                ("locked", LockRoute { route_ref: route_ref.clone(), occurred_at });
            send(&command, &route_ref, done, wait, site, output).await
        }
        RouteCommand::Dispatch(RouteArgs { route_ref, wait }) => {
            let command = DispatchRoute { route_ref: route_ref.clone(), occurred_at };
            send(&command, &route_ref, "dispatched", wait, site, output).await
        }
    }
}

async fn send<C: Contract>(
    command: &C,
    route_ref: &str,
    done: &str,
    wait: u64,
    site: &Site,
    output: Output,
) -> Result<()> {
    let mut operator = Operator::connect(site).await?;
    let reply = operator.ask(command, Duration::from_secs(wait)).await?;
    operator.close().await;
    if let Some(error) = refused(&reply) {
        return Err(error);
    }
    output.result(&reply, || match reply.code.as_str() {
        "APPLIED" => format!("route {route_ref} is {done}"),
        code => format!("route {route_ref} is as it was ({code})"),
    })
}
