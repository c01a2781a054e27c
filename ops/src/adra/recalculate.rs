//! `dray adra recalculate`: has ledger, buckets and places compared, and mended. Never here: the sums.

use chrono::NaiveDate;
use clap::Args;
use contracts::{Recalculate, TimeslotCode, Timestamp, ZoneCode};

use crate::error::Result;
use crate::output::Output;
use crate::site::Site;

/// What to compare; without arguments everything.
#[derive(Debug, Args)]
pub(crate) struct RecalculateArgs {
    /// Only this zone
    #[arg(long, value_parser = |text: &str| ZoneCode::new(text).map_err(|error| error.to_string()))]
    zone: Option<ZoneCode>,
    /// Only this day, for example 2035-12-02
    #[arg(long)]
    date: Option<NaiveDate>,
    /// Only this window, for example 0900-1300
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    slot: Option<TimeslotCode>,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 120)]
    wait: u64,
}

/// Runs it.
pub(crate) async fn run(args: RecalculateArgs, site: &Site, output: Output) -> Result<()> {
    let RecalculateArgs { zone, date: delivery_date, slot: timeslot, wait } = args;
    let command = Recalculate { zone, delivery_date, timeslot, occurred_at: Timestamp::now() };
    let reply = super::tell(&command, super::Wait { wait }, site).await?;
    output.result(&reply, || {
        let agree = "ledger, buckets and places agree";
        super::items(&reply, "what was mended", agree, output)
    })
}
