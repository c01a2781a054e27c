//! What a dispatcher does by hand: pins, moves, and changes that are reviewed before they are made.
//!
//! Never here: what planning does by itself.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::assignment::check_route_ref;
use crate::waybill::check_reason;
use crate::{Contract, DepotCode, Exchange, TimeslotCode, Timestamp, WaybillNo};

/// Most steps of one proposal.
pub const MAX_PROPOSAL_STEPS: usize = 500;

/// Keep a waybill on its route: planning moves it no more. A hold at the lock, a cancellation or a customer's
/// wish for another day still takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PinWaybill {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Why, for people.
    pub reason: String,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for PinWaybill {
    const TYPE: &'static str = "assignment.pin.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_given(&self.reason)
    }
}

/// Let planning move a waybill again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnpinWaybill {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for UnpinWaybill {
    const TYPE: &'static str = "assignment.unpin.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_reason(self.reason.as_deref())
    }
}

/// Put a waybill on an open route of its own day and window, and pin it there. Every hard rule holds; the
/// answer names the one that says no. Its old place is given up in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveWaybill {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// The route's readable name.
    pub route_ref: String,
    /// The version that the route must still have; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_route_version: Option<u64>,
    /// The route may get a larger truck of its ladder for it.
    #[serde(default)]
    pub upgrade: bool,
    /// It is moved although the cut-off has passed: a supervisor's word.
    #[serde(default)]
    pub override_cut_off: bool,
    /// Why, for people.
    pub reason: String,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for MoveWaybill {
    const TYPE: &'static str = "assignment.move.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_route_ref(&self.route_ref)?;
        check_given(&self.reason)
    }
}

/// One change of a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum ProposedStep {
    /// To another route, and pinned there.
    Move {
        /// Which waybill.
        waybill_no: WaybillNo,
        /// The route's readable name.
        route_ref: String,
        /// The route may get a larger truck.
        #[serde(default)]
        upgrade: bool,
    },
    /// Pinned where it is.
    Pin {
        /// Which waybill.
        waybill_no: WaybillNo,
    },
    /// Not pinned any more.
    Unpin {
        /// Which waybill.
        waybill_no: WaybillNo,
    },
}

impl ProposedStep {
    /// The waybill that it is about.
    #[must_use]
    pub const fn waybill_no(&self) -> &WaybillNo {
        match self {
            Self::Move { waybill_no, .. }
            | Self::Pin { waybill_no }
            | Self::Unpin { waybill_no } => waybill_no,
        }
    }

    /// The route that it names.
    #[must_use]
    pub fn route_ref(&self) -> Option<&str> {
        match self {
            Self::Move { route_ref, .. } => Some(route_ref),
            Self::Pin { .. } | Self::Unpin { .. } => None,
        }
    }
}

/// Work out what changes of one slot day would come to, and keep that for review. Nothing is moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeMoves {
    /// Its id, chosen by the sender: by it the proposal is shown, committed and discarded.
    pub proposal_id: Uuid,
    /// The depot.
    pub depot: DepotCode,
    /// The day.
    #[serde(deserialize_with = "crate::time::date")]
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// The changes in the order in which they are made; at most 500.
    pub steps: Vec<ProposedStep>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for ProposeMoves {
    const TYPE: &'static str = "adra.propose.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if !(1..=MAX_PROPOSAL_STEPS).contains(&self.steps.len()) {
            let count = self.steps.len();
            return Err(format!("{count} steps, 1 to {MAX_PROPOSAL_STEPS} are allowed: split it"));
        }
        let mut seen = BTreeSet::new();
        for step in &self.steps {
            if let Some(route_ref) = step.route_ref() {
                check_route_ref(route_ref)?;
            }
            let is_unpin = matches!(step, ProposedStep::Unpin { .. });
            if !is_unpin && !seen.insert(step.waybill_no()) {
                let no = step.waybill_no();
                return Err(format!("waybill {no} is moved or pinned twice: once is enough"));
            }
        }
        check_reason(self.note.as_deref())
    }
}

/// Make the changes of a proposal: all of them, and only if every route that was reviewed is as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommitProposal {
    /// Which.
    pub proposal_id: Uuid,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for CommitProposal {
    const TYPE: &'static str = "adra.commit-proposal.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}

/// Give a proposal up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscardProposal {
    /// Which.
    pub proposal_id: Uuid,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for DiscardProposal {
    const TYPE: &'static str = "adra.discard-proposal.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}

/// A change of a proposal as queries show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownStep {
    /// `move`, `pin` or `unpin`.
    pub step: String,
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Where a move goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_ref: Option<String>,
    /// A move's route may get a larger truck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upgrade: Option<bool>,
}

/// What one step of a proposal would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepVerdict {
    /// `FEASIBLE`, `UNCHANGED` (it is so already), or the code of the rule that says no.
    pub code: String,
    /// A sentence for a person, when there is more to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Amounts of goods.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Amounts {
    /// Waybills.
    pub waybills: u32,
    /// Millilitres of dry goods.
    pub dry_ml: u64,
    /// Millilitres of cold goods.
    pub frozen_ml: u64,
    /// Grams.
    pub weight_g: u64,
}

/// A zone's quota around a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuotaStanding {
    /// The zone.
    pub zone: String,
    /// The most.
    pub limit: Amounts,
    /// In use now.
    pub before: Amounts,
    /// In use with the proposal.
    pub after: Amounts,
}

/// A route that a proposal touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteStanding {
    /// Its readable name.
    pub route_ref: String,
    /// The version that was reviewed.
    pub version: u64,
    /// The truck now.
    pub truck_before: String,
    /// The truck with the proposal; absent when the route would be closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truck_after: Option<String>,
    /// Waybills now.
    pub waybills_before: u32,
    /// Waybills with the proposal.
    pub waybills_after: u32,
}

/// What a proposal would come to, as it was when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalEvaluation {
    /// True when every step can be made.
    pub feasible: bool,
    /// Step by step, in their order.
    pub steps: Vec<StepVerdict>,
    /// Cost of the slot day's trucks now.
    pub fleet_cost_before: u64,
    /// The same with the proposal.
    pub fleet_cost_after: u64,
    /// The zones of the routes that it touches.
    pub quotas: Vec<QuotaStanding>,
    /// The routes that it touches.
    pub routes: Vec<RouteStanding>,
}

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProposalState {
    /// It waits for a decision, until it expires.
    Open,
    /// Its changes were made.
    Committed,
    /// It was given up.
    Discarded,
}

/// A proposal as queries show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProposalView {
    /// Its id.
    pub proposal_id: Uuid,
    /// The depot.
    pub depot: DepotCode,
    /// The day.
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// What became of it.
    pub state: ProposalState,
    /// Who made it.
    pub proposed_by: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Who committed or discarded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_by: Option<String>,
    /// Its changes.
    pub steps: Vec<ShownStep>,
    /// What they would come to.
    pub evaluation: ProposalEvaluation,
    /// When it was made.
    pub created_at: Timestamp,
    /// An open one counts until then.
    pub expires_at: Timestamp,
    /// Version of the row.
    pub version: u64,
}

/// A reason that has to be there.
fn check_given(reason: &str) -> Result<(), String> {
    if reason.trim().is_empty() {
        return Err("reason is empty: say why, for those who look at it later".to_owned());
    }
    check_reason(Some(reason))
}
