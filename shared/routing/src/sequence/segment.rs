//! What a stretch of stops is like as a whole, and what two stretches are like in a row.
//!
//! Duration, time warp and the window of good starting times follow Vidal, Crainic, Gendreau and
//! Prins (2013): joining two segments takes constant time however many stops they have, so every
//! exchange of whole route ends is priced without a walk over the stops. Time warp is the lateness
//! that would have to be wished away; a route without any keeps all its windows. Never here: a
//! choice.

use super::problem::Problem;

/// A stretch of stops. Times and distances in the units of the problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    pub first: u32,
    pub last: u32,
    /// From the start of the first service to the end of the last: driving, service and waiting.
    pub duration: f64,
    pub time_warp: f64,
    /// Earliest start without needless waiting, and latest start without more time warp.
    pub early: f64,
    pub late: f64,
    pub load: u64,
    pub distance: f64,
}

impl Segment {
    /// The segment of a single stop; node 0 is the depot.
    #[must_use]
    pub fn of(problem: &Problem, node: u32) -> Self {
        let visit = problem.visit(node);
        Self {
            first: node,
            last: node,
            duration: visit.service,
            time_warp: 0.0,
            early: visit.ready,
            late: visit.due,
            load: visit.demand,
            distance: 0.0,
        }
    }

    /// This segment, then `next`.
    #[must_use]
    pub fn then(&self, problem: &Problem, next: &Self) -> Self {
        let travel = problem.time(self.last, next.first);
        let shift = self.duration - self.time_warp + travel;
        let waiting = (next.early - shift - self.late).max(0.0);
        let warp = (self.early + shift - next.late).max(0.0);
        Self {
            first: self.first,
            last: next.last,
            duration: self.duration + next.duration + travel + waiting,
            time_warp: self.time_warp + next.time_warp + warp,
            early: (next.early - shift).max(self.early) - waiting,
            late: (next.late - shift).min(self.late) + warp,
            load: self.load.saturating_add(next.load),
            distance: self.distance + next.distance + problem.distance(self.last, next.first),
        }
    }

    /// Whether a truck can drive this within all windows.
    #[must_use]
    pub fn is_feasible(&self, problem: &Problem) -> bool {
        self.time_warp <= super::TOLERANCE && self.load <= problem.capacity()
    }
}
