//! Changes of one slot day that are worked out first, reviewed by people, and made as a whole if the routes
//! that were reviewed are still the same. Never here: what one change does (see [`super::by_hand`]).

use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    Actor, Amounts, FieldError, ProposalEvaluation, ProposalState, ProposeMoves, ProposedStep,
    QuotaStanding, Refusal, RouteStanding, StepVerdict, Timestamp,
};
use routing::{Load, RouteId, SlotDay, SlotDayKey, ZoneCode};
use runtime::Outcome;
use uuid::Uuid;

use super::by_hand::{By, Done, Facts, Step, no, refuse_role};
use super::routes::refused;
use super::{PlanError, Planner, Verdict, slot_day_of};
use crate::dispatch::slot_day;
use crate::state::Plan;

/// Most errors that a refusal lists.
const ERRORS_MAX: usize = 50;
const FEASIBLE: &str = "FEASIBLE";
const UNCHANGED: &str = "UNCHANGED";

/// One proposal: a row of `adra_proposal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    pub(crate) id: Uuid,
    pub(crate) key: SlotDayKey,
    pub(crate) state: ProposalState,
    pub(crate) version: u64,
    pub(crate) proposed_by: String,
    pub(crate) note: Option<String>,
    pub(crate) settled_by: Option<String>,
    pub(crate) steps: Vec<ProposedStep>,
    pub(crate) evaluation: ProposalEvaluation,
    pub(crate) expires_at: Timestamp,
    /// It has a row.
    pub(crate) is_stored: bool,
}

/// The proposals that messages name, and the time by which they expire.
#[derive(Debug, Clone)]
pub(crate) struct Proposing {
    pub(crate) stored: BTreeMap<Uuid, Proposal>,
    pub(crate) now: Timestamp,
    /// When one that is made now expires.
    pub(crate) expires_at: Timestamp,
}

