//! The order in which a route drives to its stops. Pure. Never here: where places lie, or who stores the order.

use routing::StopKey;
use routing::sequence::{Problem, ProblemParts, Sequenced, Travel, Visit, solve};
use settings::PlanningSettings;

/// Roads are longer than the straight line.
const DETOUR: f64 = 1.3;
/// Of a degree of latitude, and of longitude at the equator.
const KM_A_DEGREE: f64 = 111.32;
const MILLION: f64 = 1e6;
/// Minutes before the window that a truck may leave the depot.
const LEAD: f64 = 720.0;
/// Minutes after the beginning of the window at which every truck is back, whatever the window.
const END: f64 = 2_880.0;
/// Steps of the search for each stop.
const STEPS_A_STOP: u32 = 400;

/// Where something lies, in millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) lat_e6: i32,
    pub(crate) lon_e6: i32,
}

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) stop: StopKey,
    pub(crate) district: String,
    pub(crate) at: Option<Point>,
}

/// A route whose stops want an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) depot: Option<Point>,
    /// Minutes that the delivery window is open.
    pub(crate) window_minutes: u32,
    pub(crate) doors: Vec<Door>,
}

/// Minutes a stop and kilometres an hour.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speed {
    service_minutes: f64,
    km_a_minute: f64,
}

impl Speed {
    /// As the process was told.
    pub(crate) fn of(settings: &PlanningSettings) -> Self {
        let km_a_minute = f64::from(settings.kilometres_an_hour) / 60.0;
        Self { service_minutes: settings.service_minutes.into(), km_a_minute }
    }
}

/// The stops in the order of driving: the shortest round within the delivery window, or else the shortest
/// one. Where nobody knows where a stop or the depot lies, district by district, always in the same order.
pub(crate) fn order(round: &Round, speed: Speed, seed: u64) -> Vec<StopKey> {
    located(round).and_then(|points| driven(round, &points, speed, seed)).unwrap_or_else(|| {
        let mut doors: Vec<&Door> = round.doors.iter().collect();
        doors.sort_by_key(|door| (&door.district, door.stop));
        doors.into_iter().map(|door| door.stop).collect()
    })
}

/// Depot and doors, if all are known and there is a choice.
fn located(round: &Round) -> Option<Vec<Point>> {
    let doors = round.doors.iter().map(|door| door.at);
    let points: Option<Vec<Point>> = std::iter::once(round.depot).chain(doors).collect();
    points.filter(|_| round.doors.len() > 1)
}

fn driven(round: &Round, points: &[Point], speed: Speed, seed: u64) -> Option<Vec<StopKey>> {
    let in_time = LEAD + f64::from(round.window_minutes);
    let sequenced = [in_time, END].into_iter().find_map(|due| {
        let found = search(points, due, speed, seed)?;
        (found.unserved.is_empty() && found.routes.len() == 1).then_some(found)
    })?;
    let stops = sequenced.routes.into_iter().flatten();
    let stop_of = |node: u32| {
        let at = usize::try_from(node).ok()?.checked_sub(1)?;
        round.doors.get(at).map(|door| door.stop)
    };
    let order: Option<Vec<StopKey>> = stops.map(stop_of).collect();
    order.filter(|order| order.len() == round.doors.len())
}

/// One truck, every stop from the beginning of the window until `due`.
fn search(points: &[Point], due: f64, speed: Speed, seed: u64) -> Option<Sequenced> {
    let count = u32::try_from(points.len()).ok()?;
    let stop = Visit { demand: 1, ready: LEAD, due, service: speed.service_minutes };
    let depot = Visit { demand: 0, ready: 0.0, due: LEAD + END, service: 0.0 };
    let mut distance = Vec::with_capacity(points.len() * points.len());
    for from in points {
        distance.extend(points.iter().map(|to| kilometres(*from, *to)));
    }
    let time = distance.iter().map(|km| km / speed.km_a_minute).collect();
    let parts = ProblemParts {
        depot,
        stops: vec![stop; points.len().saturating_sub(1)],
        travel: Travel::Matrix { distance, time },
        capacity: count.into(),
        vehicles: 1,
    };
    let problem = Problem::build(parts).ok()?;
    let most = f64::from(count.saturating_mul(STEPS_A_STOP));
    let mut budget = |steps: u64| f64::from(u32::try_from(steps).unwrap_or(u32::MAX)) / most;
    Some(solve(&problem, seed, &mut budget))
}

fn kilometres(from: Point, to: Point) -> f64 {
    let degrees = |e6: i32| f64::from(e6) / MILLION;
    let (lat_from, lat_to) = (degrees(from.lat_e6), degrees(to.lat_e6));
    let north = (lat_to - lat_from) * KM_A_DEGREE;
    let shrunk = ((lat_from + lat_to) / 2.0).to_radians().cos();
    let east = (degrees(to.lon_e6) - degrees(from.lon_e6)) * KM_A_DEGREE * shrunk;
    north.hypot(east) * DETOUR
}
