//! Whether the rows of a parameter fit the columns that their statement unpacks them into.
//!
//! The server does not say: MariaDB cuts a long text, writes `?` for a character that the column's set
//! lacks, makes `0000-00-00` of a bad date and the largest number of a larger one, without an error,
//! whatever `ERROR ON ERROR` and strict mode promise (measured on 10.11; ordinary columns are strict).
//! So what would be changed on its way is refused here, with the field's name and without its content.

use std::fmt;

use chrono::NaiveDate;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One column of a `JSON_TABLE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Column<'a> {
    /// The name in the JSON objects.
    field: &'a str,
    holds: Holds,
}

/// What a column takes as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// `VARCHAR` and `CHAR`: so many characters.
    Chars { max: usize, ascii: bool },
    /// The `TEXT` types: so many bytes.
    Bytes(usize),
    /// Whole numbers from the first to the second.
    Whole(i128, i128),
    /// `DATE`.
    Date,
    /// `DATETIME(6)`.
    Time,
    /// A type without a rule of its own.
    Anything,
}

/// Checks the JSON array of a statement's rows against the statement.
///
/// # Errors
/// A sentence with the first field that does not fit.
pub(crate) fn check(sql: &str, rows: &str) -> Result<(), String> {
    let columns = columns(sql);
    let mut json = serde_json::Deserializer::from_str(rows);
    Rows(&columns).deserialize(&mut json).map_err(|error| error.to_string())
}

/// The columns of a statement's `JSON_TABLE`: everything of the form `name TYPE PATH '$.field'`.
pub(crate) fn columns(sql: &str) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once(" PATH '$.") {
        let Some((field, after)) = after.split_once('\'') else {
            break;
        };
        columns.push(Column { field, holds: holds(definition(before)) });
        rest = after;
    }
    columns
}

/// The end of `text` from its last comma or bracket that is not inside a type's own brackets.
fn definition(text: &str) -> &str {
    let mut depth = 0_u32;
    for (at, character) in text.char_indices().rev() {
        match character {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' | ',' if depth == 0 => return text.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    text
}

/// `name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin`.
fn holds(definition: &str) -> Holds {
    let mut words = definition.split_whitespace().skip(1);
    let kind = words.next().unwrap_or_default();
    let (kind, size) = kind.split_once('(').unwrap_or((kind, ""));
    let unsigned = words.clone().next() == Some("UNSIGNED");
    let whole = |bits: u32| {
        let signed = 1_i128 << (bits - 1);
        if unsigned { Holds::Whole(0, 2 * signed - 1) } else { Holds::Whole(-signed, signed - 1) }
    };
    match kind {
        "VARCHAR" | "CHAR" => Holds::Chars {
            max: size.trim_end_matches(')').parse().unwrap_or(usize::MAX),
            ascii: words.any(|word| word == "ascii"),
        },
        "TEXT" => Holds::Bytes(0xffff),
        "MEDIUMTEXT" => Holds::Bytes(0xff_ffff),
        "TINYINT" => whole(8),
        "SMALLINT" => whole(16),
        "INT" => whole(32),
        "BIGINT" => whole(64),
        "DATE" => Holds::Date,
        "DATETIME" => Holds::Time,
        _ => Holds::Anything,
    }
}

impl Column<'_> {
    fn check_text(&self, text: &str) -> Result<(), String> {
        let field = self.field;
        match self.holds {
            Holds::Chars { ascii: true, .. } if !text.is_ascii() => {
                Err(format!("{field} holds characters that are not ASCII"))
            }
            // so many bytes are never more characters: most texts are not counted
            Holds::Chars { max, .. } if text.len() > max && text.chars().count() > max => Err(
                format!("{field} has {} characters, the column holds {max}", text.chars().count()),
            ),
            Holds::Bytes(max) if text.len() > max => {
                Err(format!("{field} has {} bytes, the column holds {max}", text.len()))
            }
            Holds::Date if !is_date(text) => Err(format!("{field} is no date from year 1 to 9999")),
            Holds::Time if !is_time(text) => Err(format!("{field} is no time from year 1 to 9999")),
            Holds::Whole(..)
                if text.parse().is_ok_and(|number| self.check_whole(number).is_ok()) =>
            {
                Ok(())
            }
            Holds::Whole(..) => Err(format!("{field} is no number that the column holds")),
            Holds::Chars { .. } | Holds::Bytes(_) | Holds::Date | Holds::Time | Holds::Anything => {
                Ok(())
            }
        }
    }

    fn check_whole(&self, number: i128) -> Result<(), String> {
        match self.holds {
            Holds::Whole(least, most) if !(least..=most).contains(&number) => {
                Err(format!("{} is {number}, the column holds {least} to {most}", self.field))
            }
            Holds::Chars { .. }
            | Holds::Bytes(_)
            | Holds::Whole(..)
            | Holds::Date
            | Holds::Time
            | Holds::Anything => Ok(()),
        }
    }
}

/// `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
        return false;
    };
    let (year, month, day) = (digits(&[y1, y2, y3, y4]), digits(&[m1, m2]), digits(&[d1, d2]));
    let (Some(year), Some(month), Some(day)) = (year, month, day) else {
        return false;
    };
    let year = i32::try_from(year).unwrap_or(0);
    year > 0 && NaiveDate::from_ymd_opt(year, month, day).is_some()
}

