//! The lifecycle of a return as one table: each step with the states it may begin in, the state it leads
//! to, the states in which it has happened already, and who may take it. The drawing in README.md is made
//! from it.
//!
//! What never lives here: what a step does besides; the state of any one return.

use contracts::{Refusal, ReturnStatus, Role};

/// What is done with a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Request,
    Approve,
    Reject,
    Cancel,
    Collect,
    Receive,
    Inspect,
    Close,
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    /// As people and documents name it.
    pub name: &'static str,
    /// Where it may begin; empty for what makes the return.
    pub from: &'static [ReturnStatus],
    /// Where it leads.
    pub to: ReturnStatus,
    /// Where it has happened before: once more changes nothing.
    pub already: &'static [ReturnStatus],
    /// Who may take it; empty: only what is reported of the return's waybills does.
    pub roles: &'static [Role],
}

/// Whether a step can be taken now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// It leads there.
    To(ReturnStatus),
    /// It was taken before.
    Already,
    /// Not from here.
    Never,
}

const ASKERS: &[Role] = &[
    Role::Customer,
    Role::Merchant,
    Role::Shop,
    Role::CsAgent,
    Role::CsSupervisor,
    Role::Operator,
    Role::Admin,
];
const OWNERS: &[Role] =
    &[Role::Customer, Role::Shop, Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];
const SERVICE: &[Role] = &[Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];
const RECEIVERS: &[Role] =
    &[Role::Warehouse, Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];

impl Step {
    /// Every step, in the order of a return's life: what documents and tests go through.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 8] = [
        Self::Request,
        Self::Approve,
        Self::Reject,
        Self::Cancel,
        Self::Collect,
        Self::Receive,
        Self::Inspect,
        Self::Close,
    ];

    /// The table.
    #[rustfmt::skip]
    pub(crate) const fn row(self) -> &'static Row {
        use ReturnStatus::{Approved, Cancelled, Closed, Collected, Inspected, Received, Rejected, Requested};
        match self {
            Self::Request => &Row { name: "request", from: &[], to: Requested, roles: ASKERS,
                already: &ReturnStatus::ALL },
            Self::Approve => &Row { name: "approve", from: &[Requested], to: Approved, roles: SERVICE,
                already: &[Approved, Collected, Received, Inspected, Closed] },
            Self::Reject => &Row { name: "reject", from: &[Requested], to: Rejected, roles: SERVICE,
                already: &[Rejected] },
            Self::Cancel => &Row { name: "cancel", from: &[Requested, Approved], to: Cancelled, roles: OWNERS,
                already: &[Cancelled] },
            Self::Collect => &Row { name: "collected", from: &[Approved], to: Collected, roles: &[],
                already: &[Collected, Received, Inspected, Closed] },
            Self::Receive => &Row { name: "receipt", from: &[Approved, Collected, Received], to: Received,
                roles: RECEIVERS, already: &[] },
            Self::Inspect => &Row { name: "inspection", from: &[Received], to: Inspected, roles: RECEIVERS,
                already: &[] },
            Self::Close => &Row { name: "close", from: &[Inspected], to: Closed, roles: SERVICE,
                already: &[Closed] },
        }
    }

    /// Where it leads from a state.
    pub(crate) fn from(self, status: ReturnStatus) -> Next {
        let row = self.row();
        if row.from.contains(&status) {
            Next::To(row.to)
        } else if row.already.contains(&status) {
            Next::Already
        } else {
            Next::Never
        }
    }

    /// The role check. It never asks for the state.
    ///
    /// # Errors
    /// The refusal that the sender is told.
    pub(crate) fn permit(self, role: Role) -> Result<(), Refusal> {
        let Row { name, roles, .. } = self.row();
        if roles.contains(&role) {
            return Ok(());
        }
        let detail = format!("{role:?} may not {name} returns: ask customer service");
        Err(Refusal::new("NOT_ALLOWED", detail))
    }

    /// The refusal for a step that cannot be taken from here.
    pub(crate) fn never(self, status: ReturnStatus) -> Refusal {
        let Row { name, from, .. } = self.row();
        let from: Vec<&str> = from.iter().map(|status| status.as_str()).collect();
        let detail = format!(
            "the return is {}: the step {name:?} is possible while it is {}",
            status.as_str(),
            from.join(" or ")
        );
        Refusal::new("WRONG_STATE", detail)
    }
}
