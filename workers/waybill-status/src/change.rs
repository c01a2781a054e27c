//! What may be done to a waybill, in the compact form that a stub row keeps until the waybill exists.
//!
//! What never lives here: whether a sender may do it (see [`crate::permit`]), or what comes of it.

use chrono::NaiveDate;
use contracts::{
    Actor, AmendmentDecided, AmendmentKind, Assigned, CancellationDecided, Contract,
    CorrectWaybill, HoldHandle, HoldInstance, HoldReason, MessageId, PlaceHold, Refusal,
    ReleaseHold, ReportStatus, TimeslotCode, Timestamp, UserId, WaybillAmendment, WaybillNo,
    WaybillStatus,
};
use serde::{Deserialize, Serialize};

use crate::evidence::{Place, Report};
use crate::facts::Attempt;

/// One thing done to one waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Change {
    /// Something happened outside.
    Report {
        said: Report,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// sales-order decided that it is cancelled.
    Cancel {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        occurred_at: Timestamp,
    },
    /// Somebody knows better: begin anew from here.
    Correct { said: Report, reason: String },
    /// Hold it; the owner is the sender.
    PlaceHold {
        handle: HoldHandle,
        #[serde(default, skip_serializing_if = "HoldInstance::is_first")]
        instance: HoldInstance,
        reason: HoldReason,
        occurred_at: Timestamp,
    },
    /// Release a hold; without an owner the sender's own.
    ReleaseHold {
        handle: HoldHandle,
        #[serde(default, skip_serializing_if = "HoldInstance::is_first")]
        instance: HoldInstance,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        occurred_at: Timestamp,
    },
    /// ADRA gave it a place on a route.
    Place {
        attempt: Attempt,
        place: Place,
        /// The day and the window of the route; absent in what older programs kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promise: Option<Promise>,
    },
    /// Its order was amended.
    Amend { amendment: Box<WaybillAmendment> },
}

/// When the customer is promised it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Promise {
    /// The day.
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
}

impl Change {
    /// What a report does.
    ///
    /// # Errors
    /// A refusal when its attempt is out of range.
    pub(crate) fn report(report: &ReportStatus) -> Result<Self, Refusal> {
        let ReportStatus { status, route_ref, occurred_at, reason, .. } = report;
        let (route_ref, reason) = (route_ref.clone(), reason.clone());
        let attempt = report.attempt.map(attempt_of).transpose()?;
        let said = Report { status: *status, attempt, route_ref, occurred_at: *occurred_at };
        Ok(Self::Report { said, reason })
    }

    /// What an accepted cancellation does.
    pub(crate) fn cancel(decided: &CancellationDecided) -> Self {
        Self::Cancel { reason: decided.reason.clone(), occurred_at: decided.occurred_at }
    }

    /// What a correction does.
    ///
    /// # Errors
    /// A refusal when its attempt is out of range.
    pub(crate) fn correct(correct: &CorrectWaybill) -> Result<Self, Refusal> {
        let CorrectWaybill { waybill_no: _, status, attempt: _, reason, occurred_at } = correct;
        let attempt = correct.attempt.map(attempt_of).transpose()?;
        let said = Report { status: *status, attempt, route_ref: None, occurred_at: *occurred_at };
        Ok(Self::Correct { said, reason: reason.clone() })
    }

    /// What a hold does.
    pub(crate) fn place_hold(hold: &PlaceHold) -> Self {
        let PlaceHold { handle, instance, reason, occurred_at, .. } = hold;
        let (handle, instance) = (handle.clone(), *instance);
        Self::PlaceHold { handle, instance, reason: *reason, occurred_at: *occurred_at }
    }

    /// What a release does.
    pub(crate) fn release_hold(release: &ReleaseHold) -> Self {
        let ReleaseHold { handle, instance, owner, occurred_at, .. } = release;
        let (handle, owner) = (handle.clone(), owner.clone());
        Self::ReleaseHold { handle, instance: *instance, owner, occurred_at: *occurred_at }
    }

    /// What an assignment does, at the time when ADRA decided.
    ///
    /// # Errors
    /// A refusal when a waybill has had more places than are kept.
    pub(crate) fn place(assigned: &Assigned, assigned_at: Timestamp) -> Result<Self, Refusal> {
        let place = Place { at: assigned_at, route: assigned.route_ref.clone() };
        let Assigned { delivery_date, timeslot, .. } = assigned;
        let promise = Promise { delivery_date: *delivery_date, timeslot: timeslot.clone() };
        let attempt = attempt_of(assigned.place_no)?;
        Ok(Self::Place { attempt, place, promise: Some(promise) })
    }

    /// What an amendment does that was not refused.
    pub(crate) fn amend(decided: &AmendmentDecided) -> Self {
        Self::Amend { amendment: Box::new(decided.amendment.clone()) }
    }

