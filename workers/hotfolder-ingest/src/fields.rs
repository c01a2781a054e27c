//! One field: from its text to its value, or why it has none.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc};
use contracts::{
    Currency, FulfilledBy, InvalidId, MAX_RETURN_UNITS, Personal, SkuType, Timestamp, UnitPrice,
    WaybillStatus,
};
use rust_decimal::Decimal;

use crate::fault::{Code, LineError, excerpt};
use crate::tsv::{Column, Record};

/// A value, or the code and the sentence that say why there is none.
pub(crate) type Parsed<T> = Result<T, (Code, String)>;

/// Years that both the calendar of the business and the database know.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=9998;
const QUANTITIES: std::ops::RangeInclusive<i64> = 1..=9_999;

/// Reads the fields of one record and notes what is wrong with them.
pub(crate) struct Fields<'r, 'a, C> {
    pub(crate) record: &'r Record<'a, C>,
    pub(crate) errors: &'r mut Vec<LineError>,
}

impl<'a, C: Column> Fields<'_, 'a, C> {
    /// The value of a field that must not be empty; `None` after an error.
    pub(crate) fn required<T>(
        &mut self,
        column: C,
        parse: impl FnOnce(&'a str) -> Parsed<T>,
    ) -> Option<T> {
        match self.optional(column, parse)? {
            Some(value) => Some(value),
            None => {
                let message = format!("{} is empty: give it a value", column.name());
                self.wrong(column, Code::MissingValue, message);
                None
            }
        }
    }

    /// The value of a field that may be empty; the outer `None` after an error.
    pub(crate) fn optional<T>(
        &mut self,
        column: C,
        parse: impl FnOnce(&'a str) -> Parsed<T>,
    ) -> Option<Option<T>> {
        // Bytes that are no UTF-8 have been reported with the shape of the line.
        let text = self.record.field(column).ok()?;
        match text.filter(|text| !text.is_empty()).map(parse).transpose() {
            Ok(value) => Some(value),
            Err((code, message)) => {
                self.wrong(column, code, message);
                None
            }
        }
    }

    pub(crate) fn wrong(&mut self, column: C, code: Code, message: String) {
        self.errors.push(LineError::of_field(self.record.line, column.name(), code, message));
    }
}

/// An identifier, checked by its own type.
pub(crate) fn id<T>(
    new: impl FnOnce(String) -> Result<T, InvalidId>,
) -> impl FnOnce(&str) -> Parsed<T> {
    |text| {
        new(text.to_owned()).map_err(|error| match error {
            InvalidId::Empty { .. } => (Code::MissingValue, error.to_string()),
            InvalidId::TooLong { .. } | InvalidId::Character { .. } => {
                (Code::InvalidReference, error.to_string())
            }
        })
    }
}

/// Free text of at most `characters_max` characters.
pub(crate) fn text(characters_max: usize) -> impl FnOnce(&str) -> Parsed<String> {
    move |text| {
        // No text has more characters than bytes, and most need no counting.
        if text.len() <= characters_max || text.chars().count() <= characters_max {
            return Ok(text.to_owned());
        }
        let message = format!("the text is longer than {characters_max} characters");
        Err((Code::TextTooLong, message))
    }
}

/// Personal text of at most `characters_max` characters.
pub(crate) fn personal(characters_max: usize) -> impl FnOnce(&str) -> Parsed<Personal> {
    move |raw| text(characters_max)(raw).map(Personal::new)
}

/// RFC 3339 with an offset.
pub(crate) fn time(text: &str) -> Parsed<Timestamp> {
    let wrong = || {
        let message = format!("{} is no time: write 2026-03-01T09:30:00Z", excerpt(text));
        (Code::InvalidTime, message)
    };
    let time = DateTime::parse_from_rfc3339(text).map_err(|_any| wrong())?.with_timezone(&Utc);
    // A leap second parses, and no database keeps one.
    let is_storable = YEARS.contains(&time.year()) && time.nanosecond() < 1_000_000_000;
    if is_storable { Ok(Timestamp::from(time)) } else { Err(wrong()) }
}

/// `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Parsed<NaiveDate> {
    let is_shaped = text.len() == 10
        && text.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let day = is_shaped.then(|| text.parse::<NaiveDate>().ok()).flatten();
    day.filter(|day| YEARS.contains(&day.year())).ok_or_else(|| {
        let message = format!("{} is no day: write 2026-03-01", excerpt(text));
        (Code::InvalidDate, message)
    })
}

