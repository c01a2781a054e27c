//! The stops to be sequenced as flat arrays: windows, demands, travel matrices, neighbour lists.
//! Never here: a route.

#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "node numbers are checked once, when the problem is built; the matrices are square"
)]

use std::sync::Arc;

/// The most stops of one problem: its matrices take 8 bytes for each pair.
pub const MAX_STOPS: usize = 2_000;

/// How many of a stop's nearest stops are kept.
const NEIGHBOURS: usize = 200;

/// What the depot or a stop asks for. The depot's window is the working day; its demand and
/// service are not used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Visit {
    pub demand: u64,
    /// Service may start within `ready..=due`; a truck that comes before `ready` waits.
    pub ready: f64,
    pub due: f64,
    pub service: f64,
}

/// Where distances and driving times come from. Row by row, depot first.
#[derive(Clone, Debug, PartialEq)]
pub enum Travel {
    /// Nothing is known: all distances and times are zero.
    Unknown,
    /// Points in a plane; driving a unit of distance takes a unit of time.
    Plane(Vec<(f64, f64)>),
    /// Square matrices, row = from.
    Matrix { distance: Vec<f64>, time: Vec<f64> },
}

/// What the caller knows. Node 0 is the depot, node i is `stops[i - 1]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemParts {
    pub depot: Visit,
    pub stops: Vec<Visit>,
    pub travel: Travel,
    pub capacity: u64,
    pub vehicles: usize,
}

/// Why parts make no problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    #[error("{stops} stops in one problem: split it, {MAX_STOPS} is the most")]
    TooManyStops { stops: usize },
    #[error(
        "the travel table has {found} entries where {expected} are needed: bring one for each node or pair, depot first"
    )]
    TravelSize { found: usize, expected: usize },
    #[error(
        "node {node} has a window, service or travel figure that is negative or no number: correct it"
    )]
    BadNumber { node: usize },
}

/// Checked parts.
#[derive(Clone, Debug)]
pub struct Problem {
    visits: Vec<Visit>,
    capacity: u64,
    vehicles: usize,
    /// Row = from. `*_in` are the transposed matrices: all ways into a stop stand side by side.
    /// Equal tables are one table, which halves what the processor's cache has to hold.
    pub(super) distance: Arc<[f64]>,
    pub(super) distance_in: Arc<[f64]>,
    pub(super) time: Arc<[f64]>,
    pub(super) time_in: Arc<[f64]>,
    near: Vec<u32>,
    near_of_each: usize,
}

impl Problem {
    /// # Errors
    /// [`ProblemError`].
    pub fn build(parts: ProblemParts) -> Result<Self, ProblemError> {
        let ProblemParts { depot, stops, travel, capacity, vehicles } = parts;
        if stops.len() > MAX_STOPS {
            return Err(ProblemError::TooManyStops { stops: stops.len() });
        }
        let visits: Vec<Visit> = std::iter::once(depot).chain(stops).collect();
        let usable = |figure: f64| figure.is_finite() && figure >= 0.0;
        let is_bad =
            |visit: &Visit| !(usable(visit.ready) && usable(visit.due) && usable(visit.service));
        if let Some(node) = visits.iter().position(is_bad) {
            return Err(ProblemError::BadNumber { node });
        }
        let n = visits.len();
        let (distance, time) = matrices(travel, n)?;
        if let Some(entry) = distance.iter().chain(time.iter()).position(|f| !usable(*f)) {
            return Err(ProblemError::BadNumber { node: entry % (n * n) / n });
        }
        let distance_in = transposed(&distance, n);
        let time_in = if Arc::ptr_eq(&distance, &time) {
            Arc::clone(&distance_in)
        } else {
            transposed(&time, n)
        };
        let near_of_each = NEIGHBOURS.min(n.saturating_sub(1));
        let near = nearest(&distance, n, near_of_each);
        Ok(Self {
            visits,
            capacity,
            vehicles,
            distance,
            distance_in,
            time,
            time_in,
            near,
            near_of_each,
        })
    }

