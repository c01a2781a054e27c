//! Who may see what. A merchant sees its own goods, a customer its own orders, a shop its own source's;
//! everybody else here is staff or the fleet. What is foreign is as if it were not there.
//!
//! Pure. Never here: a statement, a cache.

use contracts::{
    Actor, CustomerRef, Merchant, OrderStanding, Role, Source, WaybillNo, WaybillOwner,
};
use serde::{Deserialize, Serialize};

/// What an asker may see: a part of every question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everything.
    All,
    /// What holds goods of this merchant, and of an order only that part.
    Merchant(Merchant),
    /// What this customer ordered.
    Customer(CustomerRef),
    /// What this system sent.
    Source(Source),
    /// Nothing: the asker does not say whose it is.
    Nothing,
}

/// A scope as lists are narrowed by it: what is absent does not limit. At most one is there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limits<'a> {
    pub(crate) merchant: Option<&'a Merchant>,
    pub(crate) customer: Option<&'a CustomerRef>,
    pub(crate) source: Option<&'a Source>,
}

/// Whose an order is, and whose its parts are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OrderOwner {
    pub(crate) customer: Option<CustomerRef>,
    pub(crate) parts: Vec<Part>,
    pub(crate) version: u64,
}

/// The lines of one merchant in one waybill (or in none, where they make no parcel).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) merchant: Merchant,
    pub(crate) waybill_no: Option<WaybillNo>,
    pub(crate) lines: u32,
}

impl Scope {
    /// What `actor` may see.
    pub(crate) fn of(actor: &Actor) -> Self {
        match actor.role {
            Role::Merchant => named(actor.merchant.as_deref(), Merchant::new, Self::Merchant),
            Role::Customer => named(Some(&actor.subject), CustomerRef::new, Self::Customer),
            Role::Shop => named(Some(&actor.subject), Source::new, Self::Source),
            Role::CsAgent
            | Role::CsSupervisor
            | Role::Dispatcher
            | Role::Warehouse
            | Role::Sorting
            | Role::Road
            | Role::Worker
            | Role::Operator
            | Role::Admin => Self::All,
        }
    }

    /// True for whoever needs no look at the owner.
    pub(crate) const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// What lists are narrowed by; `None` for an asker that sees nothing.
    pub(crate) fn limits(&self) -> Option<Limits<'_>> {
        let limits = Limits::default();
        match self {
            Self::All => Some(limits),
            Self::Merchant(merchant) => Some(Limits { merchant: Some(merchant), ..limits }),
            Self::Customer(customer) => Some(Limits { customer: Some(customer), ..limits }),
            Self::Source(source) => Some(Limits { source: Some(source), ..limits }),
            Self::Nothing => None,
        }
    }

    /// True when it may see a waybill of this owner.
    pub(crate) fn sees_waybill(&self, owner: &WaybillOwner) -> bool {
        match self {
            Self::All => true,
            Self::Merchant(merchant) => owner.merchant.as_ref() == Some(merchant),
            Self::Customer(customer) => owner.customer.as_ref() == Some(customer),
            Self::Source(source) => owner.source.as_ref() == Some(source),
            Self::Nothing => false,
        }
    }

    /// True when it may see an order of this owner, or a part of it.
    pub(crate) fn sees_order(&self, source: &Source, owner: &OrderOwner) -> bool {
        match self {
            Self::All => true,
            Self::Merchant(merchant) => owner.parts.iter().any(|part| part.merchant == *merchant),
            Self::Customer(customer) => owner.customer.as_ref() == Some(customer),
            Self::Source(own) => own == source,
            Self::Nothing => false,
        }
    }

    /// The part of an order that it may see: a merchant is shown its own lines and waybills only.
    pub(crate) fn narrow(
        &self,
        standing: OrderStanding,
        owner: &OrderOwner,
    ) -> Option<OrderStanding> {
        if !self.sees_order(&standing.source, owner) {
            return None;
        }
        let Self::Merchant(merchant) = self else {
            return Some(standing);
        };
        let own: Vec<&Part> = owner.parts.iter().filter(|p| p.merchant == *merchant).collect();
        let lines = own.iter().fold(0, |sum: u32, part| sum.saturating_add(part.lines));
        let is_own = |no: &WaybillNo| own.iter().any(|part| part.waybill_no.as_ref() == Some(no));
        let mut waybill_numbers = standing.waybill_numbers;
        waybill_numbers.retain(is_own);
        let mut line_standings = standing.line_standings;
        line_standings.retain(|line| line.merchant == *merchant);
        Some(OrderStanding { lines, line_standings, waybill_numbers, ..standing })
    }
}

/// Who prints labels, and so sees the codes on them: of what they see at all.
pub(crate) const fn prints_labels(role: Role) -> bool {
    match role {
        Role::Merchant
        | Role::Warehouse
        | Role::CsAgent
        | Role::CsSupervisor
        | Role::Dispatcher
        | Role::Operator
        | Role::Admin => true,
        Role::Customer | Role::Shop | Role::Sorting | Role::Road | Role::Worker => false,
    }
}

/// A name that no row can have sees nothing.
fn named<T, E>(
    text: Option<&str>,
    read: impl FnOnce(String) -> Result<T, E>,
    scope: impl FnOnce(T) -> Scope,
) -> Scope {
    text.and_then(|text| read(text.to_owned()).ok()).map_or(Scope::Nothing, scope)
}
