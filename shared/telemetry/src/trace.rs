//! Trace identifiers as W3C `traceparent` carries them between processes.
//!
//! Only the identifiers: recording and exporting spans is somebody else's work.

use std::fmt;
use std::str::FromStr;

const LENGTH: usize = 55;
const SAMPLED: u8 = 1;

/// Where in a trace a message belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceContext {
    /// The trace, the same from the file or request to the last event. Never zero.
    pub trace_id: u128,
    /// The span that sent the message. Never zero.
    pub span_id: u64,
    /// Whether the sender records this trace.
    pub sampled: bool,
}

impl TraceContext {
    /// The beginning of a new trace.
    #[must_use]
    pub fn root(sampled: bool) -> Self {
        Self { trace_id: uuid::Uuid::new_v4().as_u128(), span_id: random_span(), sampled }
    }

    /// A new span in the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: random_span(), ..self }
    }

    /// The trace identifier as logs and tracing tools write it: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_id_hex(self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// Random, and never zero: a version 4 UUID has a bit set in this half.
fn random_span() -> u64 {
    let (_, low) = uuid::Uuid::new_v4().as_u64_pair();
    low
}

/// Writes version 00, whatever version was read.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace_id, self.span_id)
    }
}

/// The header has another form than the W3C recommendation gives it. Start a new trace instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent: expected 00-<32 hex>-<16 hex>-<2 hex>, in lower case and not zero")]
pub struct InvalidTraceparent;

impl FromStr for TraceContext {
    type Err = InvalidTraceparent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or(InvalidTraceparent)
    }
}

fn parse(text: &str) -> Option<TraceContext> {
    let (known, rest) = text.split_at_checked(LENGTH)?;
    let mut fields = known.split('-');
    let version = u8::try_from(hex(fields.next()?, 2)?).ok()?;
    let trace_id = hex(fields.next()?, 32)?;
    let span_id = u64::try_from(hex(fields.next()?, 16)?).ok()?;
    let flags = u8::try_from(hex(fields.next()?, 2)?).ok()?;

    // A later version may append fields, and only behind another dash; 255 is forbidden.
    let known_version = version == 0 && rest.is_empty();
    let later_version = (1..=254).contains(&version) && (rest.is_empty() || rest.starts_with('-'));
    let whole = fields.next().is_none() && (known_version || later_version);
    (whole && trace_id != 0 && span_id != 0).then_some(TraceContext {
        trace_id,
        span_id,
        sampled: flags & SAMPLED != 0,
    })
}

/// Exactly `digits` lower-case hexadecimal digits. (`from_str_radix` takes signs and upper case.)
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower_case = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (text.len() == digits && lower_case).then(|| u128::from_str_radix(text, 16).ok())?
}
