//! What opens a case, what goes into it, what people do with it.

use contracts::{
    CancellationDecided, CancellationOverdue, CancellationVerdict, CaseKind, CaseStep, CaseSubject,
    OpenCase, ReportStatus, Role, UpdateCase, WaybillAttemptFailed, WaybillCancelledButMoved,
    WaybillKind, WaybillNo, WaybillStatus,
};
use uuid::Uuid;

use super::world::{World, actor, anna, failed, moved, time};
use crate::decide::{Decision, Notice};
use crate::message::Incoming;

const WAYBILL: &str = "shop-O1-1";
const SUBJECT: &str = "waybill shop-O1-1";

fn waybill_no() -> WaybillNo {
    WaybillNo::new(WAYBILL).unwrap()
}

fn fleet() -> contracts::Actor {
    actor(Role::Worker, "dray-waybill-status")
}

fn case(decision: &Decision) -> (CaseKind, bool, u64) {
    let found = decision.notices.iter().find_map(|notice| match notice {
        Notice::Case(case, version) => Some((case.kind, case.open, *version)),
        _ => None,
    });
    found.expect("a case was told of")
}

fn report(decision: &Decision) -> Option<ReportStatus> {
    decision.notices.iter().find_map(|notice| match notice {
        Notice::Report(report) => Some(report.clone()),
        _ => None,
    })
}

fn decided(verdict: CancellationVerdict) -> Incoming {
    Incoming::Decided(CancellationDecided {
        waybill_no: waybill_no(),
        verdict,
        reason: Some("too late".to_owned()),
        occurred_at: time("2026-03-05T10:00:00Z"),
    })
}

#[test]
fn what_opens_a_case() {
    let at = time("2026-03-05T10:00:00Z");
    let to = |status| moved(WAYBILL, WaybillKind::Forward, status);
    let moved_cancelled = Incoming::MovedCancelled(WaybillCancelledButMoved {
        waybill_id: Uuid::nil(),
        waybill_no: waybill_no(),
        status: WaybillStatus::Loaded,
        attempt: 1,
        occurred_at: at,
    });
    let overdue = Incoming::Overdue(CancellationOverdue {
        waybill_no: waybill_no(),
        question: 1,
        asked_at: at,
    });
    let table = [
        (to(WaybillStatus::Lost), Some(CaseKind::Lost)),
        (to(WaybillStatus::Damaged), Some(CaseKind::Damaged)),
        (to(WaybillStatus::Delivered), None),
        (to(WaybillStatus::Returning), None),
        (moved_cancelled, Some(CaseKind::CancelledButMoved)),
        (overdue, Some(CaseKind::CancellationOverdue)),
        (decided(CancellationVerdict::Rejected), Some(CaseKind::CancellationRejected)),
        (decided(CancellationVerdict::Accepted), None),
    ];
    for (message, kind) in table {
        let mut world = World::with_five();
        let decision = world.tell(&fleet(), &message);
        match kind {
            Some(kind) => assert_eq!(case(&decision), (kind, true, 1), "{message:?}"),
            None => assert_eq!(decision.outcome.code(), "STALE", "{message:?}"),
        }
    }
}

#[test]
fn the_last_failed_attempt_sends_the_parcel_back() {
    let failed = |attempt, kind| Incoming::AttemptFailed(failed(WAYBILL, kind, attempt));
    let mut world = World::with_five();
    for attempt in [1, 2] {
        assert_eq!(world.code(&fleet(), &failed(attempt, WaybillKind::Forward)), "STALE");
    }
    let decision = world.done(&fleet(), &failed(3, WaybillKind::Forward));
    assert_eq!(case(&decision), (CaseKind::DeliveryFailed, true, 1));
    let report_back = report(&decision).expect("it is sent back");
    assert_eq!((report_back.status, report_back.attempt), (WaybillStatus::Returning, Some(3)));
    // what nobody hands over cannot be sent back
    let decision = World::with_five().done(&fleet(), &failed(3, WaybillKind::Return));
    assert_eq!((case(&decision).0, report(&decision)), (CaseKind::DeliveryFailed, None));
}

