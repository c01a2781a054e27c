//! Opening slot days: their rows locked, their planning states taken from the few that are kept or read from
//! the tables. Shared by messages and retries. Never here: a decision, a statement.

use std::collections::{BTreeMap, BTreeSet};

use routing::SlotDayKey;
use store::{StoreError, Tx};

use crate::network::Served;
use crate::state::{Contradiction, Kept, Plan};
use crate::store::{lock_slot_days, stored_days};

/// Slot days that this transaction has locked.
#[derive(Debug, Default)]
pub(crate) struct Opened {
    pub(crate) plans: BTreeMap<SlotDayKey, Plan>,
    /// Those about which nothing may be decided, because their rows contradict each other.
    pub(crate) broken: BTreeMap<SlotDayKey, Contradiction>,
}

/// Locks slot days in the order of their keys and finds their planning states.
pub(crate) async fn open(
    tx: &Tx,
    kept: &Kept,
    served: &Served,
    keys: BTreeSet<SlotDayKey>,
) -> Result<Opened, StoreError> {
    let mut opened = Opened::default();
    if keys.is_empty() {
        return Ok(opened);
    }
    let keys: Vec<SlotDayKey> = keys.into_iter().collect();
    let mut locked = lock_slot_days(tx, &keys).await?;
    let mut unknown = Vec::new();
    for key in keys {
        let version = locked.get(&key).map_or(0, |(version, _)| *version);
        match kept.take(&key, version, served.revision) {
            Some(plan) => {
                opened.plans.insert(key, plan);
            }
            None => unknown.push(key),
        }
    }
    let stored = stored_days(tx, &served.network, &unknown).await?;
    for (key, mut day) in unknown.into_iter().zip(stored) {
        (day.version, day.routes_opened) = locked.remove(&key).unwrap_or_default();
        match Plan::restore(&served.network, served.revision, key.clone(), day) {
            Ok(plan) => {
                opened.plans.insert(key, plan);
            }
            Err(contradiction) => {
                opened.broken.insert(key, contradiction);
            }
        }
    }
    Ok(opened)
}
