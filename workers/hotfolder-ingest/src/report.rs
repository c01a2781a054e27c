//! What the sender gets back: a report as JSON, and the rejected rows as they came.
//!
//! Both are made from what the database knows once a file is answered, so that writing them again
//! after a crash gives the same bytes. What never happens here: moving a file, asking the database.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _, Write};

use contracts::Timestamp;
use serde::{Serialize, Serializer};

/// The head of a report.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// The file's name.
    pub file: String,
    /// Who sent it.
    pub source: String,
    /// How it ended: `DONE`, `FAILED`, `DUPLICATE_FILE`, `CONFLICT`, `DRY_RUN`, `UNMAPPED`, ...
    pub state: String,
    /// A sentence about the file as a whole, where one is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// `reject-orders`, `reject-file` or `dry-run`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<&'static str>,
    /// SHA-256 of the plain text, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Size of the file as it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored_bytes: Option<u64>,
    /// Size of the plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_bytes: Option<u64>,
    /// When work on it began.
    pub started_at: Timestamp,
    /// When everything in it was answered.
    pub finished_at: Timestamp,
    /// What was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Counts>,
    /// How many rows had each verdict, for files whose rows are told apart.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub verdict_counts: BTreeMap<String, u64>,
    /// Columns that nobody reads (the first ones), each named once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown_columns: Vec<String>,
    /// What is odd and was accepted all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The file with the rejected rows, beside this folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_rows: Option<String>,
}

/// What a file came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counts {
    /// Lines, without the header and empty ones.
    pub lines: u64,
    /// Orders in the file.
    pub orders: u64,
    /// Orders that were taken on.
    pub accepted: u64,
    /// Orders that were there before with the same content.
    pub duplicate: u64,
    /// Orders with an error, or refused.
    pub rejected: u64,
}

/// One error of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportedError {
    /// Line of the file, the header is line 1.
    pub line: u64,
    /// The column, where one is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Stable code.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// The order it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<String>,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportedVerdict {
    /// Line of the file, the header is line 1.
    pub line: u64,
    /// What it is about: an order, a return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// In one word: `MATCHED`, `NO_MATCH`, `APPLIED`, or the code of a refusal.
    pub verdict: String,
    /// A sentence for a person, when there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Rows of the file, as a range of its plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// Offset of the first byte.
    pub start: u64,
    /// How many bytes.
    pub length: u64,
}

/// The name of a file's report.
#[must_use]
pub fn report_name(file: &str) -> String {
    format!("{file}.json")
}

/// The name of the file with a file's rejected rows.
#[must_use]
pub fn rejected_name(file: &str) -> String {
    format!("{file}.rejected.tsv")
}

/// Writes a report without verdicts; the errors are streamed.
///
/// # Errors
/// When `out` fails.
pub fn write_report(
    out: &mut impl Write,
    summary: &Summary,
    errors: impl Iterator<Item = ReportedError>,
) -> io::Result<()> {
    write_full_report(out, summary, errors, std::iter::empty())
}

/// Writes a report; errors and verdicts are streamed.
///
/// # Errors
/// When `out` fails.
pub fn write_full_report(
    out: &mut impl Write,
    summary: &Summary,
    errors: impl Iterator<Item = ReportedError>,
    verdicts: impl Iterator<Item = ReportedVerdict>,
) -> io::Result<()> {
    #[derive(Serialize)]
    struct Report<'a, E: Serialize, V: Serialize> {
        #[serde(flatten)]
        summary: &'a Summary,
        errors: E,
        #[serde(skip_serializing_if = "Option::is_none")]
        verdicts: Option<V>,
    }
    let has_verdicts = !summary.verdict_counts.is_empty();
    let report = Report {
        summary,
        errors: Streamed(Cell::new(Some(errors))),
        verdicts: has_verdicts.then(|| Streamed(Cell::new(Some(verdicts)))),
    };
    serde_json::to_writer_pretty(&mut *out, &report)?;
    out.write_all(b"\n")
}

/// A list that is made while it is written.
struct Streamed<I>(Cell<Option<I>>);

impl<I: Iterator<Item: Serialize>> Serialize for Streamed<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.take().into_iter().flatten())
    }
}

/// Copies the header and the rows of `ranges` (ascending, not overlapping) byte for byte from
/// `content`, which stands at the file's first byte.
///
/// # Errors
/// When either side fails, or the content ends before the last range does.
pub fn write_rejected(
    out: &mut impl Write,
    content: &mut impl BufRead,
    header_bytes: u64,
    ranges: impl Iterator<Item = Rows>,
) -> io::Result<()> {
    copy_exactly(content, header_bytes, out)?;
    let mut position = header_bytes;
    for Rows { start, length } in ranges {
        copy_exactly(content, start.saturating_sub(position), &mut io::sink())?;
        copy_exactly(content, length, out)?;
        position = start + length;
    }
    Ok(())
}

fn copy_exactly(from: &mut impl BufRead, bytes: u64, to: &mut impl Write) -> io::Result<()> {
    let copied = io::copy(&mut from.by_ref().take(bytes), to)?;
    if copied == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
