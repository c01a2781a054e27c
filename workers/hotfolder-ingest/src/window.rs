//! How many commands may be without an answer: so many places, and who waits for one.
//!
//! How fast they are sent is none of its business: see [`pacing::Pace`].

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Places for commands on their way.
#[derive(Debug)]
pub struct Window {
    places: Arc<Semaphore>,
    limit: usize,
    wanted: Notify,
}

/// One place in the window, free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Window {
    /// A window of `limit` places.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { places: Arc::new(Semaphore::new(limit)), limit, wanted: Notify::new() }
    }

    /// Waits for a free place.
    pub async fn enter(&self) -> Place {
        self.wanted.notify_one();
        // never closed: there is always a permit in the end
        Place { _permit: Arc::clone(&self.places).acquire_owned().await.ok() }
    }

    /// Places that are taken.
    #[must_use]
    pub fn taken(&self) -> usize {
        self.limit.saturating_sub(self.places.available_permits())
    }

    /// Waits until somebody is inside or wants to be. Now and then it says so once too often.
    pub async fn in_use(&self) {
        if self.taken() == 0 {
            self.wanted.notified().await;
        }
    }
}
