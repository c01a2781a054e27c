//! The lifecycle table is one table: every status at its place, every proof below what it proves.

use std::collections::BTreeSet;

use crate::*;

fn position(row: &StatusRow) -> (Level, u8) {
    (row.level, row.rank)
}

#[test]
fn the_rows_stand_in_the_order_of_positions_and_each_has_its_own() {
    for way in Way::ALL {
        let rows = way.rows();
        assert!(rows.windows(2).all(|pair| position(&pair[0]) < position(&pair[1])), "{way:?}");
        for level in [Level::Base, Level::Attempt, Level::Above] {
            let ranks: Vec<_> =
                rows.iter().filter(|row| row.level == level).map(|row| row.rank).collect();
            let count = u8::try_from(ranks.len()).unwrap();
            assert_eq!(ranks, (0..count).collect::<Vec<_>>(), "{way:?} {level:?}");
            assert!(count <= 8, "a bit each of one byte");
        }
        assert_eq!(rows[0].status, WaybillStatus::Created);
    }
}

#[test]
fn every_status_is_somewhere_and_at_most_once_on_each_way() {
    let mut seen = BTreeSet::new();
    for way in Way::ALL {
        let of_way: Vec<_> = way.rows().iter().map(|row| row.status).collect();
        let distinct: BTreeSet<_> = of_way.iter().copied().collect();
        assert_eq!(of_way.len(), distinct.len(), "{way:?}");
        seen.extend(distinct);
    }
    assert_eq!(seen, BTreeSet::from(WaybillStatus::ALL));
}

/// What makes the least fixpoint a single pass from below.
#[test]
fn every_proof_ranks_below_what_it_proves() {
    for way in Way::ALL {
        for row in way.rows() {
            for proof in row.proofs {
                let proof = way.row(*proof).unwrap();
                assert!(position(proof) < position(row), "{:?} of {:?}", proof.status, row.status);
                assert_ne!(proof.level, Level::Base);
                assert!(proof.level == row.level || row.level == Level::Above);
            }
        }
    }
}

#[test]
fn every_status_has_a_name_elsewhere_or_none() {
    let names = StatusNames::of(WaybillKind::Forward, WaybillStatus::DeliveryFailed);
    assert_eq!(names.aftership.as_deref(), Some("AttemptFail"));
    assert_eq!(names.easypost.as_deref(), Some("failure"));
    assert_eq!(names.epcis.as_deref(), Some("transporting"));
    let cancelled = StatusNames::of(WaybillKind::Replacement, WaybillStatus::Cancelled);
    assert_eq!((cancelled.aftership, cancelled.easypost.as_deref()), (None, Some("cancelled")));
    let never = StatusNames::of(WaybillKind::Return, WaybillStatus::Packed);
    assert_eq!(never, StatusNames::default());
    for way in Way::ALL {
        for row in way.rows() {
            assert!(!row.names.easypost.is_empty(), "{:?}", row.status);
        }
    }
}

#[test]
fn the_verdict_is_nobodys_to_report() {
    for way in Way::ALL {
        let cancelled = way.row(WaybillStatus::Cancelled).unwrap();
        for role in [Role::Admin, Role::Worker, Role::CsSupervisor, Role::Road] {
            assert!(!cancelled.may_report(role, FulfilledBy::Warehouse));
        }
    }
}

fn report(number: usize, reason: usize) -> ReportStatus {
    ReportStatus {
        waybill_no: WaybillNo::new(format!("shop-{number}-1")).unwrap(),
        status: WaybillStatus::DeliveryFailed,
        attempt: None,
        route_ref: None,
        expected_version: None,
        occurred_at: chrono::DateTime::from_timestamp(1_291_104_000, 0).unwrap().into(),
        reason: (reason > 0).then(|| "\u{1}".repeat(reason)),
    }
}

#[test]
fn the_digest_of_a_whole_is_one() {
    let batch = |whole: Option<&str>| {
        let whole = whole.map(str::to_owned);
        ReportStatuses { reports: vec![report(1, 0)], whole }.validate()
    };
    let digest = "0a".repeat(32);
    for whole in [None, Some(digest.as_str())] {
        assert_eq!(batch(whole), Ok(()), "{whole:?}");
    }
    for whole in ["", "0a", &digest.to_uppercase(), &format!("{digest}0")] {
        assert!(batch(Some(whole)).is_err(), "{whole}");
    }
}

#[test]
fn any_number_of_reports_is_split_into_messages_that_are_allowed() {
    let sizes = |reports: Vec<ReportStatus>| -> Vec<usize> {
        let batches = ReportStatuses::split(reports.clone());
        for batch in &batches {
            assert_eq!(batch.validate(), Ok(()));
            let bound = ReportStatuses { whole: Some("0".repeat(64)), ..batch.clone() };
            assert_eq!(bound.validate(), Ok(()));
            assert!(serde_json::to_vec(&bound).unwrap().len() <= MAX_MESSAGE_BYTES);
        }
        let all: Vec<_> = batches.iter().flat_map(|batch| batch.reports.clone()).collect();
        assert_eq!(all, reports, "all of them, in their order");
        batches.iter().map(|batch| batch.reports.len()).collect()
    };
    assert!(sizes(Vec::new()).is_empty());
    assert_eq!(sizes((0..2_001).map(|n| report(n, 0)).collect()), [2_000, 1]);
    // a control character is six bytes of JSON
    let large = sizes((0..1_000).map(|n| report(n, 500)).collect());
    assert!(large.len() >= 3 && large.iter().sum::<usize>() == 1_000, "{large:?}");
}

#[test]
fn the_items_of_a_batch_have_ids_of_their_own_that_a_resend_has_again() {
    let batch = MessageId(uuid::Uuid::from_u128(7));
    let ids: BTreeSet<_> = (0..MAX_REPORTS).map(|item| batch.of_item(item)).collect();
    assert_eq!(ids.len(), MAX_REPORTS);
    assert_eq!(batch.of_item(3), batch.of_item(3));
    assert_ne!(batch.of_item(3), MessageId(uuid::Uuid::from_u128(8)).of_item(3));
    assert_eq!(batch.of_item(0).0.get_version_num(), 5);
}
