//! The name of one running process. It becomes part of queue names and metric labels, so its
//! alphabet is small.

use std::fmt;
use std::str::FromStr;

/// Long enough for a pod name, short enough for a queue name of 255 bytes.
const MAX_LENGTH: usize = 64;
const HOST_MAX_LENGTH: usize = 40;
const RANDOM_LENGTH: usize = 4;

/// 1 to 64 characters of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct InstanceName(String);

impl InstanceName {
    /// Host, process id and a few random characters: a restarted container may get the same first
    /// two while the broker still holds the queues of its predecessor.
    #[must_use]
    pub fn generate() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let random = uuid::Uuid::new_v4().simple().to_string();
        let random = random.get(..RANDOM_LENGTH).unwrap_or_default();
        Self(format!("{}-{}-{random}", cleaned(&host), std::process::id()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The host name in the alphabet of instance names; `host` when nothing of it is left.
fn cleaned(host: &str) -> String {
    let name: String = host
        .trim()
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if is_allowed(c) { c } else { '-' })
        .take(HOST_MAX_LENGTH)
        .collect();
    match name.trim_matches('-') {
        "" => "host".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

const fn is_allowed(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// The name has a wrong length or alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an instance name is 1 to {MAX_LENGTH} characters of a-z, 0-9 and '-'")]
pub struct InvalidInstanceName;

impl FromStr for InstanceName {
    type Err = InvalidInstanceName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = (1..=MAX_LENGTH).contains(&text.len()) && text.chars().all(is_allowed);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidInstanceName) }
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
