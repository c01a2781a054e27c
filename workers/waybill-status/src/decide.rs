//! The decision: a waybill and a message in; the waybill after it, the outcome, what to tell the others
//! and what to write into the log, out. Pure: no IO, no clock, no random.

use contracts::{
    Actor, AmendmentKind, FirstHold, HoldHandle, HoldInstance, HoldReason, OrderAccepted, Refusal,
    Timestamp, WaybillAmendment, WaybillDraft, WaybillStatus,
};
use runtime::Outcome;

use crate::change::{Cause, Change, Promise};
use crate::evidence::{Added, Evidence, MAX_LOOSE, Place, Report};
use crate::facts::{Attempt, Fact, Standing};
use crate::history::{Decision, Detail, History, Moved, Verdict};
use crate::holds::{Hold, HoldName, Holds, MAX_HOLDS, Placed, Released};
use crate::permit::{Traits, permit};
use crate::state::{Amended, Body, Early, Live, MAX_EARLY, Waybill};

/// A mark in the log: a fact that was reported while the waybill was held. The fact counts all the same.
pub(crate) const HELD_BREACH: &str = "HELD_BREACH";

/// A mark in the log: a fact that occurred before a correction and is history only.
pub(crate) const BEFORE_CORRECTION: &str = "BEFORE_CORRECTION";

/// Said of a waybill that does not exist, or of another merchant's.
pub(crate) const UNKNOWN_WAYBILL: &str = "UNKNOWN_WAYBILL";

/// What a message asks of one waybill.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request<'a> {
    /// It shall exist: one of the parts that an accepted order was cut into.
    Create { order: &'a OrderAccepted, draft: &'a WaybillDraft },
    /// Something is done to it, whether it exists yet or not. Who `seen` a version means no newer one.
    Change { change: &'a Change, seen: Option<u64> },
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
            let status = live.standing().status;
            history.asked_to_exist(order, cause, Outcome::Duplicate, status);
            (Body::Live(live), Outcome::Duplicate)
        }
        (Request::Change { change, seen }, body) => {
            match check_seen(&body, (version, seen), change, &cause.actor) {
                Ok(()) => change_body(&mut history, body, change, cause),
                // no entry: it would make a version, for which others would be refused in their turn
                Err(refusal) => (body, Outcome::Rejected(refusal)),
            }
        }
    };
    history.close(body, outcome, parked_since, now)
}

/// Whether the waybill is still the one that the sender saw, if it says which. Of what does not exist nobody
/// has seen a version. Who may not do this at all is refused for that, and learns of no version.
fn check_seen(
    body: &Body,
    (version, seen): (u64, Option<u64>),
    change: &Change,
    actor: &Actor,
) -> Result<(), Refusal> {
    let traits = match body {
        Body::Live(live) => Some(&live.traits),
        Body::Stub(_) => None,
    };
    if seen.is_none() || permit(change, actor, traits).is_err() {
        return Ok(());
    }
    match body {
        Body::Live(_) => Refusal::check_version("waybill", version, seen),
        Body::Stub(_) => Err(Refusal::new(
            UNKNOWN_WAYBILL,
            "there is no such waybill yet: name no version, and it is kept until there is",
        )),
    }
}

/// Keeps a change for a waybill to come, or applies it to one that exists.
fn change_body(
    history: &mut History,
    body: Body,
    change: &Change,
    cause: &Cause,
) -> (Body, Outcome) {
    match body {
        Body::Stub(mut early) => {
            let verdict = keep(&mut early, change, cause);
            let outcome = history.changed(change, cause, verdict, None);
            (Body::Stub(early), outcome)
        }
        Body::Live(mut live) => {
            let verdict = apply(&mut live, change, &cause.actor);
            let outcome = history.changed(change, cause, verdict, Some(&live));
            (Body::Live(live), outcome)
        }
    }
}

/// Makes a waybill of a stub: it exists, and every message that came early is applied in turn.
fn create(
    history: &mut History,
    order: &OrderAccepted,
    draft: &WaybillDraft,
    early: Vec<Early>,
    cause: &Cause,
) -> Live {
    let mut live = born(order, draft);
    let seq = history.asked_to_exist(order, cause, Outcome::Applied, WaybillStatus::Created);
    history.held_from_the_beginning(&live.holds);
    for Early { change, cause } in early {
        let verdict = apply(&mut live, &change, &cause.actor);
        history.changed(&change, &cause, verdict, Some(&live));
    }
    history.announce(seq, order, draft, &live);
    live
}

