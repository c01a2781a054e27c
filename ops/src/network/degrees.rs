//! Degrees as tables write them. Never here: which of them lie on the globe; the worker judges that.

use std::str::FromStr;

use thiserror::Error;

/// Digits after the point that count: a millionth of a degree is a tenth of a metre.
const DIGITS: usize = 6;

/// A latitude or longitude such as `41.0082` or `-0.1276`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Degrees {
    pub(super) millionths: i32,
}

/// A text that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("write degrees with a point and up to three digits before it, for example 41.0082")]
pub(super) struct NoDegrees;

impl FromStr for Degrees {
    type Err = NoDegrees;

    /// Digits beyond the sixth after the point are left out.
    fn from_str(text: &str) -> Result<Self, NoDegrees> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || whole.len() > 3 {
            return Err(NoDegrees);
        }
        let fraction: String = fraction.chars().chain("000000".chars()).take(DIGITS).collect();
        let parse = |text: &str| text.parse::<i32>().map_err(|_no_number| NoDegrees);
        let millionths = parse(whole)? * 1_000_000 + parse(&fraction)?;
        Ok(Self { millionths: if is_negative { -millionths } else { millionths } })
    }
}
