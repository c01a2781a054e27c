//! `dray adra day-plan`: has the routes of a day improved now. Never here: how.

use chrono::NaiveDate;
use clap::Args;
use contracts::{DepotCode, PlanDay, TimeslotCode, Timestamp};

use crate::error::Result;
use crate::output::Output;
use crate::site::Site;

/// Which day, and how long it may take.
#[derive(Debug, Args)]
pub(crate) struct DayPlanArgs {
    /// The depot
    #[arg(value_parser = |text: &str| DepotCode::new(text).map_err(|error| error.to_string()))]
    depot: DepotCode,
    /// The day, for example 2035-12-02
    date: NaiveDate,
    /// Only this window, for example 0900-1300
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    slot: Option<TimeslotCode>,
    /// The longest that each window may take, in seconds
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=30))]
    seconds: u16,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 120)]
    wait: u64,
}

/// Runs it.
pub(crate) async fn run(args: DayPlanArgs, site: &Site, output: Output) -> Result<()> {
    let DayPlanArgs { depot, date: delivery_date, slot: timeslot, seconds, wait } = args;
    let occurred_at = Timestamp::now();
    let command = PlanDay { depot, delivery_date, timeslot, seconds, occurred_at };
    let reply = super::tell(&command, super::Wait { wait }, site).await?;
    output.result(&reply, || {
        super::items(&reply, "window, as it was and as it is", "there is nothing to plan", output)
    })
}