/// `YYYY-MM-DD HH:MM:SS`, with a space or a `T` before the hour and with or without a fraction.
fn is_time(text: &str) -> bool {
    let Some((date, clock)) = text.split_at_checked(10) else {
        return false;
    };
    let &[b' ' | b'T', h1, h2, b':', m1, m2, b':', s1, s2, ref fraction @ ..] = clock.as_bytes()
    else {
        return false;
    };
    let below = |pair: [u8; 2], limit| digits(&pair).is_some_and(|number| number < limit);
    let fraction_fits = match fraction {
        [] => true,
        [b'.', places @ ..] => (1..=9).contains(&places.len()) && digits(places).is_some(),
        _ => false,
    };
    is_date(date)
        && below([h1, h2], 24)
        && below([m1, m2], 60)
        && below([s1, s2], 60)
        && fraction_fits
}

/// The number of up to nine digits; `None` where a byte is none.
fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })
}

/// The whole parameter: an array of objects.
struct Rows<'a>(&'a [Column<'a>]);

impl<'de> DeserializeSeed<'de> for Rows<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while rows.next_element_seed(Row(self.0))?.is_some() {}
        Ok(())
    }
}

/// One object.
struct Row<'a>(&'a [Column<'a>]);

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row as an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut from = 0;
        while let Some(found) = fields.next_key_seed(Field { columns: self.0, from })? {
            match found {
                Some((at, column)) => {
                    from = at + 1;
                    fields.next_value_seed(Cell(column))?;
                }
                // not every field of a struct is a column of every statement
                None => fields.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(())
    }
}

/// The name of a field: gives its column with its place.
struct Field<'a> {
    columns: &'a [Column<'a>],
    /// Where to look first: fields and columns mostly come in the same order.
    from: usize,
}

impl<'de, 'a> DeserializeSeed<'de> for Field<'a> {
    type Value = Option<(usize, &'a Column<'a>)>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Field<'a> {
    type Value = Option<(usize, &'a Column<'a>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        let places = self.columns.iter().enumerate();
        let from_there_on = places.clone().skip(self.from).chain(places.take(self.from));
        Ok(from_there_on.into_iter().find(|(_, column)| column.field == name))
    }
}

/// One value.
struct Cell<'a>(&'a Column<'a>);

impl<'de> DeserializeSeed<'de> for Cell<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Cell<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a single value in {}", self.0.field)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.check_text(text).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.0.check_whole(number.into()).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.0.check_whole(number.into()).map_err(E::custom)
    }

    fn visit_f64<E: Error>(self, _number: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _bit: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}
