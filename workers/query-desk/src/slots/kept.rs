//! What the process keeps of network and slot days. A copy counts while the versions in the database are
//! those that it was read at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ::store::{Database, StoreError};
use routing::{SlotDay, SlotDayKey, ZoneCode};

use super::{Served, Slot, read};
use crate::store::network::{parts, revision};
use crate::store::slots::versions;

/// Most slot days kept, each for one zone. With 200 routes one takes some 60 KB.
const KEPT_MAX: usize = 256;
/// How often a network that changes meanwhile is read for one question.
const READS_MAX: u32 = 3;

/// What a kept slot day was read at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    version: u64,
    revision: u64,
}

#[derive(Debug)]
struct KeptDay {
    stamp: Stamp,
    day: Arc<SlotDay>,
    used: u64,
}

#[derive(Debug, Default)]
struct Shelf {
    copies: HashMap<(SlotDayKey, ZoneCode), KeptDay>,
    /// Counts uses: a clock for what was used last.
    tick: u64,
}

/// The network that was read last, and slot days.
#[derive(Debug, Default)]
pub(crate) struct SlotDesk {
    served: RwLock<Option<Arc<Served>>>,
    shelf: Mutex<Shelf>,
}

impl SlotDesk {
    /// The network in force; `None` while there is none that fits together. A load of the network arrives
    /// in chunks: until it is whole the last one stays in force.
    pub(super) async fn network(
        &self,
        database: &Database,
    ) -> Result<Option<Arc<Served>>, StoreError> {
        let last = self.served.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(mut wanted) = revision(database).await? else {
            return Ok(last);
        };
        for _ in 0..READS_MAX {
            if let Some(served) = last.as_ref().filter(|served| served.revision == wanted) {
                return Ok(Some(Arc::clone(served)));
            }
            let read = parts(database).await?;
            let after = revision(database).await?.unwrap_or(wanted);
            if after == wanted {
                return Ok(self.take_over(wanted, read).or(last));
            }
            wanted = after;
        }
        Ok(last)
    }

    fn take_over(&self, revision: u64, parts: routing::NetworkParts) -> Option<Arc<Served>> {
        match Served::build(revision, parts) {
            Ok(served) => {
                let served = Arc::new(served);
                let mut last = self.served.write().unwrap_or_else(PoisonError::into_inner);
                *last = Some(Arc::clone(&served));
                Some(served)
            }
            Err(detail) => {
                tracing::warn!(revision, %detail, "this network is not used");
                None
            }
        }
    }

    /// The slot days, kept ones where their versions allow it, in the order of `slots`.
    pub(super) async fn days(
        &self,
        database: &Database,
        served: &Served,
        slots: &[Slot],
    ) -> Result<Vec<Option<Arc<SlotDay>>>, StoreError> {
        let keys: Vec<SlotDayKey> = slots.iter().map(|slot| slot.key.clone()).collect();
        // before the rows: what is read later is at least as new as its version says
        let versions = versions(database, &keys).await?;
        let stamps: Vec<Stamp> = versions
            .into_iter()
            .map(|version| Stamp { version, revision: served.revision })
            .collect();
        let mut days: Vec<Option<Arc<SlotDay>>> =
            slots.iter().zip(&stamps).map(|(slot, stamp)| self.kept(slot, *stamp)).collect();
        let missing: Vec<usize> =
            (0..).zip(&days).filter(|(_, day)| day.is_none()).map(|(at, _)| at).collect();
        let wanted: Vec<Slot> = missing.iter().filter_map(|at| slots.get(*at).cloned()).collect();
        let found = read(database, &served.network, &wanted).await?;
        for ((at, slot), day) in missing.into_iter().zip(&wanted).zip(found) {
            if let (Some(day), Some(stamp)) = (&day, stamps.get(at)) {
                self.keep(slot, *stamp, Arc::clone(day));
            }
            if let Some(place) = days.get_mut(at) {
                *place = day;
            }
        }
        Ok(days)
    }

    fn kept(&self, slot: &Slot, stamp: Stamp) -> Option<Arc<SlotDay>> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.tick = shelf.tick.saturating_add(1);
        let used = shelf.tick;
        let copy = shelf.copies.get_mut(&key_of(slot)?).filter(|copy| copy.stamp == stamp)?;
        copy.used = used;
        Some(Arc::clone(&copy.day))
    }

    fn keep(&self, slot: &Slot, stamp: Stamp, day: Arc<SlotDay>) {
        let Some(key) = key_of(slot) else {
            return;
        };
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let used = shelf.tick;
        shelf.copies.insert(key, KeptDay { stamp, day, used });
        if shelf.copies.len() > KEPT_MAX {
            let oldest = shelf.copies.iter().min_by_key(|(_, copy)| copy.used);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                shelf.copies.remove(&key);
            }
        }
    }
}

fn key_of(slot: &Slot) -> Option<(SlotDayKey, ZoneCode)> {
    Some((slot.key.clone(), slot.zones.first()?.clone()))
}
