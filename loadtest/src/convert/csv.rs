//! A streaming reader of RFC 4180 records: quoted fields, doubled quotes, line breaks inside quotes.
//! Lenient where real exports are sloppy, bounded everywhere. Knows nothing of what a field means.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use thiserror::Error;

/// A record longer than this is a quote that was never closed, not data.
const MAX_RECORD_BYTES: u64 = 1 << 20;

/// Why no further record can be read.
#[derive(Debug, Error)]
pub(crate) enum CsvError {
    /// The input failed.
    #[error("line {line}: {source}")]
    Io {
        /// The line that was being read, from 1.
        line: u64,
        /// What the system said.
        source: io::Error,
    },
    /// A quote is never closed, or the file is no CSV.
    #[error(
        "the record that begins at line {line} does not end within 1 MiB: is a quote left open?"
    )]
    Endless {
        /// Where it begins, from 1.
        line: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// Reads records one by one.
#[derive(Debug)]
pub(crate) struct CsvReader<R> {
    input: R,
    delimiter: u8,
    next_line: u64,
}

/// One record: its first line and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    /// Line number in the file, from 1.
    pub(crate) line: u64,
    /// The fields without their quotes.
    pub(crate) fields: Vec<String>,
}

impl<R: BufRead> CsvReader<R> {
    /// Reads records whose fields are separated by `delimiter`.
    pub(crate) fn new(input: R, delimiter: u8) -> Self {
        Self { input, delimiter, next_line: 1 }
    }

    /// The next record that is not an empty line; `None` at the end.
    ///
    /// # Errors
    /// [`CsvError`] when the input fails or a record does not end.
    pub(crate) fn next_record(&mut self) -> Result<Option<Record>, CsvError> {
        loop {
            let line = self.next_line;
            let Some(fields) = self.read_fields(line)? else {
                return Ok(None);
            };
            if fields.iter().any(|field| !field.is_empty()) {
                return Ok(Some(Record { line, fields }));
            }
        }
    }

    fn read_fields(&mut self, first_line: u64) -> Result<Option<Vec<String>>, CsvError> {
        let mut parser = FieldParser::new(self.delimiter);
        let mut bytes = Vec::new();
        let mut left = MAX_RECORD_BYTES;
        loop {
            bytes.clear();
            let read = (&mut self.input).take(left).read_until(b'\n', &mut bytes);
            let read = read.map_err(|source| CsvError::Io { line: self.next_line, source })?;
            left -= u64::try_from(read).unwrap_or(left);
            if read == 0 && left > 0 {
                return Ok(parser.finish_at_end());
            }
            if !bytes.ends_with(b"\n") && left == 0 {
                return Err(CsvError::Endless { line: first_line });
            }
            self.next_line += 1;
            if parser.line_is_last(&bytes) {
                return Ok(Some(parser.finish()));
            }
        }
    }
}

/// Puts fields together from the lines of one record.
struct FieldParser {
    delimiter: u8,
    state: State,
    field: Vec<u8>,
    fields: Vec<String>,
    began: bool,
}

impl FieldParser {
    fn new(delimiter: u8) -> Self {
        Self {
            delimiter,
            state: State::FieldStart,
            field: Vec::new(),
            fields: Vec::new(),
            began: false,
        }
    }

    /// Takes one line with its line break; false when the record goes on in the next line.
    fn line_is_last(&mut self, line: &[u8]) -> bool {
        self.began = true;
        let (content, line_break) = split_line_break(line);
        for &byte in content {
            self.take(byte);
        }
        if self.state == State::Quoted {
            self.field.extend_from_slice(line_break);
            return false;
        }
        true
    }

    fn take(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::FieldStart, b'"') => State::Quoted,
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::QuoteInQuoted, b'"') => {
                self.field.push(byte);
                State::Quoted
            }
            (State::FieldStart | State::Plain | State::QuoteInQuoted, byte)
                if byte == self.delimiter =>
            {
                self.end_field();
                State::FieldStart
            }
            (State::Quoted, byte) => {
                self.field.push(byte);
                State::Quoted
            }
            (State::FieldStart | State::Plain | State::QuoteInQuoted, byte) => {
                self.field.push(byte);
                State::Plain
            }
        };
    }

    fn end_field(&mut self) {
        self.fields.push(decode(&self.field).into_owned());
        self.field.clear();
    }

    fn finish(mut self) -> Vec<String> {
        self.end_field();
        self.fields
    }

    /// At the end of the input: what an unclosed quote has gathered is still a record.
    fn finish_at_end(self) -> Option<Vec<String>> {
        self.began.then(|| self.finish())
    }
}

fn split_line_break(line: &[u8]) -> (&[u8], &[u8]) {
    let content = line.strip_suffix(b"\n").unwrap_or(line);
    let content = content.strip_suffix(b"\r").unwrap_or(content);
    line.split_at(content.len())
}

/// UTF-8, or else Latin-1, in which the public file is often passed on.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_not_utf8) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}
