//! A small table with a header row, read whole. Columns are found by name; every error of a file is
//! found in one pass.

use std::path::{Path, PathBuf};

use crate::error::{CommandError, Exit, Result};

/// Most bytes of one table: far above any real network, far below what would hurt.
const BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most errors that are shown.
const ERRORS_SHOWN: usize = 50;

/// A table as text.
#[derive(Debug)]
pub(super) struct Tsv {
    file: PathBuf,
    columns: Vec<String>,
    records: Vec<(u32, Vec<String>)>,
}

/// The errors of a file, gathered while its rows are read.
#[derive(Debug, Default)]
pub(super) struct Errors(Vec<String>);

/// One row while it is read.
#[derive(Debug)]
pub(super) struct Record<'a> {
    table: &'a Tsv,
    /// Line in the file, counted from 1.
    pub(super) line: u32,
    fields: &'a [String],
    errors: &'a mut Errors,
}

impl Tsv {
    /// Reads a file. `None` when there is no such file.
    pub(super) fn read(file: &Path) -> Result<Option<Self>> {
        let failed = |error: std::io::Error| CommandError::file("read", file, &error);
        let size = match std::fs::metadata(file) {
            Ok(metadata) => metadata.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        if size > BYTES_MAX {
            let message =
                format!("{} has {size} bytes, at most {BYTES_MAX} are read", file.display());
            return Err(CommandError::new(Exit::Data, message));
        }
        let bytes = std::fs::read(file).map_err(failed)?;
        Self::parse(file, &bytes).map(Some)
    }

    /// Takes a file's bytes apart.
    pub(super) fn parse(file: &Path, bytes: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line =
                bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
            CommandError::new(
                Exit::Data,
                format!("{}:{line}: not UTF-8: save the file as UTF-8", file.display()),
            )
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = (1_u32..).zip(text.lines());
        let fields = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<String>>();
        let columns = lines.next().map(|(_, line)| fields(line)).unwrap_or_default();
        let filled = lines.filter(|(_, line)| !line.trim().is_empty());
        let records: Vec<(u32, Vec<String>)> =
            filled.map(|(number, line)| (number, fields(line))).collect();
        let table = Self { file: file.to_path_buf(), columns, records };
        table.check_widths()?;
        Ok(table)
    }

    fn check_widths(&self) -> Result<()> {
        let mut errors = Errors::default();
        let wrong = self.records.iter().filter(|(_, fields)| fields.len() != self.columns.len());
        for (line, fields) in wrong {
            let (have, want) = (fields.len(), self.columns.len());
            let message = format!("{have} fields where the header has {want}: check the tabs");
            errors.0.push(format!("{}:{line}: {message}", self.file.display()));
        }
        errors.into_result()
    }

    /// Refuses a table without one of these columns.
    pub(super) fn require(&self, columns: &[&str]) -> Result<()> {
        let missing: Vec<&str> =
            columns.iter().copied().filter(|name| self.column(name).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let file = self.file.display();
        let message = format!("{file}:1: the header has no column {}: add it", missing.join(", "));
        Err(CommandError::new(Exit::Data, message))
    }

    /// Reads every row; the rows come with their lines. Fails with all errors of the file.
    pub(super) fn rows<R>(&self, read: fn(&mut Record<'_>) -> Option<R>) -> Result<Vec<(u32, R)>> {
        let mut errors = Errors::default();
        let mut rows = Vec::with_capacity(self.records.len());
        for (line, fields) in &self.records {
            let mut record = Record { table: self, line: *line, fields, errors: &mut errors };
            if let Some(row) = read(&mut record) {
                rows.push((*line, row));
            }
        }
        errors.into_result()?;
        Ok(rows)
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }
}

impl Errors {
    fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let more = self.0.len().saturating_sub(ERRORS_SHOWN);
        let mut message = self.0.into_iter().take(ERRORS_SHOWN).collect::<Vec<_>>().join("\n");
        if more > 0 {
            message.push_str(&format!("\nand {more} more"));
        }
        Err(CommandError::new(Exit::Data, message))
    }
}

impl Record<'_> {
    /// The text of a column; empty when the file has no such column.
    pub(super) fn text(&self, column: &str) -> &str {
        let at = self.table.column(column);
        at.and_then(|at| self.fields.get(at)).map_or("", String::as_str)
    }

    /// A column as a value. A value that does not read is noted and gives `None`.
    pub(super) fn get<T: std::str::FromStr>(&mut self, column: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let parsed = self.text(column).parse::<T>();
        parsed.map_err(|error| self.wrong(column, &error.to_string())).ok()
    }

    /// A column as one of our codes.
    pub(super) fn code<T: TryFrom<String>>(&mut self, column: &str) -> Option<T>
    where
        T::Error: std::fmt::Display,
    {
        let code = T::try_from(self.text(column).to_owned());
        code.map_err(|error| self.wrong(column, &error.to_string())).ok()
    }

    /// A column that may be empty.
    pub(super) fn optional<T: std::str::FromStr>(&mut self, column: &str) -> Option<Option<T>>
    where
        T::Err: std::fmt::Display,
    {
        if self.text(column).is_empty() { Some(None) } else { self.get(column).map(Some) }
    }

    /// A column with values separated by commas, each read by `read`.
    pub(super) fn list<T>(
        &mut self,
        column: &str,
        read: impl Fn(&str) -> std::result::Result<T, String>,
    ) -> Option<Vec<T>> {
        let parts = self.text(column).split(',').map(str::trim).filter(|part| !part.is_empty());
        let values: std::result::Result<Vec<T>, String> = parts.map(read).collect();
        values.map_err(|error| self.wrong(column, &error)).ok()
    }

    /// Notes what is wrong with a column of this row.
    pub(super) fn wrong(&mut self, column: &str, why: &str) {
        let (file, line) = (self.table.file.display(), self.line);
        let shown: String = self.text(column).chars().take(60).collect();
        self.errors.0.push(format!("{file}:{line}: {column}: {shown:?}: {why}"));
    }
}
