//! What each resource is worth at best: the dual prices of the fractional cover, found by the
//! simplex method (Dantzig 1951) with Bland's rule.
//!
//! Whatever the prices, as long as no truck offers more than its cost at them, a load's worth at
//! these prices is a lower bound of every fleet that covers it. So a rounding error can make the
//! bound weaker, never wrong. Never here: whole trucks.

#![allow(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "rows and columns of one rectangular table; resources are far below what a double holds exactly"
)]

use super::{FleetOption, RESOURCES, Resources};

/// Below this a figure of the table counts as zero.
const TINY: f64 = 1e-9;
/// Bland's rule ends by itself; this guards against rounding that turns in circles.
const MOST_PIVOTS: usize = 200;

/// A price for each resource. Empty-handed (all zero) when there is nothing to cover.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Prices([f64; RESOURCES]);

impl Prices {
    /// Those at which the load is worth most.
    pub(super) fn of(need: &Resources, options: &[&FleetOption]) -> Self {
        let needed: Vec<usize> = (0..RESOURCES).filter(|resource| need[*resource] > 0).collect();
        let shares = solve(&table(need, &needed, options), needed.len());
        let mut prices = [0.0; RESOURCES];
        for (resource, share) in needed.iter().zip(shares) {
            prices[*resource] = share / need[*resource] as f64;
        }
        Self(prices).affordable(options)
    }

    /// What a load is worth.
    pub(super) fn of_load(&self, need: &Resources) -> f64 {
        self.0.iter().zip(need).map(|(price, need)| price * *need as f64).sum()
    }

    /// Scaled down until no truck offers more than it costs.
    fn affordable(self, options: &[&FleetOption]) -> Self {
        let worst = options.iter().map(|option| {
            let worth = self.of_load(&option.room);
            if worth > 0.0 { option.truck.cost as f64 / worth } else { 1.0 }
        });
        let scale = worst.fold(1.0, f64::min);
        Self(self.0.map(|price| price * scale))
    }
}

/// One row a truck: the share of each needed resource that it covers, then its cost.
fn table(need: &Resources, needed: &[usize], options: &[&FleetOption]) -> Vec<Vec<f64>> {
    let row = |option: &&FleetOption| {
        let share = |resource: &usize| option.room[*resource] as f64 / need[*resource] as f64;
        needed.iter().map(share).chain([option.truck.cost as f64]).collect()
    };
    options.iter().map(row).collect()
}

/// The largest sum of the columns' values with which no row exceeds its cost. Where a column may
/// grow without limit, the values so far.
fn solve(table: &[Vec<f64>], columns: usize) -> Vec<f64> {
    let mut rows = table.to_vec();
    let mut gains = vec![1.0; columns];
    // Variables below `columns` are the values asked for, the others are the rows' slacks.
    let mut of_column: Vec<usize> = (0..columns).collect();
    let mut of_row: Vec<usize> = (columns..columns + rows.len()).collect();
    for _ in 0..MOST_PIVOTS {
        let gaining = (0..columns).filter(|column| gains[*column] > TINY);
        let Some(column) = gaining.min_by_key(|column| of_column[*column]) else { break };
        let Some(row) = tightest(&rows, &of_row, column) else { break };
        pivot(&mut rows, &mut gains, row, column);
        std::mem::swap(&mut of_column[column], &mut of_row[row]);
    }
    let mut values = vec![0.0; columns];
    for (row, variable) in rows.iter().zip(of_row) {
        if variable < columns {
            values[variable] = row[columns].max(0.0);
        }
    }
    values
}

/// The row that stops a column's value from growing first.
fn tightest(rows: &[Vec<f64>], of_row: &[usize], column: usize) -> Option<usize> {
    let mut best: Option<(f64, usize)> = None;
    for (number, row) in rows.iter().enumerate().filter(|(_, row)| row[column] > TINY) {
        let limit = row[row.len() - 1] / row[column];
        let is_better = best.is_none_or(|(least, other)| {
            limit < least - TINY || (limit < least + TINY && of_row[number] < of_row[other])
        });
        if is_better {
            best = Some((limit, number));
        }
    }
    best.map(|(_, number)| number)
}

/// Exchanges a row's variable for a column's. In the table, a column that has just left becomes the
/// slack of the row that took its place.
fn pivot(rows: &mut [Vec<f64>], gains: &mut [f64], row: usize, column: usize) {
    let factor = rows[row][column];
    for (at, entry) in rows[row].iter_mut().enumerate() {
        *entry = if at == column { 1.0 / factor } else { *entry / factor };
    }
    let pivot_row = rows[row].clone();
    for (_, other) in rows.iter_mut().enumerate().filter(|(number, _)| *number != row) {
        let share = other[column];
        for (at, entry) in other.iter_mut().enumerate() {
            *entry =
                if at == column { -share * pivot_row[at] } else { *entry - share * pivot_row[at] };
        }
    }
    let gain = gains[column];
    for (at, entry) in gains.iter_mut().enumerate() {
        *entry = if at == column { -gain * pivot_row[at] } else { *entry - gain * pivot_row[at] };
    }
}
