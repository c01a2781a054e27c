//! `dray adra route show`: one route with its load and its tour, as text, JSON or a drawing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use contracts::{Aboard, Query, QueryAnswer, RouteStop, RouteView};
use serde::Serialize;

use super::loads::{Loads, loads};
use super::svg::{Door, Drawing, draw};
use super::{Wait, absent, ask, route_name, thousands};
use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, cell};
use crate::site::Site;

/// What to do with a route.
#[derive(Debug, Subcommand)]
pub(crate) enum RouteCommand {
    /// What it carries against what its truck may carry, and its doors in the order of driving
    Show(ShowArgs),
}

/// Which route.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Its name, for example NORTH-20351202-0900-1300-Z01-007 (`dray adra routes` lists them)
    #[arg(value_parser = route_name)]
    route_ref: String,
    /// Draw depot, doors and tour into this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    wait: Wait,
}

/// A route, and how full its truck is.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    route: RouteView,
    #[serde(skip_serializing_if = "Option::is_none")]
    loads: Option<Loads>,
}

/// Runs it.
pub(crate) async fn run(command: &RouteCommand, site: &Site, output: Output) -> Result<()> {
    let RouteCommand::Show(args) = command;
    let query = Query::Route { route_ref: args.route_ref.clone() };
    let answer = ask(&query, args.wait, site).await?;
    let QueryAnswer::Route(route) = answer else {
        let text = format!("there is no route {}: `dray adra routes` lists them", args.route_ref);
        return Err(absent(&answer, text));
    };
    if let Some(file) = &args.svg {
        let (drawing, missing) = drawing(&route)?;
        std::fs::write(file, draw(&drawing))
            .map_err(|error| CommandError::file("write", file, &error))?;
        if !missing.is_empty() {
            output.note(&format!("not drawn, for want of coordinates: {}", list(&missing)));
        }
    }
    let loads = match &route.truck {
        Some(truck) => loads(&route.head, truck).map_err(|error| {
            CommandError::new(Exit::Data, format!("truck type {}: {error}", route.head.truck_type))
        })?,
        None => None,
    };
    let shown = Shown { route: *route, loads };
    output.result(&shown, || text(&shown, output))
}

/// The drawing, and the districts that nobody knows where they lie.
fn drawing(route: &RouteView) -> Result<(Drawing, BTreeSet<String>)> {
    let head = &route.head;
    let is_known = |stop: &&RouteStop| stop.position.is_some();
    let unknown = route.tour.iter().filter(|stop| !is_known(stop));
    let missing: BTreeSet<String> = unknown.map(|stop| stop.district.clone()).collect();
    let doors: Vec<Door> = route
        .tour
        .iter()
        .filter_map(|stop| Some(Door { position: stop.position?, label: stop.district.clone() }))
        .collect();
    let (Some(depot), false) = (route.depot_position, doors.is_empty() && !missing.is_empty())
    else {
        let depot = route.depot_position.is_none().then(|| format!("depot {}", head.depot));
        let districts = (!missing.is_empty()).then(|| format!("districts {}", list(&missing)));
        let what = [depot, districts].into_iter().flatten().collect::<Vec<_>>().join(" and ");
        let text = format!(
            "route {} cannot be drawn: the network has no coordinates of {what}; load them with \
             `dray network load`",
            head.route_ref
        );
        return Err(CommandError::new(Exit::Data, text));
    };
    let is_sequenced = !doors.is_empty() && route.tour.iter().all(|stop| stop.seq.is_some());
    let description = format!(
        "{} stops with {} waybills on a {}, from depot {} on {} {}",
        head.stops, head.waybills, head.truck_type, head.depot, head.delivery_date, head.timeslot
    );
    let (title, depot_label) = (head.route_ref.clone(), head.depot.to_string());
    Ok((Drawing { title, description, depot, depot_label, doors, is_sequenced }, missing))
}

fn list(codes: &BTreeSet<String>) -> String {
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn text(shown: &Shown, output: Output) -> String {
    let Shown { route, loads } = shown;
    let head = &route.head;
    let mut text = String::new();
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<10}{value}\n"));
    line("route", format!("{} (version {})", head.route_ref, head.version));
    line("status", head.status.as_str().to_owned());
    line("when", format!("{} {} from {}", head.delivery_date, head.timeslot, head.depot));
    line("zone", format!("{}, template {}", head.zone, head.template));
    let cost = route.truck.as_ref().map(|truck| truck.cost);
    line("truck", format!("{}, cost {}", head.truck_type, cell(cost)));
    match loads {
        Some(loads) => {
            let warning = if loads.holds { "" } else { " (it does not hold the load)" };
            line("profile", format!("{}{warning}", loads.profile));
            line("dry", loads.dry_l.text("l"));
            line("cold", loads.frozen_l.text("l"));
            line("weight", loads.weight_kg.text("kg"));
            line("doors", loads.doors.text("doors"));
        }
        None => line("load", "the network does not know its truck type".to_owned()),
    }
    line("waybills", head.waybills.to_string());
    let omitted = match route.omitted {
        0 => String::new(),
        more => format!("{more} waybills more\n"),
    };
    format!("{text}\n{}{omitted}", tour(&route.tour, output))
}

fn tour(stops: &[RouteStop], output: Output) -> String {
    let mut table = Table::new(&["stop", "district", "waybill", "status", "marks", "l", "kg"]);
    for stop in stops {
        for waybill in &stop.waybills {
            table.row([
                cell(stop.seq),
                stop.district.clone(),
                waybill.waybill_no.to_string(),
                cell(waybill.status.map(|status| status.as_str())),
                marks(waybill),
                thousands(waybill.dry_ml.saturating_add(waybill.frozen_ml)).to_string(),
                thousands(waybill.weight_g).to_string(),
            ]);
        }
    }
    if table.is_empty() { "nothing is on it\n".to_owned() } else { table.render(output) }
}

fn marks(waybill: &Aboard) -> String {
    let held = waybill.held.then_some("held");
    let pinned = waybill.pinned.then_some("pinned");
    [held, pinned].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
