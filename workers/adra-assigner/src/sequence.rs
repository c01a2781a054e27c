//! The order in which a route drives to its stops. Pure. Never here: how long a drive takes (see
//! [`crate::travel`]), or who stores the order.

use routing::StopKey;
use routing::sequence::{Problem, ProblemParts, Sequenced, Travel as Matrices, Visit, solve};
use settings::PlanningSettings;

use crate::travel::{Door, Map, Spot};

/// Minutes before the window that a truck may leave the depot.
const LEAD: f64 = 720.0;
/// Minutes after the beginning of the window at which every truck is back, whatever the window.
const END: f64 = 2_880.0;
/// Steps of the search for each stop.
const STEPS_A_STOP: u32 = 400;

/// A route whose stops want an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Round {
    /// Minutes that the delivery window is open.
    pub(crate) window_minutes: u32,
    pub(crate) map: Map,
}

/// Minutes a stop and kilometres an hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speed {
    service_minutes: f64,
    pub(crate) km_a_minute: f64,
}

impl Speed {
    /// As the process was told.
    pub(crate) fn of(settings: &PlanningSettings) -> Self {
        let km_a_minute = f64::from(settings.kilometres_an_hour) / 60.0;
        Self { service_minutes: settings.service_minutes.into(), km_a_minute }
    }
}

/// The stops in the order of driving: the quickest round within the delivery window, or else the quickest
/// one. Where nobody knows how long one of the drives takes, district by district, always in the same order.
pub(crate) fn order(round: &Round, speed: Speed, seed: u64) -> Vec<StopKey> {
    let minutes = minutes(round, speed).filter(|_| round.map.doors.len() > 1);
    minutes.and_then(|minutes| driven(round, &minutes, speed, seed)).unwrap_or_else(|| {
        let mut doors: Vec<&Door> = round.map.doors.iter().collect();
        doors.sort_by_key(|door| (&door.spot.place, door.stop));
        doors.into_iter().map(|door| door.stop).collect()
    })
}

/// Minutes between all spots of a round, row by row, the depot first, if all are known.
fn minutes(round: &Round, speed: Speed) -> Option<Vec<f64>> {
    let doors = round.map.doors.iter().map(|door| &door.spot);
    let spots: Vec<&Spot> = std::iter::once(&round.map.depot).chain(doors).collect();
    let ways = spots.iter().flat_map(|from| spots.iter().map(move |to| (*from, *to)));
    ways.map(|(from, to)| round.map.travel.minutes(from, to, speed.km_a_minute)).collect()
}

fn driven(round: &Round, minutes: &[f64], speed: Speed, seed: u64) -> Option<Vec<StopKey>> {
    let in_time = LEAD + f64::from(round.window_minutes);
    let sequenced = [in_time, END].into_iter().find_map(|due| {
        let found = search(round.map.doors.len(), minutes, due, speed, seed)?;
        (found.unserved.is_empty() && found.routes.len() == 1).then_some(found)
    })?;
    let stops = sequenced.routes.into_iter().flatten();
    let stop_of = |node: u32| {
        let at = usize::try_from(node).ok()?.checked_sub(1)?;
        round.map.doors.get(at).map(|door| door.stop)
    };
    let order: Option<Vec<StopKey>> = stops.map(stop_of).collect();
    order.filter(|order| order.len() == round.map.doors.len())
}

/// One truck, every stop from the beginning of the window until `due`; minutes of driving are what it costs.
fn search(stops: usize, minutes: &[f64], due: f64, speed: Speed, seed: u64) -> Option<Sequenced> {
    let nodes = u32::try_from(stops).ok()?.checked_add(1)?;
    let stop = Visit { demand: 1, ready: LEAD, due, service: speed.service_minutes };
    let depot = Visit { demand: 0, ready: 0.0, due: LEAD + END, service: 0.0 };
    let parts = ProblemParts {
        depot,
        stops: vec![stop; stops],
        travel: Matrices::Matrix { distance: minutes.to_vec(), time: minutes.to_vec() },
        capacity: nodes.into(),
        vehicles: 1,
    };
    let problem = Problem::build(parts).ok()?;
    let most = f64::from(nodes.saturating_mul(STEPS_A_STOP));
    let mut budget = |steps: u64| f64::from(u32::try_from(steps).unwrap_or(u32::MAX)) / most;
    Some(solve(&problem, seed, &mut budget))
}
