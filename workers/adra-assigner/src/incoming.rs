//! What this worker consumes, and what of it each message touches. Never here: what follows.

use std::collections::BTreeSet;

use contracts::{
    AmendmentDecided, AmendmentDecider, AmendmentKind, AmendmentRequested, Broken, CommitProposal,
    DiscardProposal, DispatchRoute, LockRoute, MoveWaybill, NetworkChanged, PinWaybill, PlanDay,
    ProposeMoves, Recalculate, ReportBreakdown, RescheduleWaybill, UnpinWaybill, WaybillAmendment,
    WaybillAttemptFailed, WaybillCorrected, WaybillCreated, WaybillHeld, WaybillNo,
    WaybillReleased, WaybillStatusChanged,
};
use routing::{Network, SlotDayKey};
use runtime::LaneKey;

use crate::assignment::{Assignment, Standing};
use crate::decide::{
    KnownRoute, Notice, RouteStep, both_of, broken_slot_day, slot_days_of, wished_slot_day,
};
use crate::dispatch::Dispatch;

contracts::inbound! {
    /// Everything that changes who wants a place, or how many there are.
    pub(crate) enum Incoming {
        /// A waybill exists.
        Created(WaybillCreated),
        /// A hold was placed on it.
        Held(WaybillHeld),
        /// Its last hold was released.
        Released(WaybillReleased),
        /// It was cancelled (nothing else is bound).
        StatusChanged(WaybillStatusChanged),
        /// Nobody took it at the door, or gave it to the driver.
        AttemptFailed(WaybillAttemptFailed),
        /// Somebody set it right.
        Corrected(WaybillCorrected),
        /// It is to be delivered at another time.
        Reschedule(RescheduleWaybill),
        /// Its order is to be another.
        AmendmentRequested(AmendmentRequested),
        /// sales-order decided about new quantities.
        AmendmentDecided(AmendmentDecided),
        /// A route is being picked.
        Lock(LockRoute),
        /// A route left.
        Dispatch(DispatchRoute),
        /// Trucks cannot drive.
        Breakdown(ReportBreakdown),
        /// The routes of a day are to be improved now.
        PlanDay(PlanDay),
        /// Ledger, buckets and places are to be compared.
        Recalculate(Recalculate),
        /// Planning is to leave a waybill where it is.
        Pin(PinWaybill),
        /// Planning may move it again.
        Unpin(UnpinWaybill),
        /// It is to be on a route by name.
        Shift(MoveWaybill),
        /// Changes are to be worked out.
        Propose(ProposeMoves),
        /// They are to be made.
        Commit(CommitProposal),
        /// They are given up.
        Discard(DiscardProposal),
        /// The delivery network is another one.
        Network(NetworkChanged),
    }
}

