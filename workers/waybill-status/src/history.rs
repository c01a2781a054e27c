//! What came of a message, written down: log entries, events for the others, changed holds.
//!
//! Every message becomes one log entry with the next version, also one that changes nothing, so that the
//! history of a waybill has no gap. The exception is what was asked for a version and refused for it: its
//! answer is in the inbox alone. An event carries the version of the entry that caused it. Nothing
//! here decides.

use contracts::{
    Contract, DistrictCode, HoldReason, OrderAccepted, Refusal, Timestamp, WaybillAmendment,
    WaybillAttemptFailed, WaybillCancelledButMoved, WaybillCorrected, WaybillCreated, WaybillDraft,
    WaybillHeld, WaybillNo, WaybillReleased, WaybillStatus, WaybillStatusChanged,
};
use runtime::Outcome;
use uuid::Uuid;

use crate::change::{Cause, Change, Promise};
use crate::facts::{Attempt, is_failure};
use crate::holds::{Hold, Holds};
use crate::state::{Body, Live, Waybill};

/// What came of a message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decision {
    /// The state after it.
    pub waybill: Waybill,
    /// What the sender is told.
    pub outcome: Outcome,
    /// What the others are told.
    pub events: Vec<Event>,
    /// What the log keeps.
    pub log: Vec<LogEntry>,
    /// Holds that changed, in the order of their changes.
    pub holds: Vec<Hold>,
    /// What it is besides its state, in the order of the changes; only what changed.
    pub details: Vec<Detail>,
}

/// What a waybill is besides its state: columns that nothing here is decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Detail {
    /// When the customer is promised it.
    Promise(Promise),
    /// Where it goes.
    District(DistrictCode),
    /// What is in it: lines, volumes, weight.
    Goods(Box<WaybillAmendment>),
}

/// Something that happened to a waybill, for the other workers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    /// Version of the waybill after it.
    pub seq: u64,
    /// What.
    pub news: News,
}

/// The events of this worker, each named as its contract.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum News {
    Created(Box<WaybillCreated>),
    StatusChanged(WaybillStatusChanged),
    AttemptFailed(WaybillAttemptFailed),
    CancelledButMoved(WaybillCancelledButMoved),
    Corrected(WaybillCorrected),
    Held(WaybillHeld),
    Released(WaybillReleased),
}

/// One line of a waybill's history.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LogEntry {
    /// Version of the waybill after it.
    pub version: u64,
    /// Which message, from whom.
    pub cause: Cause,
    /// Its wire name.
    pub message_type: &'static str,
    /// The status it reported.
    pub fact: Option<WaybillStatus>,
    /// The attempt it was found to belong to; 0 for what belongs to none.
    pub attempt: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// The refusal's code, or a mark.
    pub code: Option<String>,
    /// The reason that the sender gave, or what the message was about.
    pub detail: Option<String>,
    /// The status after it; `None` while the waybill does not exist.
    pub status: Option<WaybillStatus>,
    /// When it happened, by the sender's clock.
    pub occurred_at: Timestamp,
}

/// What became of one change, before it is written down.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// How it ended.
    pub outcome: Outcome,
    /// A word for the log.
    pub mark: Option<&'static str>,
    /// The attempt it belongs to.
    pub attempt: Option<u16>,
    /// What it moved that others must know.
    pub moved: Vec<Moved>,
    /// The hold it changed.
    pub hold: Option<Hold>,
    /// What it changed besides the state.
    pub details: Vec<Detail>,
}

/// What a change moved that others must know.
#[derive(Debug)]
pub(crate) enum Moved {
    /// The position, away from this status.
    Status(WaybillStatus),
    /// The failure of an attempt that counts from now on.
    AttemptFailed(Attempt),
    /// A cancelled waybill got further.
    InSpiteOfCancellation,
    /// A supervisor set it right.
    Corrected,
    /// The first hold was placed.
    Held(HoldReason),
    /// The last hold was released.
    Released,
}

