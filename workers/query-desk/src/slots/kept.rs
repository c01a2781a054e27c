//! What the process keeps of network and slot days. A copy counts for a second without a look at the
//! database, and on while the versions there are those that it was read at: what is free is shown, never
//! decided, by it. Of the questions about one zone one looks at a time; the others find what it found.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use ::store::{Database, StoreError};
use routing::{SlotDay, SlotDayKey, ZoneCode};
use tokio::time::Instant;

use super::{Served, Slot, read};
use crate::store::network::{parts, revision};
use crate::store::slots::versions;

/// How much is kept in slot days, in routes and their stops: some 300 bytes each. A day without routes
/// counts as one.
const KEPT_MAX: u64 = 40_000;
/// A copy counts so long after it was looked at. While orders come in, versions change all the time, and each
/// reading has all places of its zone's routes: the questions of a second share one.
const FRESH_FOR: Duration = Duration::from_secs(1);
/// Looks at slot days at a time.
const LOOKS: usize = 8;
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
    /// When its version was last seen to be the one in the database.
    looked_at: Instant,
    used: u64,
    weight: u64,
}

#[derive(Debug, Default)]
struct Shelf {
    copies: HashMap<(SlotDayKey, ZoneCode), KeptDay>,
    /// Of all copies.
    weight: u64,
    /// Counts uses: a clock for what was used last.
    tick: u64,
}

/// A network, and when it was last seen to be the one in force.
#[derive(Debug, Clone)]
struct KeptNetwork {
    served: Arc<Served>,
    looked_at: Instant,
}

/// The network that was read last, and slot days.
#[derive(Debug, Default)]
pub(crate) struct SlotDesk {
    network: RwLock<Option<KeptNetwork>>,
    shelf: Mutex<Shelf>,
    /// Held by the question that looks at the network in the database.
    looking: tokio::sync::Mutex<()>,
    /// Held by the question that looks at slot days there: zones share these few by their names.
    looking_at_days: [tokio::sync::Mutex<()>; LOOKS],
}