    /// The wire name of the message it came in.
    pub(crate) const fn message_type(&self) -> &'static str {
        match self {
            Self::Report { .. } => ReportStatus::TYPE,
            Self::Cancel { .. } => CancellationDecided::TYPE,
            Self::Correct { .. } => CorrectWaybill::TYPE,
            Self::PlaceHold { .. } => PlaceHold::TYPE,
            Self::ReleaseHold { .. } => ReleaseHold::TYPE,
            Self::Place { .. } => Assigned::TYPE,
            Self::Amend { .. } => AmendmentDecided::TYPE,
        }
    }

    /// The status it speaks of.
    pub(crate) const fn status(&self) -> Option<WaybillStatus> {
        match self {
            Self::Report { said, .. } | Self::Correct { said, .. } => Some(said.status),
            Self::Cancel { .. } => Some(WaybillStatus::Cancelled),
            Self::PlaceHold { .. }
            | Self::ReleaseHold { .. }
            | Self::Place { .. }
            | Self::Amend { .. } => None,
        }
    }

    /// The reason given, for people.
    pub(crate) fn detail(&self) -> Option<String> {
        match self {
            Self::Report { reason, .. } | Self::Cancel { reason, .. } => reason.clone(),
            Self::Correct { reason, .. } => Some(reason.clone()),
            Self::PlaceHold { handle, instance, reason, .. } => {
                Some(format!("{} {handle}#{}", reason.as_str(), instance.0))
            }
            Self::ReleaseHold { handle, instance, .. } => Some(format!("{handle}#{}", instance.0)),
            Self::Place { place, .. } => Some(place.route.clone()),
            Self::Amend { amendment } => Some(amended(amendment)),
        }
    }

    /// When it happened or was decided.
    pub(crate) const fn occurred_at(&self) -> Timestamp {
        match self {
            Self::Report { said, .. } | Self::Correct { said, .. } => said.occurred_at,
            Self::Cancel { occurred_at: at, .. }
            | Self::PlaceHold { occurred_at: at, .. }
            | Self::ReleaseHold { occurred_at: at, .. }
            | Self::Place { place: Place { at, .. }, .. } => *at,
            Self::Amend { amendment } => amendment.occurred_at,
        }
    }

    /// The body of the message it came in, for the dead letters; `None` for a decision of the fleet,
    /// which is never given up on. What was asked for a version is not kept: see [`crate::decide`].
    pub(crate) fn body(&self, waybill_no: &WaybillNo) -> Option<serde_json::Result<Vec<u8>>> {
        let waybill_no = waybill_no.clone();
        match self.clone() {
            Self::Report { said: Report { status, occurred_at, attempt, route_ref }, reason } => {
                let attempt = attempt.map(u16::from);
                Some(serde_json::to_vec(&ReportStatus {
                    waybill_no,
                    status,
                    attempt,
                    route_ref,
                    expected_version: None,
                    occurred_at,
                    reason,
                }))
            }
            Self::Correct { said: Report { status, occurred_at, attempt, .. }, reason } => {
                let attempt = attempt.map(u16::from);
                Some(serde_json::to_vec(&CorrectWaybill {
                    waybill_no,
                    status,
                    attempt,
                    reason,
                    occurred_at,
                }))
            }
            Self::PlaceHold { handle, instance, reason, occurred_at } => {
                Some(serde_json::to_vec(&PlaceHold {
                    waybill_no,
                    handle,
                    instance,
                    reason,
                    expected_version: None,
                    occurred_at,
                }))
            }
            Self::ReleaseHold { handle, instance, owner, occurred_at } => {
                Some(serde_json::to_vec(&ReleaseHold {
                    waybill_no,
                    handle,
                    instance,
                    owner,
                    expected_version: None,
                    occurred_at,
                }))
            }
            Self::Cancel { .. } | Self::Place { .. } | Self::Amend { .. } => None,
        }
    }

    /// True for what somebody outside said; the rest was decided by the fleet itself.
    pub(crate) const fn is_from_outside(&self) -> bool {
        match self {
            Self::Report { .. }
            | Self::Correct { .. }
            | Self::PlaceHold { .. }
            | Self::ReleaseHold { .. } => true,
            Self::Cancel { .. } | Self::Place { .. } | Self::Amend { .. } => false,
        }
    }
}

/// `quantities 1: 3, 2: 1`, `destination D001 2010-12-02 0900-1300`: what an amendment makes of the waybill.
fn amended(amendment: &WaybillAmendment) -> String {
    let WaybillAmendment { district, delivery_date, timeslot, .. } = amendment;
    match amendment.kind {
        AmendmentKind::Quantities => {
            let line =
                |line: &contracts::WaybillDraftLine| format!("{}: {}", line.line_no, line.quantity);
            let lines: Vec<String> = amendment.lines.iter().map(line).collect();
            clip(&format!("quantities {}", lines.join(", ")))
        }
        AmendmentKind::Destination => {
            format!("destination {district} {delivery_date} {timeslot}")
        }
    }
}

/// The log keeps so many characters.
fn clip(text: &str) -> String {
    text.chars().take(500).collect()
}

fn attempt_of(number: u16) -> Result<Attempt, Refusal> {
    Attempt::try_from(number)
        .map_err(|error| Refusal::new("ATTEMPT_OUT_OF_RANGE", error.to_string()))
}

/// Which message asked for a change, from whom, on whose behalf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cause {
    /// The message, or the item of one with several.
    pub message_id: MessageId,
    /// The one with several that it is an item of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_id: Option<MessageId>,
    /// Who published it.
    pub sender: UserId,
    /// On whose behalf.
    pub actor: Actor,
    /// What it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}
