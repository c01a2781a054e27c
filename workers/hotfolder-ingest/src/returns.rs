//! Lines of a return file to requests: lines of one return stand together, and the return is right or
//! wrong as a whole. Every error of every line is found in one pass. Never touches the disk, the broker or
//! the clock.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use contracts::{
    Contract as _, CustomerRef, MAX_ORDER_LINES, OrderRef, RequestReturn, ReturnLine, ReturnRef,
    Sku, Source,
};

use crate::fault::{Code, LineError};
use crate::fields::{self, Fields};
use crate::format::{Command, SoundUnit, Unit};
use crate::tsv::{Column, Record, TsvReader};

/// Lengths in characters; what the exchange keeps.
const DESCRIPTION_CHARACTERS_MAX: usize = 4_000;
const REASON_CHARACTERS_MAX: usize = 500;

/// A column of a return file. The declaration order is the one of `ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub enum ReturnColumn {
    ReturnRef,
    LineNo,
    RequestedAt,
    CustomerRef,
    OrderRef,
    Sku,
    Description,
    Quantity,
    UnitPrice,
    Currency,
    Reason,
}

impl ReturnColumn {
    /// The columns that speak of the return as a whole: every line repeats the first one's value.
    const OF_THE_RETURN: [Self; 3] = [Self::CustomerRef, Self::OrderRef, Self::Currency];
}

impl Column for ReturnColumn {
    const ALL: &'static [Self] = &[
        Self::ReturnRef,
        Self::LineNo,
        Self::RequestedAt,
        Self::CustomerRef,
        Self::OrderRef,
        Self::Sku,
        Self::Description,
        Self::Quantity,
        Self::UnitPrice,
        Self::Currency,
        Self::Reason,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::ReturnRef => "return_ref",
            Self::LineNo => "line_no",
            Self::RequestedAt => "requested_at",
            Self::CustomerRef => "customer_ref",
            Self::OrderRef => "order_ref",
            Self::Sku => "sku",
            Self::Description => "description",
            Self::Quantity => "quantity",
            Self::UnitPrice => "unit_price",
            Self::Currency => "currency",
            Self::Reason => "reason",
        }
    }

    fn is_required(self) -> bool {
        matches!(
            self,
            Self::ReturnRef | Self::LineNo | Self::RequestedAt | Self::Sku | Self::Quantity
        )
    }

    #[allow(clippy::as_conversions, reason = "the discriminant of a fieldless enum is its index")]
    fn index(self) -> usize {
        self as usize
    }
}

/// Reads the returns of a file, one after the other.
#[derive(Debug)]
pub struct Returns<R> {
    records: TsvReader<R, ReturnColumn>,
    source: Source,
    open: Option<Group>,
    ended: bool,
}

impl<R: BufRead> Returns<R> {
    /// The returns that `records` has left, of `source`.
    #[must_use]
    pub const fn new(records: TsvReader<R, ReturnColumn>, source: Source) -> Self {
        Self { records, source, open: None, ended: false }
    }

    /// The next return, `None` at the end of the file.
    ///
    /// # Errors
    /// When the input fails; nothing of the unfinished return is given out.
    pub fn next_unit(&mut self) -> io::Result<Option<Unit>> {
        while !self.ended {
            let Some(record) = self.records.next_record()? else {
                self.ended = true;
                break;
            };
            let reference = record.raw(ReturnColumn::ReturnRef).unwrap_or_default();
            match &mut self.open {
                Some(open) if open.is(reference) => open.add(&record, &self.source),
                Some(_) | None => {
                    let mut next = Group::beginning_with(reference, &record);
                    next.add(&record, &self.source);
                    if let Some(finished) = self.open.replace(next) {
                        return Ok(Some(finished.finish()));
                    }
                }
            }
        }
        Ok(self.open.take().map(Group::finish))
    }
}

/// The lines of one return that stand together.
#[derive(Debug)]
struct Group {
    reference: Vec<u8>,
    first_line: u64,
    last_line: u64,
    start: u64,
    end: u64,
    lines_seen: u64,
    /// The first line, and what it says about the whole return.
    head: Option<(u64, [Vec<u8>; 3])>,
    asked: Option<RequestReturn>,
    lines: Vec<ReturnLine>,
    file_lines: Vec<u64>,
    /// Each `line_no` with its line in the file.
    numbers: BTreeMap<u32, u64>,
    errors: Vec<LineError>,
}

impl Group {
    fn beginning_with(reference: &[u8], record: &Record<'_, ReturnColumn>) -> Self {
        Self {
            reference: reference.to_vec(),
            first_line: record.line,
            last_line: record.line,
            start: record.start,
            end: record.end,
            lines_seen: 0,
            head: None,
            asked: None,
            lines: Vec::new(),
            file_lines: Vec::new(),
            numbers: BTreeMap::new(),
            errors: Vec::new(),
        }
    }

    /// Lines that name no return stand alone, each with its error.
    fn is(&self, reference: &[u8]) -> bool {
        !reference.is_empty() && self.reference == reference
    }

    fn is_too_large(&self) -> bool {
        usize::try_from(self.lines_seen).map_or(true, |lines| lines > MAX_ORDER_LINES)
    }

