//! One signal that everything waits for.

use tokio::sync::watch;

/// Tells every task to finish. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown {
    sender: watch::Sender<bool>,
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
        Self { sender: watch::Sender::new(false) }
    }

    /// Gives the signal.
    pub fn begin(&self) {
        self.sender.send_replace(true);
    }

    /// True once it was given.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        *self.sender.borrow()
    }

    /// Waits for it.
    pub async fn begun(&self) {
        let mut receiver = self.sender.subscribe();
        // the sender lives in self: it cannot be closed while we wait
        let _ = receiver.wait_for(|begun| *begun).await;
    }
}