impl SlotDesk {
    /// The network in force; `None` while there is none that fits together. A load of the network arrives
    /// in chunks: until it is whole the last one stays in force. `database` is asked for only where the
    /// database is needed.
    pub(super) async fn network<'a>(
        &self,
        database: impl Fn() -> &'a Database,
    ) -> Result<Option<Arc<Served>>, StoreError> {
        if let Some(fresh) = self.fresh_network() {
            return Ok(Some(fresh));
        }
        let _looking = self.looking.lock().await;
        if let Some(fresh) = self.fresh_network() {
            return Ok(Some(fresh));
        }
        self.look_at_network(database()).await
    }

    fn fresh_network(&self) -> Option<Arc<Served>> {
        let last = self.network.read().unwrap_or_else(PoisonError::into_inner);
        let fresh = last.as_ref().filter(|kept| kept.looked_at.elapsed() < FRESH_FOR);
        fresh.map(|kept| Arc::clone(&kept.served))
    }

    async fn look_at_network(
        &self,
        database: &Database,
    ) -> Result<Option<Arc<Served>>, StoreError> {
        let last = self.network.read().unwrap_or_else(PoisonError::into_inner).clone();
        let last = last.map(|kept| kept.served);
        let Some(mut wanted) = revision(database).await? else {
            return Ok(last);
        };
        for _ in 0..READS_MAX {
            if let Some(served) = last.as_ref().filter(|served| served.revision == wanted) {
                return Ok(Some(self.put_in_force(Arc::clone(served))));
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
            Ok(served) => Some(self.put_in_force(Arc::new(served))),
            Err(detail) => {
                tracing::warn!(revision, %detail, "this network is not used");
                None
            }
        }
    }

    fn put_in_force(&self, served: Arc<Served>) -> Arc<Served> {
        let kept = KeptNetwork { served: Arc::clone(&served), looked_at: Instant::now() };
        *self.network.write().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        served
    }

    /// The slot days in the order of `slots`, kept ones where they are fresh or their versions allow it.
    pub(super) async fn days<'a>(
        &self,
        database: impl Fn() -> &'a Database,
        served: &Served,
        slots: &[Slot],
    ) -> Result<Vec<Option<Arc<SlotDay>>>, StoreError> {
        let fresh = |slots: &[Slot]| -> Vec<Option<Arc<SlotDay>>> {
            slots.iter().map(|slot| self.fresh(slot, served.revision)).collect()
        };
        let mut days = fresh(slots);
        if days.iter().any(Option::is_none) {
            let _looking = self.turn(slots).lock().await;
            days = fresh(slots);
            let stale: Vec<usize> =
                (0..).zip(&days).filter(|(_, day)| day.is_none()).map(|(at, _)| at).collect();
            let wanted: Vec<Slot> = stale.iter().filter_map(|at| slots.get(*at).cloned()).collect();
            let found = self.look_at_days(&database, served, &wanted).await?;
            put(&mut days, stale, found);
        }
        Ok(days)
    }

    /// Whose turn it is to look: one of those who ask about the same zone.
    fn turn(&self, slots: &[Slot]) -> &tokio::sync::Mutex<()> {
        let mut hasher = DefaultHasher::new();
        slots.first().and_then(|slot| slot.zones.first()).hash(&mut hasher);
        let turn = usize::try_from(hasher.finish()).unwrap_or(0) % LOOKS;
        self.looking_at_days.get(turn).unwrap_or(&self.looking)
    }

    /// The same, by the versions in the database.
    async fn look_at_days<'a>(
        &self,
        database: impl Fn() -> &'a Database,
        served: &Served,
        slots: &[Slot],
    ) -> Result<Vec<Option<Arc<SlotDay>>>, StoreError> {
        if slots.is_empty() {
            return Ok(Vec::new());
        }
        let keys: Vec<SlotDayKey> = slots.iter().map(|slot| slot.key.clone()).collect();
        // before the rows: what is read later is at least as new as its version says
        let versions = versions(database(), &keys).await?;
        let revision = served.revision;
        let stamps: Vec<Stamp> =
            versions.into_iter().map(|version| Stamp { version, revision }).collect();
        let mut days: Vec<Option<Arc<SlotDay>>> =
            slots.iter().zip(&stamps).map(|(slot, stamp)| self.kept(slot, *stamp)).collect();
        let missing: Vec<usize> =
            (0..).zip(&days).filter(|(_, day)| day.is_none()).map(|(at, _)| at).collect();
        let wanted: Vec<Slot> = missing.iter().filter_map(|at| slots.get(*at).cloned()).collect();
        let found = read(database(), &served.network, &wanted).await?;
        for ((at, slot), day) in missing.iter().zip(&wanted).zip(&found) {
            if let (Some(day), Some(stamp)) = (day, stamps.get(*at)) {
                self.keep(slot, *stamp, Arc::clone(day));
            }
        }
        put(&mut days, missing, found);
        Ok(days)
    }

    /// A copy that was looked at a moment ago.
    fn fresh(&self, slot: &Slot, revision: u64) -> Option<Arc<SlotDay>> {
        self.take(slot, |copy| {
            copy.stamp.revision == revision && copy.looked_at.elapsed() < FRESH_FOR
        })
    }

    /// A copy of this version, which was looked at just now.
    fn kept(&self, slot: &Slot, stamp: Stamp) -> Option<Arc<SlotDay>> {
        self.take(slot, |copy| {
            let is_same = copy.stamp == stamp;
            if is_same {
                copy.looked_at = Instant::now();
            }
            is_same
        })
    }

    fn take(&self, slot: &Slot, counts: impl FnOnce(&mut KeptDay) -> bool) -> Option<Arc<SlotDay>> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.tick = shelf.tick.saturating_add(1);
        let used = shelf.tick;
        let copy = shelf.copies.get_mut(&key_of(slot)?)?;
        if !counts(copy) {
            return None;
        }
        copy.used = used;
        Some(Arc::clone(&copy.day))
    }

    fn keep(&self, slot: &Slot, stamp: Stamp, day: Arc<SlotDay>) {
        let Some(key) = key_of(slot) else {
            return;
        };
        let stops = day.routes().map(|route| 1 + u64::from(route.stop_count()));
        let weight = 1 + stops.sum::<u64>();
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let used = shelf.tick;
        let copy = KeptDay { stamp, day, looked_at: Instant::now(), used, weight };
        shelf.put(key, copy);
    }
}

impl Shelf {
    /// In the place of an older copy; those that were not used for longest make room.
    fn put(&mut self, key: (SlotDayKey, ZoneCode), copy: KeptDay) {
        self.weight = self.weight.saturating_add(copy.weight);
        let old = self.copies.insert(key, copy);
        self.weight = self.weight.saturating_sub(old.map_or(0, |old| old.weight));
        while self.weight > KEPT_MAX && self.copies.len() > 1 {
            let oldest = self.copies.iter().min_by_key(|(_, copy)| copy.used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                return;
            };
            let gone = self.copies.remove(&key);
            self.weight = self.weight.saturating_sub(gone.map_or(0, |gone| gone.weight));
        }
    }
}

/// Puts what was found to its places.
fn put(days: &mut [Option<Arc<SlotDay>>], places: Vec<usize>, found: Vec<Option<Arc<SlotDay>>>) {
    for (at, day) in places.into_iter().zip(found) {
        if let Some(place) = days.get_mut(at) {
            *place = day;
        }
    }
}

fn key_of(slot: &Slot) -> Option<(SlotDayKey, ZoneCode)> {
    Some((slot.key.clone(), slot.zones.first()?.clone()))
}
