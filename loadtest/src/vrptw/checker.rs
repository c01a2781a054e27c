//! Judges a plan on the raw instance, stop by stop. It shares nothing with the engine: other
//! arithmetic, other code, no cleverness. Never here: repair.

use super::instance::{Instance, Node};

/// Rounding that is not a fault: peers count in ten-thousandths.
const TOLERANCE: f64 = 0.01;

/// What a plan is worth, and what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) vehicles: usize,
    pub(crate) distance: f64,
    pub(crate) faults: Vec<String>,
}

/// Drives every route of a plan; stops are numbered as in the file, from 1.
pub(crate) fn check(instance: &Instance, routes: &[Vec<u32>]) -> Verdict {
    let mut verdict = Verdict { vehicles: 0, distance: 0.0, faults: Vec::new() };
    let mut visits = vec![0_u32; instance.stops.len()];
    for route in routes.iter().filter(|route| !route.is_empty()) {
        verdict.vehicles += 1;
        let mut drive = Drive::from_depot(instance);
        for number in route {
            let index = usize::try_from(*number).unwrap_or(usize::MAX).wrapping_sub(1);
            let (Some(stop), Some(count)) = (instance.stops.get(index), visits.get_mut(index))
            else {
                verdict.faults.push(format!("there is no stop {number}"));
                continue;
            };
            *count += 1;
            drive.to(stop, &format!("stop {number}"), &mut verdict.faults);
        }
        drive.to(&instance.depot, "the depot", &mut verdict.faults);
        verdict.distance += drive.distance;
        if drive.load > instance.capacity {
            verdict.faults.push(format!("a route carries {} of {}", drive.load, instance.capacity));
        }
    }
    for (count, number) in visits.iter().zip(1_u32..) {
        if *count != 1 {
            verdict.faults.push(format!("stop {number} is visited {count} times"));
        }
    }
    if verdict.vehicles > instance.vehicles {
        verdict.faults.push(format!("{} vehicles of {}", verdict.vehicles, instance.vehicles));
    }
    verdict
}

/// A truck on its way.
struct Drive<'a> {
    at: &'a Node,
    clock: f64,
    distance: f64,
    load: u64,
}

impl<'a> Drive<'a> {
    fn from_depot(instance: &'a Instance) -> Self {
        Self { at: &instance.depot, clock: instance.depot.ready, distance: 0.0, load: 0 }
    }

    fn to(&mut self, next: &'a Node, name: &str, faults: &mut Vec<String>) {
        let (dx, dy) = (self.at.x - next.x, self.at.y - next.y);
        let way = (dx * dx + dy * dy).sqrt();
        let arrival = self.clock + way;
        if arrival > next.due + TOLERANCE {
            faults.push(format!("{name} is reached at {arrival:.3}, due at {}", next.due));
        }
        self.clock = arrival.max(next.ready) + next.service;
        self.distance += way;
        self.load = self.load.saturating_add(next.demand);
        self.at = next;
    }
}
