//! Whole numbers, however they are written: to JSON Schema `2.0` and `2e0` are the integer 2, to serde they are
//! none.

use std::borrow::Cow;

/// Digits of the largest number that a field holds.
const DIGITS_MAX: usize = 20;

/// The same JSON with every whole number written in digits alone. What is no JSON stays as it is.
pub(crate) fn in_digits(json: &[u8]) -> Cow<'_, [u8]> {
    let mut written: Option<Vec<u8>> = None;
    // everything before it is copied
    let mut copied = 0;
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        let rest = json.get(at..).unwrap_or_default();
        let length = match byte {
            b'"' => text(rest),
            b'-' | b'0'..=b'9' => {
                let length = rest.iter().take_while(|byte| is_of_number(**byte)).count();
                if let Some(digits) = rest.get(..length).and_then(whole) {
                    let target = written.get_or_insert_default();
                    target.extend_from_slice(json.get(copied..at).unwrap_or_default());
                    target.extend_from_slice(digits.as_bytes());
                    copied = at + length;
                }
                length
            }
            _ => 1,
        };
        at += length;
    }
    match written {
        Some(mut written) => {
            written.extend_from_slice(json.get(copied..).unwrap_or_default());
            Cow::Owned(written)
        }
        None => Cow::Borrowed(json),
    }
}

/// Bytes of the text that this begins with, its quotes among them.
fn text(json: &[u8]) -> usize {
    let mut escaped = false;
    let end = json.iter().skip(1).position(|byte| {
        let is_end = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(json.len(), |inside| inside + 2)
}

const fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// The digits of a number that is whole and not written so.
fn whole(number: &[u8]) -> Option<String> {
    let number = std::str::from_utf8(number).ok()?;
    if !number.contains(['.', 'e', 'E']) || serde_json::from_str::<f64>(number).is_err() {
        return None;
    }
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (units, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    // it is these digits times ten to the power of `shift`
    let digits = format!("{units}{fraction}");
    let shift = exponent.parse::<i64>().ok()?.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let places = usize::try_from(shift.unsigned_abs()).ok()?;
    let is_zero = |digits: &str| digits.bytes().all(|digit| digit == b'0');
    let digits = match shift {
        ..0 if is_zero(&digits) => "0".to_owned(),
        ..0 => {
            let (digits, dropped) = digits.split_at_checked(digits.len().checked_sub(places)?)?;
            is_zero(dropped).then(|| digits.to_owned())?
        }
        // beyond the limit one zero more says as much as all of them
        0.. => digits + &"0".repeat(places.min(DIGITS_MAX + 1)),
    };
    match digits.trim_start_matches('0') {
        "" => Some("0".to_owned()),
        digits if digits.len() > DIGITS_MAX => None,
        digits => Some(format!("{sign}{digits}")),
    }
}

#[cfg(test)]
mod tests;
