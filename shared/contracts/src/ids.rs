//! Identifiers as newtypes: a text id is never empty, bounded in length, free of control characters and
//! without a space at its ends.
//! No generated ids here except those derived from a client's own key.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

/// Why a text is no valid identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidId {
    /// The text is empty or only white space.
    #[error("{kind} is empty: give it a value")]
    Empty {
        /// Which identifier.
        kind: &'static str,
    },
    /// The text is longer than its column.
    #[error("{kind} has {characters} characters, at most {max} are allowed")]
    TooLong {
        /// Which identifier.
        kind: &'static str,
        /// How many it has.
        characters: usize,
        /// How many it may have.
        max: usize,
    },
    /// The text holds a control character or one that this identifier does not allow, or a space at
    /// one of its ends.
    #[error("{kind} holds the character {character:?} where it is not allowed")]
    Character {
        /// Which identifier.
        kind: &'static str,
        /// The first offending character.
        character: char,
    },
}

/// Which characters a text may have.
struct Rule {
    /// Finds the first character that is not allowed, or not allowed where it stands.
    odd: fn(&str) -> Option<char>,
    /// The same as a regular expression of JSON Schema.
    pattern: &'static str,
}

const CODE: Rule = Rule { odd: code, pattern: "^[A-Za-z0-9._-]+$" };
const ACCOUNT: Rule = Rule { odd: account, pattern: "^[a-z0-9._@-]+$" };
const ASCII: Rule = Rule { odd: ascii, pattern: "^[!-~]([ -~]*[!-~])?$" };
const ASCII_PADDED: Rule = Rule { odd: ascii_padded, pattern: "^[ -~]*[!-~][ -~]*$" };
const PRINTABLE: Rule = Rule {
    odd: printable,
    pattern: r"^[^\s\u0000-\u001f\u007f-\u009f]([^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f])?$",
};

fn check(kind: &'static str, text: &str, max: usize, rule: &Rule) -> Result<(), InvalidId> {
    if text.trim().is_empty() {
        return Err(InvalidId::Empty { kind });
    }
    // as JSON Schema and the databases count
    let characters = text.chars().count();
    if characters > max {
        return Err(InvalidId::TooLong { kind, characters, max });
    }
    match (rule.odd)(text) {
        Some(character) => Err(InvalidId::Character { kind, character }),
        None => Ok(()),
    }
}

/// Databases compare texts without the spaces at their ends: `7` and `7 ` would be one key there and
/// two here.
fn padding(text: &str) -> Option<char> {
    let is_space = |c: &char| c.is_whitespace();
    text.chars().next().filter(is_space).or(text.chars().last().filter(is_space))
}

fn printable(text: &str) -> Option<char> {
    text.chars().find(|c| c.is_control()).or_else(|| padding(text))
}

fn code(text: &str) -> Option<char> {
    text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
}

/// One spelling a name: no capitals.
fn account(text: &str) -> Option<char> {
    let allowed = |c: &char| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | '@')
    };
    text.chars().find(|c| !allowed(c))
}

fn ascii(text: &str) -> Option<char> {
    ascii_padded(text).or_else(|| padding(text))
}

/// Without a rule about the ends: order-intake tells of them together with all other errors.
fn ascii_padded(text: &str) -> Option<char> {
    text.chars().find(|c| !(c.is_ascii_graphic() || *c == ' '))
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $rule:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "minLength": 1,
                    "maxLength": $max,
                    "pattern": $rule.pattern,
                })
            }
        }

        impl $name {
            /// The longest value in characters.
            pub const MAX_CHARACTERS: usize = $max;

            /// Checks and wraps a text.
            ///
            /// # Errors
            /// [`InvalidId`] when the text is empty, too long or holds a character not allowed here.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                check(stringify!($name), &text, $max, &$rule)?;
                Ok(Self(text))
            }

            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// Who sends orders: the name of a hot folder or of a shop.
    Source, 32, CODE
);
text_id!(
    /// The sender's own order number, unique within a [`Source`].
    OrderRef, 64, ASCII_PADDED
);
text_id!(
    /// The sender's own number of a return, unique within a [`Source`].
    ReturnRef, 64, ASCII
);
text_id!(
    /// `source-order_ref-k`: made by the split, readable, unique, the same on a replay.
    WaybillNo, 112, ASCII
);
text_id!(
    /// The number of a sales order for a warehouse; its waybill's number with a revision suffix.
    SalesOrderNo, 120, ASCII
);
text_id!(
    /// The sender's customer number; absent for guests.
    CustomerRef, 64, PRINTABLE
);
text_id!(
    /// A seller. Unknown ones are registered provisionally, never refused.
    Merchant, 32, CODE
);
text_id!(
    /// A merchant's store or pickup point.
    Store, 32, CODE
);
text_id!(
    /// Stock keeping unit; upper and lower case are different goods.
    Sku, 64, PRINTABLE
);
text_id!(
    /// Smallest delivery area.
    DistrictCode, 32, CODE
);
text_id!(
    /// Delivery zone: a set of districts served by one depot.
    ZoneCode, 32, CODE
);
text_id!(
    /// Fulfilment centre that routes start from.
    DepotCode, 32, CODE
);
text_id!(
    /// Promised delivery window, for example `0900-1300`.
    TimeslotCode, 32, CODE
);
text_id!(
    /// Kind of truck.
    TruckTypeCode, 32, CODE
);
text_id!(
    /// A warehouse that picks and packs.
    WarehouseCode, 32, CODE
);
text_id!(
    /// The owner's own name for one hold, so that it can be released again.
    HoldHandle, 64, PRINTABLE
);
text_id!(
    /// A broker user: who published a message, checked by the broker.
    UserId, 64, CODE
);
text_id!(
    /// A person or a program that signs in: the subject of its tokens.
    AccountName, 64, ACCOUNT
);

