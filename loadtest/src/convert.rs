//! `loadtest convert uci`: the public UCI Online Retail file as hot-folder files. Mess is passed on as
//! it is (an exchange has to cope with it); only what a TSV cannot hold is replaced, and counted.

mod csv;
mod dates;
mod derive;
#[cfg(test)]
mod tests;
mod uci;

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use flate2::bufread::MultiGzDecoder;
use serde::Serialize;
use thiserror::Error;

use self::csv::{CsvError, CsvReader};
use self::dates::DateOrder;
use self::uci::{Columns, Decimals, Numbers, Places, RETURN_COLUMNS, ReturnRow, Sale};
use crate::hotfolder::{ORDER_COLUMNS, OrderRow, Series, SeriesCount, SeriesLayout, WriteError};
use crate::network::{NetworkError, Tables, sample};

/// How many skipped rows a report names.
const NAMED_ROWS_MAX: usize = 20;

/// What can be converted.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ConvertCommand {
    /// The UCI Online Retail file (also Online Retail II), as CSV or CSV.gz
    Uci(UciArgs),
}

/// Arguments of `loadtest convert uci`.
#[derive(Debug, Clone, Args)]
pub(crate) struct UciArgs {
    /// The CSV file; separated by commas or semicolons, UTF-8 or Latin-1
    pub(crate) file: PathBuf,
    /// Where the files go
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// Name of the source: the folder
    #[arg(long, default_value = "uci")]
    pub(crate) source: String,
    /// Network directory whose districts and windows are used [default: the sample network]
    #[arg(long)]
    pub(crate) network: Option<PathBuf>,
    /// Order of day and month [default: what the file's own dates prove]
    #[arg(long, value_enum)]
    pub(crate) dates: Option<DateOrder>,
    /// Start a new file after so many lines (an invoice is never cut in two)
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lines_per_file: u64,
    /// Compress the files (.tsv.gz)
    #[arg(long)]
    pub(crate) gzip: bool,
}

/// Why a file was not converted.
#[derive(Debug, Error)]
pub(crate) enum ConvertError {
    /// The input cannot be opened.
    #[error("cannot read {}: {source}", path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The input is no CSV.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// The file is empty.
    #[error("{} has no header row", .0.display())]
    Empty(PathBuf),
    /// A column is missing.
    #[error("there is no column {names}; the header row has: {header}")]
    Column {
        /// What it may be called.
        names: String,
        /// What is there.
        header: String,
    },
    /// No date of the file has a day above 12.
    #[error(
        "every date fits day/month and month/day: say which with --dates day-month-year or --dates month-day-year"
    )]
    AmbiguousDates,
    /// The network cannot be used.
    #[error("cannot use the network: {0}")]
    Network(#[from] NetworkError),
    /// An output file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// What a conversion did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Converted {
    /// How dates were read.
    pub(crate) dates: Option<DateOrder>,
    /// Orders written.
    pub(crate) orders: u64,
    /// Their files and lines.
    pub(crate) order_files: SeriesCount,
    /// Returns written.
    pub(crate) returns: u64,
    /// Their files and lines.
    pub(crate) return_files: SeriesCount,
    /// Invoices whose lines do not stand together: their later parts have numbers of their own.
    pub(crate) reopened_invoices: u64,
    /// Rows in which a tab or line break became a blank.
    pub(crate) cleaned_rows: u64,
    /// Rows without invoice, stock code or readable date: not written.
    pub(crate) skipped_rows: u64,
    /// The lines of the first of them.
    pub(crate) skipped_lines: Vec<u64>,
}

/// Converts one file.
///
/// # Errors
/// [`ConvertError`] when the input is not such a file or the output cannot be written.
pub(crate) fn run(args: &UciArgs) -> Result<Converted, ConvertError> {
    let places = places(args.network.as_deref())?;
    let (columns, mut records, delimiter) = open(&args.file)?;
    let dates = match args.dates {
        Some(dates) => dates,
        None => {
            uci::prove_date_order(&mut records, columns)?.ok_or(ConvertError::AmbiguousDates)?
        }
    };
    let (columns, mut records, _) = open(&args.file)?;
    let decimals = if delimiter == b';' { Decimals::Comma } else { Decimals::Point };

    let mut output = Output::new(args, places, dates)?;
    while let Some(record) = records.next_record()? {
        match Sale::read(columns, &record, dates, decimals) {
            Some(sale) => output.sale(sale)?,
            None => output.skip(record.line),
        }
    }
    output.finish()
}

