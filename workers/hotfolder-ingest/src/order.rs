//! Lines to orders: lines of one order stand together, and the order is right or wrong as a whole.
//! Every error of every line is found in one pass. Never touches the disk, the broker or the clock.

mod columns;
mod group;

use std::collections::VecDeque;
use std::io::{self, BufRead};

use contracts::{CreateOrder, Source};

pub use self::columns::OrderColumn;
use self::group::Group;
use crate::fault::LineError;
use crate::tsv::{Position, Record, TsvReader};

/// One order of a file, as it stands there.
#[derive(Debug)]
pub struct ParsedOrder {
    /// The order number as the file writes it; `None` for lines that name none.
    pub reference: Option<String>,
    /// First line of the order; the header is line 1.
    pub first_line: u64,
    /// Last line of the order.
    pub last_line: u64,
    /// Offset of its first byte in the plain text.
    pub start: u64,
    /// Offset behind its last line break.
    pub end: u64,
    /// How many lines it has; empty lines do not count.
    pub lines: u64,
    /// The command, or all that is wrong with it.
    pub result: Result<SoundOrder, Vec<LineError>>,
}

/// An order without an error.
#[derive(Debug)]
pub struct SoundOrder {
    /// The command.
    pub command: Box<CreateOrder>,
    /// For each line of the command, its line in the file.
    pub file_lines: Vec<u64>,
}

/// Reads the orders of a file, one after the other.
#[derive(Debug)]
pub struct Orders<R> {
    records: TsvReader<R, OrderColumn>,
    grouping: Grouping,
    ended: bool,
}

impl<R: BufRead> Orders<R> {
    /// Orders of `source`, from the records that `records` has left.
    #[must_use]
    pub fn new(records: TsvReader<R, OrderColumn>, source: Source) -> Self {
        let grouping = Grouping { source, open: None, stray: None, ready: VecDeque::new() };
        Self { records, grouping, ended: false }
    }

    /// The next order, `None` at the end of the file.
    ///
    /// # Errors
    /// When the input fails; nothing of the unfinished order is given out.
    pub fn next_order(&mut self) -> io::Result<Option<ParsedOrder>> {
        loop {
            if let Some(order) = self.grouping.ready.pop_front() {
                return Ok(Some(order));
            }
            if self.ended {
                return Ok(None);
            }
            match self.records.next_record()? {
                Some(record) => self.grouping.take(&record),
                None => {
                    self.ended = true;
                    self.grouping.close();
                }
            }
        }
    }

    /// Where reading stands; behind the last order once [`Orders::next_order`] answered `None`.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.records.position()
    }
}

/// Which lines belong together.
#[derive(Debug)]
struct Grouping {
    source: Source,
    open: Option<Group>,
    /// Lines whose order number cannot be read, met since the last line of `open`. They belong to
    /// it if it goes on behind them, and stand alone otherwise.
    stray: Option<Group>,
    ready: VecDeque<ParsedOrder>,
}

impl Grouping {
    fn take(&mut self, record: &Record<'_, OrderColumn>) {
        let Some(reference) = record.raw(OrderColumn::OrderRef).filter(|raw| !is_blank(raw)) else {
            self.stray.get_or_insert_with(|| Group::stray(record)).add(record, &self.source);
            return;
        };
        match &mut self.open {
            Some(open) if open.is(reference) => {
                if let Some(stray) = self.stray.take() {
                    open.absorb(stray);
                }
                open.add(record, &self.source);
            }
            Some(_) | None => {
                self.close();
                self.open.insert(Group::of(reference, record)).add(record, &self.source);
            }
        }
    }

    fn close(&mut self) {
        let finished = [self.open.take(), self.stray.take()];
        self.ready.extend(finished.into_iter().flatten().map(Group::finish));
    }
}

fn is_blank(field: &[u8]) -> bool {
    field.iter().all(u8::is_ascii_whitespace)
}
