//! `dray waybill reschedule`: asks adra-assigner for another day or window and shows its answer.
//!
//! Never here: whether there is a place.

use std::time::Duration;

use chrono::NaiveDate;
use clap::Args;
use contracts::{RescheduleWaybill, TimeslotCode, Timestamp, WaybillNo};

use crate::error::Result;
use crate::operator::{Operator, refused};
use crate::output::Output;
use crate::site::Site;

/// Which waybill, and when.
#[derive(Debug, Args)]
pub(crate) struct RescheduleArgs {
    /// Its number
    #[arg(value_parser = |text: &str| WaybillNo::new(text).map_err(|error| error.to_string()))]
    waybill_no: WaybillNo,
    /// The day, for example 2035-12-02
    #[arg(long)]
    date: NaiveDate,
    /// The window, for example 0900-1300
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    slot: TimeslotCode,
    /// Why, for people
    #[arg(long)]
    reason: Option<String>,
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

/// Runs it. Without a place there the waybill keeps the one it has, and the reason is told.
pub(crate) async fn run(args: RescheduleArgs, site: &Site, output: Output) -> Result<()> {
    let RescheduleArgs { waybill_no, date, slot, reason, wait } = args;
    let occurred_at = Timestamp::now();
    let (delivery_date, timeslot) = (date, slot);
    let command = RescheduleWaybill { waybill_no, delivery_date, timeslot, reason, occurred_at };
    let mut operator = Operator::connect(site).await?;
    let reply = operator.ask(&command, Duration::from_secs(wait)).await?;
    operator.close().await;
    if let Some(error) = refused(&reply) {
        return Err(error);
    }
    output.result(&reply, || {
        let RescheduleWaybill { waybill_no, delivery_date, timeslot, .. } = &command;
        format!("waybill {waybill_no} has a place on {delivery_date} {timeslot}")
    })
}
