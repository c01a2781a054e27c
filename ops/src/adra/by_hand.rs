//! `dray adra pin|unpin|move`. Never here: whether it may be; adra-assigner answers that.

use clap::Args;
use contracts::{Contract, MoveWaybill, PinWaybill, Timestamp, UnpinWaybill, WaybillNo};

use super::{Wait, route_name, tell, waybill_no};
use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

/// Arguments of `pin`.
#[derive(Debug, Args)]
pub(crate) struct PinArgs {
    /// The waybill's number
    #[arg(value_parser = waybill_no)]
    waybill_no: WaybillNo,
    /// Why, for those who look at it later
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    wait: Wait,
}

/// Arguments of `unpin`.
#[derive(Debug, Args)]
pub(crate) struct UnpinArgs {
    /// The waybill's number
    #[arg(value_parser = waybill_no)]
    waybill_no: WaybillNo,
    /// Why, for those who look at it later
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    wait: Wait,
}

/// Arguments of `move`.
#[derive(Debug, Args)]
pub(crate) struct MoveArgs {
    /// The waybill's number
    #[arg(value_parser = waybill_no)]
    waybill_no: WaybillNo,
    /// The route's name (`dray adra routes` lists them)
    #[arg(value_parser = route_name)]
    route_ref: String,
    /// Why, for those who look at it later
    #[arg(long)]
    reason: String,
    /// The route may get a larger truck for it
    #[arg(long)]
    upgrade: bool,
    /// Only if the route still has this version
    #[arg(long, value_name = "VERSION")]
    expect_version: Option<u64>,
    /// Although the cut-off has passed: for a supervisor or administrator
    #[arg(long)]
    override_cut_off: bool,
    #[command(flatten)]
    wait: Wait,
}

/// Pins a waybill.
pub(crate) async fn pin(args: PinArgs, site: &Site, output: Output) -> Result<()> {
    let PinArgs { waybill_no, reason, wait } = args;
    let command = PinWaybill { waybill_no, reason, occurred_at: Timestamp::now() };
    let done = format!("waybill {} is pinned to its route", command.waybill_no);
    send(&command, done, wait, site, output).await
}

/// Lets a waybill go.
pub(crate) async fn unpin(args: UnpinArgs, site: &Site, output: Output) -> Result<()> {
    let UnpinArgs { waybill_no, reason, wait } = args;
    let command = UnpinWaybill { waybill_no, reason, occurred_at: Timestamp::now() };
    let done = format!("waybill {} may be moved by planning", command.waybill_no);
    send(&command, done, wait, site, output).await
}

/// Moves a waybill.
pub(crate) async fn shift(args: MoveArgs, site: &Site, output: Output) -> Result<()> {
    let command = MoveWaybill {
        waybill_no: args.waybill_no,
        route_ref: args.route_ref,
        expected_route_version: args.expect_version,
        upgrade: args.upgrade,
        override_cut_off: args.override_cut_off,
        reason: args.reason,
        occurred_at: Timestamp::now(),
    };
    let done = format!("waybill {} is on {} and pinned", command.waybill_no, command.route_ref);
    send(&command, done, args.wait, site, output).await
}

async fn send<C: Contract>(
    command: &C,
    done: String,
    wait: Wait,
    site: &Site,
    output: Output,
) -> Result<()> {
    command.validate().map_err(|error| CommandError::new(Exit::Usage, error))?;
    let reply = tell(command, wait, site).await?;
    output.result(&reply, || match reply.code.as_str() {
        "APPLIED" => done,
        code => format!("nothing changed ({code}): it is so already"),
    })
}