    /// Nodes, the depot included.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.visits.len()
    }

    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.capacity
    }

    #[must_use]
    pub fn vehicles(&self) -> usize {
        self.vehicles
    }

    #[inline]
    #[must_use]
    pub fn visit(&self, node: u32) -> &Visit {
        &self.visits[node as usize]
    }

    #[inline]
    #[must_use]
    pub fn distance(&self, from: u32, to: u32) -> f64 {
        self.distance[from as usize * self.nodes() + to as usize]
    }

    #[inline]
    #[must_use]
    pub fn time(&self, from: u32, to: u32) -> f64 {
        self.time[from as usize * self.nodes() + to as usize]
    }

    /// The stops nearest to a stop, itself first.
    pub(super) fn near(&self, node: u32) -> &[u32] {
        let start = (node as usize - 1) * self.near_of_each;
        &self.near[start..start + self.near_of_each]
    }

    /// No plan has fewer routes: each unit of demand needs room.
    #[must_use]
    pub fn fewest_routes(&self) -> usize {
        let demand: u64 = self.visits[1..].iter().map(|visit| visit.demand).sum();
        let routes = demand.div_ceil(self.capacity.max(1)) as usize;
        routes.max(usize::from(self.nodes() > 1))
    }

    /// Mean distance between a stop and its ten nearest: the scale of the annealing.
    pub(super) fn scale(&self) -> f64 {
        let (mut sum, mut count) = (0.0, 0_u32);
        for node in 1..self.nodes() as u32 {
            for other in self.near(node).iter().skip(1).take(10) {
                sum += self.distance(node, *other);
                count += 1;
            }
        }
        if count == 0 { 1.0 } else { (sum / f64::from(count)).max(1e-6) }
    }
}

type Matrix = Arc<[f64]>;

fn matrices(travel: Travel, n: usize) -> Result<(Matrix, Matrix), ProblemError> {
    let check = |found: usize, expected: usize| {
        if found == expected { Ok(()) } else { Err(ProblemError::TravelSize { found, expected }) }
    };
    match travel {
        Travel::Unknown => {
            let zeros: Matrix = vec![0.0; n * n].into();
            Ok((Arc::clone(&zeros), zeros))
        }
        Travel::Plane(points) => {
            check(points.len(), n)?;
            let row = |from: &(f64, f64)| {
                let from = *from;
                points.iter().map(move |to| (from.0 - to.0).hypot(from.1 - to.1))
            };
            let matrix: Matrix = points.iter().flat_map(row).collect();
            Ok((Arc::clone(&matrix), matrix))
        }
        Travel::Matrix { distance, time } => {
            check(distance.len(), n * n)?;
            check(time.len(), n * n)?;
            let distance: Matrix = distance.into();
            let time = if *distance == *time { Arc::clone(&distance) } else { time.into() };
            Ok((distance, time))
        }
    }
}

/// The same table where it is symmetric.
fn transposed(matrix: &Matrix, n: usize) -> Matrix {
    let turned: Matrix =
        (0..n).flat_map(|to| (0..n).map(move |from| matrix[from * n + to])).collect();
    if *turned == **matrix { Arc::clone(matrix) } else { turned }
}

fn nearest(distance: &[f64], n: usize, of_each: usize) -> Vec<u32> {
    let mut near = Vec::with_capacity(n * of_each);
    let mut others: Vec<u32> = Vec::with_capacity(n);
    for node in 1..n {
        let row = &distance[node * n..(node + 1) * n];
        others.clear();
        others.extend(1..n as u32);
        others.sort_by(|a, b| {
            let key = |other: u32| if other as usize == node { -1.0 } else { row[other as usize] };
            key(*a).total_cmp(&key(*b)).then(a.cmp(b))
        });
        near.extend(others.iter().take(of_each));
    }
    near
}
