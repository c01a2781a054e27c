//! Lines of a cancel file: each asks for the cancellation of an order or of one of its lines. Never touches
//! the disk, the broker or the clock.

use std::io::{self, BufRead};

use contracts::{CancelOrder, Contract as _, OrderRef, Source, Timestamp};

use crate::fault::{Code, LineError};
use crate::fields::{self, Fields};
use crate::format::{Command, Unit};
use crate::tsv::{Column, Record, TsvReader};

/// What the exchange keeps of a reason, in characters.
const REASON_CHARACTERS_MAX: usize = 500;

/// A column of a cancel file. The declaration order is the one of `ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub enum CancelColumn {
    OrderRef,
    LineNo,
    RequestedAt,
    Reason,
}

impl Column for CancelColumn {
    const ALL: &'static [Self] = &[Self::OrderRef, Self::LineNo, Self::RequestedAt, Self::Reason];

    fn name(self) -> &'static str {
        match self {
            Self::OrderRef => "order_ref",
            Self::LineNo => "line_no",
            Self::RequestedAt => "requested_at",
            Self::Reason => "reason",
        }
    }

    fn is_required(self) -> bool {
        matches!(self, Self::OrderRef)
    }

    fn index(self) -> usize {
        match self {
            Self::OrderRef => 0,
            Self::LineNo => 1,
            Self::RequestedAt => 2,
            Self::Reason => 3,
        }
    }
}

/// What one line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancellation {
    source: Source,
    order_ref: OrderRef,
    line_no: Option<u32>,
    requested_at: Option<Timestamp>,
    reason: Option<String>,
}

impl Cancellation {
    /// The order.
    #[must_use]
    pub const fn order_ref(&self) -> &OrderRef {
        &self.order_ref
    }

    /// The command. A line without a time was asked for when its file came.
    #[must_use]
    pub fn command(&self, file_came_at: Timestamp) -> CancelOrder {
        CancelOrder {
            source: self.source.clone(),
            order_ref: self.order_ref.clone(),
            line_no: self.line_no,
            reason: self.reason.clone(),
            expected_version: None,
            occurred_at: self.requested_at.unwrap_or(file_came_at),
        }
    }
}

/// Reads the cancellations of a file, one after the other.
#[derive(Debug)]
pub struct Cancellations<R> {
    records: TsvReader<R, CancelColumn>,
    source: Source,
}

impl<R: BufRead> Cancellations<R> {
    /// The cancellations that `records` has left, of orders of `source`.
    #[must_use]
    pub const fn new(records: TsvReader<R, CancelColumn>, source: Source) -> Self {
        Self { records, source }
    }

    /// The next cancellation, `None` at the end of the file.
    ///
    /// # Errors
    /// When the input fails.
    pub fn next_unit(&mut self) -> io::Result<Option<Unit>> {
        Ok(self.records.next_record()?.map(|record| unit(&record, &self.source)))
    }
}

fn unit(record: &Record<'_, CancelColumn>, source: &Source) -> Unit {
    Unit::of_line(record, CancelColumn::OrderRef, |errors| {
        let found = cancellation(record, source, errors)?;
        Some(Command::Cancel(Box::new(found)))
    })
}

fn cancellation(
    record: &Record<'_, CancelColumn>,
    source: &Source,
    errors: &mut Vec<LineError>,
) -> Option<Cancellation> {
    use CancelColumn as C;
    let mut fields = Fields { record, errors };
    let order_ref = fields.required(C::OrderRef, fields::id(OrderRef::new));
    let line_no = fields.optional(C::LineNo, fields::whole);
    let requested_at = fields.optional(C::RequestedAt, fields::time);
    let reason = fields.optional(C::Reason, fields::text(REASON_CHARACTERS_MAX));
    let found = Cancellation {
        source: source.clone(),
        order_ref: order_ref?,
        line_no: line_no?,
        requested_at: requested_at?,
        reason: reason?,
    };
    // its time is no part of what may be wrong
    let at = found.requested_at.unwrap_or_else(|| chrono::DateTime::UNIX_EPOCH.into());
    if let Err(message) = found.command(at).validate() {
        errors.push(LineError::of_line(record.line, Code::InvalidCancellation, message));
        return None;
    }
    Some(found)
}
