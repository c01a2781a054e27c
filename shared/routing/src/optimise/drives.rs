//! How long the trucks of a plan drive, as far as a plan can tell that knows no order of stops: for each route the
//! shortest tree that joins the depot and its places (Prim 1957). No round is shorter (Held, Karp 1970), and what
//! makes trees shorter keeps rounds together. Never here: the order of stops ([`sequence`](crate::sequence)).

use std::collections::BTreeMap;

use crate::key::StopKey;

/// Where a truck begins: the number of the depot's place.
const DEPOT: usize = 0;

/// Driving times of a slot-day, as far as they are known. By default nothing is: all drives take no time then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drives {
    places: usize,
    /// Between two places by the quicker way, row by row.
    seconds: Vec<u32>,
    doors: BTreeMap<StopKey, usize>,
}

impl Drives {
    /// `seconds` answers how long the drive from one place to another takes, by their numbers below `places`, of
    /// which 0 is the depot; `None`: nobody knows. Of the two ways between places the quicker one counts; where
    /// neither is known, the way by the depot. `doors` says at which place a door lies. Those at places that no way
    /// is known to from the depot, or back, do not count.
    pub fn new(
        places: usize,
        seconds: impl Fn(usize, usize) -> Option<u32>,
        doors: impl IntoIterator<Item = (StopKey, usize)>,
    ) -> Self {
        let quicker = |from: usize, to: usize| {
            let ways = [seconds(from, to), seconds(to, from)];
            if from == to { Some(0) } else { ways.into_iter().flatten().min() }
        };
        let out: Vec<Option<u32>> = (0..places).map(|place| quicker(DEPOT, place)).collect();
        let of = |place: usize| out.get(place).copied().flatten();
        let by_depot = |from: usize, to: usize| {
            of(from).unwrap_or(u32::MAX).saturating_add(of(to).unwrap_or(u32::MAX))
        };
        let between = |(from, to)| quicker(from, to).unwrap_or_else(|| by_depot(from, to));
        let pairs = (0..places).flat_map(|from| (0..places).map(move |to| (from, to)));
        Self {
            places,
            seconds: pairs.map(between).collect(),
            doors: doors.into_iter().filter(|(_, place)| of(*place).is_some()).collect(),
        }
    }

    /// The place of a door, where it counts.
    pub(super) fn place(&self, stop: StopKey) -> Option<usize> {
        self.doors.get(&stop).copied()
    }

    fn stretch(&self, from: usize, to: usize) -> u32 {
        self.seconds.get(from * self.places + to).copied().unwrap_or(0)
    }

    /// Seconds of the shortest tree that joins the depot and these places, none of them twice.
    pub(super) fn tree(&self, places: impl Iterator<Item = usize>) -> u64 {
        let far = |place: usize| (self.stretch(DEPOT, place), place);
        let mut rest: Vec<(u32, usize)> = places.map(far).collect();
        let mut sum = 0_u64;
        while let Some(next) = (0..rest.len()).min_by_key(|at| rest.get(*at)) {
            let (seconds, nearest) = rest.swap_remove(next);
            sum = sum.saturating_add(seconds.into());
            for (seconds, place) in &mut rest {
                *seconds = (*seconds).min(self.stretch(nearest, *place));
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests;
