//! What makes a type a message: its name on the wire, its exchange, its routing key, its validation.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// The exchanges of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exchange {
    /// Imperatives to the workers.
    Commands,
    /// What happened.
    Events,
    /// Questions that query-desk answers.
    Queries,
    /// Operators to running workers.
    Control,
    /// Answers to commands, queries and control, straight to one instance.
    Replies,
    /// What a warehouse management system sends us.
    WmsIn,
    /// What we send a warehouse management system.
    WmsOut,
}

impl Exchange {
    /// The name on the broker.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commands => "dray.commands",
            Self::Events => "dray.events",
            Self::Queries => "dray.queries",
            Self::Control => "dray.control",
            Self::Replies => "dray.replies",
            Self::WmsIn => "partner.wms.in",
            Self::WmsOut => "partner.wms.out",
        }
    }
}

/// An AMQP routing key; only code makes one, from a contract.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoutingKey(String);

impl RoutingKey {
    /// The key of a message type: the type without its version.
    #[must_use]
    pub fn of_type(message_type: &str) -> Self {
        Self(split_version(message_type).map_or(message_type, |(name, _)| name).to_owned())
    }

    /// The same key with one more word that a topic binding may filter on.
    #[must_use]
    pub fn with(mut self, word: &str) -> Self {
        self.0.push('.');
        self.0.push_str(word);
        self
    }

    /// A key that addresses one queue by its name (direct exchanges only).
    #[must_use]
    pub fn to_queue(queue: impl Into<String>) -> Self {
        Self(queue.into())
    }

    /// The key itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoutingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Splits `waybill.held.v1` into `waybill.held` and 1.
#[must_use]
pub fn split_version(message_type: &str) -> Option<(&str, u32)> {
    let (name, version) = message_type.rsplit_once(".v")?;
    Some((name, version.parse().ok()?))
}

/// One message type: a Rust type, its wire name and where it is published.
pub trait Contract: Serialize + DeserializeOwned + JsonSchema + fmt::Debug + Send + Sync {
    /// The AMQP `type` property: context, verb or fact, version.
    const TYPE: &'static str;
    /// Where it is published.
    const EXCHANGE: Exchange;

    /// The form of its routing keys: words, the last one in braces where it is a value of the message.
    /// For documents and for tests; [`Contract::routing_key`] makes the key itself.
    #[must_use]
    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).as_str().to_owned()
    }

    /// The routing key of this message.
    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE)
    }

    /// What the type system cannot say. The text says what is wrong and what is allowed.
    ///
    /// # Errors
    /// A sentence for the sender.
    fn validate(&self) -> Result<(), String> {
        Ok(())
    }
}

/// Whether this is the digest of a whole request, where there is one.
pub(crate) fn check_whole(whole: Option<&str>) -> Result<(), String> {
    if whole.is_none_or(is_sha256) {
        return Ok(());
    }
    Err("whole has 64 lower-case hexadecimal digits".to_owned())
}

/// True for SHA-256 as 64 lower-case hexadecimal digits.
pub(crate) fn is_sha256(text: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 64 && text.bytes().all(is_digit)
}

/// Why a delivery is no message of ours. Its `code` is the reason in the dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The `type` property names no message that this queue carries.
    #[error("type {0:?} is not consumed here: check the type property and its version")]
    UnknownType(String),
    /// The body is no UTF-8.
    #[error("the body of {message_type} is not UTF-8: {detail}")]
    NotUtf8 {
        /// The declared type.
        message_type: String,
        /// Where it breaks.
        detail: String,
    },
    /// The body is no JSON of this shape.
    #[error("the body of {message_type} does not fit its contract: {detail}")]
    Malformed {
        /// The declared type.
        message_type: String,
        /// What serde says, with line and column.
        detail: String,
    },
    /// The body parses but says something that is not allowed.
    #[error("{message_type} is not valid: {detail}")]
    Invalid {
        /// The declared type.
        message_type: String,
        /// What is wrong.
        detail: String,
    },
}

impl DecodeError {
    /// A stable code for headers, metrics and reports.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnknownType(_) => "UNKNOWN_TYPE",
            Self::NotUtf8 { .. } => "NOT_UTF8",
            Self::Malformed { .. } => "MALFORMED",
            Self::Invalid { .. } => "INVALID",
        }
    }
}

/// Everything that one worker consumes, as an enum with one variant a contract. Made by [`inbound!`].
pub trait Inbound: fmt::Debug + Send + Sync + Sized + 'static {
    /// The wire names of all variants.
    const TYPES: &'static [&'static str];

    /// Reads a body of the named type.
    ///
    /// # Errors
    /// [`DecodeError`] when the type is not consumed here or the body does not fit it.
    fn decode(message_type: &str, body: &[u8]) -> Result<Self, DecodeError>;
}

/// Reads and validates one body.
#[doc(hidden)]
pub fn decode_body<C: Contract>(body: &[u8]) -> Result<C, DecodeError> {
    let message_type = || C::TYPE.to_owned();
    let text = std::str::from_utf8(body).map_err(|error| DecodeError::NotUtf8 {
        message_type: message_type(),
        detail: error.to_string(),
    })?;
    let message: C = serde_json::from_str(text).map_err(|error| DecodeError::Malformed {
        message_type: message_type(),
        detail: error.to_string(),
    })?;
    message
        .validate()
        .map_err(|detail| DecodeError::Invalid { message_type: message_type(), detail })?;
    Ok(message)
}

/// Declares what a worker consumes: `inbound! { pub enum Incoming { Create(CreateOrder), ... } }`.
#[macro_export]
macro_rules! inbound {
    ($(#[$doc:meta])* $vis:vis enum $name:ident { $($(#[$vdoc:meta])* $variant:ident($contract:ty)),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug)]
        $vis enum $name { $($(#[$vdoc])* $variant($contract)),+ }

        impl $crate::Inbound for $name {
            const TYPES: &'static [&'static str] = &[$(<$contract as $crate::Contract>::TYPE),+];

            fn decode(message_type: &str, body: &[u8]) -> Result<Self, $crate::DecodeError> {
                $(if message_type == <$contract as $crate::Contract>::TYPE {
                    return $crate::decode_body::<$contract>(body).map(Self::$variant);
                })+
                Err($crate::DecodeError::UnknownType(message_type.to_owned()))
            }
        }
    };
}
