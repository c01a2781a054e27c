//! What a stream is about: which hints concern it, and how it stands.

use contracts::{Merchant, Query, QueryAnswer, WaybillFilter, WaybillNo, WaybillView};
use runtime::Happened;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Waybills of a work list that are told at once; the list has the others.
const WORK_MAX: u16 = 100;
/// Digits of the id of a work list's state.
const ID_BYTES: usize = 8;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// One waybill.
    Waybill(WaybillNo),
    /// What a merchant has to see to.
    Work(Merchant),
}

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

/// How it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    /// The id of the event that tells it: equal ids tell the same.
    pub(super) id: String,
    /// What is told, JSON.
    pub(super) data: String,
    /// As far as versions are known.
    pub(super) versions: Option<Versions>,
}

/// The part of an event's body that says whom it concerns.
#[derive(Debug, Deserialize)]
struct Concerned {
    waybill_no: Option<WaybillNo>,
    merchant: Option<Merchant>,
    fulfilled_by: Option<String>,
}

impl Subject {
    /// The name of the events that tell how it stands.
    pub(super) const fn event(&self) -> &'static str {
        match self {
            Self::Waybill(_) => "state",
            Self::Work(_) => "work",
        }
    }

    /// The versions that an event speaks of, if it may concern this; `None` if it does not.
    pub(super) fn hint(&self, happened: &Happened) -> Option<Versions> {
        let concerned: Concerned = serde_json::from_slice(&happened.body).ok()?;
        match self {
            Self::Waybill(waybill_no) => {
                let is_own = concerned.waybill_no.as_ref() == Some(waybill_no);
                is_own.then(|| versions_of(&happened.message_type, happened.version))
            }
            Self::Work(merchant) => concerned.may_be_of(merchant).then(Versions::default),
        }
    }

    /// Asks the fleet in the caller's name. `None`: it is not to be seen.
    ///
    /// # Errors
    /// As [`Gateway::ask`].
    pub(super) async fn look(
        &self,
        gateway: &Gateway,
        caller: &Caller,
    ) -> Result<Option<Standing>, Problem> {
        match self {
            Self::Waybill(waybill_no) => {
                let query = Query::Waybill { waybill_no: waybill_no.clone() };
                let QueryAnswer::Waybill(view) = gateway.ask(caller, &query).await? else {
                    return Ok(None);
                };
                let versions = versions_shown(&view);
                let id = format!("{}.{}", versions.waybill, versions.assignment);
                Ok(told(&view).map(|data| Standing { id, data, versions: Some(versions) }))
            }
            Self::Work(_) => {
                let filter = Box::new(WaybillFilter { work: true, ..WaybillFilter::default() });
                let query = Query::Waybills { filter, after: None, limit: WORK_MAX };
                let QueryAnswer::Waybills(list) = gateway.ask(caller, &query).await? else {
                    return Ok(None);
                };
                Ok(told(&list).map(|data| Standing { id: id_of(&data), data, versions: None }))
            }
        }
    }
}

impl Concerned {
    /// Events that do not say whose goods they are about may be about anybody's.
    fn may_be_of(&self, merchant: &Merchant) -> bool {
        match (&self.merchant, &self.fulfilled_by) {
            (Some(named), _) => named == merchant,
            (None, Some(who)) => who == "merchant",
            (None, None) => self.waybill_no.is_some(),
        }
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

fn versions_shown(view: &WaybillView) -> Versions {
    Versions {
        waybill: view.standing.version,
        assignment: view.assignment.as_ref().map_or(0, |assignment| assignment.version),
    }
}

/// Everything that is answered has a JSON form.
fn told(value: &impl Serialize) -> Option<String> {
    serde_json::to_string(value).ok()
}

/// A name for a state that has no version.
fn id_of(data: &str) -> String {
    let digest = Sha256::digest(data);
    digest.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect()
}