fn places(network: Option<&Path>) -> Result<Places, NetworkError> {
    let tables = match network {
        Some(directory) => Tables::load(directory)?,
        None => sample::default_tables(),
    };
    let codes = |table: &'static str, column, other| -> Result<Vec<String>, NetworkError> {
        let pairs = tables.get(table)?.pairs(column, other)?;
        if pairs.is_empty() {
            return Err(NetworkError::Empty { table: table.to_owned() });
        }
        Ok(pairs.into_iter().map(|(code, _)| code).collect())
    };
    Ok(Places {
        districts: codes("districts", "district", "zone")?,
        timeslots: codes("timeslots", "timeslot", "cutoff")?,
    })
}

type Records = CsvReader<Box<dyn BufRead>>;

/// Opens a file at its first row; the header says what separates the fields.
fn open(path: &Path) -> Result<(Columns, Records, u8), ConvertError> {
    let failed = |source| ConvertError::Open { path: path.to_owned(), source };
    let file = BufReader::new(File::open(path).map_err(failed)?);
    let mut input: Box<dyn BufRead> = if path.extension().is_some_and(|suffix| suffix == "gz") {
        Box::new(BufReader::new(MultiGzDecoder::new(file)))
    } else {
        Box::new(file)
    };
    let start = input.fill_buf().map_err(failed)?;
    let header_row = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let delimiter = if header_row.contains(&b';') { b';' } else { b',' };
    let mut records = CsvReader::new(input, delimiter);
    let header = records.next_record()?.ok_or_else(|| ConvertError::Empty(path.to_owned()))?;
    Ok((Columns::find(&header.fields)?, records, delimiter))
}

/// Gathers the rows of one invoice after the other and writes them.
struct Output {
    places: Places,
    orders: Series,
    returns: Series,
    open_invoice: Vec<Sale>,
    numbers: Numbers,
    converted: Converted,
}

impl Output {
    fn new(args: &UciArgs, places: Places, dates: DateOrder) -> Result<Self, WriteError> {
        let layout = |kind, header| SeriesLayout {
            kind,
            source: args.source.clone(),
            header,
            lines_per_file: args.lines_per_file,
            gzip: args.gzip,
        };
        Ok(Self {
            places,
            orders: Series::new(&args.out, layout("order", &ORDER_COLUMNS))?,
            returns: Series::new(&args.out, layout("return", &RETURN_COLUMNS))?,
            open_invoice: Vec::new(),
            numbers: Numbers::default(),
            converted: Converted { dates: Some(dates), ..Converted::default() },
        })
    }

    fn sale(&mut self, sale: Sale) -> Result<(), WriteError> {
        if self.open_invoice.first().is_some_and(|first| !first.same_invoice(&sale)) {
            self.close_invoice()?;
        }
        self.converted.cleaned_rows += u64::from(sale.cleaned);
        self.open_invoice.push(sale);
        Ok(())
    }

    fn skip(&mut self, line: u64) {
        self.converted.skipped_rows += 1;
        if self.converted.skipped_lines.len() < NAMED_ROWS_MAX {
            self.converted.skipped_lines.push(line);
        }
    }

    fn close_invoice(&mut self) -> Result<(), WriteError> {
        let sales = std::mem::take(&mut self.open_invoice);
        let Some(first) = sales.first() else {
            return Ok(());
        };
        let (reference, reopened) = self.numbers.next(first.invoice());
        self.converted.reopened_invoices += u64::from(reopened);
        if first.is_return() {
            self.converted.returns += 1;
            let rows = uci::return_rows(&sales, &reference);
            self.returns.unit(rows.iter().map(ReturnRow::fields))
        } else {
            self.converted.orders += 1;
            let rows = uci::order_rows(&sales, &reference, &self.places);
            self.orders.unit(rows.iter().map(OrderRow::fields))
        }
    }

    fn finish(mut self) -> Result<Converted, ConvertError> {
        self.close_invoice()?;
        self.converted.order_files = self.orders.finish()?;
        self.converted.return_files = self.returns.finish()?;
        Ok(self.converted)
    }
}
