//! Hot-folder files as a sender writes them: numbered series of TSV files, each one complete when its
//! name appears. Knows the format (columns, no quoting); never what an order means.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a series of files could not be written.
#[derive(Debug, Error)]
pub(crate) enum WriteError {
    /// A file of that name is there already.
    #[error("{} is there already: choose an empty directory with --out", .0.display())]
    Exists(PathBuf),
    /// The file system said no.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// How a series is laid out.
#[derive(Debug, Clone)]
pub(crate) struct SeriesLayout {
    /// `order`, `return`.
    pub(crate) kind: &'static str,
    /// The sender: the folder's name.
    pub(crate) source: String,
    /// Column names of the header row.
    pub(crate) header: &'static [&'static str],
    /// Start a new file once this many lines are in the current one.
    pub(crate) lines_per_file: u64,
    /// Compress every file.
    pub(crate) gzip: bool,
}

/// What a finished series holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeriesCount {
    /// Files written.
    pub(crate) files: u64,
    /// Data lines in all of them, headers not counted.
    pub(crate) lines: u64,
}

enum Sink {
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
}

impl Sink {
    fn create(path: &Path, gzip: bool) -> io::Result<Self> {
        let file = BufWriter::new(File::create_new(path)?);
        Ok(if gzip {
            Self::Gzip(GzEncoder::new(file, Compression::default()))
        } else {
            Self::Plain(file)
        })
    }

    fn row(&mut self, fields: &[&str]) -> io::Result<()> {
        let mut line = fields.join("\t");
        line.push('\n');
        match self {
            Self::Plain(file) => file.write_all(line.as_bytes()),
            Self::Gzip(file) => file.write_all(line.as_bytes()),
        }
    }

    fn close(self) -> io::Result<()> {
        let mut file = match self {
            Self::Plain(file) => file,
            Self::Gzip(file) => file.finish()?,
        };
        file.flush()
    }
}

struct OpenFile {
    sink: Sink,
    partial: PathBuf,
    target: PathBuf,
    lines: u64,
}

/// Writes `<dir>/<source>/<kind>-<source>-<sequence>.tsv[.gz]`, from sequence 1 on.
pub(crate) struct Series {
    directory: PathBuf,
    layout: SeriesLayout,
    open: Option<OpenFile>,
    count: SeriesCount,
}

impl Series {
    /// Makes the source's directory; the first file appears with the first unit.
    ///
    /// # Errors
    /// [`WriteError::Io`] when the directory cannot be made.
    pub(crate) fn new(out: &Path, layout: SeriesLayout) -> Result<Self, WriteError> {
        let directory = out.join(&layout.source);
        fs::create_dir_all(&directory)
            .map_err(|source| WriteError::Io { path: directory.clone(), source })?;
        Ok(Self { directory, layout, open: None, count: SeriesCount::default() })
    }

    /// Writes the rows of one unit (an order, a return) into one file: a unit is never cut in two.
    ///
    /// # Errors
    /// [`WriteError`] when the file exists or cannot be written.
    pub(crate) fn unit<'a, R>(
        &mut self,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<(), WriteError>
    where
        R: AsRef<[&'a str]>,
    {
        if self.open.as_ref().is_some_and(|file| file.lines >= self.layout.lines_per_file) {
            self.close()?;
        }
        let mut file = match self.open.take() {
            Some(file) => file,
            None => self.open_next()?,
        };
        for row in rows {
            file.sink
                .row(row.as_ref())
                .map_err(|source| WriteError::Io { path: file.partial.clone(), source })?;
            file.lines += 1;
            self.count.lines += 1;
        }
        self.open = Some(file);
        Ok(())
    }

    /// Puts the last file in place.
    ///
    /// # Errors
    /// [`WriteError::Io`] when it cannot be finished.
    pub(crate) fn finish(mut self) -> Result<SeriesCount, WriteError> {
        self.close()?;
        Ok(self.count)
    }

    fn open_next(&mut self) -> Result<OpenFile, WriteError> {
        let SeriesLayout { kind, source, header, gzip, .. } = &self.layout;
        let suffix = if *gzip { ".gz" } else { "" };
        let sequence = self.count.files + 1;
        let name = format!("{kind}-{source}-{sequence:06}.tsv{suffix}");
        let target = self.directory.join(&name);
        let partial = self.directory.join(format!("{name}.part"));
        if target.exists() || partial.exists() {
            return Err(WriteError::Exists(target));
        }
        let failed = |source| WriteError::Io { path: partial.clone(), source };
        let mut sink = Sink::create(&partial, *gzip).map_err(failed)?;
        sink.row(header).map_err(failed)?;
        self.count.files = sequence;
        Ok(OpenFile { sink, partial, target, lines: 0 })
    }

    /// A reader never sees half a file: it gets its name when it is whole.
    fn close(&mut self) -> Result<(), WriteError> {
        let Some(file) = self.open.take() else {
            return Ok(());
        };
        file.sink
            .close()
            .and_then(|()| fs::rename(&file.partial, &file.target))
            .map_err(|source| WriteError::Io { path: file.target, source })
    }
}

/// Columns of an order file, in the order in which [`OrderRow::fields`] gives them.
pub(crate) const ORDER_COLUMNS: [&str; 19] = [
    "order_ref",
    "line_no",
    "ordered_at",
    "customer_ref",
    "district",
    "delivery_date",
    "timeslot",
    "merchant",
    "sku",
    "description",
    "quantity",
    "unit_price",
    "currency",
    "sku_type",
    "volume_ml",
    "weight_g",
    "recipient",
    "postcode",
    "address",
];

/// One line of an order file, as text: the sender may write nonsense into any field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the columns of the hot folder's order files")]
pub(crate) struct OrderRow {
    pub(crate) order_ref: String,
    pub(crate) line_no: String,
    pub(crate) ordered_at: String,
    pub(crate) customer_ref: String,
    pub(crate) district: String,
    pub(crate) delivery_date: String,
    pub(crate) timeslot: String,
    pub(crate) merchant: String,
    pub(crate) sku: String,
    pub(crate) description: String,
    pub(crate) quantity: String,
    pub(crate) unit_price: String,
    pub(crate) currency: String,
    pub(crate) sku_type: String,
    pub(crate) volume_ml: String,
    pub(crate) weight_g: String,
    pub(crate) recipient: String,
    pub(crate) postcode: String,
    pub(crate) address: String,
}

impl OrderRow {
    /// The fields in the order of [`ORDER_COLUMNS`].
    pub(crate) fn fields(&self) -> [&str; 19] {
        [
            &self.order_ref,
            &self.line_no,
            &self.ordered_at,
            &self.customer_ref,
            &self.district,
            &self.delivery_date,
            &self.timeslot,
            &self.merchant,
            &self.sku,
            &self.description,
            &self.quantity,
            &self.unit_price,
            &self.currency,
            &self.sku_type,
            &self.volume_ml,
            &self.weight_g,
            &self.recipient,
            &self.postcode,
            &self.address,
        ]
    }
}
