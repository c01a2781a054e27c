//! The decision: a waybill and a message in; the waybill after it, the outcome, what to tell the others
//! and what to write into the log, out. Pure: no IO, no clock, no random.

use contracts::{
    Actor, HoldReason, OrderAccepted, Refusal, Timestamp, WaybillDraft, WaybillKind, WaybillStatus,
};
use runtime::Outcome;

use crate::change::{Cause, Change, Traits, permit};
use crate::evidence::{Added, Evidence, MAX_LOOSE};
use crate::facts::{Attempt, Fact, Standing};
use crate::history::{Decision, History, Moved, Verdict};
use crate::holds::{Hold, Holds, MAX_HOLDS, Placed, Released};
use crate::state::{Body, Early, Live, MAX_EARLY, Waybill};

/// A mark in the log: a fact that was reported while the waybill was held. The fact counts all the same.
pub(crate) const HELD_BREACH: &str = "HELD_BREACH";

/// What a message asks of one waybill.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request<'a> {
    /// It shall exist: one of the parts that an accepted order was cut into.
    Create { order: &'a OrderAccepted, draft: &'a WaybillDraft },
    /// Something is done to it, whether it exists yet or not.
    Change(&'a Change),
}

/// Decides one message.
pub(crate) fn decide(
    waybill: Waybill,
    request: Request<'_>,
    cause: &Cause,
    now: Timestamp,
) -> Decision {
    let Waybill { id, no, version, parked_since, body } = waybill;
    let mut history = History::of(id, no, version);
    let (body, outcome) = match (request, body) {
        (Request::Create { order, draft }, Body::Stub(early)) => {
            let live = create(&mut history, order, draft, early, cause);
            (Body::Live(live), Outcome::Applied)
        }
        (Request::Create { order, .. }, Body::Live(live)) => {
            let status = live.evidence.standing().status;
            history.asked_to_exist(order, cause, Outcome::Duplicate, status);
            (Body::Live(live), Outcome::Duplicate)
        }
        (Request::Change(change), Body::Stub(mut early)) => {
            let verdict = keep(&mut early, change, cause);
            let outcome = history.changed(change, cause, verdict, None);
            (Body::Stub(early), outcome)
        }
        (Request::Change(change), Body::Live(mut live)) => {
            let verdict = apply(&mut live, change, &cause.actor);
            let outcome = history.changed(change, cause, verdict, Some(&live));
            (Body::Live(live), outcome)
        }
    };
    history.close(body, outcome, parked_since, now)
}

/// Makes a waybill of a stub: it exists, and every message that came early is applied in turn.
fn create(
    history: &mut History,
    order: &OrderAccepted,
    draft: &WaybillDraft,
    early: Vec<Early>,
    cause: &Cause,
) -> Live {
    let traits = Traits {
        // an order makes deliveries to the customer; the other kinds come from returns and transfers
        kind: WaybillKind::Forward,
        fulfilled_by: draft.fulfilled_by,
        merchant: draft.merchant.clone(),
    };
    let mut evidence = Evidence::default();
    evidence.report(WaybillStatus::Created, None, order.ordered_at);
    let mut live = Live { traits, evidence, holds: Holds::default() };

    let created = WaybillStatus::Created;
    let seq = history.asked_to_exist(order, cause, Outcome::Applied, created);
    for Early { change, cause } in early {
        let verdict = apply(&mut live, &change, &cause.actor);
        history.changed(&change, &cause, verdict, Some(&live));
    }
    history.announce(seq, order, draft, &live);
    live
}

/// Keeps a message for the waybill to come.
fn keep(early: &mut Vec<Early>, change: &Change, cause: &Cause) -> Verdict {
    if let Err(refusal) = permit(change, &cause.actor, None) {
        return refusal.into();
    }
    if early.iter().any(|kept| kept.change == *change && kept.cause.actor == cause.actor) {
        return Outcome::Duplicate.into();
    }
    if early.len() >= MAX_EARLY {
        return Refusal::new(
            "TOO_MANY_EARLY_MESSAGES",
            format!("{MAX_EARLY} messages wait for this waybill to exist: check its number"),
        )
        .into();
    }
    early.push(Early { change: change.clone(), cause: cause.clone() });
    Outcome::Parked.into()
}

