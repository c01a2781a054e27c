//! Which day and window a customer is promised: one whose cut-off lies ahead, as a shop would offer.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::dice::Dice;
use crate::network::{Network, Timeslot};

/// When the shop delivers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promises {
    /// The first day of delivery; the two after it are offered too.
    pub(crate) first_delivery: NaiveDate,
    /// Cut-offs before this moment are taken as passed, whenever the order was placed: the files are
    /// read under the wall clock. Absent: each order is judged at its own time.
    pub(crate) read_at: Option<DateTime<Utc>>,
}

/// A promised day and window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promise {
    /// Day of delivery.
    pub(crate) date: NaiveDate,
    /// Code of the window.
    pub(crate) timeslot: String,
}

impl Promise {
    fn new(date: NaiveDate, slot: &Timeslot) -> Self {
        Self { date, timeslot: slot.code.clone() }
    }
}

fn later(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

impl Promises {
    /// A promise that can be kept as far as cut-offs go.
    pub(crate) fn draw(
        &self,
        dice: &mut Dice,
        network: &Network,
        ordered_at: DateTime<Utc>,
        timezone: Tz,
    ) -> Promise {
        let judged_at = self.read_at.map_or(ordered_at, |read_at| read_at.max(ordered_at));
        for _ in 0..8 {
            let days = match dice.below(10) {
                0..6 => 0,
                6..9 => 1,
                _ => 2,
            };
            let slot = network.timeslots.draw(dice);
            let date = later(self.first_delivery, days);
            if slot.cutoff_at(date, timezone) > judged_at {
                return Promise::new(date, slot);
            }
        }
        let earliest = self.first_delivery.max(judged_at.date_naive());
        Promise::new(later(earliest, 3), network.timeslots.draw(dice))
    }

    /// A promise that was broken when it was made: the last day whose cut-off had passed.
    pub(crate) fn late(network: &Network, ordered_at: DateTime<Utc>, timezone: Tz) -> Promise {
        let slot = &network.earliest_cutoff;
        let mut date = later(ordered_at.date_naive(), 1);
        while slot.cutoff_at(date, timezone) >= ordered_at {
            date = date.pred_opt().unwrap_or(NaiveDate::MIN);
        }
        Promise::new(date, slot)
    }
}
