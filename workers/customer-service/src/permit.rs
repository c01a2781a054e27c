//! Whose returns, replacements and cases somebody may touch. Knows roles and owners, never a state.

use contracts::{Actor, CustomerRef, Merchant, Refusal, RequestReturn, Role, Source};

use crate::lifecycle::Step;

/// Whether a return of this source and customer is the actor's own, or the actor is staff.
pub(crate) fn sees(actor: &Actor, source: &Source, customer: Option<&CustomerRef>) -> bool {
    match actor.role {
        Role::Customer => customer.is_some_and(|customer| customer.as_str() == actor.subject),
        Role::Shop => actor.subject == source.as_str(),
        Role::Merchant
        | Role::CsAgent
        | Role::CsSupervisor
        | Role::Dispatcher
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Worker
        | Role::Operator
        | Role::Admin => true,
    }
}

/// Whether the actor may ask for this return; and of whose goods alone, for a merchant.
///
/// # Errors
/// The refusal that the sender is told.
pub(crate) fn request(actor: &Actor, asked: &RequestReturn) -> Result<Option<Merchant>, Refusal> {
    Step::Request.permit(actor.role)?;
    if !sees(actor, &asked.source, asked.customer_ref.as_ref()) {
        let detail = "shops and customers ask for returns of their own alone: correct source and \
                      customer_ref";
        return Err(Refusal::new("NOT_ALLOWED", detail));
    }
    match (&actor.merchant, actor.role) {
        (None, Role::Merchant) => {
            Err(Refusal::new("NOT_ALLOWED", "the account does not say of which merchant it is"))
        }
        (None, _) => Ok(None),
        (Some(merchant), _) => match Merchant::new(merchant.as_str()) {
            Ok(merchant) => Ok(Some(merchant)),
            Err(error) => {
                Err(Refusal::new("NOT_ALLOWED", format!("the account's merchant: {error}")))
            }
        },
    }
}

/// Who sees to cases, and sends goods again.
///
/// # Errors
/// The refusal that the sender is told.
pub(crate) fn service(role: Role, what: &str) -> Result<(), Refusal> {
    match role {
        Role::CsAgent | Role::CsSupervisor | Role::Operator | Role::Admin => Ok(()),
        Role::Customer
        | Role::Merchant
        | Role::Dispatcher
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Shop
        | Role::Worker => {
            let detail = format!("{role:?} may not {what}: ask customer service");
            Err(Refusal::new("NOT_ALLOWED", detail))
        }
    }
}