impl WaybillNo {
    /// The number of an order's `k`-th waybill (from 1): `source-order_ref-k`. A hyphen in the source is
    /// written `~`, which no source holds, so that two orders never share a number.
    ///
    /// # Errors
    /// [`InvalidId::TooLong`] never happens for valid parts; it is passed on all the same.
    pub fn derive(source: &Source, order_ref: &OrderRef, k: usize) -> Result<Self, InvalidId> {
        Self::new(format!("{}-{k}", Self::order_prefix(source, order_ref)))
    }

    /// The number of the waybill that fetches the order's `n`-th return (from 1): `source-order_ref-rN`.
    ///
    /// # Errors
    /// As [`WaybillNo::derive`].
    pub fn of_return(source: &Source, order_ref: &OrderRef, n: u32) -> Result<Self, InvalidId> {
        Self::new(format!("{}-r{n}", Self::order_prefix(source, order_ref)))
    }

    /// The number of the order's `n`-th replacement (from 1): `source-order_ref-xN`.
    ///
    /// # Errors
    /// As [`WaybillNo::derive`].
    pub fn of_replacement(
        source: &Source,
        order_ref: &OrderRef,
        n: u32,
    ) -> Result<Self, InvalidId> {
        Self::new(format!("{}-x{n}", Self::order_prefix(source, order_ref)))
    }

    /// The number of the waybill that takes picked goods of this one to the warehouse of its `n`-th sales
    /// order: `source-order_ref-ktN`.
    ///
    /// # Errors
    /// It is too long for a number.
    pub fn of_transfer(&self, n: u32) -> Result<Self, InvalidId> {
        Self::new(format!("{}t{n}", self.0))
    }

    /// What the numbers of all waybills of an order begin with.
    #[must_use]
    pub fn order_prefix(source: &Source, order_ref: &OrderRef) -> String {
        format!("{}-{order_ref}", source.as_str().replace('-', "~"))
    }

    /// The order that it is a waybill of: the reverse of [`WaybillNo::derive`]. No source holds a `~`, so
    /// the first hyphen ends it; the last one begins the waybill's own part. `None` for a number that was
    /// made otherwise.
    #[must_use]
    pub fn order(&self) -> Option<(Source, OrderRef)> {
        let (source, order_ref) = self.order_part().split_once('-')?;
        Some((Source::new(source.replace('~', "-")).ok()?, OrderRef::new(order_ref).ok()?))
    }

    /// The part before the last hyphen: equal for all waybills of an order.
    #[must_use]
    pub fn order_part(&self) -> &str {
        self.0.rsplit_once('-').map_or(&self.0, |(order, _)| order)
    }
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new time-ordered (version 7) id.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

uuid_id!(
    /// With its sender, the idempotency key of a message.
    MessageId
);
uuid_id!(
    /// One dated route.
    RouteId
);

impl MessageId {
    /// The id of the `index`-th item (from 0) of the batch that travelled under this id: a UUIDv5 of both,
    /// so that a resend has the same items.
    #[must_use]
    pub fn of_item(self, index: usize) -> Self {
        Self(Uuid::new_v5(&self.0, index.to_string().as_bytes()))
    }
}

/// Namespace of ids derived from a client's own key.
const NAMESPACE: Uuid = Uuid::from_bytes([
    0x64, 0x72, 0x61, 0x79, 0x2d, 0x6d, 0x65, 0x73, 0x8a, 0x61, 0x67, 0x65, 0x2d, 0x69, 0x64, 0x73,
]);

/// The message id of a client's own key: UUIDv5 of sender and key, so that a resend is the same message.
#[must_use]
pub fn derive_message_id(sender: &str, key: &str) -> MessageId {
    let name = format!("{sender}\u{1f}{key}");
    MessageId(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
}
