//! Identities that are compared but never read by people: route, order and stop.
//!
//! Order and stop keys are name-based UUIDs (version 5), so every process derives the same key
//! from the same text. Never here: random identities; new route ids come from the caller.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Name space of the keys derived here. Changing it would change every stored key.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f1d_3a52_60c4_4b7e_9b0a_d7a5_41c2_6e90);

/// Identity of a dated route, chosen by the caller's [`RouteIds`](crate::RouteIds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RouteId(pub Uuid);

/// Identity of an order: its waybills want to travel together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderKey(pub Uuid);

/// Identity of a door: one (customer, district, address). A route drives to it once, however many
/// waybills it carries for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StopKey(pub Uuid);

impl OrderKey {
    /// Key of the order that `source` calls `order_ref`.
    #[must_use]
    pub fn derive(source: &str, order_ref: &str) -> Self {
        Self(name_based("order", &[source, order_ref]))
    }
}

impl StopKey {
    /// Key of a customer's door.
    #[must_use]
    pub fn derive(customer: &str, district: &str, address: &str) -> Self {
        Self(name_based("stop", &[customer, district, address]))
    }
}

/// Lengths are part of the name, so ("ab", "c") and ("a", "bc") stay apart.
fn name_based(kind: &str, parts: &[&str]) -> Uuid {
    let mut name = String::from(kind);
    for part in parts {
        name.push('|');
        name.push_str(&part.len().to_string());
        name.push(':');
        name.push_str(part);
    }
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}
