//! `dray adra routes`: the routes of a day, by name.

use chrono::NaiveDate;
use clap::Args;
use contracts::{
    DepotCode, MAX_ROUTES_LISTED, Query, QueryAnswer, RouteList, RouteState, TimeslotCode,
    Timestamp, ZoneCode,
};

use super::{Wait, ask, route_name, thousands, unexpected};
use crate::error::Result;
use crate::output::{Output, Table, Tone};
use crate::site::Site;

/// Which routes.
#[derive(Debug, Args)]
pub(crate) struct RoutesArgs {
    /// Of this depot only
    #[arg(long, value_parser = |text: &str| DepotCode::new(text).map_err(|error| error.to_string()))]
    depot: Option<DepotCode>,
    /// The delivery date, for example 2035-12-02; without it today (UTC)
    #[arg(long)]
    date: Option<NaiveDate>,
    /// Of this window only, for example 0900-1300
    #[arg(long, value_parser = |text: &str| TimeslotCode::new(text).map_err(|error| error.to_string()))]
    slot: Option<TimeslotCode>,
    /// Of this zone only
    #[arg(long, value_parser = |text: &str| ZoneCode::new(text).map_err(|error| error.to_string()))]
    zone: Option<ZoneCode>,
    /// OPEN, LOCKED, DISPATCHED or CLOSED only
    #[arg(long, value_parser = status)]
    status: Option<RouteState>,
    /// Only those whose names come after this one: where the last list ended
    #[arg(long, value_parser = route_name)]
    after: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_ROUTES_LISTED)))]
    limit: u16,
    #[command(flatten)]
    wait: Wait,
}

fn status(text: &str) -> std::result::Result<RouteState, String> {
    let state = RouteState::parse(&text.to_ascii_uppercase());
    state.ok_or_else(|| "one of OPEN, LOCKED, DISPATCHED, CLOSED".to_owned())
}

/// Lists them.
pub(crate) async fn run(args: &RoutesArgs, site: &Site, output: Output) -> Result<()> {
    let query = Query::Routes {
        delivery_date: args.date.unwrap_or_else(|| Timestamp::now().date()),
        depot: args.depot.clone(),
        timeslot: args.slot.clone(),
        zone: args.zone.clone(),
        status: args.status,
        after: args.after.clone(),
        limit: args.limit,
    };
    let answer = ask(&query, args.wait, site).await?;
    let QueryAnswer::Routes(list) = answer else { return Err(unexpected(&answer)) };
    output.result(&list, || text(&list, output))
}

fn text(list: &RouteList, output: Output) -> String {
    if list.routes.is_empty() {
        return output.paint(Tone::Good, "no such route");
    }
    let mut table = Table::new(&[
        "route", "zone", "truck", "status", "waybills", "doors", "dry l", "cold l", "kg", "version",
    ]);
    for route in &list.routes {
        table.row([
            route.route_ref.clone(),
            route.zone.to_string(),
            route.truck_type.to_string(),
            route.status.as_str().to_owned(),
            route.waybills.to_string(),
            route.stops.to_string(),
            thousands(route.dry_ml).to_string(),
            thousands(route.frozen_ml).to_string(),
            thousands(route.weight_g).to_string(),
            route.version.to_string(),
        ]);
    }
    let more = list.next.as_ref().map(|last| format!("there are more: --after {last}\n"));
    format!("{}{}", table.render(output), more.unwrap_or_default())
}
