//! What can be wrong with a file, a line or a field: stable codes and a sentence for a person.
//! Never holds a customer's name, phone or address.

use std::borrow::Cow;

/// The longest excerpt of a field in a message, in characters.
const EXCERPT_CHARACTERS: usize = 40;

/// Stable codes of the errors that the hot folder finds by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// No byte, or no header.
    EmptyFile,
    /// Bytes that are no UTF-8.
    NotUtf8,
    /// A header without a single tab.
    NotTabSeparated,
    /// A required column is not in the header.
    MissingColumn,
    /// A column is in the header twice.
    DuplicateColumn,
    /// Longer than a line may be.
    LineTooLong,
    /// More or fewer fields than the header.
    FieldCount,
    /// A required field is empty.
    MissingValue,
    /// Text that is no identifier of its kind.
    InvalidReference,
    /// No RFC 3339 time.
    InvalidTime,
    /// No calendar day.
    InvalidDate,
    /// No whole number.
    InvalidNumber,
    /// A quantity outside of 1 to 9,999.
    QuantityOutOfRange,
    /// No price.
    InvalidPrice,
    /// No ISO 4217 code.
    InvalidCurrency,
    /// None of the words that a column allows.
    InvalidChoice,
    /// A text longer than the exchange keeps.
    TextTooLong,
    /// An order-level field that differs between lines of one order.
    DiffersWithinOrder,
    /// Two lines with one number.
    DuplicateLineNo,
    /// More than 2,000 lines or more than 1 MiB.
    OrderTooLarge,
    /// Quantity times price does not fit.
    TotalTooLarge,
    /// The finished order breaks its contract in another way.
    InvalidOrder,
    /// The finished report breaks its contract in another way.
    InvalidReport,
    /// The finished cancellation breaks its contract in another way.
    InvalidCancellation,
    /// The finished return breaks its contract in another way.
    InvalidReturn,
    /// Nobody takes files of this kind.
    NoWorkerYet,
}

impl Code {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmptyFile => "EMPTY_FILE",
            Self::NotUtf8 => "NOT_UTF8",
            Self::NotTabSeparated => "NOT_TAB_SEPARATED",
            Self::MissingColumn => "MISSING_COLUMN",
            Self::DuplicateColumn => "DUPLICATE_COLUMN",
            Self::LineTooLong => "LINE_TOO_LONG",
            Self::FieldCount => "FIELD_COUNT",
            Self::MissingValue => "MISSING_VALUE",
            Self::InvalidReference => "INVALID_REFERENCE",
            Self::InvalidTime => "INVALID_TIME",
            Self::InvalidDate => "INVALID_DATE",
            Self::InvalidNumber => "INVALID_NUMBER",
            Self::QuantityOutOfRange => "QUANTITY_OUT_OF_RANGE",
            Self::InvalidPrice => "INVALID_PRICE",
            Self::InvalidCurrency => "INVALID_CURRENCY",
            Self::InvalidChoice => "INVALID_CHOICE",
            Self::TextTooLong => "TEXT_TOO_LONG",
            Self::DiffersWithinOrder => "DIFFERS_WITHIN_ORDER",
            Self::DuplicateLineNo => "DUPLICATE_LINE_NO",
            Self::OrderTooLarge => "ORDER_TOO_LARGE",
            Self::TotalTooLarge => "TOTAL_TOO_LARGE",
            Self::InvalidOrder => "INVALID_ORDER",
            Self::InvalidReport => "INVALID_REPORT",
            Self::InvalidCancellation => "INVALID_CANCELLATION",
            Self::InvalidReturn => "INVALID_RETURN",
            Self::NoWorkerYet => "NO_WORKER_YET",
        }
    }
}

/// One error at one place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineError {
    /// Line of the file, the header is line 1.
    pub line: u64,
    /// Name of the column at fault, where one is.
    pub column: Option<Cow<'static, str>>,
    /// Stable code.
    pub code: Code,
    /// What is wrong and what is allowed.
    pub message: String,
}

impl LineError {
    /// An error of a whole line.
    #[must_use]
    pub fn of_line(line: u64, code: Code, message: impl Into<String>) -> Self {
        Self { line, column: None, code, message: message.into() }
    }

    /// An error of one field.
    #[must_use]
    pub fn of_field(
        line: u64,
        column: impl Into<Cow<'static, str>>,
        code: Code,
        message: impl Into<String>,
    ) -> Self {
        Self { line, column: Some(column.into()), code, message: message.into() }
    }
}

/// A field as a message may show it: quoted, escaped, cut. Not for personal data.
#[must_use]
pub fn excerpt(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(EXCERPT_CHARACTERS).collect();
    if characters.next().is_some() { format!("{start:?}...") } else { format!("{start:?}") }
}
