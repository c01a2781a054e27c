//! How results reach the operator: one JSON value with `--json`, otherwise text with tables.
//!
//! Results go to standard output, everything said on the way to standard error.
#![allow(clippy::print_stdout, reason = "a command line tool: its result goes to standard output")]

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;

use crate::error::Result;

/// How this run of the program talks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    json: bool,
    colour: bool,
    quiet: bool,
}

/// What a piece of text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// A heading.
    Strong,
}

impl Output {
    /// `json`: one value on standard output. Colours need a terminal and no `NO_COLOR`.
    pub(crate) fn new(json: bool) -> Result<Self> {
        let plain = settings::var("NO_COLOR")?.is_some();
        let colour = !json && !plain && std::io::stdout().is_terminal();
        Ok(Self { json, colour, quiet: false })
    }

    /// The same without results and notes: for commands that run as a part of another one.
    pub(crate) const fn silent(self) -> Self {
        Self { quiet: true, ..self }
    }

    /// True with `--json`.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// True when a person watches: a terminal on standard error and no `--json`.
    pub(crate) fn is_watched(self) -> bool {
        !self.json && !self.quiet && std::io::stderr().is_terminal()
    }

    /// Prints the result: `value` with `--json`, else what `text` gives.
    pub(crate) fn result<T: Serialize>(
        self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> Result<()> {
        if self.quiet {
            return Ok(());
        }
        let text = if self.json { serde_json::to_string_pretty(value)? } else { text() };
        // a closed pipe (`dray ... | head`) is the reader's wish, not our failure
        let _closed = writeln!(std::io::stdout(), "{}", text.trim_end());
        Ok(())
    }

    /// Says something on the way.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            let _closed = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Colours a piece of text, where colours are wanted.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Bad => "31",
            Tone::Strong => "1",
        };
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Rows under headings, aligned. Numbers are told by their digits and stand right.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(heads: &[&'static str]) -> Self {
        Self { heads: heads.to_vec(), rows: Vec::new() }
    }

    /// Adds a row; cells beyond the headings are not shown.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// True without rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, one line a row.
    pub(crate) fn render(&self, output: Output) -> String {
        let widths: Vec<usize> = self.widths();
        let numeric: Vec<bool> =
            (0..self.heads.len()).map(|column| self.is_numeric(column)).collect();
        let mut text = String::new();
        let heads: Vec<String> = self.heads.iter().map(|head| (*head).to_owned()).collect();
        let line = Self::line(&heads, &widths, &numeric);
        // writing to a String cannot fail
        let _ = writeln!(text, "{}", output.paint(Tone::Strong, line.trim_end()));
        for row in &self.rows {
            let _ = writeln!(text, "{}", Self::line(row, &widths, &numeric).trim_end());
        }
        text
    }

    fn line(cells: &[String], widths: &[usize], numeric: &[bool]) -> String {
        let columns = cells.iter().zip(widths).zip(numeric);
        let padded = columns.map(|((cell, width), right)| {
            let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
            if *right { format!("{gap}{cell}") } else { format!("{cell}{gap}") }
        });
        padded.collect::<Vec<String>>().join("  ")
    }

    fn widths(&self) -> Vec<usize> {
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        self.heads
            .iter()
            .enumerate()
            .map(|(column, head)| {
                let longest = cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0);
                longest.max(head.chars().count())
            })
            .collect()
    }

    fn is_numeric(&self, column: usize) -> bool {
        let mut cells =
            self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| !cell.is_empty());
        let number = |cell: &String| {
            cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '%'))
        };
        !self.rows.is_empty() && cells.all(number)
    }
}

/// A value that may be missing, as a cell.
pub(crate) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

/// Seconds as a person reads them: `42 s`, `3 min`, `5 h`, `2 d`.
pub(crate) fn age(seconds: i64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::{Output, Table, age};

    #[test]
    fn a_table_is_aligned_numbers_to_the_right() {
        let output = Output { json: false, colour: false, quiet: false };
        let mut table = Table::new(&["name", "n", "note"]);
        table.row(["a".to_owned(), "5".to_owned(), String::new()]);
        table.row(["long name".to_owned(), "1200".to_owned(), "x".to_owned()]);
        assert_eq!(
            table.render(output),
            "name          n  note\na             5\nlong name  1200  x\n"
        );
    }

    #[test]
    fn ages_are_told_in_the_unit_that_fits() {
        let cases = [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (200_000, "2 d")];
        for (seconds, expected) in cases {
            assert_eq!(age(seconds), expected);
        }
    }
}
