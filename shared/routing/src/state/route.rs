//! A dated route and the waybills it carries. Never here: whether something fits.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::StateError;
use crate::code::{RouteReference, TemplateCode, TruckTypeCode};
use crate::key::{OrderKey, RouteId, StopKey};
use crate::load::Load;
use crate::network::{Network, RouteTemplate, TruckType};

/// Where a route is in its life. Only an open one takes waybills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RouteStatus {
    Open,
    /// Being picked; its truck is still in the yard.
    Locked,
    /// On the road; its truck is spent for this slot.
    Dispatched,
    Closed,
}

/// A route as the caller stored it, without its placements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteRecord {
    pub id: RouteId,
    pub reference: RouteReference,
    pub template: TemplateCode,
    pub truck_type: TruckTypeCode,
    pub status: RouteStatus,
    pub version: u64,
}

/// One waybill's live place on a route, as the caller stored it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placement {
    pub route: RouteId,
    pub order: OrderKey,
    pub stop: StopKey,
    pub load: Load,
}

/// A dated route.
#[derive(Clone, Debug)]
pub struct Route {
    pub(crate) id: RouteId,
    pub(crate) reference: RouteReference,
    pub(crate) template: Arc<RouteTemplate>,
    pub(crate) truck: Arc<TruckType>,
    pub(crate) status: RouteStatus,
    pub(crate) version: u64,
    pub(crate) load: Load,
    pub(crate) stops: Tally<StopKey>,
    pub(crate) orders: Tally<OrderKey>,
}

impl Route {
    /// A new, empty route, open for waybills.
    pub(crate) fn open(
        id: RouteId,
        reference: RouteReference,
        template: Arc<RouteTemplate>,
        truck: Arc<TruckType>,
    ) -> Self {
        Self {
            id,
            reference,
            template,
            truck,
            status: RouteStatus::Open,
            version: 0,
            load: Load::ZERO,
            stops: Tally::default(),
            orders: Tally::default(),
        }
    }

    pub(crate) fn from_record(network: &Network, record: RouteRecord) -> Result<Self, StateError> {
        let RouteRecord { id, reference, template, truck_type, status, version } = record;
        let Some(template) = network.template(&template) else {
            return Err(StateError::UnknownTemplate { template });
        };
        let Some(truck) = network.truck_type(&truck_type) else {
            return Err(StateError::UnknownTruckType { truck_type });
        };
        let route = Self::open(id, reference, Arc::clone(template), Arc::clone(truck));
        Ok(Self { status, version, ..route })
    }

    #[must_use]
    pub fn id(&self) -> RouteId {
        self.id
    }

    #[must_use]
    pub fn reference(&self) -> &RouteReference {
        &self.reference
    }

    #[must_use]
    pub fn template(&self) -> &RouteTemplate {
        &self.template
    }

    #[must_use]
    pub fn truck(&self) -> &TruckType {
        &self.truck
    }

    #[must_use]
    pub fn status(&self) -> RouteStatus {
        self.status
    }

    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    #[must_use]
    pub fn load(&self) -> Load {
        self.load
    }

    /// Number of distinct doors.
    #[must_use]
    pub fn stop_count(&self) -> u32 {
        self.stops.len()
    }

    /// The doors of the route with the number of waybills for each, by key.
    pub fn stops(&self) -> impl Iterator<Item = (StopKey, u32)> {
        self.stops.iter()
    }

    /// Raises the version and answers the one before.
    pub(crate) fn next_version(&mut self) -> u64 {
        let expected = self.version;
        self.version = self.version.saturating_add(1);
        expected
    }

    /// `None`, and nothing changed, when the load would overflow.
    pub(crate) fn add(&mut self, placement: &Placement) -> Option<bool> {
        self.load = self.load.checked_add(placement.load)?;
        self.orders.add(placement.order);
        Some(self.stops.add(placement.stop))
    }

    /// `None`, and nothing changed, when the route does not hold the placement.
    pub(crate) fn subtract(&mut self, placement: &Placement) -> Option<bool> {
        let load = self.load.checked_sub(placement.load)?;
        if !self.stops.contains(placement.stop) || !self.orders.contains(placement.order) {
            return None;
        }
        self.load = load;
        self.orders.remove(placement.order);
        Some(self.stops.remove(placement.stop))
    }
}

/// How many waybills stand behind each key; a key without any is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tally<K>(BTreeMap<K, u32>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<K: Ord + Copy> Tally<K> {
    pub(crate) fn contains(&self, key: K) -> bool {
        self.0.contains_key(&key)
    }

    /// Number of distinct keys.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, u32)> {
        self.0.iter().map(|(key, count)| (*key, *count))
    }

    /// Answers whether the key is new.
    pub(crate) fn add(&mut self, key: K) -> bool {
        let count = self.0.entry(key).or_insert(0);
        *count = count.saturating_add(1);
        *count == 1
    }

    /// Answers whether the key is gone.
    pub(crate) fn remove(&mut self, key: K) -> bool {
        let Some(count) = self.0.get_mut(&key) else {
            return false;
        };
        *count = count.saturating_sub(1);
        let gone = *count == 0;
        if gone {
            self.0.remove(&key);
        }
        gone
    }
}
