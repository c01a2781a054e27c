//! Waiting for what other processes and tasks do. The only place of the tests that waits.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

/// How long anything may take before a test gives up.
pub const DEADLINE: Duration = Duration::from_secs(60);
/// The first wait: most things have happened by then.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
/// No wait is longer, so that a test goes on soon after its event.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Asks again and again until `probe` gives something, and gives that.
///
/// This is not sleeping until it passes: the condition decides, never the time. A fast machine goes
/// on after one question; on a slow one the test takes longer and is as right; and when the awaited
/// thing does not happen, the test fails with `what` at the deadline of 60 s instead of passing.
///
/// # Panics
/// When nothing came until the deadline.
pub async fn eventually<T>(what: &str, mut probe: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    let mut pause = FIRST_PAUSE;
    while let Ok(answer) = timeout_at(deadline, probe()).await {
        if let Some(found) = answer {
            return found;
        }
        sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        if Instant::now() >= deadline {
            break;
        }
    }
    panic!("not within {DEADLINE:?}: {what}")
}
