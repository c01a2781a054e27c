//! Commands to the hot folder.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contract, Exchange, Source};

/// Pass a gap in the sequence of a source: go on as if this file had come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipSequence {
    /// `order`, `cancel`, `return`, `status` or `container`.
    pub kind: String,
    /// Whose files.
    pub source: Source,
    /// The missing sequence number.
    pub sequence: u64,
}

impl Contract for SkipSequence {
    const TYPE: &'static str = "hotfolder.skip-sequence.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}