impl From<Outcome> for Verdict {
    fn from(outcome: Outcome) -> Self {
        let (moved, details) = (Vec::new(), Vec::new());
        Self { outcome, mark: None, attempt: None, moved, hold: None, details }
    }
}

impl From<Refusal> for Verdict {
    fn from(refusal: Refusal) -> Self {
        Outcome::Rejected(refusal).into()
    }
}

/// The history of one waybill while a message is decided.
#[derive(Debug)]
pub(crate) struct History {
    id: Uuid,
    no: WaybillNo,
    version: u64,
    events: Vec<Event>,
    log: Vec<LogEntry>,
    holds: Vec<Hold>,
    details: Vec<Detail>,
}

impl History {
    /// A history that goes on from a version.
    pub(crate) fn of(id: Uuid, no: WaybillNo, version: u64) -> Self {
        let (events, log, holds, details) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { id, no, version, events, log, holds, details }
    }

    /// Writes down that an order asked for this waybill. Returns the entry's version.
    pub(crate) fn asked_to_exist(
        &mut self,
        order: &OrderAccepted,
        cause: &Cause,
        outcome: Outcome,
        status: WaybillStatus,
    ) -> u64 {
        self.version += 1;
        self.log.push(LogEntry {
            version: self.version,
            cause: cause.clone(),
            message_type: OrderAccepted::TYPE,
            fact: Some(WaybillStatus::Created),
            attempt: Some(0),
            outcome,
            code: None,
            detail: None,
            status: Some(status),
            occurred_at: order.ordered_at,
        });
        self.version
    }

    /// Writes down the holds that a waybill is made with.
    pub(crate) fn held_from_the_beginning(&mut self, holds: &Holds) {
        self.holds.extend(holds.iter().cloned());
    }

    /// Writes down what became of a change; `live` is the waybill after it, if it exists.
    pub(crate) fn changed(
        &mut self,
        change: &Change,
        cause: &Cause,
        verdict: Verdict,
        live: Option<&Live>,
    ) -> Outcome {
        self.version += 1;
        let Verdict { outcome, mark, attempt, moved, hold, details } = verdict;
        let code = match &outcome {
            Outcome::Rejected(refusal) => Some(refusal.code.clone()),
            Outcome::Applied | Outcome::Duplicate | Outcome::Stale | Outcome::Parked => {
                mark.map(str::to_owned)
            }
        };
        self.log.push(LogEntry {
            version: self.version,
            cause: cause.clone(),
            message_type: change.message_type(),
            fact: change.status(),
            attempt,
            outcome: outcome.clone(),
            code,
            detail: change.detail(),
            status: live.map(|live| live.standing().status),
            occurred_at: change.occurred_at(),
        });
        self.holds.extend(hold);
        self.details.extend(details);
        for (moved, live) in moved.into_iter().zip(live.into_iter().cycle()) {
            let news = self.news(moved, live, change, attempt);
            self.events.push(Event { seq: self.version, news });
        }
        outcome
    }

