//! The delivery network that this process decides by: the rows of one revision, checked as a whole.
//!
//! A load of the network arrives in chunks, and in between its rows may not fit together. Then the last
//! revision that did stays in force. Never here: the rows' SQL (see [`crate::store`]).

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use routing::{Network, NetworkParts};
use store::{StoreError, Tx};
use thiserror::Error;

use crate::store::network::{parts, revision};

/// How often the rows are read in one transaction before the last network is good enough for this batch.
const READS_MAX: u32 = 3;

/// A network with its revision.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) revision: u64,
    pub(crate) network: Network,
}

/// There is no network to decide by, yet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Unusable {
    #[error("no delivery network was ever loaded: load one with `dray network load`")]
    Missing,
    #[error("revision {revision} of the delivery network cannot be used: {detail}")]
    Inconsistent { revision: u64, detail: String },
    #[error("the delivery network changes faster than it can be read")]
    Changing,
}

/// What is in force.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) served: Arc<Served>,
    /// True the first time that it is: there may be more capacity than before.
    pub(crate) is_new: bool,
}

/// The network that was read last.
#[derive(Debug, Default)]
pub(crate) struct Networks {
    last: RwLock<Option<Arc<Served>>>,
    /// A revision that was read and refused, so that it is not read again for every batch.
    refused: Mutex<Option<(u64, String)>>,
}

impl Networks {
    /// The network as of this transaction, read again when its revision is another one.
    ///
    /// # Errors
    /// The store's; inside, [`Unusable`] when there is none to decide by.
    pub(crate) async fn current(&self, tx: &Tx) -> Result<Result<Current, Unusable>, StoreError> {
        let Some(mut wanted) = revision(tx).await? else {
            return Ok(Err(Unusable::Missing));
        };
        if let Some(served) = self.last().filter(|served| served.revision == wanted) {
            return Ok(Ok(Current { served, is_new: false }));
        }
        if let Some(refused) = self.refused(wanted) {
            return Ok(self.last_good(refused));
        }
        for _ in 0..READS_MAX {
            let read = parts(tx).await?;
            let after = revision(tx).await?.unwrap_or(wanted);
            if after == wanted {
                return Ok(self.judge(wanted, read));
            }
            wanted = after;
        }
        Ok(self.last_good(Unusable::Changing))
    }

    /// The revision in force as far as this process knows; 0 before any was read.
    pub(crate) fn revision(&self) -> u64 {
        self.last().map_or(0, |served| served.revision)
    }

    /// Puts the rows of one revision together; what cannot be used is remembered.
    fn judge(
        &self,
        revision: u64,
        read: Result<NetworkParts, String>,
    ) -> Result<Current, Unusable> {
        let built = read.and_then(|parts| Network::build(parts).map_err(|error| error.to_string()));
        match built {
            Ok(network) => Ok(self.put(Served { revision, network })),
            Err(detail) => {
                tracing::warn!(revision, %detail, "this network is not used");
                let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
                *refused = Some((revision, detail.clone()));
                self.last_good(Unusable::Inconsistent { revision, detail })
            }
        }
    }

    fn last(&self) -> Option<Arc<Served>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn refused(&self, wanted: u64) -> Option<Unusable> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (revision, detail) = refused.filter(|(revision, _)| *revision == wanted)?;
        Some(Unusable::Inconsistent { revision, detail })
    }

    fn last_good(&self, refused: Unusable) -> Result<Current, Unusable> {
        self.last().map(|served| Current { served, is_new: false }).ok_or(refused)
    }

    fn put(&self, served: Served) -> Current {
        let served = Arc::new(served);
        tracing::info!(revision = served.revision, "the network was read");
        *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&served));
        Current { served, is_new: true }
    }
}
