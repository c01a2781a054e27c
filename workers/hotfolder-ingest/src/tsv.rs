//! Tab-separated text as a stream: one line in memory, whatever the size of the file.
//!
//! What lives here: lines, header, fields as slices, their positions. What never does: the meaning
//! of a column, the disk.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, BufRead, Read as _};

use thiserror::Error;

use crate::fault::{Code, LineError};

/// The longest line in bytes, without its line break.
pub const LINE_BYTES_MAX: usize = 64 * 1024;
/// Unknown columns that a report names; the others are counted.
pub const UNKNOWN_COLUMNS_SHOWN: usize = 50;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF16_MARKS: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];

/// The columns that one kind of file may have.
pub trait Column: Copy + Eq + fmt::Debug + Send + 'static {
    /// Every column; `index` counts in this order.
    const ALL: &'static [Self];
    /// The name in the header.
    fn name(self) -> &'static str;
    /// True when a file without it is refused.
    fn is_required(self) -> bool;
    /// The place in [`Column::ALL`].
    fn index(self) -> usize;
}

/// A place between two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Lines before it.
    pub lines: u64,
    /// Bytes of plain text before it.
    pub bytes: u64,
}

/// Why a header cannot be used.
#[derive(Debug, Error)]
pub enum HeaderError {
    /// The file could not be read; nothing is said about its content.
    #[error("the header could not be read: {0}")]
    Io(#[from] io::Error),
    /// Everything that is wrong with the header.
    #[error("the header has {} errors", .0.len())]
    Wrong(Vec<LineError>),
}

/// The first line: which column stands where.
#[derive(Debug, Clone)]
pub struct Header<C> {
    columns: Vec<Option<C>>,
    names: Vec<Box<str>>,
    end: Position,
}

impl<C: Column> Header<C> {
    /// Reads the first line of `input`.
    ///
    /// # Errors
    /// [`HeaderError::Wrong`] with every missing and every doubled column, or the reason why the
    /// line is no header at all.
    pub fn read(input: &mut impl BufRead) -> Result<Self, HeaderError> {
        let mut line = Vec::new();
        let taken = read_line(input, &mut line)?;
        let text = header_text(&line, &taken).map_err(|error| HeaderError::Wrong(vec![error]))?;
        let names: Vec<Box<str>> = text.split('\t').map(|name| name.trim().into()).collect();
        let columns: Vec<Option<C>> = names.iter().map(|name| column_named(name)).collect();
        let errors = column_errors(&names, &columns);
        if errors.is_empty() {
            Ok(Self { columns, names, end: Position { lines: 1, bytes: taken.bytes } })
        } else {
            Err(HeaderError::Wrong(errors))
        }
    }

    /// Where the first record begins.
    #[must_use]
    pub const fn end(&self) -> Position {
        self.end
    }

    /// Names of columns that nobody reads, at most [`UNKNOWN_COLUMNS_SHOWN`] of them, and how many
    /// there are in all.
    #[must_use]
    pub fn unknown(&self) -> (Vec<&str>, usize) {
        let unknown =
            || self.names.iter().zip(&self.columns).filter(|(_, column)| column.is_none());
        let shown = unknown().take(UNKNOWN_COLUMNS_SHOWN).map(|(name, _)| &**name).collect();
        (shown, unknown().count())
    }
}

fn column_named<C: Column>(name: &str) -> Option<C> {
    C::ALL.iter().copied().find(|column| column.name() == name)
}

fn header_text<'a>(line: &'a [u8], taken: &Taken) -> Result<&'a str, LineError> {
    let wrong = |code, message: &str| Err(LineError::of_line(1, code, message));
    if taken.bytes == 0 || line.is_empty() {
        return wrong(Code::EmptyFile, "the file has no header: its first line names the columns");
    }
    if taken.overlong {
        return wrong(Code::LineTooLong, "the header is longer than 64 KiB");
    }
    if UTF16_MARKS.iter().any(|mark| line.starts_with(mark)) {
        return wrong(Code::NotUtf8, "the file is UTF-16: send it as UTF-8");
    }
    let text = std::str::from_utf8(line.strip_prefix(UTF8_MARK).unwrap_or(line))
        .or_else(|_| wrong(Code::NotUtf8, "the header is not UTF-8: is this a text file?"))?;
    if !text.contains('\t') && text.contains([',', ';', '|']) {
        let message = "the header has no tab: columns are separated by tabs, without quotes";
        return wrong(Code::NotTabSeparated, message);
    }
    Ok(text)
}

fn column_errors<C: Column>(names: &[Box<str>], columns: &[Option<C>]) -> Vec<LineError> {
    let mut errors = Vec::new();
    for column in C::ALL {
        let count = columns.iter().filter(|found| **found == Some(*column)).count();
        if count == 0 && column.is_required() {
            let message = format!("the required column {} is not in the header", column.name());
            errors.push(LineError::of_field(1, column.name(), Code::MissingColumn, message));
        } else if count > 1 {
            let message = format!("the column {} is in the header {count} times", column.name());
            errors.push(LineError::of_field(1, column.name(), Code::DuplicateColumn, message));
        }
    }
    debug_assert_eq!(names.len(), columns.len(), "one entry a header field");
    errors
}

/// What was taken from the input for one line.
struct Taken {
    /// Bytes, line break included; 0 at the end of the input.
    bytes: u64,
    /// The line is longer than allowed, `line` holds its beginning only.
    overlong: bool,
}

