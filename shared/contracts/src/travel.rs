//! Driving times as they are loaded: a row for each way. Never here: a time worked out from coordinates.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DepotCode, DistrictCode, InvalidId, ZoneCode};

const DEPOT: &str = "depot:";
const ZONE: &str = "zone:";

/// Where a drive begins or ends. As text: `D063`, `depot:NORTH`, `zone:Z01`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TravelEnd {
    /// The yard of a depot.
    Depot(DepotCode),
    /// Any door of a district.
    District(DistrictCode),
    /// Any door of a zone, for want of anything better.
    Zone(ZoneCode),
}

impl TravelEnd {
    /// The code alone.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Depot(code) => code.as_str(),
            Self::District(code) => code.as_str(),
            Self::Zone(code) => code.as_str(),
        }
    }
}

impl fmt::Display for TravelEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Depot(code) => write!(f, "{DEPOT}{code}"),
            Self::District(code) => write!(f, "{code}"),
            Self::Zone(code) => write!(f, "{ZONE}{code}"),
        }
    }
}

impl FromStr for TravelEnd {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if let Some(code) = text.strip_prefix(DEPOT) {
            return DepotCode::new(code).map(Self::Depot);
        }
        match text.strip_prefix(ZONE) {
            Some(code) => ZoneCode::new(code).map(Self::Zone),
            None => DistrictCode::new(text).map(Self::District),
        }
    }
}

/// How long it takes to drive from one place to another. The way back is a row of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TravelRow {
    /// Where from.
    pub from: TravelEnd,
    /// Where to.
    pub to: TravelEnd,
    /// Minutes of driving: 0 to 1,440.
    pub minutes: u32,
}
