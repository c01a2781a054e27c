//! What can be wrong with an order besides its places: values that no column holds, and totals
//! that no number holds. Never here: opinions about the date; those are ADRA's.

use chrono::{Datelike, NaiveDate};
use contracts::{CreateOrder, Currency, FieldError, Money, UnitPrice};

use crate::order::Destination;

/// Most bytes of a `TEXT` column.
const TEXT_BYTES: usize = 65_535;
/// Most characters of a country.
const COUNTRY_CHARS: usize = 64;
/// Most characters of the promotion codes.
const PROMOTION_CODES_CHARS: usize = 500;

pub(super) fn error(
    line_no: Option<u32>,
    field: &str,
    code: &str,
    message: impl Into<String>,
) -> FieldError {
    FieldError {
        line_no,
        field: Some(field.to_owned()),
        code: code.to_owned(),
        message: message.into(),
    }
}

/// Values that the contract allows and the record cannot keep as they are.
pub(super) fn misfits(order: &CreateOrder, personal: Option<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let reference = order.order_ref.as_str();
    // Databases compare texts without their trailing spaces: "7" and "7 " would be one order.
    if reference.trim() != reference {
        let message = "the order reference begins or ends with a space: remove it";
        errors.push(error(None, "order_ref", "INVALID_REFERENCE", message));
    }
    date_fits(&mut errors, "delivery_date", order.delivery_date);
    date_fits(&mut errors, "ordered_at", order.ordered_at.date());
    let chars = |text: &Option<String>| text.as_ref().map_or(0, |text| text.chars().count());
    length_fits(&mut errors, None, "country", chars(&order.country), COUNTRY_CHARS);
    let promotion_codes = chars(&order.promotion_codes);
    length_fits(&mut errors, None, "promotion_codes", promotion_codes, PROMOTION_CODES_CHARS);
    personal_fits(&mut errors, personal);
    for line in &order.lines {
        let description = line.description.as_ref().map_or(0, String::len);
        length_fits(&mut errors, Some(line.line_no), "description", description, TEXT_BYTES);
    }
    errors
}

fn date_fits(errors: &mut Vec<FieldError>, field: &str, date: NaiveDate) {
    if !(1..=9999).contains(&date.year()) {
        let message = format!("{field} is {date}: a year from 1 to 9999 is needed");
        errors.push(error(None, field, "OUT_OF_RANGE", message));
    }
}

/// The personal fields share one column.
fn personal_fits(errors: &mut Vec<FieldError>, personal: Option<&str>) {
    let bytes = personal.map_or(0, str::len);
    if bytes > TEXT_BYTES {
        let message = format!(
            "recipient, phone, postcode, address, notes and delivery_instructions take {bytes} bytes together, at most {TEXT_BYTES} are kept: shorten them"
        );
        errors.push(FieldError {
            line_no: None,
            field: None,
            code: "TOO_LONG".to_owned(),
            message,
        });
    }
}

fn length_fits(
    errors: &mut Vec<FieldError>,
    line_no: Option<u32>,
    field: &str,
    length: usize,
    most: usize,
) {
    if length > most {
        let message =
            format!("{field} has a length of {length}, at most {most} is kept: shorten it");
        errors.push(error(line_no, field, "TOO_LONG", message));
    }
}

/// What is wrong with a new destination, its places aside.
pub(super) fn misplaced(destination: &Destination, personal: Option<&str>) -> Vec<FieldError> {
    let mut errors = Vec::new();
    date_fits(&mut errors, "delivery_date", destination.delivery_date);
    personal_fits(&mut errors, personal);
    errors
}

/// The sum of all lines of a new order.
pub(super) fn total(order: &CreateOrder) -> Result<Money, Vec<FieldError>> {
    let lines = order.lines.iter().map(|line| (line.line_no, line.unit_price, line.quantity));
    sum(lines, order.currency)
}

/// The sum of lines (number, price of one unit, units); each line is rounded half to even to whole minor
/// units first.
pub(super) fn sum(
    lines: impl Iterator<Item = (u32, UnitPrice, u32)>,
    currency: Currency,
) -> Result<Money, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut sum = Some(0_i64);
    for (line_no, unit_price, quantity) in lines {
        match unit_price.times(quantity, currency) {
            Ok(amount) => sum = sum.and_then(|sum| sum.checked_add(amount.minor_units)),
            Err(found) => {
                let line_no = Some(line_no);
                errors.push(error(line_no, "unit_price", "TOTAL_TOO_LARGE", found.to_string()));
            }
        }
    }
    match sum {
        Some(minor_units) if errors.is_empty() => Ok(Money { minor_units, currency }),
        Some(_) => Err(errors),
        None => {
            let message =
                "the sum of the lines does not fit into 64 bits of minor units: correct the prices";
            errors.push(error(None, "unit_price", "TOTAL_TOO_LARGE", message));
            Err(errors)
        }
    }
}