/// What a message asks, of whom.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Ask<'a> {
    /// Bring a waybill to where it stands.
    Follow(&'a WaybillNo, Notice<'a>),
    Reschedule(&'a RescheduleWaybill),
    Amend(&'a WaybillAmendment),
    Amended(&'a AmendmentDecided),
    /// Of the route with this name.
    Move(&'a str, RouteStep),
    BreakDown(&'a ReportBreakdown),
    /// By the hand of a dispatcher.
    ByHand(Dispatch<'a>),
}

impl Incoming {
    /// What it asks; `None`: nothing but to be read, or something that takes transactions of its own.
    pub(crate) fn ask(&self) -> Option<Ask<'_>> {
        match self {
            Self::Created(created) => {
                Some(Ask::Follow(&created.waybill_no, Notice::Created(created)))
            }
            Self::Held(held) => Some(Ask::Follow(&held.waybill_no, Notice::Held)),
            Self::Released(released) => Some(Ask::Follow(&released.waybill_no, Notice::Released)),
            Self::StatusChanged(changed) => {
                let (to, attempt) = (changed.to, changed.attempt);
                Some(Ask::Follow(&changed.waybill_no, Notice::Moved { to, attempt }))
            }
            Self::AttemptFailed(failed) => {
                let notice = Notice::Failed { place_no: failed.attempt };
                Some(Ask::Follow(&failed.waybill_no, notice))
            }
            Self::Corrected(corrected) => {
                let (to, attempt) = (corrected.status, corrected.attempt);
                Some(Ask::Follow(&corrected.waybill_no, Notice::Moved { to, attempt }))
            }
            Self::Reschedule(asked) => Some(Ask::Reschedule(asked)),
            Self::AmendmentRequested(asked) => Some(Ask::Amend(&asked.amendment)),
            Self::AmendmentDecided(decided) => {
                (decided.by == AmendmentDecider::SalesOrder).then_some(Ask::Amended(decided))
            }
            Self::Lock(asked) => Some(Ask::Move(&asked.route_ref, RouteStep::Lock)),
            Self::Dispatch(asked) => {
                Some(Ask::Move(&asked.route_ref, RouteStep::Dispatch(asked.occurred_at)))
            }
            Self::Breakdown(asked) => Some(Ask::BreakDown(asked)),
            Self::Pin(asked) => Some(Ask::ByHand(Dispatch::Pin(asked))),
            Self::Unpin(asked) => Some(Ask::ByHand(Dispatch::Unpin(asked))),
            Self::Shift(asked) => Some(Ask::ByHand(Dispatch::Move(asked))),
            Self::Propose(asked) => Some(Ask::ByHand(Dispatch::Propose(asked))),
            Self::Commit(asked) => Some(Ask::ByHand(Dispatch::Commit(asked))),
            Self::Discard(asked) => Some(Ask::ByHand(Dispatch::Discard(asked))),
            Self::Network(_) | Self::PlanDay(_) | Self::Recalculate(_) => None,
        }
    }

    /// How many messages it stands for: a proposal locks as many waybills as it has steps.
    pub(crate) fn weight(&self) -> usize {
        match self.ask() {
            Some(Ask::ByHand(asked)) => asked.steps().len().max(1),
            Some(
                Ask::Follow(..)
                | Ask::Reschedule(_)
                | Ask::Amend(_)
                | Ask::Amended(_)
                | Ask::Move(..)
                | Ask::BreakDown(_),
            )
            | None => 1,
        }
    }

    /// Waybills of one date and slot go through one lane: depots' truck pools and the overflow into other
    /// zones are shared by them. The other messages do not know their slot; the locks keep them apart.
    pub(crate) fn lane_key(&self) -> LaneKey {
        match self {
            Self::Created(created) => {
                LaneKey::of((created.delivery_date, created.timeslot.as_str()))
            }
            Self::Held(WaybillHeld { waybill_no, .. })
            | Self::Released(WaybillReleased { waybill_no, .. })
            | Self::StatusChanged(WaybillStatusChanged { waybill_no, .. })
            | Self::AttemptFailed(WaybillAttemptFailed { waybill_no, .. })
            | Self::Corrected(WaybillCorrected { waybill_no, .. })
            | Self::Reschedule(RescheduleWaybill { waybill_no, .. })
            | Self::AmendmentRequested(AmendmentRequested {
                amendment: WaybillAmendment { waybill_no, .. },
            })
            | Self::AmendmentDecided(AmendmentDecided {
                amendment: WaybillAmendment { waybill_no, .. },
                ..
            }) => LaneKey::of(waybill_no.as_str()),
            Self::Lock(LockRoute { route_ref, .. })
            | Self::Dispatch(DispatchRoute { route_ref, .. }) => LaneKey::of(route_ref.as_str()),
            Self::Breakdown(ReportBreakdown { broken, .. }) => match broken {
                Broken::Trucks { delivery_date, timeslot, .. } => {
                    LaneKey::of((*delivery_date, timeslot.as_str()))
                }
                Broken::TruckOf { route_ref } => LaneKey::of(route_ref.as_str()),
            },
            Self::PlanDay(_) | Self::Recalculate(_) => LaneKey::of("planning"),
            Self::Pin(asked) => Dispatch::Pin(asked).lane_key(),
            Self::Unpin(asked) => Dispatch::Unpin(asked).lane_key(),
            Self::Shift(asked) => Dispatch::Move(asked).lane_key(),
            Self::Propose(asked) => Dispatch::Propose(asked).lane_key(),
            Self::Commit(asked) => Dispatch::Commit(asked).lane_key(),
            Self::Discard(asked) => Dispatch::Discard(asked).lane_key(),
            Self::Network(_) => LaneKey::of("network"),
        }
    }
}

impl<'a> Ask<'a> {
    /// The waybill that it is about.
    pub(crate) const fn waybill(self) -> Option<&'a WaybillNo> {
        match self {
            Self::Follow(no, _) => Some(no),
            Self::Reschedule(asked) => Some(&asked.waybill_no),
            Self::Amend(asked) => Some(&asked.waybill_no),
            Self::Amended(decided) => Some(&decided.amendment.waybill_no),
            Self::ByHand(asked) => asked.waybill(),
            Self::Move(..) | Self::BreakDown(_) => None,
        }
    }

    /// The route that it is about.
    pub(crate) const fn route(self) -> Option<&'a str> {
        match self {
            Self::Move(route_ref, _) => Some(route_ref),
            Self::BreakDown(asked) => match &asked.broken {
                Broken::TruckOf { route_ref } => Some(route_ref.as_str()),
                Broken::Trucks { .. } => None,
            },
            Self::Follow(..)
            | Self::Reschedule(_)
            | Self::Amend(_)
            | Self::Amended(_)
            | Self::ByHand(_) => None,
        }
    }

    /// What a dispatcher asks.
    pub(crate) const fn by_hand(self) -> Option<Dispatch<'a>> {
        match self {
            Self::ByHand(asked) => Some(asked),
            Self::Follow(..)
            | Self::Reschedule(_)
            | Self::Amend(_)
            | Self::Amended(_)
            | Self::Move(..)
            | Self::BreakDown(_) => None,
        }
    }

    /// The waybill whose amendments have to be known, and whether its destination is to change.
    pub(crate) fn amended_waybill(self) -> Option<(&'a WaybillNo, bool)> {
        match self {
            Self::Amend(asked) => {
                Some((&asked.waybill_no, asked.kind == AmendmentKind::Destination))
            }
            Self::Amended(decided) => Some((&decided.amendment.waybill_no, false)),
            Self::Follow(..)
            | Self::Reschedule(_)
            | Self::Move(..)
            | Self::BreakDown(_)
            | Self::ByHand(_) => None,
        }
    }

    /// The slot days that it may touch, so that they can be locked before it is decided. What dispatchers
    /// ask says so itself.
    pub(crate) fn slot_days(
        self,
        network: &Network,
        standing: Option<Standing>,
        known: Option<&Assignment>,
        route: Option<&KnownRoute>,
    ) -> BTreeSet<SlotDayKey> {
        let moved_to = |district, date, timeslot| {
            known.and_then(|known| wished_slot_day(network, known, district, date, timeslot))
        };
        let place = known.and_then(Assignment::place_key);
        match self {
            Self::Follow(_, notice) => slot_days_of(network, notice, standing, known),
            Self::Reschedule(asked) => {
                let wished = moved_to(None, asked.delivery_date, asked.timeslot.as_str());
                place.into_iter().chain(wished).collect()
            }
            Self::Amend(asked) if asked.kind == AmendmentKind::Destination => {
                let district = Some(asked.district.as_str());
                let wished = moved_to(district, asked.delivery_date, asked.timeslot.as_str());
                place.into_iter().chain(wished).collect()
            }
            Self::Amend(_) => place.into_iter().collect(),
            Self::Amended(_) => known.map(|known| both_of(network, known)).unwrap_or_default(),
            Self::Move(..) => route.map(|route| route.key.clone()).into_iter().collect(),
            Self::BreakDown(asked) => {
                broken_slot_day(network, &asked.broken, route).into_iter().collect()
            }
            Self::ByHand(_) => BTreeSet::new(),
        }
    }
}
