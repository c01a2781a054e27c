//! The table: what every role may do in every state.

use contracts::{ReturnStatus as S, Role};

use crate::lifecycle::{Next, Step};

#[test]
fn who_may_take_each_step() {
    use Role::{Admin, CsAgent, CsSupervisor, Customer, Merchant, Operator, Shop, Warehouse};
    let service = [CsAgent, CsSupervisor, Operator, Admin];
    let and = |more: &[Role]| [&service, more].concat();
    let table = [
        (Step::Request, and(&[Customer, Merchant, Shop])),
        (Step::Approve, and(&[])),
        (Step::Reject, and(&[])),
        (Step::Cancel, and(&[Customer, Shop])),
        (Step::Collect, Vec::new()),
        (Step::Receive, and(&[Warehouse])),
        (Step::Inspect, and(&[Warehouse])),
        (Step::Close, and(&[])),
    ];
    for (step, allowed) in table {
        for role in Role::ALL {
            assert_eq!(step.permit(role).is_ok(), allowed.contains(&role), "{step:?} by {role:?}");
        }
    }
}

#[test]
fn where_each_step_leads_from_every_state() {
    use Next::{Already as A, Never as N, To};
    // REQUESTED, APPROVED, REJECTED, COLLECTED, RECEIVED, INSPECTED, CLOSED, CANCELLED
    #[rustfmt::skip]
    let table = [
        (Step::Approve, [To(S::Approved), A, N, A, A, A, A, N]),
        (Step::Reject, [To(S::Rejected), N, A, N, N, N, N, N]),
        (Step::Cancel, [To(S::Cancelled), To(S::Cancelled), N, N, N, N, N, A]),
        (Step::Collect, [N, To(S::Collected), N, A, A, A, A, N]),
        (Step::Receive, [N, To(S::Received), N, To(S::Received), To(S::Received), N, N, N]),
        (Step::Inspect, [N, N, N, N, To(S::Inspected), N, N, N]),
        (Step::Close, [N, N, N, N, N, To(S::Closed), A, N]),
    ];
    for (step, expected) in table {
        let found = S::ALL.map(|status| step.from(status));
        assert_eq!(found, expected, "{step:?}");
    }
}

#[test]
fn every_state_is_reached_and_the_ends_are_left_by_nothing() {
    for status in S::ALL {
        assert!(Step::ALL.iter().any(|step| step.row().to == status), "{status:?}");
        let is_left = Step::ALL.iter().any(|step| step.row().from.contains(&status));
        let ends = [S::Rejected, S::Closed, S::Cancelled];
        assert_eq!(is_left, !ends.contains(&status), "{status:?}");
    }
}
