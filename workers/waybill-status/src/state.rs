//! One waybill as this worker knows it: a stub that keeps messages for a waybill to come, or a live one
//! with its evidence and holds. And the text form of both, for one column.
//!
//! What never lives here: decisions (see [`crate::decide`]), IO, a clock.

use contracts::{Timestamp, WaybillNo, WaybillStatus};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::change::{Cause, Change};
use crate::evidence::Evidence;
use crate::facts::Standing;
use crate::holds::Holds;
use crate::permit::Traits;

/// Most messages that a stub keeps.
pub(crate) const MAX_EARLY: usize = 64;

/// What stands in the status column of a stub.
pub(crate) const STUB: &str = "STUB";

/// The state of one waybill number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Waybill {
    /// Row id.
    pub id: Uuid,
    /// Its number.
    pub no: WaybillNo,
    /// Number of log entries so far; each entry and its event carry the version after it.
    pub version: u64,
    /// Since when something has been waiting; absent: nothing is.
    pub parked_since: Option<Timestamp>,
    /// What is known.
    pub body: Body,
}

/// What is known of a waybill number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// Only messages that came early.
    Stub(Vec<Early>),
    /// The waybill exists.
    Live(Live),
}

/// A message that came before its waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Early {
    /// What it asks for.
    pub change: Change,
    /// Which message, from whom.
    pub cause: Cause,
}

/// A waybill that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Live {
    /// What never changes.
    pub traits: Traits,
    /// What F is a function of.
    pub evidence: Evidence,
    /// Who holds it.
    pub holds: Holds,
    /// How far its amendments have had their effect.
    pub amended: Amended,
}

/// When the last amendment of each kind was asked for that had its effect. What the waybill is since then
/// stands in columns of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Amended {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantities: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<Timestamp>,
}

impl Amended {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Live {
    /// Where it stands.
    pub(crate) fn standing(&self) -> Standing {
        self.evidence.standing(self.traits.way())
    }
}

impl Waybill {
    /// A number heard of for the first time.
    pub(crate) fn unheard_of(id: Uuid, no: WaybillNo) -> Self {
        Self { id, no, version: 0, parked_since: None, body: Body::Stub(Vec::new()) }
    }

    /// True when nothing is known or kept of it.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(&self.body, Body::Stub(early) if early.is_empty())
    }

    /// Where it stands; `None` while it does not exist.
    pub(crate) fn standing(&self) -> Option<Standing> {
        match &self.body {
            Body::Stub(_) => None,
            Body::Live(live) => Some(live.standing()),
        }
    }

    /// How many messages and facts wait.
    pub(crate) fn parked(&self) -> usize {
        match &self.body {
            // what the fleet itself decided may wait for as long as it takes
            Body::Stub(early) => early.iter().filter(|e| e.change.is_from_outside()).count(),
            Body::Live(live) => {
                live.standing().parked.len() + live.evidence.placeless(live.traits.way())
            }
        }
    }

    /// How many holds are open.
    pub(crate) fn open_holds(&self) -> usize {
        match &self.body {
            Body::Stub(_) => 0,
            Body::Live(live) => live.holds.open(),
        }
    }
}

/// The word of a status column.
pub(crate) fn status_word(status: Option<WaybillStatus>) -> &'static str {
    status.map_or(STUB, WaybillStatus::as_str)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StubText {
    early: Vec<Early>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LiveText {
    evidence: Evidence,
    #[serde(default, skip_serializing_if = "Holds::is_empty")]
    holds: Holds,
    #[serde(default, skip_serializing_if = "Amended::is_empty")]
    amended: Amended,
    /// For readers of the column only: it follows from the evidence.
    #[serde(default)]
    gaps: Vec<WaybillStatus>,
}

impl Body {
    /// Reads what [`Body::to_text`] wrote. With traits the waybill exists.
    ///
    /// # Errors
    /// What is wrong with the text and where.
    pub(crate) fn parse(text: &str, traits: Option<Traits>) -> Result<Self, serde_json::Error> {
        Ok(match traits {
            None => Self::Stub(serde_json::from_str::<StubText>(text)?.early),
            Some(traits) => {
                let LiveText { evidence, holds, amended, gaps: _ } = serde_json::from_str(text)?;
                Self::Live(Live { traits, evidence, holds, amended })
            }
        })
    }

    /// The column's text; the traits have columns of their own.
    ///
    /// # Errors
    /// None in practice: every part has a JSON form.
    pub(crate) fn to_text(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Stub(early) => serde_json::to_string(&StubText { early: early.clone() }),
            Self::Live(live) => serde_json::to_string(&LiveText {
                evidence: live.evidence.clone(),
                holds: live.holds.clone(),
                amended: live.amended,
                gaps: live.standing().gaps,
            }),
        }
    }
}
