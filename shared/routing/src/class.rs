//! Temperature classes: of goods, and of the routes that carry them.
//!
//! Never here: volumes. What fits into which compartment is the truck type's word.

use serde::{Deserialize, Serialize};

use crate::load::Load;

/// What a waybill contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkuClass {
    Dry,
    Frozen,
    Mixed,
}

/// What a route is meant for. A `mixed` route has (or can have) a cold compartment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouteClass {
    Dry,
    Mixed,
}

impl SkuClass {
    /// The class that a waybill's volumes make it. One without volume is dry.
    #[must_use]
    pub fn of(load: Load) -> Self {
        match (load.dry_ml > 0, load.frozen_ml > 0) {
            (_, false) => Self::Dry,
            (false, true) => Self::Frozen,
            (true, true) => Self::Mixed,
        }
    }

    /// The class of goods of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        if self == other { self } else { Self::Mixed }
    }

    /// The route classes that may carry these goods, best first. Dry goods may ride in a cold
    /// truck, but only when no dry route can be had: cold space is all that frozen goods have.
    #[must_use]
    pub fn route_classes(self) -> &'static [RouteClass] {
        match self {
            Self::Dry => &[RouteClass::Dry, RouteClass::Mixed],
            Self::Frozen | Self::Mixed => &[RouteClass::Mixed],
        }
    }
}

/// One value for each class of goods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByGoods<T> {
    pub(crate) dry: T,
    pub(crate) frozen: T,
    pub(crate) mixed: T,
}

impl<T> ByGoods<T> {
    pub(crate) fn get(&self, goods: SkuClass) -> &T {
        match goods {
            SkuClass::Dry => &self.dry,
            SkuClass::Frozen => &self.frozen,
            SkuClass::Mixed => &self.mixed,
        }
    }

    pub(crate) fn get_mut(&mut self, goods: SkuClass) -> &mut T {
        match goods {
            SkuClass::Dry => &mut self.dry,
            SkuClass::Frozen => &mut self.frozen,
            SkuClass::Mixed => &mut self.mixed,
        }
    }
}

/// One value for each route class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByClass<T> {
    pub(crate) dry: T,
    pub(crate) mixed: T,
}

impl<T> ByClass<T> {
    pub(crate) fn get(&self, class: RouteClass) -> &T {
        match class {
            RouteClass::Dry => &self.dry,
            RouteClass::Mixed => &self.mixed,
        }
    }

    pub(crate) fn get_mut(&mut self, class: RouteClass) -> &mut T {
        match class {
            RouteClass::Dry => &mut self.dry,
            RouteClass::Mixed => &mut self.mixed,
        }
    }
}
