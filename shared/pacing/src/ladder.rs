//! The retry ladder: which delay queue a failed message waits in, and when it has failed enough.
//!
//! Only arithmetic lives here. The queues themselves are declared by the topology.

use std::fmt;
use std::time::Duration;

/// One rung of the ladder. Each worker has one delay queue a tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// One second: a lock, a blip.
    S1,
    /// Ten seconds: a restart next door.
    S10,
    /// One minute: a failover.
    S60,
    /// Ten minutes: somebody is being called.
    M10,
}

impl Tier {
    /// Every tier, shortest delay first.
    pub const ALL: [Self; 4] = [Self::S1, Self::S10, Self::S60, Self::M10];

    /// How long a message rests on this rung.
    #[must_use]
    pub const fn delay(self) -> Duration {
        Duration::from_secs(match self {
            Self::S1 => 1,
            Self::S10 => 10,
            Self::S60 => 60,
            Self::M10 => 600,
        })
    }

    /// The tier as queue names and metric labels spell it: `1s`, `10s`, `60s`, `10m`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::S1 => "1s",
            Self::S10 => "10s",
            Self::S60 => "60s",
            Self::M10 => "10m",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// The tier for a message whose delivery has now failed `attempt` times, counted from 1.
///
/// `None` means the ladder is exhausted and the message belongs to the dead letters. Zero failures
/// is no reason to wait; it is answered with the shortest tier, so that a caller who counts from 0
/// by mistake retries once too often instead of losing a retry.
#[must_use]
pub const fn retry_tier(attempt: u32) -> Option<Tier> {
    match attempt {
        0..=2 => Some(Tier::S1),
        3..=4 => Some(Tier::S10),
        5..=6 => Some(Tier::S60),
        7..=8 => Some(Tier::M10),
        _ => None,
    }
}
