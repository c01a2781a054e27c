//! Who may create, cancel and amend orders. Whose an order is never changes, so that a command meets the
//! same answer whenever it arrives.

use contracts::{Actor, CustomerRef, Refusal, Role, Source};

/// Whether this sender may create an order of this source.
///
/// A shop speaks for itself only: the folder `north` cannot send an order of `south`.
///
/// # Errors
/// The refusal that it is told.
pub(crate) fn may_create(actor: &Actor, source: &Source) -> Result<(), Refusal> {
    let detail = match actor.role {
        Role::Operator | Role::Admin | Role::CsAgent | Role::CsSupervisor => return Ok(()),
        Role::Shop if actor.subject == source.as_str() => return Ok(()),
        Role::Shop => format!(
            "{:?} may send its own orders only, and this one says it comes from {source}: correct the source or send it from there",
            actor.subject
        ),
        Role::Customer
        | Role::Merchant
        | Role::Dispatcher
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Worker => {
            "orders are created by shops, customer service and operators: ask one of them"
                .to_owned()
        }
    };
    Err(Refusal::new("NOT_ALLOWED", detail))
}

/// Whether this sender may cancel or amend orders of this source, and this one, if it is there. A customer
/// is not told whether somebody else's order exists.
///
/// # Errors
/// The refusal that it is told.
pub(crate) fn may_change(
    actor: &Actor,
    source: &Source,
    customer: Option<&CustomerRef>,
) -> Result<(), Refusal> {
    let detail = match actor.role {
        Role::Operator | Role::Admin | Role::CsAgent | Role::CsSupervisor => return Ok(()),
        Role::Shop if actor.subject == source.as_str() => return Ok(()),
        Role::Customer if customer.is_some_and(|own| own.as_str() == actor.subject) => {
            return Ok(());
        }
        Role::Customer => return Err(unknown_order()),
        Role::Shop => format!(
            "{:?} may change its own orders only, and this one is of {source}",
            actor.subject
        ),
        Role::Merchant
        | Role::Dispatcher
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Worker => {
            "orders are changed by their shop, their customer and customer service: ask one of them"
                .to_owned()
        }
    };
    Err(Refusal::new("NOT_ALLOWED", detail))
}

/// Said of an order that is not there, or is somebody else's.
pub(crate) fn unknown_order() -> Refusal {
    Refusal::new("UNKNOWN_ORDER", "there is no such order: check its source and number")
}
