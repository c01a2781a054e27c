//! What an event of the fleet says of whom it concerns, and how new that is. Pure.
//!
//! Never here: what became of it. A hint makes somebody look, and no more.

use contracts::{Merchant, WaybillNo};
use runtime::Happened;
use serde::Deserialize;

/// The versions that a hint speaks of: what is asked for afterwards has to be at least as new.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Versions {
    pub(super) waybill: u64,
    pub(super) assignment: u64,
}

impl Versions {
    /// The newer of each.
    pub(super) fn newest(self, other: Self) -> Self {
        Self {
            waybill: self.waybill.max(other.waybill),
            assignment: self.assignment.max(other.assignment),
        }
    }

    /// True when nothing older than `hinted` is in it.
    pub(super) const fn reaches(self, hinted: Self) -> bool {
        self.waybill >= hinted.waybill && self.assignment >= hinted.assignment
    }
}

/// Whose goods an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// No merchant's.
    Nobody,
    /// This one's.
    Merchant(Merchant),
    /// It does not say whose, so it may be anybody's.
    Anybody,
}

/// Whom an event concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hint {
    /// The waybill that it is about.
    pub(super) waybill_no: Option<WaybillNo>,
    /// How new that waybill is by now.
    pub(super) versions: Versions,
    /// In whose work something may have changed.
    pub(super) whose: Whose,
}

/// The part of an event's body that says whom it concerns.
#[derive(Debug, Deserialize)]
struct Concerned {
    waybill_no: Option<WaybillNo>,
    merchant: Option<Merchant>,
    fulfilled_by: Option<String>,
}

impl Hint {
    /// What an event says; `None` when it cannot be read.
    pub(super) fn of(happened: &Happened) -> Option<Self> {
        let concerned: Concerned = serde_json::from_slice(&happened.body).ok()?;
        let Concerned { waybill_no, merchant, fulfilled_by } = concerned;
        let whose = match (merchant, fulfilled_by) {
            (Some(merchant), _) => Whose::Merchant(merchant),
            (None, Some(who)) if who == "merchant" => Whose::Anybody,
            (None, None) if waybill_no.is_some() => Whose::Anybody,
            (None, _) => Whose::Nobody,
        };
        let versions = versions_of(&happened.message_type, happened.version);
        Some(Self { waybill_no, versions, whose })
    }
}

/// Events carry the version of the row of whoever tells them.
fn versions_of(message_type: &str, version: Option<u64>) -> Versions {
    let version = version.unwrap_or_default();
    match message_type.split_once('.').map(|(context, _)| context) {
        Some("waybill") => Versions { waybill: version, assignment: 0 },
        Some("assignment") => Versions { waybill: 0, assignment: version },
        Some(_) | None => Versions::default(),
    }
}
