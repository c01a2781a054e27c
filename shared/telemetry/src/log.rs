//! The log of a process: one line an event on standard error, stamped with worker and instance.
//!
//! What to log is decided where it happens; here is only how a line looks and which are kept.

use std::fmt;
use std::io;

use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{self, FormatEvent, FormatFields, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

/// Targets that print bodies of messages.
const NEVER_LOGGED: &str = "lapin::returned_messages=off";

/// The log could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter has a wrong form.
    #[error("the log filter {filter:?} is not understood: write it like info,runtime=debug")]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        source: tracing_subscriber::filter::ParseError,
    },
    /// Somebody set a log up before.
    #[error("the log is already set up: call init once, first thing in main")]
    AlreadySet(#[from] tracing::subscriber::SetGlobalDefaultError),
}

/// Sets up the log of this process. Call it once, before anything that logs.
///
/// `filter` is a level or a list such as `info,runtime=debug`. `worker` and `instance` appear in
/// every line.
///
/// # Errors
/// [`LogError`] when the filter is not understood or a log was set up before.
pub fn init(filter: &str, json: bool, worker: &str, instance: &str) -> Result<(), LogError> {
    let subscriber = subscriber(filter, json, worker, instance, io::stderr)?;
    Ok(tracing::subscriber::set_global_default(subscriber)?)
}

pub(crate) fn subscriber<W>(
    filter: &str,
    json: bool,
    worker: &str,
    instance: &str,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // the client library would print whole messages, personal data included
    let kept = format!("{filter},{NEVER_LOGGED}");
    let parsed = EnvFilter::try_new(kept)
        .map_err(|source| LogError::Filter { filter: filter.to_owned(), source })?;
    let builder = tracing_subscriber::fmt().with_env_filter(parsed).with_writer(writer);
    if json {
        let lines = format::format().json().flatten_event(true).with_span_list(false);
        let stamp = Stamp::Json(format!("\"worker\":{worker:?},\"instance\":{instance:?},"));
        let builder = builder.fmt_fields(JsonFields::new());
        Ok(Box::new(builder.event_format(Stamped { lines, stamp }).finish()))
    } else {
        let stamp = Stamp::Text(format!("{worker} {instance} "));
        Ok(Box::new(builder.event_format(Stamped { lines: format::format(), stamp }).finish()))
    }
}

/// A line format with the process's identity put in front of each line's content. A span could
/// carry it too, and would be missing in every task that was spawned outside that span.
struct Stamped<F> {
    lines: F,
    stamp: Stamp,
}

enum Stamp {
    /// In front of the line.
    Text(String),
    /// The first members of the object.
    Json(String),
}

impl<S, N, F> FormatEvent<S, N> for Stamped<F>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut line = String::new();
        self.lines.format_event(context, Writer::new(&mut line), event)?;
        match (&self.stamp, line.strip_prefix('{')) {
            (Stamp::Json(stamp), Some(members)) => write!(writer, "{{{stamp}{members}"),
            (Stamp::Json(_), None) => writer.write_str(&line),
            (Stamp::Text(stamp), _) => write!(writer, "{stamp}{line}"),
        }
    }
}