#[test]
fn a_failure_that_is_told_late_sends_back_what_waits_and_nothing_else() {
    use WaybillStatus as S;
    let table = [
        // the first attempt is the last one told of: the parcel waits after the third
        ((S::DeliveryFailed, 3), true, Some(3)),
        // it is out once more: a person looks at it, and this attempt may end well
        ((S::OutForDelivery, 4), true, None),
        ((S::Returning, 3), true, None),
        ((S::Delivered, 4), false, None),
        ((S::Lost, 3), false, None),
    ];
    for ((status, status_attempt), opens, sent_back) in table {
        let late = WaybillAttemptFailed {
            failed_attempts: 3,
            status,
            status_attempt,
            ..failed(WAYBILL, WaybillKind::Forward, 1)
        };
        let decision = World::with_five().tell(&fleet(), &Incoming::AttemptFailed(late));
        assert_eq!(!decision.notices.is_empty(), opens, "{status:?}");
        assert_eq!(report(&decision).and_then(|report| report.attempt), sent_back, "{status:?}");
    }
}

#[test]
fn there_is_one_open_case_and_everything_goes_into_it() {
    let mut world = World::with_five();
    let lost = moved(WAYBILL, WaybillKind::Forward, WaybillStatus::Lost);
    world.done(&fleet(), &lost);
    assert_eq!(case(&world.done(&fleet(), &lost)), (CaseKind::Lost, true, 2));
    let found = moved(WAYBILL, WaybillKind::Forward, WaybillStatus::Delivered);
    assert_eq!(case(&world.done(&fleet(), &found)), (CaseKind::Lost, true, 3));
    // a case of another kind beside it: both hear of it
    let decision = world.done(&fleet(), &decided(CancellationVerdict::Rejected));
    assert_eq!(decision.notices.len(), 2);
    assert_eq!(world.book.open_cases(SUBJECT).count(), 2);
    let steps: Vec<&str> = world.book.changes.notes.iter().map(|note| note.step).collect();
    assert_eq!(steps, ["OPENED", "EVENT", "EVENT", "EVENT", "OPENED"]);
}

#[test]
fn people_open_note_assign_close_and_reopen() {
    let mut world = World::with_five();
    let open = Incoming::OpenCase(OpenCase {
        subject: CaseSubject::Waybill { waybill_no: waybill_no() },
        text: "where is it?".to_owned(),
        occurred_at: time("2026-03-05T10:00:00Z"),
    });
    assert_eq!(world.code(&actor(Role::Customer, "C-1"), &open), "NOT_ALLOWED");
    world.done(&anna(), &open);
    let case_id = world.book.open_case(SUBJECT, CaseKind::Question).unwrap().id;
    world.done(&anna(), &open);
    assert_eq!(world.book.open_cases(SUBJECT).count(), 1);
    let step = |case_id, step| {
        let occurred_at = time("2026-03-05T11:00:00Z");
        Incoming::UpdateCase(UpdateCase { case_id, step, expected_version: None, occurred_at })
    };
    let text = || "called".to_owned();
    let note = step(case_id, CaseStep::Note { text: text() });
    let assign = step(case_id, CaseStep::Assign { to: "ben".to_owned() });
    let close = step(case_id, CaseStep::Close { text: text() });
    let reopen = step(case_id, CaseStep::Reopen { text: text() });
    let unknown = step(Uuid::nil(), CaseStep::Note { text: text() });
    let expected = [
        (&note, "APPLIED"),
        (&assign, "APPLIED"),
        (&assign, "DUPLICATE"),
        (&reopen, "DUPLICATE"),
        (&close, "APPLIED"),
        (&close, "DUPLICATE"),
        (&note, "CASE_CLOSED"),
        (&assign, "CASE_CLOSED"),
        (&reopen, "APPLIED"),
        (&unknown, "UNKNOWN_CASE"),
        (&close, "APPLIED"),
    ];
    for (message, code) in expected {
        assert_eq!(world.code(&anna(), message), code, "{message:?}");
    }
    assert_eq!(world.code(&fleet(), &note), "NOT_ALLOWED");
    // opened, asked again, noted, assigned, closed, reopened, closed: who saw the sixth is late
    let reopen_for = |expected_version| {
        let (step, occurred_at) = (CaseStep::Reopen { text: text() }, time("2026-03-05T11:00:00Z"));
        Incoming::UpdateCase(UpdateCase { case_id, step, expected_version, occurred_at })
    };
    assert_eq!(world.code(&anna(), &reopen_for(Some(6))), "VERSION_CONFLICT");
    assert_eq!(world.code(&fleet(), &reopen_for(Some(6))), "NOT_ALLOWED");
    assert_eq!(world.code(&anna(), &reopen_for(Some(7))), "APPLIED");
    assert_eq!(world.code(&anna(), &close), "APPLIED");
    // a second one was opened meanwhile
    world.done(&anna(), &open);
    assert_eq!(world.code(&anna(), &reopen), "ANOTHER_OPEN");
}
