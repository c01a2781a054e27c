//! What a reader was shown: the versions of a waybill or an order never go back over one connection.
//!
//! What lives here: reading a version out of an answer and remembering it. What never does: the tables.

use std::collections::HashMap;

use serde::Deserialize;

/// A connection remembers so many subjects: those that are read often come early.
const MOST_REMEMBERED: usize = 2_000;

/// Whose state an answer shows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// By its number.
    Waybill(String),
    /// By source and number.
    Order(String, String),
}

impl Subject {
    /// For people.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Waybill(waybill_no) => waybill_no.clone(),
            Self::Order(source, order_ref) => format!("{source}/{order_ref}"),
        }
    }
}

/// The part of an answer that is compared: of a waybill or of an order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Shown {
    pub(crate) status: String,
    pub(crate) version: u64,
    #[serde(default)]
    assignment: Option<Part>,
    #[serde(default)]
    sales_order: Option<Part>,
}

/// What another owner keeps of it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Part {
    version: u64,
    #[serde(default)]
    sales_order_no: Option<String>,
}

impl Shown {
    /// `None` when the answer does not show a state.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Each owner's part by name, with its version. A sales order has a successor with versions of its own.
    fn parts(&self) -> impl Iterator<Item = (String, u64)> {
        let own = std::iter::once(("state".to_owned(), self.version));
        let place = self.assignment.as_ref().map(|part| ("place".to_owned(), part.version));
        let sales_order = self
            .sales_order
            .as_ref()
            .map(|part| (part.sales_order_no.clone().unwrap_or_default(), part.version));
        own.chain(place).chain(sales_order)
    }
}

/// The newest version of everything that one connection was shown.
#[derive(Debug, Default)]
pub(crate) struct Versions {
    of: HashMap<Subject, HashMap<String, u64>>,
}

impl Versions {
    /// Says which parts of it went back.
    pub(crate) fn look(&mut self, subject: &Subject, body: &[u8]) -> Vec<String> {
        let is_known = self.of.contains_key(subject);
        if !is_known && self.of.len() >= MOST_REMEMBERED {
            return Vec::new();
        }
        let Some(shown) = Shown::read(body) else {
            return vec![format!("{}: an answer that shows no version", subject.label())];
        };
        let seen = self.of.entry(subject.clone()).or_default();
        let mut went_back = Vec::new();
        for (part, version) in shown.parts() {
            let newest = seen.entry(part.clone()).or_insert(version);
            if version < *newest {
                let label = subject.label();
                went_back.push(format!("{label}: {part} went back from {newest} to {version}"));
            }
            *newest = version.max(*newest);
        }
        went_back
    }
}
