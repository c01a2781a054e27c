//! The table: every status and role through one check, and the documents made from it.

use contracts::{FulfilledBy, Role, WaybillKind, WaybillStatus};
use runtime::Outcome;

use super::story::{Said, Story, report, somebody};
use crate::change::Change;
use crate::lifecycle::{Level, may_report, row, statuses_of};
use crate::{drawing, lifecycle};

use FulfilledBy::{Merchant, Warehouse};
use Role::{Admin, CsAgent, CsSupervisor, Road, Sorting, Worker};
use WaybillStatus as S;

const ROLES: [Role; 12] = [
    Role::Customer,
    Role::Merchant,
    CsAgent,
    CsSupervisor,
    Role::Dispatcher,
    Role::Warehouse,
    Sorting,
    Road,
    Role::Shop,
    Worker,
    Role::Operator,
    Admin,
];

/// Tries every role, on a waybill that exists and on one that does not yet: allowed are exactly `roles`.
fn check(status: WaybillStatus, fulfilled_by: FulfilledBy, roles: &[Role]) {
    for role in ROLES {
        let said = report(role, status, 1, 5);
        let mut live = Story::new(fulfilled_by);
        live.hear(&Said::Order);
        let outcome = live.outcome(&said);
        let refused =
            matches!(outcome, Outcome::Rejected(refusal) if refusal.code == "NOT_ALLOWED");
        assert_eq!(
            !refused,
            roles.contains(&role),
            "{role:?} reports {status:?} ({fulfilled_by:?})"
        );

        let mut early = Story::new(fulfilled_by);
        early.hear(&said);
        early.hear(&Said::Order);
        assert_eq!(early.ending(), live.ending(), "{role:?} reports {status:?} before it exists");
    }
}

#[test]
fn every_status_is_reported_by_its_own_roles_only() {
    for by in [Warehouse, Merchant] {
        let packer = if by == Merchant { Role::Merchant } else { Role::Warehouse };
        check(S::Created, by, &[Worker, CsAgent, CsSupervisor, Admin]);
        check(S::Acknowledged, by, &[packer, Admin]);
        check(S::Picked, by, &[packer, Admin]);
        check(S::Packed, by, &[packer, Admin]);
        check(S::Cancelled, by, &[Worker]);
        check(S::Loaded, by, &[Sorting, Road, Admin]);
        check(S::Dispatched, by, &[Road, Admin]);
        check(S::OutForDelivery, by, &[Road, Admin]);
        check(S::ReadyForCollection, by, &[Road, Admin]);
        check(S::DeliveryFailed, by, &[Road, Admin]);
        check(S::Delivered, by, &[Road, Admin]);
        check(S::Returning, by, &[Road, CsAgent, CsSupervisor, Admin]);
        check(S::ReturnedToOrigin, by, &[Role::Warehouse, Admin]);
        check(S::Lost, by, &[Road, CsAgent, CsSupervisor, Admin]);
        check(S::Damaged, by, &[Road, CsAgent, CsSupervisor, Admin]);
    }
}

#[test]
fn what_is_fetched_from_a_customer_is_never_packed() {
    assert!(may_report(S::Packed, Role::Warehouse, WaybillKind::Transfer, Warehouse));
    assert!(!may_report(S::Packed, Role::Warehouse, WaybillKind::Return, Warehouse));
    assert!(may_report(S::Dispatched, Road, WaybillKind::Return, Warehouse));
}

#[test]
fn a_merchant_touches_its_own_goods_only() {
    for merchant in [Some("other".to_owned()), None] {
        let mut stranger = somebody(Role::Merchant);
        stranger.merchant = merchant;
        let occurred_at = super::story::at(1);
        let change = Change::Report { status: S::Packed, attempt: None, occurred_at };
        let said = Said::Change(stranger, change);

        let mut live = Story::new(Merchant);
        live.hear(&Said::Order);
        let outcome = live.outcome(&said);
        let Outcome::Rejected(refusal) = outcome else { panic!("not rejected: {outcome:?}") };
        assert_eq!(refusal.code, "UNKNOWN_WAYBILL");
        let mut early = Story::new(Merchant);
        assert_eq!(early.outcome(&said), Outcome::Parked);
        early.hear(&Said::Order);
        assert_eq!(early.status(), S::Created);
    }
}

#[test]
fn every_status_stands_once_in_its_level_at_its_rank() {
    let levels = [Level::Base, Level::Attempt, Level::Above];
    let mut seen = Vec::new();
    for level in levels {
        for (rank, &status) in statuses_of(level).iter().enumerate() {
            assert_eq!((row(status).level, row(status).rank as usize), (level, rank), "{status:?}");
            seen.push(status);
        }
    }
    seen.sort();
    assert_eq!(seen, S::ALL);
}

#[test]
fn every_proof_happens_on_the_road_and_ranks_below_what_it_proves() {
    for status in S::ALL {
        for &proof in lifecycle::row(status).proofs {
            assert_eq!(row(proof).level, Level::Attempt);
            let position = |status| (row(status).level, row(status).rank);
            assert!(position(proof) < position(status), "{proof:?} proves {status:?}");
        }
    }
}

#[test]
fn the_readme_shows_the_table() {
    let readme = include_str!("../../README.md");
    assert!(readme.contains(&drawing::markdown()), "README.md needs:\n{}", drawing::markdown());
    assert!(readme.contains(&drawing::mermaid()), "README.md needs:\n{}", drawing::mermaid());
}