    /// What the others are told of a change; `attempt` is the one that the change itself belongs to.
    fn news(&self, moved: Moved, live: &Live, change: &Change, attempt: Option<u16>) -> News {
        let (waybill_id, waybill_no) = (self.id, self.no.clone());
        let occurred_at = change.occurred_at();
        match moved {
            Moved::AttemptFailed(failed) => {
                News::AttemptFailed(self.attempt_failed(failed, live, change, attempt))
            }
            Moved::Status(from) => {
                let standing = live.standing();
                News::StatusChanged(WaybillStatusChanged {
                    waybill_id,
                    waybill_no,
                    from,
                    to: standing.status,
                    attempt: standing.attempt,
                    occurred_at,
                    failed_attempts: standing.failed_attempts(),
                    fulfilled_by: live.traits.fulfilled_by,
                    kind: live.traits.kind,
                    held: live.holds.open() > 0,
                })
            }
            Moved::InSpiteOfCancellation => {
                let standing = live.standing();
                News::CancelledButMoved(WaybillCancelledButMoved {
                    waybill_id,
                    waybill_no,
                    status: standing.status,
                    attempt: standing.attempt,
                    occurred_at,
                })
            }
            Moved::Corrected => {
                let standing = live.standing();
                News::Corrected(WaybillCorrected {
                    waybill_id,
                    waybill_no,
                    kind: live.traits.kind,
                    status: standing.status,
                    attempt: standing.attempt,
                    failed_attempts: standing.failed_attempts(),
                    occurred_at,
                })
            }
            Moved::Held(reason) => News::Held(WaybillHeld { waybill_id, waybill_no, reason }),
            Moved::Released => News::Released(WaybillReleased { waybill_id, waybill_no }),
        }
    }

    /// The failure of an attempt, as its report tells it, and how the waybill stands by then. The change is
    /// that report, or else what proved it or gave it its place.
    fn attempt_failed(
        &self,
        failed: Attempt,
        live: &Live,
        change: &Change,
        attempt: Option<u16>,
    ) -> WaybillAttemptFailed {
        let standing = live.standing();
        let is_its_report =
            change.status().is_some_and(is_failure) && attempt == Some(failed.into());
        let reported_at = live.evidence.failed_at(live.traits.way(), failed);
        WaybillAttemptFailed {
            waybill_id: self.id,
            waybill_no: self.no.clone(),
            kind: live.traits.kind,
            attempt: failed.into(),
            occurred_at: reported_at.unwrap_or_else(|| change.occurred_at()),
            reason: if is_its_report { change.detail() } else { None },
            failed_attempts: standing.failed_attempts(),
            status: standing.status,
            status_attempt: standing.attempt,
        }
    }

    /// Tells the others that the waybill exists, before anything else of it, and whether it is held:
    /// holds that came before it need no event of their own.
    pub(crate) fn announce(
        &mut self,
        seq: u64,
        order: &OrderAccepted,
        draft: &WaybillDraft,
        live: &Live,
    ) {
        self.events.retain(|event| match event.news {
            News::Created(_)
            | News::StatusChanged(_)
            | News::AttemptFailed(_)
            | News::CancelledButMoved(_)
            | News::Corrected(_) => true,
            News::Held(_) | News::Released(_) => false,
        });
        let created = WaybillCreated {
            waybill_id: self.id,
            waybill_no: self.no.clone(),
            kind: live.traits.kind,
            source: order.source.clone(),
            order_ref: order.order_ref.clone(),
            ordered_at: order.ordered_at,
            customer_ref: order.customer_ref.clone(),
            district: order.district.clone(),
            address_key: order.address_key.clone(),
            delivery_date: order.delivery_date,
            timeslot: order.timeslot.clone(),
            merchant: draft.merchant.clone(),
            store: draft.store.clone(),
            sku_type: draft.sku_type,
            fulfilled_by: draft.fulfilled_by,
            dry_ml: draft.dry_ml,
            frozen_ml: draft.frozen_ml,
            weight_g: draft.weight_g,
            line_count: u32::try_from(draft.lines.len()).unwrap_or(u32::MAX),
            held: live.holds.open() > 0,
        };
        self.events.insert(0, Event { seq, news: News::Created(Box::new(created)) });
    }

    /// The decision, with the waybill as it is now.
    pub(crate) fn close(
        self,
        body: Body,
        outcome: Outcome,
        parked_since: Option<Timestamp>,
        now: Timestamp,
    ) -> Decision {
        let Self { id, no, version, events, log, holds, details } = self;
        let mut waybill = Waybill { id, no, version, parked_since, body };
        waybill.parked_since = (waybill.parked() > 0).then(|| parked_since.unwrap_or(now));
        Decision { waybill, outcome, events, log, holds, details }
    }
}