    /// Adds one line. Lines beyond the limit are counted and not looked at.
    fn add(&mut self, record: &Record<'_, ReturnColumn>, source: &Source) {
        self.lines_seen += 1;
        self.last_line = record.line;
        self.end = record.end;
        if self.is_too_large() {
            self.lines = Vec::new();
            return;
        }
        self.errors.extend(record.shape_errors());
        if record.is_shifted() {
            return;
        }
        match &self.head {
            Some((line, head)) => compare(*line, head, record, &mut self.errors),
            None => self.read_head(record, source),
        }
        if let Some(line) = self.read_line(record) {
            if let Some(at) = self.numbers.insert(line.line_no, record.line) {
                let message = format!("line_no {} stands on line {at} already", line.line_no);
                let column = ReturnColumn::LineNo.name();
                let code = Code::DuplicateLineNo;
                self.errors.push(LineError::of_field(record.line, column, code, message));
            }
            self.lines.push(line);
            self.file_lines.push(record.line);
        }
    }

    fn read_head(&mut self, record: &Record<'_, ReturnColumn>, source: &Source) {
        let raw = ReturnColumn::OF_THE_RETURN
            .map(|column| record.raw(column).unwrap_or_default().to_vec());
        self.head = Some((record.line, raw));
        self.asked = read_head(&mut Fields { record, errors: &mut self.errors }, source);
    }

    fn read_line(&mut self, record: &Record<'_, ReturnColumn>) -> Option<ReturnLine> {
        use ReturnColumn as C;
        let mut fields = Fields { record, errors: &mut self.errors };
        let line_no = fields.required(C::LineNo, fields::whole);
        let sku = fields.required(C::Sku, fields::id(Sku::new));
        let description = fields.optional(C::Description, fields::text(DESCRIPTION_CHARACTERS_MAX));
        let quantity = fields.required(C::Quantity, fields::given_back);
        let unit_price = fields.optional(C::UnitPrice, fields::price);
        let reason = fields.optional(C::Reason, fields::text(REASON_CHARACTERS_MAX));
        Some(ReturnLine {
            line_no: line_no?,
            sku: sku?,
            description: description?,
            quantity: quantity?,
            unit_price: unit_price?,
            reason: reason?,
        })
    }

    /// Closes the return.
    fn finish(mut self) -> Unit {
        let command = self.assemble();
        self.errors.sort_by_key(|error| error.line);
        let file_lines = std::mem::take(&mut self.file_lines);
        let result = match command {
            Some(asked) if self.errors.is_empty() => {
                Ok(SoundUnit { command: Command::Return(Box::new(asked)), file_lines })
            }
            Some(_) | None => Err(self.errors),
        };
        let reference = Some(self.reference).filter(|raw| !raw.is_empty());
        Unit {
            reference: reference.map(|raw| String::from_utf8_lossy(&raw).into_owned()),
            first_line: self.first_line,
            last_line: self.last_line,
            start: self.start,
            end: self.end,
            lines: self.lines_seen,
            result,
        }
    }

    fn assemble(&mut self) -> Option<RequestReturn> {
        if self.is_too_large() {
            let message = format!(
                "the return has {} lines, at most {MAX_ORDER_LINES} are allowed: send it as several",
                self.lines_seen
            );
            self.errors.push(LineError::of_line(self.first_line, Code::OrderTooLarge, message));
            return None;
        }
        let mut asked = self.asked.take().filter(|_| self.errors.is_empty())?;
        asked.lines = std::mem::take(&mut self.lines);
        if let Err(message) = asked.validate() {
            self.errors.push(LineError::of_line(self.first_line, Code::InvalidReturn, message));
            return None;
        }
        Some(asked)
    }
}

/// A later line repeats the head. Only `requested_at` may differ: the first one holds.
fn compare(
    line: u64,
    head: &[Vec<u8>; 3],
    record: &Record<'_, ReturnColumn>,
    errors: &mut Vec<LineError>,
) {
    let mut fields = Fields { record, errors };
    fields.required(ReturnColumn::RequestedAt, fields::time);
    for (column, first) in ReturnColumn::OF_THE_RETURN.into_iter().zip(head) {
        if record.raw(column).is_some_and(|here| here != first) {
            let message = format!("{} differs from line {line} of the same return", column.name());
            fields.wrong(column, Code::DiffersWithinOrder, message);
        }
    }
}

/// The return as its first line says, without lines; `None` when that line has an error.
fn read_head(fields: &mut Fields<'_, '_, ReturnColumn>, source: &Source) -> Option<RequestReturn> {
    use ReturnColumn as C;
    let return_ref = fields.required(C::ReturnRef, fields::id(ReturnRef::new));
    let requested_at = fields.required(C::RequestedAt, fields::time);
    let customer_ref = fields.optional(C::CustomerRef, fields::id(CustomerRef::new));
    let order_ref = fields.optional(C::OrderRef, fields::id(OrderRef::new));
    let currency = fields.optional(C::Currency, fields::currency);
    Some(RequestReturn {
        source: source.clone(),
        return_ref: return_ref?,
        requested_at: requested_at?,
        order_ref: order_ref?,
        customer_ref: customer_ref?,
        currency: currency?,
        lines: Vec::new(),
    })
}
