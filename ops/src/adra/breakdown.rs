//! `dray adra breakdown`: says which trucks cannot drive. Never here: what drives instead.

use chrono::NaiveDate;
use clap::Args;
use contracts::{
    Broken, Contract, DepotCode, ReportBreakdown, TimeslotCode, Timestamp, TruckTypeCode,
};

use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

/// Which trucks: those of a type, or the one of a route.
#[derive(Debug, Args)]
pub(crate) struct BreakdownArgs {
    /// The route whose truck broke down, for example NORTH-20351202-0900-1300-Z01-007
    #[arg(long, conflicts_with_all = ["depot", "date", "slot", "truck_type", "out_of_order"])]
    route: Option<String>,
    /// The depot
    #[arg(long, required_unless_present = "route", requires_all = ["date", "slot", "truck_type", "out_of_order"],
        value_parser = |text: &str| DepotCode::new(text).map_err(|error| error.to_string()))]
    depot: Option<DepotCode>,
    /// The day, for example 2035-12-02
    #[arg(long)]
    date: Option<NaiveDate>,
    /// The window, for example 0900-1300
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    slot: Option<TimeslotCode>,
    /// The type of truck
    #[arg(long, value_parser = |text: &str| TruckTypeCode::new(text).map_err(|error| error.to_string()))]
    truck_type: Option<TruckTypeCode>,
    /// How many of them cannot drive in all; 0 when they are back
    #[arg(long)]
    out_of_order: Option<u32>,
    /// Why, for people
    #[arg(long)]
    reason: Option<String>,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

/// Runs it. What has to move because of it moves a little later, in the background.
pub(crate) async fn run(args: BreakdownArgs, site: &Site, output: Output) -> Result<()> {
    let (wait, command) = (args.wait, command(args)?);
    let reply = super::tell(&command, super::Wait { wait }, site).await?;
    output.result(&reply, || match (&command.broken, reply.code.as_str()) {
        (Broken::Trucks { truck_type, out_of_order, .. }, "APPLIED") => {
            format!("{out_of_order} {truck_type} are out of order")
        }
        (Broken::TruckOf { route_ref }, "APPLIED") => {
            format!("the truck of route {route_ref} is out of order")
        }
        (Broken::Trucks { .. } | Broken::TruckOf { .. }, code) => {
            format!("nothing changed ({code})")
        }
    })
}

fn command(args: BreakdownArgs) -> Result<ReportBreakdown> {
    let BreakdownArgs { route, depot, date, slot, truck_type, out_of_order, reason, wait: _ } =
        args;
    let broken = match (route, depot, date, slot, truck_type, out_of_order) {
        (Some(route_ref), ..) => Broken::TruckOf { route_ref },
        (
            None,
            Some(depot),
            Some(delivery_date),
            Some(timeslot),
            Some(truck_type),
            Some(out_of_order),
        ) => Broken::Trucks { depot, delivery_date, timeslot, truck_type, out_of_order },
        (None, ..) => {
            let message = "name a route, or depot, date, slot, truck type and how many";
            return Err(CommandError::new(Exit::Usage, message));
        }
    };
    let command = ReportBreakdown { broken, reason, occurred_at: Timestamp::now() };
    command.validate().map_err(|error| CommandError::new(Exit::Usage, error))?;
    Ok(command)
}