/// A waybill as its order asks for it.
fn born(order: &OrderAccepted, draft: &WaybillDraft) -> Live {
    let traits = Traits {
        kind: draft.kind,
        fulfilled_by: draft.fulfilled_by,
        merchant: draft.merchant.clone(),
    };
    let mut evidence = Evidence::default();
    let (status, occurred_at) = (WaybillStatus::Created, order.ordered_at);
    evidence.report(traits.way(), &Report { status, occurred_at, attempt: None, route_ref: None });
    let mut holds = Holds::default();
    if let Some(FirstHold { owner, handle, reason }) = &draft.hold {
        let (owner, handle) = (owner.clone(), handle.clone());
        let name = HoldName { owner, handle, instance: HoldInstance::default() };
        holds.place(&name, *reason, order.ordered_at);
    }
    Live { traits, evidence, holds, amended: Amended::default() }
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

/// Gives up on what somebody said of a waybill that still does not exist; what the fleet itself decided
/// stays. Gives back what was given up, for the dead letters.
pub(crate) fn give_up(waybill: Waybill, now: Timestamp) -> (Decision, Vec<Early>) {
    let Waybill { id, no, version, parked_since, body } = waybill;
    let mut history = History::of(id, no, version);
    let refusal = Refusal::new(UNKNOWN_WAYBILL, "there is still no such waybill");
    let outcome = Outcome::Rejected(refusal);
    let (body, given_up) = match body {
        Body::Live(live) => (Body::Live(live), Vec::new()),
        Body::Stub(early) => {
            let is_outside = |early: &Early| early.change.is_from_outside();
            let (given_up, kept): (Vec<_>, Vec<_>) = early.into_iter().partition(is_outside);
            for Early { change, cause } in &given_up {
                history.changed(change, cause, outcome.clone().into(), None);
            }
            (Body::Stub(kept), given_up)
        }
    };
    (history.close(body, outcome, parked_since, now), given_up)
}

/// Applies a change to a waybill that exists.
fn apply(live: &mut Live, change: &Change, actor: &Actor) -> Verdict {
    if let Err(refusal) = permit(change, actor, Some(&live.traits)) {
        return refusal.into();
    }
    let owned = |handle: &HoldHandle, instance: &HoldInstance, owner: &str| HoldName {
        owner: owner.to_owned(),
        handle: handle.clone(),
        instance: *instance,
    };
    match change {
        Change::Report { said, .. } => {
            let breach = live.holds.open() > 0;
            report(live, said, breach.then_some(HELD_BREACH))
        }
        Change::Cancel { occurred_at, .. } => {
            let (status, occurred_at) = (WaybillStatus::Cancelled, *occurred_at);
            report(live, &Report { status, occurred_at, attempt: None, route_ref: None }, None)
        }
        Change::Correct { said, .. } => correct(live, said),
        Change::Place { attempt, place, promise } => {
            placed(live, *attempt, place, promise.as_ref())
        }
        Change::Amend { amendment } => amend(live, amendment),
        Change::PlaceHold { handle, instance, reason, occurred_at } => {
            let name = owned(handle, instance, &actor.subject);
            let was_held = live.holds.open() > 0;
            let placed = live.holds.place(&name, *reason, *occurred_at);
            hold_placed(placed, live.holds.get(&name).cloned(), was_held, *reason)
        }
        Change::ReleaseHold { handle, instance, owner, occurred_at } => {
            let name = owned(handle, instance, owner.as_ref().unwrap_or(&actor.subject));
            let released = live.holds.release(&name, *occurred_at);
            hold_released(released, live.holds.get(&name).cloned(), live.holds.open() > 0)
        }
    }
}

/// Adds a fact. `mark` is for the log, if it is news.
fn report(live: &mut Live, said: &Report, mark: Option<&'static str>) -> Verdict {
    let way = live.traits.way();
    let before = live.standing();
    let added = live.evidence.report(way, said);
    let after = live.standing();
    let fact = live.evidence.fact(way, said);
    let moved = moves(&before, &after);
    let counts = fact.is_some_and(|fact| !after.parked.contains(&fact));
    let (outcome, mark) = match added {
        Added::Known => (Outcome::Duplicate, None),
        Added::Past => (Outcome::Stale, Some(BEFORE_CORRECTION)),
        Added::Full => {
            let times = format!(
                "{} was reported without an attempt at {MAX_LOOSE} times",
                said.status.as_str()
            );
            (Outcome::Rejected(Refusal::new("TOO_MANY_REPORTS", times)), None)
        }
        Added::New if is_elsewhere(&before, &after) => (Outcome::Applied, mark),
        Added::New if counts => (Outcome::Stale, mark),
        Added::New => (Outcome::Parked, mark),
    };
    Verdict { mark, attempt: fact.map(Fact::attempt_no), moved, ..outcome.into() }
}

/// Takes over a place. The newest one says on which day and in which window the waybill comes; an amendment
/// outranks the first, and is itself told by a further one.
fn placed(live: &mut Live, attempt: Attempt, place: &Place, promise: Option<&Promise>) -> Verdict {
    let before = live.standing();
    let added = live.evidence.place(attempt, place.clone());
    let moved = moves(&before, &live.standing());
    let outcome = if added == Added::New { Outcome::Applied } else { Outcome::Duplicate };
    let is_newest = live.evidence.last_place() == Some(attempt);
    let outranks = attempt > Attempt::FIRST || live.amended.destination.is_none();
    let promise = promise.filter(|_| added == Added::New && is_newest && outranks);
    let details = promise.cloned().map(Detail::Promise).into_iter().collect();
    Verdict { attempt: Some(attempt.into()), moved, details, ..outcome.into() }
}

/// Takes over an amendment, unless a later one of its kind had its effect.
fn amend(live: &mut Live, amendment: &WaybillAmendment) -> Verdict {
    let asked_at = amendment.occurred_at;
    let last = match amendment.kind {
        AmendmentKind::Quantities => &mut live.amended.quantities,
        AmendmentKind::Destination => &mut live.amended.destination,
    };
    match *last {
        Some(last) if last == asked_at => return Outcome::Duplicate.into(),
        Some(last) if last > asked_at => return Outcome::Stale.into(),
        Some(_) | None => *last = Some(asked_at),
    }
    let details = match amendment.kind {
        AmendmentKind::Quantities => vec![Detail::Goods(Box::new(amendment.clone()))],
        AmendmentKind::Destination => {
            let WaybillAmendment { delivery_date, timeslot, .. } = amendment.clone();
            let promise = Detail::Promise(Promise { delivery_date, timeslot });
            // it came with a further place, which tells the same or something newer
            let is_told = live.evidence.last_place().is_some_and(|place| place > Attempt::FIRST);
            let promise = (!is_told).then_some(promise);
            [Detail::District(amendment.district.clone())].into_iter().chain(promise).collect()
        }
    };
    Verdict { details, ..Outcome::Applied.into() }
}

/// Begins anew with what a supervisor knows.
fn correct(live: &mut Live, said: &Report) -> Verdict {
    let before = live.standing();
    let added = live.evidence.correct(said.clone());
    let after = live.standing();
    let outcome = if added == Added::New { Outcome::Applied } else { Outcome::Duplicate };
    let attempt = live.evidence.fact(live.traits.way(), said).map(Fact::attempt_no);
    let mut moved = moves(&before, &after);
    moved.extend((added == Added::New).then_some(Moved::Corrected));
    Verdict { attempt, moved, ..outcome.into() }
}

fn is_elsewhere(before: &Standing, after: &Standing) -> bool {
    (before.status, before.attempt) != (after.status, after.attempt)
}

/// What others must know of a change of position.
fn moves(before: &Standing, after: &Standing) -> Vec<Moved> {
    let status = is_elsewhere(before, after).then_some(Moved::Status(before.status));
    let failed = after.failed.difference(&before.failed).copied().map(Moved::AttemptFailed);
    let but_moved = after.cancelled_but_moved && !before.cancelled_but_moved;
    let but_moved = but_moved.then_some(Moved::InSpiteOfCancellation);
    status.into_iter().chain(failed).chain(but_moved).collect()
}

fn hold_placed(placed: Placed, hold: Option<Hold>, was_held: bool, reason: HoldReason) -> Verdict {
    match placed {
        Placed::Open => {
            let moved = (!was_held).then_some(Moved::Held(reason)).into_iter().collect();
            Verdict { hold, moved, ..Outcome::Applied.into() }
        }
        Placed::ReleasedBefore => Verdict { hold, ..Outcome::Stale.into() },
        Placed::Already => Outcome::Duplicate.into(),
        Placed::NameUsed => Refusal::new(
            "HOLD_HANDLE_USED",
            "this hold was released: a new one needs the next instance, or another handle",
        )
        .into(),
        Placed::Full => too_many_holds().into(),
    }
}

fn hold_released(released: Released, hold: Option<Hold>, still_held: bool) -> Verdict {
    match released {
        Released::Closed => {
            let moved = (!still_held).then_some(Moved::Released).into_iter().collect();
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
