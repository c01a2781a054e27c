//! What was found wrong with a command's rows, and where. Never here: what is right or wrong.

use std::collections::BTreeSet;

use contracts::{FieldError, Refusal};

/// Most errors that are named one by one, so that the answer stays a small message.
const MOST_ERRORS: usize = 1_000;
/// Most characters of a value that an error repeats.
const MOST_CHARS_SHOWN: usize = 60;

/// All errors of a command.
#[derive(Debug, Default)]
pub(super) struct Findings {
    seen: BTreeSet<(&'static str, String)>,
    errors: Vec<FieldError>,
    more: usize,
}

impl Findings {
    /// Checks the rows of one table; `check` gives the key of a row.
    pub(super) fn each<R>(
        &mut self,
        table: &'static str,
        rows: &[R],
        check: fn(&R, &mut RowFindings<'_>) -> String,
    ) {
        for (row, number) in rows.iter().zip(1_u32..) {
            let mut of_row = RowFindings { table, number, findings: self };
            let key = check(row, &mut of_row);
            if !self.seen.insert((table, key.clone())) {
                let message = format!("{} is there more than once: keep one row", shown(&key));
                let mut of_row = RowFindings { table, number, findings: self };
                of_row.wrong("key", "DUPLICATE_ROW", message);
            }
        }
    }

    /// A refusal with all errors, if there is any.
    pub(super) fn into_result(mut self) -> Result<(), Refusal> {
        let found = self.errors.len() + self.more;
        if self.more > 0 {
            self.errors.push(FieldError {
                line_no: None,
                field: None,
                code: "MORE_ERRORS".to_owned(),
                message: format!("{} more errors are not listed: correct these first", self.more),
            });
        }
        match found {
            0 => Ok(()),
            _ => Err(Refusal {
                code: "INVALID_NETWORK".to_owned(),
                detail: format!(
                    "{found} errors, nothing was changed: correct the rows and send them again"
                ),
                errors: self.errors,
            }),
        }
    }
}

/// The errors of one row. Rows are numbered from 1 within their table as it was sent.
#[derive(Debug)]
pub(super) struct RowFindings<'a> {
    table: &'static str,
    number: u32,
    findings: &'a mut Findings,
}

impl RowFindings<'_> {
    /// Notes that `field` is wrong. The message says what is allowed.
    pub(super) fn wrong(&mut self, field: &str, code: &str, message: impl Into<String>) {
        if self.findings.errors.len() == MOST_ERRORS {
            self.findings.more += 1;
            return;
        }
        self.findings.errors.push(FieldError {
            line_no: Some(self.number),
            field: Some(format!("{}.{field}", self.table)),
            code: code.to_owned(),
            message: message.into(),
        });
    }
}

/// The beginning of a value, quoted, for an error that repeats it.
pub(super) fn shown(value: &str) -> String {
    let beginning: String = value.chars().take(MOST_CHARS_SHOWN).collect();
    let rest = if beginning.len() < value.len() { "..." } else { "" };
    format!("{beginning:?}{rest}")
}