/// Applies a change to a waybill that exists.
fn apply(live: &mut Live, change: &Change, actor: &Actor) -> Verdict {
    if let Err(refusal) = permit(change, actor, Some(&live.traits)) {
        return refusal.into();
    }
    match change {
        Change::Report { status, attempt, occurred_at } => {
            report(live, *status, *attempt, *occurred_at)
        }
        Change::Place { attempt, assigned_at } => {
            let before = live.evidence.standing();
            let added = live.evidence.place(*attempt, *assigned_at);
            let moved = moved(&before, &live.evidence.standing());
            let outcome = if added == Added::New { Outcome::Applied } else { Outcome::Duplicate };
            Verdict { attempt: Some((*attempt).into()), moved, ..outcome.into() }
        }
        Change::PlaceHold { handle, reason, occurred_at } => {
            let was_held = live.holds.open() > 0;
            let placed = live.holds.place(&actor.subject, handle, *reason, *occurred_at);
            let hold = live.holds.get(&actor.subject, handle).cloned();
            hold_placed(placed, hold, was_held, *reason)
        }
        Change::ReleaseHold { handle, owner, occurred_at } => {
            let owner = owner.as_ref().unwrap_or(&actor.subject);
            let released = live.holds.release(owner, handle, *occurred_at);
            let hold = live.holds.get(owner, handle).cloned();
            hold_released(released, hold, live.holds.open() > 0)
        }
    }
}

fn report(
    live: &mut Live,
    status: WaybillStatus,
    attempt: Option<Attempt>,
    occurred_at: Timestamp,
) -> Verdict {
    let before = live.evidence.standing();
    let added = live.evidence.report(status, attempt, occurred_at);
    let after = live.evidence.standing();
    let fact = live.evidence.fact(status, attempt, occurred_at);
    let moved = moved(&before, &after);
    let counts = fact.is_some_and(|fact| !after.parked.contains(&fact));
    let outcome = match added {
        Added::Known => Outcome::Duplicate,
        Added::Full => Outcome::Rejected(Refusal::new(
            "TOO_MANY_REPORTS",
            format!("{} was reported without an attempt at {MAX_LOOSE} times", status.as_str()),
        )),
        Added::New if moved.is_some() => Outcome::Applied,
        Added::New if counts => Outcome::Stale,
        Added::New => Outcome::Parked,
    };
    let breach = added == Added::New && live.holds.open() > 0;
    Verdict {
        mark: breach.then_some(HELD_BREACH),
        attempt: fact.map(Fact::attempt_no),
        moved,
        ..outcome.into()
    }
}

/// What others must know when the position is another one.
fn moved(before: &Standing, after: &Standing) -> Option<Moved> {
    let same = (before.status, before.attempt) == (after.status, after.attempt);
    (!same).then_some(Moved::Status(before.status))
}

fn hold_placed(placed: Placed, hold: Option<Hold>, was_held: bool, reason: HoldReason) -> Verdict {
    match placed {
        Placed::Open => {
            let moved = (!was_held).then_some(Moved::Held(reason));
            Verdict { hold, moved, ..Outcome::Applied.into() }
        }
        Placed::ReleasedBefore => Verdict { hold, ..Outcome::Stale.into() },
        Placed::Already => Outcome::Duplicate.into(),
        Placed::HandleUsed => Refusal::new(
            "HOLD_HANDLE_USED",
            "the hold of this handle was released: a new hold needs a new handle",
        )
        .into(),
        Placed::Full => too_many_holds().into(),
    }
}

fn hold_released(released: Released, hold: Option<Hold>, still_held: bool) -> Verdict {
    match released {
        Released::Closed => {
            let moved = (!still_held).then_some(Moved::Released);
            Verdict { hold, moved, ..Outcome::Applied.into() }
        }
        Released::Tombstone => Verdict { hold, ..Outcome::Parked.into() },
        Released::Already => Outcome::Duplicate.into(),
        Released::Full => too_many_holds().into(),
    }
}

fn too_many_holds() -> Refusal {
    Refusal::new("TOO_MANY_HOLDS", format!("a waybill keeps at most {MAX_HOLDS} holds"))
}
