//! Errors as the record keeps them: from what the parser found, and from what the fleet answered.

use contracts::Refusal;

use crate::fault::LineError;
use crate::pipeline::Span;
use crate::report::{ReportedError, Rows};
use crate::store::{ErrorRow, KeptError};

/// The errors of an order that was never sent.
pub(crate) fn of_faults(span: &Span, faults: Vec<LineError>) -> Vec<ErrorRow> {
    let rows = faults.into_iter().map(|fault| ErrorRow {
        column: fault.column.map(String::from),
        code: fault.code.as_str().to_owned(),
        message: fault.message,
        ..blank(span, fault.line)
    });
    numbered(rows)
}

/// The errors of an order that the fleet refused.
pub(crate) fn of_answer(span: &Span, refusal: Refusal) -> Vec<ErrorRow> {
    if refusal.errors.is_empty() {
        let row = ErrorRow {
            code: refusal.code,
            message: refusal.detail,
            ..blank(span, span.first_line)
        };
        return vec![row];
    }
    let rows = refusal.errors.into_iter().map(|error| {
        let line = error.line_no.and_then(|number| file_line(span, number));
        ErrorRow {
            column: error.field,
            code: error.code,
            message: error.message,
            ..blank(span, line.unwrap_or(span.first_line))
        }
    });
    numbered(rows)
}

/// The errors of a header. No row is rejected by them: the file is not read at all.
pub(crate) fn of_header(faults: Vec<LineError>) -> Vec<ErrorRow> {
    let rows = faults.into_iter().map(|fault| ErrorRow {
        line: fault.line,
        entry: 0,
        order_ref: None,
        column: fault.column.map(String::from),
        code: fault.code.as_str().to_owned(),
        message: fault.message,
        order_lines: (fault.line, fault.line),
        order_rows: Rows { start: 0, length: 0 },
    });
    numbered(rows)
}

fn blank(span: &Span, line: u64) -> ErrorRow {
    ErrorRow {
        line,
        entry: 0,
        order_ref: span.reference.clone(),
        column: None,
        code: String::new(),
        message: String::new(),
        order_lines: (span.first_line, span.last_line),
        order_rows: Rows { start: span.start, length: span.end - span.start },
    }
}

fn file_line(span: &Span, line_no: u32) -> Option<u64> {
    let at = span.line_numbers.iter().position(|number| *number == line_no)?;
    span.file_lines.get(at).copied()
}

fn numbered(rows: impl Iterator<Item = ErrorRow>) -> Vec<ErrorRow> {
    (1..).zip(rows).map(|(entry, row)| ErrorRow { entry, ..row }).collect()
}

impl From<ErrorRow> for ReportedError {
    fn from(row: ErrorRow) -> Self {
        let ErrorRow { line, column, code, message, order_ref, .. } = row;
        Self { line, column, code, message, order_ref }
    }
}

impl From<KeptError> for ReportedError {
    fn from(kept: KeptError) -> Self {
        let KeptError { line, order_ref, column_name, code, message, entry: _ } = kept;
        Self { line, column: column_name, code, message, order_ref }
    }
}