/// A whole number that fits 32 bits.
pub(crate) fn whole(text: &str) -> Parsed<u32> {
    let number = is_digits(text).then(|| text.parse::<u32>().ok()).flatten();
    number.ok_or_else(|| {
        let message = format!("{} is no whole number from 0 to {}", excerpt(text), u32::MAX);
        (Code::InvalidNumber, message)
    })
}

/// Units of one line.
pub(crate) fn quantity(text: &str) -> Parsed<u32> {
    if !is_digits(text.strip_prefix('-').unwrap_or(text)) {
        let message = format!("{} is no whole number", excerpt(text));
        return Err((Code::InvalidNumber, message));
    }
    let number = text.parse::<i64>().ok().filter(|number| QUANTITIES.contains(number));
    number.and_then(|number| u32::try_from(number).ok()).ok_or_else(|| {
        let message = format!("the quantity {} is not between 1 and 9999", excerpt(text));
        (Code::QuantityOutOfRange, message)
    })
}

/// Units that are given back: the sign says nothing, some write what comes back as less.
pub(crate) fn given_back(text: &str) -> Parsed<u32> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !is_digits(digits) {
        return Err((Code::InvalidNumber, format!("{} is no whole number", excerpt(text))));
    }
    let number = digits.parse::<u32>().ok().filter(|n| (1..=MAX_RETURN_UNITS).contains(n));
    number.ok_or_else(|| {
        let message = format!(
            "the quantity {} is not between 1 and {MAX_RETURN_UNITS}, whatever its sign",
            excerpt(text)
        );
        (Code::QuantityOutOfRange, message)
    })
}

/// A decimal of 0 or more with at most 6 places, kept as it is written.
pub(crate) fn price(text: &str) -> Parsed<UnitPrice> {
    let wrong = || {
        let message = format!(
            "{} is no unit price: a decimal of 0 or more with at most 6 places, for example 12.50",
            excerpt(text)
        );
        (Code::InvalidPrice, message)
    };
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (units, places) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if !is_digits(units) || !is_digits(places) {
        return Err(wrong());
    }
    let decimal = Decimal::from_str_exact(text).map_err(|_any| wrong())?;
    UnitPrice::new(decimal).map_err(|_any| wrong())
}

/// Three capital letters.
pub(crate) fn currency(text: &str) -> Parsed<Currency> {
    Currency::new(text).map_err(|_any| {
        let message = format!("{} is no ISO 4217 currency, for example GBP", excerpt(text));
        (Code::InvalidCurrency, message)
    })
}

/// `dry` or `frozen`.
pub(crate) fn sku_type(text: &str) -> Parsed<SkuType> {
    match text {
        "dry" => Ok(SkuType::Dry),
        "frozen" => Ok(SkuType::Frozen),
        _ => Err((Code::InvalidChoice, format!("{} is neither dry nor frozen", excerpt(text)))),
    }
}

/// `warehouse` or `merchant`.
pub(crate) fn fulfilled_by(text: &str) -> Parsed<FulfilledBy> {
    match text {
        "warehouse" => Ok(FulfilledBy::Warehouse),
        "merchant" => Ok(FulfilledBy::Merchant),
        _ => Err((
            Code::InvalidChoice,
            format!("{} is neither warehouse nor merchant", excerpt(text)),
        )),
    }
}

/// A status by its name.
pub(crate) fn status(text: &str) -> Parsed<WaybillStatus> {
    WaybillStatus::parse(text).ok_or_else(|| {
        let message = format!("{} is no status of a waybill, for example DELIVERED", excerpt(text));
        (Code::InvalidChoice, message)
    })
}

/// The number of an attempt.
pub(crate) fn attempt(text: &str) -> Parsed<u16> {
    let number = is_digits(text).then(|| text.parse::<u16>().ok()).flatten();
    number.filter(|number| (1..=32).contains(number)).ok_or_else(|| {
        (Code::InvalidNumber, format!("{} is no attempt from 1 to 32", excerpt(text)))
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
