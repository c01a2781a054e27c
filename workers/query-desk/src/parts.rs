//! The parts that answers are put together from, each as its owner keeps it: process cache, Redis,
//! database. All parts of all waybills of an answer are looked for at once.
//!
//! Never here: who may see them.

use std::collections::BTreeSet;
use std::sync::Arc;

use ::store::{Database, StoreError};
use cache::{Answer, Cache, Entry, Key, Kind};
use contracts::{
    AssignmentStanding, OrderRef, OrderStanding, SalesOrderStanding, Source, TrackingCode,
    WaybillEntry, WaybillNo, WaybillStanding,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::asker::Asker;
use crate::scope::OrderOwner;
use crate::store;
use crate::store::tracking::Reached;

/// Where parts are looked for.
pub(crate) struct Parts {
    database: Database,
    cache: Cache,
}

/// What there is of a waybill.
pub(crate) struct WaybillParts {
    pub(crate) entry: Option<WaybillEntry>,
    pub(crate) assignment: Option<AssignmentStanding>,
    pub(crate) sales_order: Option<SalesOrderStanding>,
}

/// What the public may know of a waybill besides where it stands.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tracked {
    pub(crate) statuses: Vec<Reached>,
    /// Beginning and end of its window.
    pub(crate) window: Option<(String, String)>,
}

/// What a loader found: its version and the JSON to keep, or nothing.
type Loaded = Option<(u64, Vec<u8>)>;

impl Parts {
    pub(crate) const fn new(database: Database, cache: Cache) -> Self {
        Self { database, cache }
    }

    /// The parts of these waybills, in their order.
    pub(crate) async fn waybills(
        &self,
        asker: &Asker,
        numbers: &[WaybillNo],
    ) -> Result<Vec<WaybillParts>, StoreError> {
        let kinds = [Kind::Waybill, Kind::Assignment, Kind::SalesOrder];
        let keys_of = |no: &WaybillNo| kinds.map(|kind| Key::new(kind, no.as_str()));
        let keys: Vec<Key> = numbers.iter().flat_map(keys_of).collect();
        let answers = self.look_up(asker, &keys).await?;
        let mut found = keys.iter().zip(&answers);
        let parts = numbers.iter().map(|_| {
            Ok(WaybillParts {
                entry: next(&mut found)?,
                assignment: next(&mut found)?,
                sales_order: next(&mut found)?,
            })
        });
        parts.collect()
    }

    /// How a waybill stands and whose it is.
    pub(crate) async fn waybill(
        &self,
        asker: &Asker,
        waybill_no: &WaybillNo,
    ) -> Result<Option<WaybillEntry>, StoreError> {
        let key = Key::new(Kind::Waybill, waybill_no.as_str());
        let answers = self.look_up(asker, std::slice::from_ref(&key)).await?;
        answers.first().map_or(Ok(None), |answer| read(&key, answer))
    }

    /// The code on the label of a waybill: the one look before a code is compared. It is tracking's alone, and an
    /// answer either way, so that a number that there is none of costs as much and is kept as long as any other.
    pub(crate) async fn tracking_code(
        &self,
        asker: &Asker,
        waybill_no: &WaybillNo,
    ) -> Result<Option<TrackingCode>, StoreError> {
        let load = async {
            let code = store::tracking::code(&self.database, waybill_no).await?;
            // what is there wins over what was not there a moment ago
            let version = u64::from(code.is_some());
            keep(Some(code), |_| version)
        };
        let key = Key::new(Kind::TrackingCode, waybill_no.as_str());
        let known: Option<Option<TrackingCode>> = self.part(asker, key, load).await?;
        Ok(known.flatten())
    }

    /// What the public may know. It is kept by the version of the waybill: what was kept of an older one is
    /// never looked at again.
    pub(crate) async fn tracked(
        &self,
        asker: &Asker,
        standing: &WaybillStanding,
    ) -> Result<Tracked, StoreError> {
        let WaybillStanding { waybill_no, version, .. } = standing;
        let load = async {
            let (statuses, window) = tokio::try_join!(
                store::tracking::statuses(&self.database, waybill_no),
                store::tracking::window(&self.database, waybill_no),
            )?;
            keep(Some(Tracked { statuses, window }), |_| *version)
        };
        let key = Key::new(Kind::Tracking, format!("{waybill_no}@{version}"));
        Ok(self.part(asker, key, load).await?.unwrap_or_default())
    }

