//! What the kinds of files have in common: a header, and units behind it that are sent, answered and
//! rejected each as a whole. A further kind is a variant of each enum here and a module beside
//! [`crate::order`], [`crate::status`], [`crate::cancel`] and [`crate::returns`].

use std::io::{self, BufRead};

use contracts::{Actor, CreateOrder, MessageId, ReportStatus, RequestReturn, Source, Timestamp};
use queue_topology::WorkerKind;
use runtime::{Ingress, SendError};

use crate::cancel::{CancelColumn, Cancellation, Cancellations};
use crate::fault::{Code, LineError};
use crate::name::FileKind;
use crate::order::{OrderColumn, Orders, ParsedOrder};
use crate::returns::{ReturnColumn, Returns};
use crate::status::{Reports, StatusColumn};
use crate::tsv::{Column, Header, HeaderError, Position, Record, TsvReader};

/// One unit of a file, as it stands there: an order with its lines, or a report.
#[derive(Debug)]
pub struct Unit {
    /// What it is about as the file writes it; `None` for lines that do not say.
    pub reference: Option<String>,
    /// Its first line; the header is line 1.
    pub first_line: u64,
    /// Its last line.
    pub last_line: u64,
    /// Offset of its first byte in the plain text.
    pub start: u64,
    /// Offset behind its last line break.
    pub end: u64,
    /// How many lines it has; empty lines do not count.
    pub lines: u64,
    /// The command, or all that is wrong with it.
    pub result: Result<SoundUnit, Vec<LineError>>,
}

/// A unit without an error.
#[derive(Debug)]
pub struct SoundUnit {
    /// The command.
    pub command: Command,
    /// For each line of the command, its line in the file.
    pub file_lines: Vec<u64>,
}

impl Unit {
    /// The unit of a file in which each line is one. `read` makes its command and adds what is wrong; it is
    /// not asked when the fields may stand in the wrong columns. `reference`: what the line is about.
    pub(crate) fn of_line<C: Column>(
        record: &Record<'_, C>,
        reference: C,
        read: impl FnOnce(&mut Vec<LineError>) -> Option<Command>,
    ) -> Self {
        let mut errors = record.shape_errors();
        let command = if record.is_shifted() { None } else { read(&mut errors) };
        let result = match command {
            Some(command) if errors.is_empty() => {
                Ok(SoundUnit { command, file_lines: vec![record.line] })
            }
            Some(_) | None => Err(errors),
        };
        let reference = record.raw(reference).filter(|raw| !raw.is_empty());
        Self {
            reference: reference.map(|raw| String::from_utf8_lossy(raw).into_owned()),
            first_line: record.line,
            last_line: record.line,
            start: record.start,
            end: record.end,
            lines: 1,
            result,
        }
    }
}

impl From<ParsedOrder> for Unit {
    fn from(order: ParsedOrder) -> Self {
        let ParsedOrder { reference, first_line, last_line, start, end, lines, result } = order;
        let result = result.map(|sound| SoundUnit {
            command: Command::Order(sound.command),
            file_lines: sound.file_lines,
        });
        Self { reference, first_line, last_line, start, end, lines, result }
    }
}

/// What is sent for a unit.
#[derive(Debug)]
pub enum Command {
    /// Create an order.
    Order(Box<CreateOrder>),
    /// Report what happened to a waybill.
    Report(Box<ReportStatus>),
    /// Cancel an order or a line of it.
    Cancel(Box<Cancellation>),
    /// Ask for a return.
    Return(Box<RequestReturn>),
}

impl Command {
    /// What it is about.
    #[must_use]
    pub fn reference(&self) -> &str {
        match self {
            Self::Order(order) => order.order_ref.as_str(),
            Self::Report(report) => report.waybill_no.as_str(),
            Self::Cancel(cancel) => cancel.order_ref().as_str(),
            Self::Return(asked) => asked.return_ref.as_str(),
        }
    }

    /// Commands with the same of these are sent one after the other: each waits until the one before is
    /// answered. Returns of one customer take from the same goods, so that their order makes a difference;
    /// that of reports makes none.
    #[must_use]
    pub fn follows(&self) -> Option<&str> {
        match self {
            Self::Order(_) | Self::Cancel(_) => Some(self.reference()),
            Self::Return(asked) => {
                let customer = asked.customer_ref.as_ref().map(|customer| customer.as_str());
                customer.or_else(|| Some(asked.order_ref.as_ref()?.as_str()))
            }
            Self::Report(_) => None,
        }
    }

    /// True when the report tells what became of each of its rows.
    #[must_use]
    pub const fn has_verdicts(&self) -> bool {
        matches!(self, Self::Cancel(_) | Self::Return(_))
    }

    /// The number of each of its lines.
    #[must_use]
    pub fn line_numbers(&self) -> Vec<u32> {
        match self {
            Self::Order(order) => order.lines.iter().map(|line| line.line_no).collect(),
            Self::Return(asked) => asked.lines.iter().map(|line| line.line_no).collect(),
            Self::Report(_) | Self::Cancel(_) => Vec::new(),
        }
    }

