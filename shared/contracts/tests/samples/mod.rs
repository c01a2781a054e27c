//! One message of every type with every field filled, for the wire snapshots and what else is true of
//! all messages.

mod answers;
mod dispatching;
mod identity;
mod logistics;
mod orders;
mod planning;
mod reading;
mod service;
mod slots;

use contracts::{Contract, Timestamp};
use uuid::Uuid;

/// Something to do with a message of every type.
pub(crate) trait Visitor {
    /// `name` is the snapshot's: the wire name, and a word more where a type has several forms.
    fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C);

    /// The same for what is sent back, which has no wire name of its own.
    fn visit_answer<T>(&mut self, name: &str, answer: T)
    where
        T: serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug + PartialEq;
}

/// Shows every message to the visitor.
pub(crate) fn visit_all(visitor: &mut impl Visitor) {
    orders::visit(visitor);
    answers::visit(visitor);
    logistics::visit(visitor);
    planning::visit(visitor);
    service::visit(visitor);
    dispatching::visit(visitor);
    identity::visit(visitor);
    slots::visit(visitor);
    reading::visit(visitor);
}

pub(crate) fn id<T: TryFrom<String>>(text: &str) -> T {
    T::try_from(text.to_owned()).ok().expect("a valid id")
}

pub(crate) fn time(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).expect("a time").to_utc().into()
}

pub(crate) fn date(text: &str) -> chrono::NaiveDate {
    text.parse().expect("a date")
}

/// A row id that says which.
pub(crate) fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(0x018f_3f7c_0000_7000_8000_0000_0000_0000 | number)
}
