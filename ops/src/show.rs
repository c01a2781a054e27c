//! `dray order show`, `dray waybill show|trace|parked`: what is known about one order or waybill, in the
//! order in which it happened. What changes one is in [`crate::change`].
//!
//! Reads across the tables of several workers, writes nothing, shows no customer's personal data.

mod order;
mod timeline;
mod trace;
mod waybill;

use clap::{Args, Subcommand};
use contracts::{OrderRef, Source, WaybillNo};

use crate::change::{self, AmendOrderArgs, CancelOrderArgs, CancelWaybillArgs};
use crate::error::Result;
use crate::output::Output;
use crate::reschedule::{self, RescheduleArgs};
use crate::site::Site;

/// What to do with orders.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// One order: its lines, waybills, places, sales orders, and everything that happened
    Show(OrderArgs),
    /// Ask that an order, or one line of it, be cancelled; every waybill is decided by itself
    Cancel(CancelOrderArgs),
    /// Ask for other quantities or another destination
    Amend(AmendOrderArgs),
}

/// Which order.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    /// Who sent it
    #[arg(value_parser = |text: &str| Source::new(text).map_err(|error| error.to_string()))]
    pub(crate) source: Source,
    /// Its number there
    #[arg(value_parser = |text: &str| OrderRef::new(text).map_err(|error| error.to_string()))]
    pub(crate) order_ref: OrderRef,
}

/// What to do with waybills.
#[derive(Debug, Subcommand)]
pub(crate) enum WaybillCommand {
    /// One waybill: its place, sales order, and everything that happened
    Show(WaybillArgs),
    /// Everything that was said of one waybill: by whom, whence, what came of it, in which conversation
    Trace(WaybillArgs),
    /// Waybills with reports that wait for their proof, the oldest first
    Parked(ParkedArgs),
    /// Another day or window: a new place, or the old one stays
    Reschedule(RescheduleArgs),
    /// Ask that a waybill be cancelled
    Cancel(CancelWaybillArgs),
}

/// Which waybill.
#[derive(Debug, Args)]
pub(crate) struct WaybillArgs {
    /// Its number
    #[arg(value_parser = |text: &str| WaybillNo::new(text).map_err(|error| error.to_string()))]
    pub(crate) waybill_no: WaybillNo,
}

/// How many.
#[derive(Debug, Args)]
pub(crate) struct ParkedArgs {
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Runs the commands about orders.
pub(crate) async fn order(command: OrderCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        OrderCommand::Show(args) => order::show(&args.source, &args.order_ref, site, output).await,
        OrderCommand::Cancel(args) => change::cancel_order(args, site, output).await,
        OrderCommand::Amend(args) => change::amend_order(args, site, output).await,
    }
}

/// Runs the commands about waybills.
pub(crate) async fn waybill(command: WaybillCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        WaybillCommand::Show(args) => waybill::show(&args.waybill_no, site, output).await,
        WaybillCommand::Trace(args) => trace::trace(&args.waybill_no, site, output).await,
        WaybillCommand::Parked(args) => waybill::parked(args.limit, site, output).await,
        WaybillCommand::Reschedule(args) => reschedule::run(args, site, output).await,
        WaybillCommand::Cancel(args) => change::cancel_waybill(args, site, output).await,
    }
}