    /// Who answers it.
    #[must_use]
    pub const fn taken_by(&self) -> WorkerKind {
        match self {
            Self::Order(_) | Self::Cancel(_) => WorkerKind::OrderIntake,
            Self::Return(_) => WorkerKind::CustomerService,
            Self::Report(_) => WorkerKind::WaybillStatus,
        }
    }

    /// Sends it and waits for the broker's confirm. Every resend says the same, so that a time it lacks is
    /// that of its file.
    pub(crate) async fn send(
        &self,
        ingress: &Ingress,
        message_id: MessageId,
        actor: &Actor,
        correlation_id: &str,
        file_came_at: Timestamp,
    ) -> Result<(), SendError> {
        let cause = Some(correlation_id);
        match self {
            Self::Order(order) => ingress.send(message_id, actor, cause, &**order).await,
            Self::Report(report) => ingress.send(message_id, actor, cause, &**report).await,
            Self::Return(asked) => ingress.send(message_id, actor, cause, &**asked).await,
            Self::Cancel(cancel) => {
                ingress.send(message_id, actor, cause, &cancel.command(file_came_at)).await
            }
        }
    }
}

/// The header of a file, by its kind.
#[derive(Debug, Clone)]
pub enum FileHeader {
    /// Of an order file.
    Orders(Header<OrderColumn>),
    /// Of a status file.
    Reports(Header<StatusColumn>),
    /// Of a cancel file.
    Cancellations(Header<CancelColumn>),
    /// Of a return file.
    Returns(Header<ReturnColumn>),
}

impl FileHeader {
    /// Reads the first line of a file of that kind.
    ///
    /// # Errors
    /// [`HeaderError::Wrong`] with everything that is wrong with it, also when nobody takes such files.
    pub fn read(kind: FileKind, input: &mut impl BufRead) -> Result<Self, HeaderError> {
        match kind {
            FileKind::Order => Header::read(input).map(Self::Orders),
            FileKind::Status => Header::read(input).map(Self::Reports),
            FileKind::Cancel => Header::read(input).map(Self::Cancellations),
            FileKind::Return => Header::read(input).map(Self::Returns),
            FileKind::Container => {
                let message = format!("nobody takes files of the kind {} yet", kind.as_str());
                let error = LineError::of_line(1, Code::NoWorkerYet, message);
                Err(HeaderError::Wrong(vec![error]))
            }
        }
    }

    /// Where the first record begins.
    #[must_use]
    pub const fn end(&self) -> Position {
        match self {
            Self::Orders(header) => header.end(),
            Self::Reports(header) => header.end(),
            Self::Cancellations(header) => header.end(),
            Self::Returns(header) => header.end(),
        }
    }

    /// Names of columns that nobody reads, and how many there are in all.
    #[must_use]
    pub fn unknown(&self) -> (Vec<&str>, usize) {
        match self {
            Self::Orders(header) => header.unknown(),
            Self::Reports(header) => header.unknown(),
            Self::Cancellations(header) => header.unknown(),
            Self::Returns(header) => header.unknown(),
        }
    }
}

/// Reads the units of a file, one after the other.
#[derive(Debug)]
pub enum Units<R> {
    /// Of an order file.
    Orders(Box<Orders<R>>),
    /// Of a status file.
    Reports(Reports<R>),
    /// Of a cancel file.
    Cancellations(Cancellations<R>),
    /// Of a return file.
    Returns(Box<Returns<R>>),
}

impl<R: BufRead> Units<R> {
    /// The units of a file of `source` from `position` on, where `input` already stands.
    pub fn new(header: FileHeader, input: R, position: Position, source: &Source) -> Self {
        match header {
            FileHeader::Orders(header) => {
                let records = TsvReader::new(input, header, position);
                Self::Orders(Box::new(Orders::new(records, source.clone())))
            }
            FileHeader::Reports(header) => {
                Self::Reports(Reports::new(TsvReader::new(input, header, position)))
            }
            FileHeader::Cancellations(header) => {
                let records = TsvReader::new(input, header, position);
                Self::Cancellations(Cancellations::new(records, source.clone()))
            }
            FileHeader::Returns(header) => {
                let records = TsvReader::new(input, header, position);
                Self::Returns(Box::new(Returns::new(records, source.clone())))
            }
        }
    }

    /// The next unit, `None` at the end of the file.
    ///
    /// # Errors
    /// When the input fails; nothing of the unfinished unit is given out.
    pub fn next_unit(&mut self) -> io::Result<Option<Unit>> {
        match self {
            Self::Orders(orders) => Ok(orders.next_order()?.map(Unit::from)),
            Self::Reports(reports) => reports.next_unit(),
            Self::Cancellations(cancellations) => cancellations.next_unit(),
            Self::Returns(returns) => returns.next_unit(),
        }
    }
}
