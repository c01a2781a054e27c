//! What dispatchers ask by hand, and what each of it touches. Never here: what follows.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    CommitProposal, DiscardProposal, MoveWaybill, PinWaybill, ProposeMoves, ProposedStep,
    UnpinWaybill, WaybillNo,
};
use routing::{Network, SlotDayKey};
use runtime::LaneKey;
use uuid::Uuid;

use crate::assignment::Assignment;
use crate::decide::{Proposal, both_of};

/// A command of a dispatcher.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Dispatch<'a> {
    Pin(&'a PinWaybill),
    Unpin(&'a UnpinWaybill),
    Move(&'a MoveWaybill),
    Propose(&'a ProposeMoves),
    Commit(&'a CommitProposal),
    Discard(&'a DiscardProposal),
}

impl<'a> Dispatch<'a> {
    /// The one waybill that it is about.
    pub(crate) const fn waybill(self) -> Option<&'a WaybillNo> {
        match self {
            Self::Pin(asked) => Some(&asked.waybill_no),
            Self::Unpin(asked) => Some(&asked.waybill_no),
            Self::Move(asked) => Some(&asked.waybill_no),
            Self::Propose(_) | Self::Commit(_) | Self::Discard(_) => None,
        }
    }

    /// The proposal that it is about.
    pub(crate) const fn proposal(self) -> Option<Uuid> {
        match self {
            Self::Propose(asked) => Some(asked.proposal_id),
            Self::Commit(asked) => Some(asked.proposal_id),
            Self::Discard(asked) => Some(asked.proposal_id),
            Self::Pin(_) | Self::Unpin(_) | Self::Move(_) => None,
        }
    }

    /// The changes that it brings along.
    pub(crate) fn steps(self) -> &'a [ProposedStep] {
        match self {
            Self::Propose(asked) => &asked.steps,
            Self::Pin(_) | Self::Unpin(_) | Self::Move(_) | Self::Commit(_) | Self::Discard(_) => {
                &[]
            }
        }
    }

    /// The routes that it names.
    pub(crate) fn routes(self) -> impl Iterator<Item = &'a str> {
        let named = match self {
            Self::Move(asked) => Some(asked.route_ref.as_str()),
            Self::Pin(_)
            | Self::Unpin(_)
            | Self::Propose(_)
            | Self::Commit(_)
            | Self::Discard(_) => None,
        };
        named.into_iter().chain(self.steps().iter().filter_map(ProposedStep::route_ref))
    }

    /// One lane a waybill, one a proposal.
    pub(crate) fn lane_key(self) -> LaneKey {
        match (self.waybill(), self.proposal()) {
            (Some(waybill_no), _) => LaneKey::of(waybill_no.as_str()),
            (None, proposal) => LaneKey::of(proposal),
        }
    }

    /// The slot days that it may touch.
    pub(crate) fn slot_days(
        self,
        network: &Network,
        known: Option<&Assignment>,
        proposals: &BTreeMap<Uuid, Proposal>,
    ) -> BTreeSet<SlotDayKey> {
        match self {
            Self::Pin(_) | Self::Unpin(_) => {
                known.and_then(Assignment::place_key).into_iter().collect()
            }
            Self::Move(_) => known.map(|known| both_of(network, known)).unwrap_or_default(),
            Self::Propose(asked) => {
                let key = slot_day(asked);
                let is_known = network.depot(&key.depot).is_some()
                    && network.timeslot(&key.timeslot).is_some();
                is_known.then_some(key).into_iter().collect()
            }
            Self::Commit(asked) => {
                let proposal = proposals.get(&asked.proposal_id);
                proposal.map(|proposal| proposal.key.clone()).into_iter().collect()
            }
            Self::Discard(_) => BTreeSet::new(),
        }
    }
}

/// The slot day that a proposal is about.
pub(crate) fn slot_day(asked: &ProposeMoves) -> SlotDayKey {
    SlotDayKey {
        depot: asked.depot.as_str().into(),
        date: asked.delivery_date,
        timeslot: asked.timeslot.as_str().into(),
    }
}