impl Planner<'_> {
    /// Works a proposal out and keeps it. Nothing is moved.
    pub(super) fn propose(
        &mut self,
        asked: &ProposeMoves,
        actor: &Actor,
        facts: Facts<'_>,
    ) -> Result<Verdict, PlanError> {
        if let Some(refusal) = refuse_role(actor.role) {
            return Ok(Verdict::Settled(Outcome::Rejected(refusal), 0));
        }
        let (known, _, expires_at) = self.proposal(asked.proposal_id)?;
        if let Some(known) = known {
            return Ok(Verdict::Settled(Outcome::Duplicate, known.version));
        }
        let key = slot_day(asked);
        if self.network.depot(&key.depot).is_none()
            || self.network.timeslot(&key.timeslot).is_none()
        {
            let detail =
                format!("the network has no depot {} or no window {}", key.depot, key.timeslot);
            return Ok(refused("UNKNOWN_SLOT_DAY", detail, 0));
        }
        let evaluation = self.rehearse(&key, &asked.steps, actor, facts)?;
        let proposal = Proposal {
            id: asked.proposal_id,
            key,
            state: ProposalState::Open,
            version: 1,
            proposed_by: actor.subject.clone(),
            note: asked.note.clone(),
            settled_by: None,
            steps: asked.steps.clone(),
            evaluation,
            expires_at,
            is_stored: false,
        };
        self.changes.proposals.insert(proposal.id, proposal);
        Ok(Verdict::Settled(Outcome::Applied, 1))
    }

    /// Makes all changes of a proposal, or none.
    pub(super) fn commit(
        &mut self,
        cause: usize,
        id: Uuid,
        actor: &Actor,
        facts: Facts<'_>,
    ) -> Result<Verdict, PlanError> {
        let proposal = match self.open_proposal(id, actor)? {
            Ok(proposal) => proposal,
            Err(verdict) => return Ok(verdict),
        };
        let Some(plan) = self.plans.get(&proposal.key) else {
            return Ok(Verdict::NotYet(format!("proposal {id} was only just made")));
        };
        let outdated = outdated(&plan.day, &proposal.evaluation.routes);
        if !outdated.is_empty() {
            let detail = "routes have changed since it was worked out: propose it again";
            return Ok(refused_with("PROPOSAL_OUTDATED", detail, outdated, proposal.version));
        }
        let now = self.rehearse(&proposal.key, &proposal.steps, actor, facts)?;
        if !now.feasible {
            let detail = "not every step of it can be made: nothing was changed";
            let errors = infeasible(&proposal.steps, &now.steps);
            return Ok(refused_with("PROPOSAL_INFEASIBLE", detail, errors, proposal.version));
        }
        for step in &proposal.steps {
            let why = proposal.note.as_deref();
            match self.proposed(cause, &proposal.key, step, (actor, why), facts)? {
                Done::Changed(_) | Done::Unchanged(_) => {}
                Done::Refused(_) | Done::NotYet => return Err(PlanError::Rehearsed(id)),
            }
        }
        Ok(self.settle(proposal, ProposalState::Committed, actor))
    }

    /// Gives a proposal up.
    pub(super) fn discard(&mut self, id: Uuid, actor: &Actor) -> Result<Verdict, PlanError> {
        if let Some(refusal) = refuse_role(actor.role) {
            return Ok(Verdict::Settled(Outcome::Rejected(refusal), 0));
        }
        let (known, ..) = self.proposal(id)?;
        let Some(proposal) = known else {
            return Ok(unknown(id));
        };
        Ok(match proposal.state {
            ProposalState::Open => self.settle(proposal, ProposalState::Discarded, actor),
            ProposalState::Discarded => Verdict::Settled(Outcome::Duplicate, proposal.version),
            ProposalState::Committed => {
                let detail = format!("proposal {id} was committed: its changes are made");
                refused("PROPOSAL_COMMITTED", detail, proposal.version)
            }
        })
    }

    fn settle(&mut self, mut proposal: Proposal, state: ProposalState, actor: &Actor) -> Verdict {
        proposal.state = state;
        proposal.settled_by = Some(actor.subject.clone());
        proposal.version = proposal.version.saturating_add(1);
        let version = proposal.version;
        self.changes.proposals.insert(proposal.id, proposal);
        Verdict::Settled(Outcome::Applied, version)
    }

    /// A proposal as this transaction knows it, the time, and when a new one expires.
    fn proposal(&self, id: Uuid) -> Result<(Option<Proposal>, Timestamp, Timestamp), PlanError> {
        let proposing = self.proposing.as_ref().ok_or(PlanError::NotRead(id))?;
        let known = self.changes.proposals.get(&id).or_else(|| proposing.stored.get(&id));
        Ok((known.cloned(), proposing.now, proposing.expires_at))
    }

    /// A proposal that may be committed, or what is said instead.
    fn open_proposal(
        &self,
        id: Uuid,
        actor: &Actor,
    ) -> Result<Result<Proposal, Verdict>, PlanError> {
        if let Some(refusal) = refuse_role(actor.role) {
            return Ok(Err(Verdict::Settled(Outcome::Rejected(refusal), 0)));
        }
        let (known, now, _) = self.proposal(id)?;
        let Some(proposal) = known else {
            return Ok(Err(unknown(id)));
        };
        let version = proposal.version;
        Ok(match proposal.state {
            ProposalState::Committed => Err(Verdict::Settled(Outcome::Duplicate, version)),
            ProposalState::Discarded => {
                let detail = format!("proposal {id} was discarded");
                Err(refused("PROPOSAL_DISCARDED", detail, version))
            }
            ProposalState::Open if now > proposal.expires_at => {
                let detail = format!("proposal {id} expired at {}", proposal.expires_at);
                Err(refused("PROPOSAL_EXPIRED", detail, version))
            }
            ProposalState::Open => Ok(proposal),
        })
    }

    /// One step of a proposal, of a waybill that has to belong to its slot day.
    fn proposed(
        &mut self,
        cause: usize,
        key: &SlotDayKey,
        step: &ProposedStep,
        (actor, why): (&Actor, Option<&str>),
        facts: Facts<'_>,
    ) -> Result<Done, PlanError> {
        let number = step.waybill_no();
        let Some(known) = self.book.get(number).cloned() else {
            return Ok(no("UNKNOWN_WAYBILL", format!("there is no waybill {number} here yet")));
        };
        let is_here = |of: Option<SlotDayKey>| of.is_none_or(|of| of == *key);
        if !is_here(known.place_key()) || !is_here(slot_day_of(self.network, &known)) {
            let detail = format!("waybill {number} is not of this depot, day and window");
            return Ok(no("OTHER_SLOT_DAY", detail));
        }
        let step = Step::of(step);
        self.take_step(cause, &known, step, By::new(step, actor, why), facts)
    }

    /// What the steps would come to, on a copy of the slot day.
    fn rehearse(
        &self,
        key: &SlotDayKey,
        steps: &[ProposedStep],
        actor: &Actor,
        facts: Facts<'_>,
    ) -> Result<ProposalEvaluation, PlanError> {
        let plan = self.plans.get(key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let touched = self.touched(plan, steps, facts);
        let concerned = steps.iter().filter_map(|step| self.book.get(step.waybill_no()));
        let book = concerned.map(|known| (known.waybill_no.clone(), known.clone())).collect();
        let plans = BTreeMap::from([(key.clone(), plan.clone())]);
        let mut copy = Planner::new(self.network, self.clock, Uuid::nil, plans, book);
        let mut verdicts = Vec::with_capacity(steps.len());
        for step in steps {
            verdicts.push(verdict_of(copy.proposed(0, key, step, (actor, None), facts)?));
        }
        let after = copy.plans.get(key).map_or(&plan.day, |after| &after.day);
        Ok(ProposalEvaluation {
            feasible: verdicts.iter().all(is_feasible),
            steps: verdicts,
            fleet_cost_before: fleet_cost(&plan.day),
            fleet_cost_after: fleet_cost(after),
            quotas: quotas(&plan.day, after, &touched),
            routes: routes(&plan.day, after, &touched),
        })
    }

    /// The routes that the steps' waybills are on or want to be on.
    fn touched(&self, plan: &Plan, steps: &[ProposedStep], facts: Facts<'_>) -> BTreeSet<RouteId> {
        let place = |step: &ProposedStep| self.book.get(step.waybill_no())?.state.route();
        let wish = |step: &ProposedStep| Some(facts.named.get(step.route_ref()?)?.id);
        let all = steps.iter().flat_map(|step| [place(step), wish(step)]).flatten();
        all.filter(|route| plan.day.route(*route).is_some()).collect()
    }
}

