//! Rows about driving from place to place.
//!
//! Each function checks one row and gives its key. Never here: where places lie.

use contracts::{TravelEnd, TravelRow};

use super::findings::RowFindings;

/// No drive of a delivery route takes longer than a day.
const MOST_MINUTES: u32 = 24 * 60;

pub(super) fn drive(row: &TravelRow, found: &mut RowFindings<'_>) -> String {
    if row.minutes > MOST_MINUTES {
        found.wrong("minutes", "OUT_OF_RANGE", format!("0 to {MOST_MINUTES} minutes are needed"));
    }
    match (&row.from, &row.to) {
        (TravelEnd::Depot(_), TravelEnd::Depot(_)) => {
            let message = "no route drives from depot to depot: remove the row";
            found.wrong("to", "NO_SUCH_DRIVE", message);
        }
        (TravelEnd::District(_), TravelEnd::Zone(_))
        | (TravelEnd::Zone(_), TravelEnd::District(_)) => {
            let message = "a district and a zone are never looked up together: name two districts or two zones";
            found.wrong("to", "NO_SUCH_DRIVE", message);
        }
        (TravelEnd::District(_), TravelEnd::District(_))
        | (TravelEnd::Zone(_), TravelEnd::Zone(_))
        | (TravelEnd::Depot(_), TravelEnd::District(_) | TravelEnd::Zone(_))
        | (TravelEnd::District(_) | TravelEnd::Zone(_), TravelEnd::Depot(_)) => {}
    }
    format!("{} to {}", row.from, row.to)
}
