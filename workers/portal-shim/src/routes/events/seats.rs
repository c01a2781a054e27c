//! How many streams there may be: for each caller, and in all. A stream holds its seat until it ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;

use crate::problem::Problem;

/// Streams of one caller: a few windows of a browser.
const EACH_MAX: u16 = 6;
/// Streams of all callers: each asks the fleet whenever something happens to what it watches.
const ALL_MAX: u16 = 400;

/// The seats. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats(Arc<Mutex<Taken>>);

#[derive(Debug, Default)]
struct Taken {
    all: u16,
    each: HashMap<String, u16>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Seats,
    caller: String,
}

impl Seats {
    /// A seat for a caller.
    ///
    /// # Errors
    /// 429 when the caller has as many as one may have, 503 when all are taken.
    pub(super) fn take(&self, caller: &str) -> Result<Seat, Problem> {
        let mut taken = self.taken();
        let own = taken.each.get(caller).copied().unwrap_or_default();
        if own >= EACH_MAX {
            let detail = format!("you have {EACH_MAX} streams open already: close one");
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_STREAMS", detail);
            return Err(problem.retry_after(5));
        }
        if taken.all >= ALL_MAX {
            let detail = "as many streams as there may be are open: ask from time to time instead";
            return Err(Problem::unavailable("OVERLOADED", detail).retry_after(30));
        }
        taken.all = taken.all.saturating_add(1);
        taken.each.insert(caller.to_owned(), own.saturating_add(1));
        Ok(Seat { seats: self.clone(), caller: caller.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.all = taken.all.saturating_sub(1);
        let own = taken.each.get(&self.caller).copied().unwrap_or_default().saturating_sub(1);
        if own == 0 {
            taken.each.remove(&self.caller);
        } else {
            taken.each.insert(self.caller.clone(), own);
        }
    }
}
