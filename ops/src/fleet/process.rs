//! Telling one process from another that later got its number.

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::error::{CommandError, Exit, Result};

/// A process for as long as it lives: no later one has the same number, start and boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// The number.
    pub(crate) pid: i32,
    /// Start time in clock ticks since boot, and which boot.
    started: String,
}

impl Identity {
    /// Looks at a running process; `None` for one that is gone or has ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let pid = i32::try_from(pid).ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        // the name before the last bracket may hold spaces and brackets itself
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ');
        let state = fields.next()?;
        let start = fields.nth(18)?;
        (state != "Z").then(|| Self { pid, started: format!("{start} {}", boot.trim()) })
    }

    /// True while that very process runs.
    pub(crate) fn is_alive(&self) -> bool {
        let now = u32::try_from(self.pid).ok().and_then(Self::of);
        now.as_ref() == Some(self)
    }

    /// Sends a signal, if that very process still runs.
    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        let Some(pid) = Pid::from_raw(self.pid).filter(|_| self.is_alive()) else {
            return Ok(());
        };
        match kill_process(pid, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => {
                let message = format!("cannot send {signal:?} to process {}: {error}", self.pid);
                Err(CommandError::new(Exit::NoPermission, message))
            }
        }
    }
}