    pub(crate) async fn order(
        &self,
        asker: &Asker,
        source: &Source,
        order_ref: &OrderRef,
    ) -> Result<Option<OrderStanding>, StoreError> {
        let load = async {
            let found = store::order(&self.database, source, order_ref).await?;
            keep(found, |standing| standing.version)
        };
        let key = Key::new(Kind::OrderStatus, format!("{source}/{order_ref}"));
        self.part(asker, key, load).await
    }

    /// Whose an order is, and whose its parts are. It is kept by the version of the order, whose owner writes
    /// that through: what was kept of an older one is never looked at again.
    pub(crate) async fn order_owner(
        &self,
        asker: &Asker,
        standing: &OrderStanding,
    ) -> Result<Option<OrderOwner>, StoreError> {
        let OrderStanding { source, order_ref, version, .. } = standing;
        let load = async {
            let found = store::order_owner(&self.database, source, order_ref).await?;
            keep(found, |owner| owner.version)
        };
        let key = Key::new(Kind::OrderOwner, format!("{source}/{order_ref}@{version}"));
        self.part(asker, key, load).await
    }

    async fn part<T: DeserializeOwned>(
        &self,
        asker: &Asker,
        key: Key,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<Option<T>, StoreError> {
        let answer = self.cache.get_or_load(&key, load).await.map_err(unshare)?;
        asker.notes(std::slice::from_ref(&answer));
        read(&key, &answer)
    }

    /// Parts of waybills, in the order of their keys.
    async fn look_up(&self, asker: &Asker, keys: &[Key]) -> Result<Vec<Answer>, StoreError> {
        let database = &self.database;
        let load = move |missing: Vec<Key>| async move { load_waybills(database, &missing).await };
        let answers = self.cache.get_or_load_all(keys, load).await.map_err(unshare)?;
        asker.notes(&answers);
        Ok(answers)
    }
}

/// Every part of the waybills that these keys are of: one statement, however many are missing.
async fn load_waybills(database: &Database, missing: &[Key]) -> Result<Vec<Entry>, StoreError> {
    let numbers: BTreeSet<&str> = missing.iter().map(Key::id).collect();
    let mut entries = Vec::new();
    for parts in store::waybills::parts(database, &numbers).await? {
        let key = |kind| Key::new(kind, parts.waybill_no.as_str());
        if let Some(entry) = &parts.entry {
            entries.push((key(Kind::Waybill), entry.standing.version, json(entry)?));
        }
        if let Some(assignment) = &parts.assignment {
            entries.push((key(Kind::Assignment), assignment.version, json(assignment)?));
        }
        if let Some(sales_order) = &parts.sales_order {
            entries.push((key(Kind::SalesOrder), sales_order.version, json(sales_order)?));
        }
    }
    Ok(entries)
}

fn json(part: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(part).map_err(|error| StoreError::Encode(error.to_string()))
}

fn keep<T: Serialize>(found: Option<T>, version: impl Fn(&T) -> u64) -> Result<Loaded, StoreError> {
    found.map(|found| Ok((version(&found), json(&found)?))).transpose()
}

fn next<'a, T: DeserializeOwned>(
    found: &mut impl Iterator<Item = (&'a Key, &'a Answer)>,
) -> Result<Option<T>, StoreError> {
    found.next().map_or(Ok(None), |(key, answer)| read(key, answer))
}

fn read<T: DeserializeOwned>(key: &Key, answer: &Answer) -> Result<Option<T>, StoreError> {
    answer.entry.json().map_err(|error| StoreError::decode(format!("cached {key}: {error}")))
}

/// Several askers share one load and its error.
fn unshare(error: Arc<StoreError>) -> StoreError {
    StoreError::clone(&error)
}
