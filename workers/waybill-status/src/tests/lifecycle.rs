//! The table: every status and role through one check, and the documents made from it.

use contracts::{FulfilledBy, Role, Way, WaybillKind, WaybillStatus};
use runtime::Outcome;

use super::story::{Said, Story, report, somebody};
use crate::change::Change;
use crate::drawing;
use crate::evidence::Report;
use crate::lifecycle::may_report;

use FulfilledBy::{Merchant, Warehouse};
use Role::{Admin, CsAgent, CsSupervisor, Road, Sorting, Worker};
use WaybillStatus as S;

/// Tries every role, on a waybill that exists and on one that does not yet: allowed are exactly `roles`.
fn check(status: WaybillStatus, fulfilled_by: FulfilledBy, roles: &[Role]) {
    for role in Role::ALL {
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
        check(S::Cancelled, by, &[]);
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
fn what_is_fetched_from_a_customer_is_reported_by_its_own_roles_only() {
    let may = |status| -> Vec<Role> {
        let may = |role: &Role| may_report(status, *role, WaybillKind::Return, Warehouse);
        Role::ALL.into_iter().filter(may).collect()
    };
    assert_eq!(may(S::Created), [CsAgent, CsSupervisor, Worker, Admin]);
    for road in [S::Dispatched, S::OutForPickup, S::PickupFailed] {
        assert_eq!(may(road), [Road, Admin]);
    }
    assert_eq!(may(S::Collected), [CsAgent, CsSupervisor, Road, Admin]);
    assert_eq!(may(S::Lost), [CsAgent, CsSupervisor, Road, Admin]);
    assert_eq!(may(S::Delivered), [Role::Warehouse, Road, Admin]);
    for never in [
        S::Acknowledged,
        S::Picked,
        S::Packed,
        S::Loaded,
        S::OutForDelivery,
        S::ReadyForCollection,
        S::DeliveryFailed,
        S::Returning,
        S::ReturnedToOrigin,
        S::Damaged,
        S::Cancelled,
    ] {
        assert_eq!(may(never), [], "{never:?}");
    }
    assert!(may_report(S::Packed, Role::Warehouse, WaybillKind::Transfer, Warehouse));
    assert!(may_report(S::Packed, Role::Warehouse, WaybillKind::Replacement, Warehouse));
}

#[test]
fn a_merchant_touches_its_own_goods_only() {
    for merchant in [Some("other".to_owned()), None] {
        let mut stranger = somebody(Role::Merchant);
        stranger.merchant = merchant;
        let occurred_at = super::story::at(1);
        let said = Report { status: S::Packed, occurred_at, attempt: None, route_ref: None };
        let change = Change::Report { said, reason: None };
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
fn the_readme_shows_the_table() {
    let readme = include_str!("../../README.md");
    for way in Way::ALL {
        for part in [drawing::markdown(way), drawing::mermaid(way)] {
            assert!(readme.contains(&part), "README.md needs:\n{part}");
        }
    }
}
