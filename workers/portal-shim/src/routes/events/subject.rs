//! What a stream is about, and how it stands.

use contracts::{Merchant, Query, QueryAnswer, WaybillFilter, WaybillNo, WaybillView};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::hint::Versions;
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::problem::Problem;

/// Waybills of a work list that are told at once; the list has the others.
const WORK_MAX: u16 = 100;
/// Digits of the id of a work list's state.
const ID_BYTES: usize = 8;

/// What is watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Subject {
    /// One waybill.
    Waybill(WaybillNo),
    /// What a merchant has to see to.
    Work(Merchant),
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

impl Subject {
    /// The name of the events that tell how it stands.
    pub(super) const fn event(&self) -> &'static str {
        match self {
            Self::Waybill(_) => "state",
            Self::Work(_) => "work",
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
