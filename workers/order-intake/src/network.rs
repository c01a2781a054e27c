//! The part of the delivery network that intake asks about: which districts and timeslots exist.
//!
//! Never here: zones, routes, quotas, and on which days something is valid; those are ADRA's.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use contracts::{DistrictCode, FieldError, TimeslotCode};
use store::{StoreError, Tx};

use crate::store::{network_places, network_revision};

/// The places of one revision of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Network {
    /// Which revision.
    pub(crate) revision: u64,
    /// Codes of all districts, whenever they are served.
    pub(crate) districts: HashSet<String>,
    /// Codes of all timeslots.
    pub(crate) timeslots: HashSet<String>,
}

impl Network {
    /// An error for each place that the network does not have.
    pub(crate) fn unknown_places(
        &self,
        district: &DistrictCode,
        timeslot: &TimeslotCode,
    ) -> Vec<FieldError> {
        let unknown = |field: &str, code: &str, value: &str| FieldError {
            line_no: None,
            field: Some(field.to_owned()),
            code: code.to_owned(),
            message: format!(
                "{field} {value} is not in revision {} of the network: correct it, or add it to the network and send the order again",
                self.revision
            ),
        };
        let (district, timeslot) = (district.as_str(), timeslot.as_str());
        let mut errors = Vec::new();
        if !self.districts.contains(district) {
            errors.push(unknown("district", "UNKNOWN_DISTRICT", district));
        }
        if !self.timeslots.contains(timeslot) {
            errors.push(unknown("timeslot", "UNKNOWN_TIMESLOT", timeslot));
        }
        errors
    }
}

/// The network that was read last; read again when its revision is not the current one.
#[derive(Debug, Default)]
pub(crate) struct NetworkCopy {
    last: Mutex<Option<Arc<Network>>>,
}

impl NetworkCopy {
    /// The network as of this transaction; `None` when none was ever loaded.
    ///
    /// A change that commits between the reading of the revision and the reading of the places
    /// is seen early and read once more with the next batch: harmless.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn current(&self, tx: &Tx) -> Result<Option<Arc<Network>>, StoreError> {
        let Some(revision) = network_revision(tx).await? else {
            return Ok(None);
        };
        if let Some(network) = self.last().filter(|network| network.revision == revision) {
            return Ok(Some(network));
        }
        let network = Arc::new(network_places(tx, revision).await?);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&network));
        Ok(Some(network))
    }

    fn last(&self) -> Option<Arc<Network>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
