//! `loadtest generate`: a day of orders as hot-folder files, made from a seed. Made-up people and
//! goods only. Memory does not grow with the size of the day.

mod catalogue;
mod day;
mod manifest;
mod mess;
mod order;
mod promise;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use clap::Args;
use contracts::Timestamp;
use thiserror::Error;

use self::catalogue::Catalogue;
use self::day::Day;
pub(crate) use self::manifest::Manifest;
use self::order::OrderMaker;
use self::promise::Promises;
use crate::dice::Weighted;
use crate::hotfolder::{ORDER_COLUMNS, OrderRow, Series, SeriesLayout, WriteError};
use crate::network::{Network, NetworkError, sample};

/// A fleet may need this long to read the files before a cut-off that the generator counts on.
const READING_TIME: Duration = Duration::minutes(60);

/// Arguments of `loadtest generate`.
#[derive(Debug, Clone, Args)]
pub(crate) struct GenerateArgs {
    /// Number of orders
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) orders: u64,
    /// The same seed and dates give the same files
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the files go: one folder a source, and manifest.json
    #[arg(long)]
    pub(crate) out: PathBuf,
    /// First day of delivery [default: the day after --today]
    #[arg(long)]
    pub(crate) date: Option<NaiveDate>,
    /// The day on which the orders are placed (UTC) [default: the day before --date; without both, the
    /// 24 hours before now, with promises that can still be kept under the wall clock]
    #[arg(long)]
    pub(crate) today: Option<NaiveDate>,
    /// Network directory whose districts, windows and cut-offs are used [default: the sample network]
    #[arg(long)]
    pub(crate) network: Option<PathBuf>,
    /// Number of sources (folders); the first one sends most
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) sources: u32,
    /// Name of the sources, before their number
    #[arg(long, default_value = "shop")]
    pub(crate) source_name: String,
    /// Start a new file after so many lines (an order is never cut in two)
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) lines_per_file: u64,
    /// Share of orders with mess as in real files, 0 to 1
    #[arg(long, default_value_t = 0.02, value_parser = share)]
    pub(crate) mess: f64,
    /// The busiest hour of the day (UTC)
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=23))]
    pub(crate) target_hour: u32,
    /// Share of the orders that come in the busiest hour, 0 to 1
    #[arg(long, default_value_t = 0.11, value_parser = share)]
    pub(crate) target_share: f64,
    /// Median litres of a waybill
    #[arg(long, default_value_t = 25.0)]
    pub(crate) median_litres: f64,
    /// Number of merchants
    #[arg(long, default_value_t = 240, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) merchants: u64,
    /// Currency of every price
    #[arg(long, default_value = "EUR")]
    pub(crate) currency: String,
    /// Compress the files (.tsv.gz)
    #[arg(long)]
    pub(crate) gzip: bool,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a share is a number from 0 to 1".to_owned()),
    }
}

/// Why no day was generated.
#[derive(Debug, Error)]
pub(crate) enum GenerateError {
    /// The network cannot be used.
    #[error("cannot use the network: {0}")]
    Network(#[from] NetworkError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The manifest cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Manifest {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// When the orders of the day are placed and delivered.
#[derive(Debug, Clone, Copy)]
struct Dates {
    until: DateTime<Utc>,
    promises: Promises,
}

impl Dates {
    fn of(args: &GenerateArgs, now: DateTime<Utc>) -> Self {
        let midnight_after =
            |day: NaiveDate| (day.succ_opt().unwrap_or(day)).and_time(NaiveTime::MIN).and_utc();
        let today = args.today.or_else(|| args.date.and_then(|date| date.pred_opt()));
        let (until, read_at) = match today {
            Some(today) => (midnight_after(today), None),
            None => (now, Some(now + READING_TIME)),
        };
        let day_after = today.unwrap_or_else(|| now.date_naive()).succ_opt();
        let first_delivery = args.date.or(day_after).unwrap_or_else(|| now.date_naive());
        Self { until, promises: Promises { first_delivery, read_at } }
    }
}

/// Writes the files and the manifest.
///
/// # Errors
/// [`GenerateError`] when the network is unusable or the directory holds such files already.
pub(crate) fn run(args: &GenerateArgs) -> Result<Manifest, GenerateError> {
    let network = match &args.network {
        Some(directory) => Network::load(directory)?,
        None => Network::from_tables(&sample::default_tables())?,
    };
    let dates = Dates::of(args, Timestamp::now().as_datetime());
    let maker = order_maker(args, network, dates);
    let mut manifest = empty_manifest(args, dates);
    let sources = source_names(args);
    let mut series = open_series(args, &sources)?;

    for number in 0..args.orders {
        let order = maker.order(number);
        if let (Some(name), Some(files)) = (sources.get(order.shop), series.get_mut(order.shop)) {
            files.unit(order.rows.iter().map(OrderRow::fields))?;
            manifest.count(name, &order);
        }
    }
    for (name, files) in sources.iter().zip(series) {
        manifest.sources.entry(name.clone()).or_default().series = files.finish()?;
    }
    write_manifest(args, &manifest)?;
    Ok(manifest)
}

fn source_names(args: &GenerateArgs) -> Vec<String> {
    (1..=args.sources).map(|number| format!("{}{number}", args.source_name)).collect()
}

fn open_series(args: &GenerateArgs, sources: &[String]) -> Result<Vec<Series>, WriteError> {
    let layout = |source: &String| SeriesLayout {
        kind: "order",
        source: source.clone(),
        header: &ORDER_COLUMNS,
        lines_per_file: args.lines_per_file,
        gzip: args.gzip,
    };
    sources.iter().map(|source| Series::new(&args.out, layout(source))).collect()
}

fn order_maker(args: &GenerateArgs, network: Network, dates: Dates) -> OrderMaker {
    let smaller = (1_usize..).zip((2..=args.sources).map(|number| 1.0 / f64::from(number)));
    OrderMaker {
        seed: args.seed,
        orders: args.orders,
        customers: (args.orders * 3 / 4).max(1),
        day: Day::ending(dates.until, args.target_hour, args.target_share),
        promises: dates.promises,
        network,
        catalogue: Catalogue::new(args.seed, args.merchants, args.median_litres),
        shops: Weighted::from_last(smaller.collect(), (0, 1.0)),
        currency: args.currency.clone(),
        mess_rate: args.mess,
        numbered_by: dates.promises.first_delivery,
    }
}

fn empty_manifest(args: &GenerateArgs, dates: Dates) -> Manifest {
    Manifest {
        seed: args.seed,
        orders: 0,
        lines: 0,
        ordered_from: dates.until - Duration::hours(24),
        ordered_until: dates.until,
        first_delivery: dates.promises.first_delivery,
        sources: BTreeMap::new(),
        planted: BTreeMap::new(),
        expected: manifest::Expected::default(),
    }
}

fn write_manifest(args: &GenerateArgs, manifest: &Manifest) -> Result<(), GenerateError> {
    let path = args.out.join("manifest.json");
    let text = serde_json::to_string_pretty(manifest).map_err(io::Error::from);
    text.and_then(|text| fs::write(&path, text + "\n"))
        .map_err(|source| GenerateError::Manifest { path, source })
}
