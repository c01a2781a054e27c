//! One signal that everything waits for.

use tokio::sync::watch;
use tokio::time::Instant;

/// Tells every task to finish. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown {
    begun_at: watch::Sender<Option<Instant>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::new()
    }
}

impl Shutdown {
    /// A signal that has not been given yet.
    #[must_use]
    pub fn new() -> Self {
        Self { begun_at: watch::Sender::new(None) }
    }

    /// Gives the signal; the first one counts.
    pub fn begin(&self) {
        self.begun_at.send_if_modified(|begun_at| {
            let first = begun_at.is_none();
            begun_at.get_or_insert_with(Instant::now);
            first
        });
    }

    /// True once it was given.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.begun_at().is_some()
    }

    /// When it was given.
    pub(crate) fn begun_at(&self) -> Option<Instant> {
        *self.begun_at.borrow()
    }

    /// Waits for it.
    pub async fn begun(&self) {
        let mut receiver = self.begun_at.subscribe();
        // the sender lives in self: it cannot be closed while we wait
        let _ = receiver.wait_for(Option::is_some).await;
    }
}