/// Reads up to the next LF. Keeps at most [`LINE_BYTES_MAX`] bytes and skips the rest of the line.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Taken> {
    line.clear();
    let limit = LINE_BYTES_MAX + 2;
    let kept = input.by_ref().take(wide(limit)).read_until(b'\n', line)?;
    let mut bytes = wide(kept);
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    } else if kept == limit {
        bytes += wide(input.skip_until(b'\n')?);
    }
    let overlong = line.len() > LINE_BYTES_MAX;
    line.truncate(LINE_BYTES_MAX);
    Ok(Taken { bytes, overlong })
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// Reads records, one after the other.
#[derive(Debug)]
pub struct TsvReader<R, C> {
    input: R,
    header: Header<C>,
    next: Position,
    line: Vec<u8>,
    spans: Vec<Option<(usize, usize)>>,
}

impl<R: BufRead, C: Column> TsvReader<R, C> {
    /// Reads on at `position`, which is where `input` already stands.
    #[must_use]
    pub fn new(input: R, header: Header<C>, position: Position) -> Self {
        let spans = vec![None; C::ALL.len()];
        Self { input, header, next: position, line: Vec::new(), spans }
    }

    /// Where the next record begins.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.next
    }

    /// The next line that is not empty; `None` at the end.
    ///
    /// # Errors
    /// When the input fails; the reader cannot go on afterwards.
    pub fn next_record(&mut self) -> io::Result<Option<Record<'_, C>>> {
        let (start, taken) = loop {
            let start = self.next;
            let taken = read_line(&mut self.input, &mut self.line)?;
            if taken.bytes == 0 {
                return Ok(None);
            }
            self.next = Position { lines: start.lines + 1, bytes: start.bytes + taken.bytes };
            if !self.line.is_empty() {
                break (start, taken);
            }
        };
        let fields = self.split();
        Ok(Some(Record {
            line: self.next.lines,
            start: start.bytes,
            end: self.next.bytes,
            fields,
            overlong: taken.overlong,
            text: std::str::from_utf8(&self.line).ok(),
            bytes: &self.line,
            spans: &self.spans,
            header: &self.header,
        }))
    }

    /// Notes where the known columns stand and counts the fields.
    fn split(&mut self) -> usize {
        self.spans.fill(None);
        let (mut fields, mut start) = (0, 0);
        let mut columns = self.header.columns.iter();
        for field in self.line.split(|byte| *byte == b'\t') {
            let end = start + field.len();
            if let Some(Some(column)) = columns.next()
                && let Some(span) = self.spans.get_mut(column.index())
            {
                *span = Some((start, end));
            }
            fields += 1;
            start = end + 1;
        }
        fields
    }
}

/// A field that holds bytes which are no UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUtf8;

/// One line, as slices of it.
#[derive(Debug)]
pub struct Record<'a, C> {
    /// Line number, the header is line 1.
    pub line: u64,
    /// Offset of its first byte.
    pub start: u64,
    /// Offset behind its line break.
    pub end: u64,
    fields: usize,
    overlong: bool,
    text: Option<&'a str>,
    bytes: &'a [u8],
    spans: &'a [Option<(usize, usize)>],
    header: &'a Header<C>,
}

impl<'a, C: Column> Record<'a, C> {
    /// The bytes of a field; `None` when the file lacks the column or the line ends before it.
    #[must_use]
    pub fn raw(&self, column: C) -> Option<&'a [u8]> {
        let (start, end) = (*self.spans.get(column.index())?)?;
        self.bytes.get(start..end)
    }

    /// The text of a field; `None` as with [`Record::raw`].
    ///
    /// # Errors
    /// [`NotUtf8`], which [`Record::shape_errors`] has already reported.
    pub fn field(&self, column: C) -> Result<Option<&'a str>, NotUtf8> {
        let Some(Some((start, end))) = self.spans.get(column.index()).copied() else {
            return Ok(None);
        };
        if let Some(text) = self.text {
            return Ok(text.get(start..end));
        }
        let raw = self.bytes.get(start..end).unwrap_or_default();
        std::str::from_utf8(raw).map(Some).or(Err(NotUtf8))
    }

    /// What is wrong with the line before anyone looks at what its fields mean. After
    /// [`Code::LineTooLong`] and [`Code::FieldCount`] the fields may stand in the wrong columns.
    #[must_use]
    pub fn shape_errors(&self) -> Vec<LineError> {
        if self.overlong {
            let message = format!("the line is longer than {LINE_BYTES_MAX} bytes");
            return vec![LineError::of_line(self.line, Code::LineTooLong, message)];
        }
        let expected = self.header.columns.len();
        if self.fields != expected {
            let message = format!("the line has {} fields, the header has {expected}", self.fields);
            return vec![LineError::of_line(self.line, Code::FieldCount, message)];
        }
        if self.text.is_some() {
            return Vec::new();
        }
        let fields = self.bytes.split(|byte| *byte == b'\t').zip(&self.header.names);
        fields.filter_map(|(field, name)| self.not_utf8(field, name)).collect()
    }

    /// True when the fields may stand in the wrong columns, so that none of them means anything.
    #[must_use]
    pub fn is_shifted(&self) -> bool {
        self.overlong || self.fields != self.header.columns.len()
    }

    fn not_utf8(&self, field: &[u8], column: &str) -> Option<LineError> {
        let error = std::str::from_utf8(field).err()?;
        let message = format!("byte {} of the field is not UTF-8", error.valid_up_to() + 1);
        let column = Cow::Owned(column.to_owned());
        Some(LineError::of_field(self.line, column, Code::NotUtf8, message))
    }
}
