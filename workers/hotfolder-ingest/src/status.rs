//! Lines of a status file: each is one report about one waybill. Never touches the disk, the broker or
//! the clock.

use std::io::{self, BufRead};

use contracts::{Contract as _, ReportStatus, WaybillNo};

use crate::fault::{Code, LineError};
use crate::fields::{self, Fields};
use crate::format::{Command, Unit};
use crate::tsv::{Column, Record, TsvReader};

/// Lengths in characters; what the exchange keeps.
const REASON_CHARACTERS_MAX: usize = 500;
const ROUTE_CHARACTERS_MAX: usize = 64;

/// A column of a status file. The declaration order is the one of `ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub enum StatusColumn {
    WaybillNo,
    Status,
    OccurredAt,
    Attempt,
    RouteRef,
    Reason,
}

impl Column for StatusColumn {
    const ALL: &'static [Self] = &[
        Self::WaybillNo,
        Self::Status,
        Self::OccurredAt,
        Self::Attempt,
        Self::RouteRef,
        Self::Reason,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::WaybillNo => "waybill_no",
            Self::Status => "status",
            Self::OccurredAt => "occurred_at",
            Self::Attempt => "attempt",
            Self::RouteRef => "route_ref",
            Self::Reason => "reason",
        }
    }

    fn is_required(self) -> bool {
        matches!(self, Self::WaybillNo | Self::Status | Self::OccurredAt)
    }

    fn index(self) -> usize {
        match self {
            Self::WaybillNo => 0,
            Self::Status => 1,
            Self::OccurredAt => 2,
            Self::Attempt => 3,
            Self::RouteRef => 4,
            Self::Reason => 5,
        }
    }
}

/// Reads the reports of a file, one after the other.
#[derive(Debug)]
pub struct Reports<R> {
    records: TsvReader<R, StatusColumn>,
}

impl<R: BufRead> Reports<R> {
    /// The reports that `records` has left.
    #[must_use]
    pub const fn new(records: TsvReader<R, StatusColumn>) -> Self {
        Self { records }
    }

    /// The next report, `None` at the end of the file.
    ///
    /// # Errors
    /// When the input fails.
    pub fn next_unit(&mut self) -> io::Result<Option<Unit>> {
        Ok(self.records.next_record()?.map(|record| unit(&record)))
    }
}

fn unit(record: &Record<'_, StatusColumn>) -> Unit {
    Unit::of_line(record, StatusColumn::WaybillNo, |errors| {
        Some(Command::Report(Box::new(report(record, errors)?)))
    })
}

fn report(record: &Record<'_, StatusColumn>, errors: &mut Vec<LineError>) -> Option<ReportStatus> {
    use StatusColumn as C;
    let mut fields = Fields { record, errors };
    let waybill_no = fields.required(C::WaybillNo, fields::id(WaybillNo::new));
    let status = fields.required(C::Status, fields::status);
    let occurred_at = fields.required(C::OccurredAt, fields::time);
    let attempt = fields.optional(C::Attempt, fields::attempt);
    let route_ref = fields.optional(C::RouteRef, fields::text(ROUTE_CHARACTERS_MAX));
    let reason = fields.optional(C::Reason, fields::text(REASON_CHARACTERS_MAX));
    let report = ReportStatus {
        waybill_no: waybill_no?,
        status: status?,
        attempt: attempt?,
        route_ref: route_ref?,
        expected_version: None,
        occurred_at: occurred_at?,
        reason: reason?,
    };
    if let Err(message) = report.validate() {
        errors.push(LineError::of_line(record.line, Code::InvalidReport, message));
        return None;
    }
    Some(report)
}