fn unknown(id: Uuid) -> Verdict {
    refused("UNKNOWN_PROPOSAL", format!("there is no proposal {id}"), 0)
}

fn refused_with(code: &str, detail: &str, errors: Vec<FieldError>, version: u64) -> Verdict {
    let errors = errors.into_iter().take(ERRORS_MAX).collect();
    let refusal = Refusal { errors, ..Refusal::new(code, detail) };
    Verdict::Settled(Outcome::Rejected(refusal), version)
}

fn verdict_of(done: Done) -> StepVerdict {
    match done {
        Done::Changed(_) => StepVerdict { code: FEASIBLE.to_owned(), detail: None },
        Done::Unchanged(_) => {
            let detail = Some("it is so already".to_owned());
            StepVerdict { code: UNCHANGED.to_owned(), detail }
        }
        Done::Refused(Refusal { code, detail, .. }) => StepVerdict { code, detail: Some(detail) },
        Done::NotYet => {
            let detail = Some("the waybill was only just made".to_owned());
            StepVerdict { code: "UNKNOWN_WAYBILL".to_owned(), detail }
        }
    }
}

fn is_feasible(verdict: &StepVerdict) -> bool {
    verdict.code == FEASIBLE || verdict.code == UNCHANGED
}

fn infeasible(steps: &[ProposedStep], verdicts: &[StepVerdict]) -> Vec<FieldError> {
    let wrong = steps.iter().zip(verdicts).filter(|(_, verdict)| !is_feasible(verdict));
    let error = |(step, verdict): (&ProposedStep, &StepVerdict)| FieldError {
        line_no: None,
        field: Some(step.waybill_no().to_string()),
        code: verdict.code.clone(),
        message: verdict.detail.clone().unwrap_or_default(),
    };
    wrong.map(error).collect()
}

/// The reviewed routes that are not what they were.
fn outdated(day: &SlotDay, reviewed: &[RouteStanding]) -> Vec<FieldError> {
    let now: BTreeMap<&str, u64> =
        day.routes().map(|route| (route.reference().as_str(), route.version())).collect();
    let changed = |route: &RouteStanding| {
        let (code, message) = match now.get(route.route_ref.as_str()) {
            Some(version) if *version == route.version => return None,
            Some(version) => {
                let message = format!("version {} was reviewed, {version} is there", route.version);
                ("ROUTE_CHANGED", message)
            }
            None => ("ROUTE_CLOSED", "it is closed by now".to_owned()),
        };
        let field = Some(route.route_ref.clone());
        Some(FieldError { line_no: None, field, code: code.to_owned(), message })
    };
    reviewed.iter().filter_map(changed).collect()
}

fn fleet_cost(day: &SlotDay) -> u64 {
    day.routes().fold(0, |sum, route| sum.saturating_add(route.truck().cost))
}

fn amounts(load: Load) -> Amounts {
    let Load { waybills, dry_ml, frozen_ml, weight_g } = load;
    Amounts { waybills, dry_ml, frozen_ml, weight_g }
}

fn quotas(before: &SlotDay, after: &SlotDay, touched: &BTreeSet<RouteId>) -> Vec<QuotaStanding> {
    let zones: BTreeSet<ZoneCode> = touched
        .iter()
        .filter_map(|route| Some(before.route(*route)?.template().zone.clone()))
        .collect();
    let standing = |zone: &ZoneCode| {
        let (was, is) = (before.zone(zone)?, after.zone(zone)?);
        Some(QuotaStanding {
            zone: zone.to_string(),
            limit: amounts(was.limit()),
            before: amounts(was.used()),
            after: amounts(is.used()),
        })
    };
    zones.iter().filter_map(standing).collect()
}

fn routes(before: &SlotDay, after: &SlotDay, touched: &BTreeSet<RouteId>) -> Vec<RouteStanding> {
    let standing = |route: &RouteId| {
        let (was, is) = (before.route(*route)?, after.route(*route));
        Some(RouteStanding {
            route_ref: was.reference().to_string(),
            version: was.version(),
            truck_before: was.truck().code.to_string(),
            truck_after: is.map(|is| is.truck().code.to_string()),
            waybills_before: was.load().waybills,
            waybills_after: is.map_or(0, |is| is.load().waybills),
        })
    };
    touched.iter().filter_map(standing).collect()
}
