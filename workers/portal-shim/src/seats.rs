//! How many there may be of what is held for long (streams, files on their way): for each caller, and in all.
//! A seat is held until it is dropped.
//!
//! Never here: what a seat is for, or what is answered when there is none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The seats. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Seats {
    each_max: u16,
    all_max: u16,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: u16,
    each: HashMap<String, u16>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Seats,
    caller: String,
}

/// There is no seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// The caller has as many as one may have.
    Own,
    /// All are taken.
    All,
}

impl Seats {
    /// So many for each caller, and so many in all.
    pub(crate) fn new(each_max: u16, all_max: u16) -> Self {
        Self { each_max, all_max, taken: Arc::default() }
    }

    /// A seat for a caller.
    ///
    /// # Errors
    /// Whose seats are all taken.
    pub(crate) fn take(&self, caller: &str) -> Result<Seat, Full> {
        let mut taken = self.taken();
        let own = taken.each.get(caller).copied().unwrap_or_default();
        if own >= self.each_max {
            return Err(Full::Own);
        }
        if taken.all >= self.all_max {
            return Err(Full::All);
        }
        taken.all = taken.all.saturating_add(1);
        taken.each.insert(caller.to_owned(), own.saturating_add(1));
        Ok(Seat { seats: self.clone(), caller: caller.to_owned() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
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

#[cfg(test)]
mod tests;
