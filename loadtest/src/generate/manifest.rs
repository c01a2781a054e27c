//! What was generated and what has to come of it: written beside the files, compared after a run.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::mess::{Fate, Planted};
use super::order::GeneratedOrder;
use crate::hotfolder::SeriesCount;

/// What an exchange has to make of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expected {
    /// Orders without an error.
    pub(crate) accepted_orders: u64,
    /// Orders with an error in one of their lines.
    pub(crate) rejected_orders: u64,
    /// Lines of the accepted orders.
    pub(crate) accepted_lines: u64,
    /// Lines of the rejected orders.
    pub(crate) rejected_lines: u64,
    /// Waybills of the accepted orders under the ordinary (mixed) split.
    pub(crate) waybills: u64,
    /// Those of them that can have no place: too late, or too heavy for every truck. Others find one
    /// unless the network runs out of it.
    pub(crate) waybills_without_place: u64,
}

impl Expected {
    fn count(&mut self, order: &GeneratedOrder) {
        let lines = u64::try_from(order.rows.len()).unwrap_or(u64::MAX);
        let fate = order.planted.fate();
        if fate == Fate::Rejected {
            self.rejected_orders += 1;
            self.rejected_lines += lines;
            return;
        }
        self.accepted_orders += 1;
        self.accepted_lines += lines;
        self.waybills += order.waybills;
        self.waybills_without_place += match fate {
            Fate::Accepted | Fate::Rejected => 0,
            Fate::AcceptedWithoutPlace => order.waybills,
            Fate::AcceptedOneWithoutPlace => 1,
        };
    }
}

/// What one source's folder holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceCount {
    /// Files and lines.
    #[serde(flatten)]
    pub(crate) series: SeriesCount,
    /// Orders.
    pub(crate) orders: u64,
}

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The seed: with the same arguments it gives the same files.
    pub(crate) seed: u64,
    /// Orders in all files.
    pub(crate) orders: u64,
    /// Lines in all files.
    pub(crate) lines: u64,
    /// No order is placed before this.
    pub(crate) ordered_from: DateTime<Utc>,
    /// Nor after this.
    pub(crate) ordered_until: DateTime<Utc>,
    /// The first day of delivery.
    pub(crate) first_delivery: NaiveDate,
    /// Per source.
    pub(crate) sources: BTreeMap<String, SourceCount>,
    /// Orders by what was planted in them.
    pub(crate) planted: BTreeMap<Planted, u64>,
    /// What has to come of them.
    pub(crate) expected: Expected,
}

impl Manifest {
    /// Counts one order that was written for `source`.
    pub(crate) fn count(&mut self, source: &str, order: &GeneratedOrder) {
        self.orders += 1;
        self.lines += u64::try_from(order.rows.len()).unwrap_or(u64::MAX);
        *self.planted.entry(order.planted).or_default() += 1;
        self.sources.entry(source.to_owned()).or_default().orders += 1;
        self.expected.count(order);
    }
}
