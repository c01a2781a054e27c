//! One question at a time for many who wait for its answer, not too often, and not too many of them.
//!
//! Never here: what is asked.

use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// A question again this soon at most: anybody can invent a key.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Who asks and who waits for that answer, together. Each of them holds a place of its class: those who invent
/// keys are not to hold all of them.
pub(super) const WAITING_MAX: usize = 64;

/// Whether somebody asks now, and when somebody did.
#[derive(Debug)]
pub(super) struct Asked {
    /// Held until the answer is there.
    question: Mutex<Question>,
    room: Semaphore,
}

/// The last question.
#[derive(Debug, Default)]
struct Question {
    began: Option<Instant>,
    /// A task of its own: whoever asks and hangs up does not take the question away from those who wait.
    running: JoinSet<()>,
}

/// Too many wait for an answer already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

impl Default for Asked {
    fn default() -> Self {
        Self { question: Mutex::default(), room: Semaphore::new(WAITING_MAX) }
    }
}

impl Asked {
    /// Asks, or waits for the answer to whoever asks; neither (`ask` is dropped) when somebody has asked since
    /// `before`, or not long ago.
    ///
    /// # Errors
    /// [`Full`], at once.
    pub(super) async fn again(
        &self,
        before: Instant,
        ask: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Full> {
        let _waiting = self.room.try_acquire().map_err(|_taken| Full)?;
        let mut question = self.question.lock().await;
        question.answered().await;
        if !question.is_fresh(before) {
            question.began = Some(Instant::now());
            question.running.spawn(ask);
            question.answered().await;
        }
        Ok(())
    }
}

impl Question {
    async fn answered(&mut self) {
        while self.running.join_next().await.is_some() {}
    }

    fn is_fresh(&self, before: Instant) -> bool {
        self.began.is_some_and(|began| began >= before || began.elapsed() < ASK_AGAIN_AFTER)
    }
}
