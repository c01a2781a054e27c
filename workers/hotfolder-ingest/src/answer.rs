//! The end of a file: its report, its rejected rows, its way to the archive.
//!
//! Everything is made from the record, so that doing it again after a crash gives the same.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;

use ::store::{StoreError, hex_bytes};
use contracts::Timestamp;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::decide::{FileState, Refused};
use crate::errors;
use crate::folder::{FolderError, Misfit, Place, SourceFolder};
use crate::format::{FileHeader, Unit};
use crate::import::{Ended, Examined, ImportError, Importer, Opened, examine, units_from};
use crate::pipeline::Span;
use crate::report::{
    Counts, ReportedError, ReportedVerdict, Rows, Summary, rejected_name, report_name,
    write_full_report, write_rejected, write_report,
};
use crate::settings::Policy;
use crate::store::{FileRecord, KeptError, KeptRows, KeptVerdict, Store};

impl Importer {
    /// Writes the report and the rejected rows of a file that is finished, and archives it.
    pub(crate) async fn answer(
        &self,
        opened: &Opened,
        record: &FileRecord,
        examined: Option<Examined>,
    ) -> Result<Ended, ImportError> {
        let mut summary = self.summary(opened, record.state.as_str(), examined.as_ref());
        summary.detail.clone_from(&record.detail);
        summary.started_at = record.started_at;
        summary.finished_at = record.finished_at.unwrap_or(record.started_at);
        let progress = record.progress;
        summary.counts = Some(Counts {
            lines: progress.lines,
            orders: progress.accepted + progress.duplicate + progress.rejected,
            accepted: progress.accepted,
            duplicate: progress.duplicate,
            rejected: progress.rejected,
        });
        summary.verdict_counts = self.store.verdict_counts(record.id).await?;
        if progress.rejected > 0 {
            summary.rejected_rows = Some(rejected_path(opened));
        }
        let is_whole =
            record.state == FileState::Failed && self.settings.policy == Policy::RejectFile;
        let (store, id, own) = (self.store.clone(), record.id, opened.clone());
        let (counts, state) = (summary.counts.unwrap_or_default(), record.state.as_str());
        spawn_blocking(move || {
            write_answer(&Kept::new(store, id), &own, &summary, examined, is_whole)
        })
        .await??;
        match opened.folder.archive(opened.name.as_str(), record.started_at) {
            Err(error) if !error.is_gone() => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        self.metrics.file(state);
        tracing::info!(
            file = %opened.name, state, orders = counts.orders, accepted = counts.accepted,
            duplicate = counts.duplicate, rejected = counts.rejected, "file answered"
        );
        Ok(Ended::Answered)
    }

    /// Archives and reports a file for a place that is taken.
    pub(crate) async fn turn_away(
        &self,
        opened: &Opened,
        refused: Refused,
    ) -> Result<Ended, ImportError> {
        let at = Timestamp::now();
        let mut summary = self.summary(opened, refused.as_str(), None);
        summary.detail = Some(refused.advice().to_owned());
        let archived = match opened.folder.archive(opened.name.as_str(), at) {
            Ok(archived) => archived,
            Err(error) if error.is_gone() => return Ok(Ended::Elsewhere),
            Err(error) => return Err(error.into()),
        };
        write_short(&opened.folder, &archived, summary).await?;
        self.metrics.file(refused.as_str());
        tracing::warn!(file = %opened.name, state = refused.as_str(), "file turned away");
        Ok(Ended::Answered)
    }

    /// Moves what does not belong in an inbox out of it, with a report.
    pub(crate) async fn set_aside(
        &self,
        folder: &std::sync::Arc<SourceFolder>,
        name: &OsStr,
        misfit: &Misfit,
    ) -> Result<(), ImportError> {
        let at = Timestamp::now();
        let kept = match folder.set_aside(name, at) {
            Ok(kept) => kept,
            Err(error) if error.is_gone() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let summary = Summary {
            detail: Some(format!("{}: {misfit}", misfit.code())),
            ..blank(folder, &name.to_string_lossy(), "UNMAPPED", at)
        };
        write_short(folder, &kept, summary).await?;
        self.metrics.file("UNMAPPED");
        tracing::error!(
            source = %folder.source(), kept, reason = misfit.code(), "a file that does not fit was set aside"
        );
        Ok(())
    }

    /// Checks a file, reports on it and archives it; nothing is sent and nothing is recorded.
    pub(crate) async fn dry_run(&self, opened: &Opened) -> Result<Ended, ImportError> {
        let started_at = Timestamp::now();
        let examined = examine(opened).await?;
        let mut summary = self.summary(opened, "DRY_RUN", examined.as_ref().ok());
        summary.started_at = started_at;
        summary.detail = examined.as_ref().err().map(|error| format!("{}: {error}", error.code()));
        let own = opened.clone();
        spawn_blocking(move || write_dry_run(&own, summary, examined.ok())).await??;
        opened.folder.archive(opened.name.as_str(), started_at)?;
        self.metrics.file("DRY_RUN");
        tracing::info!(file = %opened.name, "file checked");
        Ok(Ended::Answered)
    }

    fn summary(&self, opened: &Opened, state: &str, examined: Option<&Examined>) -> Summary {
        let mut summary = Summary {
            policy: Some(self.settings.policy.as_str()),
            ..blank(&opened.folder, opened.name.as_str(), state, Timestamp::now())
        };
        let Some(Examined { inspection, header }) = examined else {
            return summary;
        };
        summary.sha256 = Some(hex_bytes(&inspection.sha256));
        summary.stored_bytes = Some(inspection.stored_bytes);
        summary.content_bytes = Some(inspection.content_bytes);
        if !inspection.ends_with_line_break {
            let warning = "the last line has no line break: if the file was cut off, send it again";
            summary.warnings.push(warning.to_owned());
        }
        if let Ok(header) = header {
            let (names, count) = header.unknown();
            summary.unknown_columns = names.iter().map(|name| (*name).to_owned()).collect();
            if count > names.len() {
                summary.warnings.push(format!("{count} columns are unknown and not read"));
            }
        }
        summary
    }
}

fn blank(folder: &SourceFolder, file: &str, state: &str, at: Timestamp) -> Summary {
    Summary {
        file: file.to_owned(),
        source: folder.source().to_string(),
        state: state.to_owned(),
        detail: None,
        policy: None,
        sha256: None,
        stored_bytes: None,
        content_bytes: None,
        started_at: at,
        finished_at: at,
        counts: None,
        verdict_counts: BTreeMap::new(),
        unknown_columns: Vec::new(),
        warnings: Vec::new(),
        rejected_rows: None,
    }
}

fn rejected_path(opened: &Opened) -> String {
    format!("{}/{}", Place::Error.name(), rejected_name(opened.name.as_str()))
}

/// A report without errors, under the name that the file has now.
async fn write_short(
    folder: &std::sync::Arc<SourceFolder>,
    name: &str,
    summary: Summary,
) -> Result<(), ImportError> {
    let (folder, name) = (std::sync::Arc::clone(folder), report_name(name));
    let writing = spawn_blocking(move || {
        folder.write(Place::Report, &name, |out| write_report(out, &summary, std::iter::empty()))
    });
    Ok(writing.await??)
}

fn write_answer(
    kept: &Kept,
    opened: &Opened,
    summary: &Summary,
    examined: Option<Examined>,
    is_whole: bool,
) -> Result<(), FolderError> {
    let name = opened.name.as_str();
    if summary.rejected_rows.is_some()
        && let Some(Examined { inspection, header: Ok(header) }) = examined
    {
        let header_bytes = header.end().bytes;
        let whole = Rows { start: header_bytes, length: inspection.content_bytes - header_bytes };
        opened.folder.write(Place::Error, &rejected_name(name), |out| {
            let mut content = opened.stored.open_at(0).map_err(io::Error::other)?;
            if is_whole {
                return write_rejected(out, &mut content, header_bytes, std::iter::once(whole));
            }
            kept.all(kept.rows(), |rows| write_rejected(out, &mut content, header_bytes, rows))
        })?;
    }
    opened.folder.write(Place::Report, &report_name(name), |out| {
        kept.all(kept.errors(), |errors| {
            kept.all(kept.verdicts(), |verdicts| write_full_report(out, summary, errors, verdicts))
        })
    })
}

fn write_dry_run(
    opened: &Opened,
    mut summary: Summary,
    examined: Option<Examined>,
) -> Result<(), ImportError> {
    let name = opened.name.as_str();
    let header = match examined.map(|examined| examined.header) {
        Some(Ok(header)) => header,
        faults => {
            let faults = faults.and_then(Result::err).unwrap_or_default();
            let errors = errors::of_header(faults).into_iter().map(ReportedError::from);
            opened.folder.write(Place::Report, &report_name(name), |out| {
                write_report(out, &summary, errors)
            })?;
            return Ok(());
        }
    };
    let mut counts = Counts::default();
    for order in checked(opened, &header)? {
        counts.lines += order.lines;
        counts.orders += 1;
        counts.accepted += u64::from(order.result.is_ok());
        counts.rejected += u64::from(order.result.is_err());
    }
    summary.counts = Some(counts);
    if counts.rejected > 0 {
        summary.rejected_rows = Some(rejected_path(opened));
        let rejected = checked(opened, &header)?.filter(|order| order.result.is_err());
        let rows =
            rejected.map(|order| Rows { start: order.start, length: order.end - order.start });
        // Two readers of one file would share its position: the ranges are gathered first.
        let rows: Vec<Rows> = rows.collect();
        opened.folder.write(Place::Error, &rejected_name(name), |out| {
            let mut content = opened.stored.open_at(0).map_err(io::Error::other)?;
            write_rejected(out, &mut content, header.end().bytes, rows.into_iter())
        })?;
    }
    let faults = checked(opened, &header)?.flat_map(|order| {
        let span = Span::of(&order);
        errors::of_faults(&span, order.result.err().unwrap_or_default())
    });
    summary.finished_at = Timestamp::now();
    opened.folder.write(Place::Report, &report_name(name), |out| {
        write_report(out, &summary, faults.map(ReportedError::from))
    })?;
    Ok(())
}

/// The units of a file that has been read through once without an error.
fn checked(
    opened: &Opened,
    header: &FileHeader,
) -> Result<impl Iterator<Item = Unit> + use<>, ImportError> {
    let mut units = units_from(opened, header.clone(), header.end())?;
    Ok(std::iter::from_fn(move || units.next_unit().ok().flatten()))
}

/// What the record has kept of a file, read page by page from a thread that may block.
struct Kept {
    handle: Handle,
    store: Store,
    id: Uuid,
}

impl Kept {
    fn new(store: Store, id: Uuid) -> Self {
        Self { handle: Handle::current(), store, id }
    }

    fn errors(&self) -> impl Iterator<Item = Result<ReportedError, StoreError>> {
        pages((0, 0), |after| self.handle.block_on(self.store.errors_after(self.id, *after)))
            .map(|kept| kept.map(ReportedError::from))
    }

    fn verdicts(&self) -> impl Iterator<Item = Result<ReportedVerdict, StoreError>> {
        pages(0, |after| self.handle.block_on(self.store.verdicts_after(self.id, *after)))
            .map(|kept| kept.map(ReportedVerdict::from))
    }

    fn rows(&self) -> impl Iterator<Item = Result<Rows, StoreError>> {
        pages(0, |after| self.handle.block_on(self.store.rows_after(self.id, *after))).map(|kept| {
            kept.map(|rows| Rows { start: rows.offset_bytes, length: rows.length_bytes })
        })
    }

    /// Gives all items to `write`; an error among them is the error of the whole.
    fn all<T>(
        &self,
        mut items: impl Iterator<Item = Result<T, StoreError>>,
        write: impl FnOnce(&mut dyn Iterator<Item = T>) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut failed = None;
        let mut sound = items.by_ref().map_while(|item| match item {
            Ok(item) => Some(item),
            Err(error) => {
                failed = Some(error);
                None
            }
        });
        write(&mut sound)?;
        failed.map_or(Ok(()), |error| Err(io::Error::other(error)))
    }
}

/// A row that says where the page after it begins.
trait Paged {
    type Cursor;
    fn cursor(&self) -> Self::Cursor;
}

impl Paged for KeptError {
    type Cursor = (u64, u32);
    fn cursor(&self) -> (u64, u32) {
        (self.line, self.entry)
    }
}

impl Paged for KeptVerdict {
    type Cursor = u64;
    fn cursor(&self) -> u64 {
        self.line
    }
}

impl Paged for KeptRows {
    type Cursor = u64;
    fn cursor(&self) -> u64 {
        self.first_line
    }
}

fn pages<T: Paged>(
    first: T::Cursor,
    mut fetch: impl FnMut(&T::Cursor) -> Result<Vec<T>, StoreError>,
) -> impl Iterator<Item = Result<T, StoreError>> {
    let mut after = first;
    let mut page = Vec::new().into_iter();
    let mut is_over = false;
    std::iter::from_fn(move || {
        if page.len() == 0 && !is_over {
            match fetch(&after) {
                Ok(rows) => page = rows.into_iter(),
                Err(error) => {
                    is_over = true;
                    return Some(Err(error));
                }
            }
        }
        let row: Option<T> = page.next();
        match &row {
            Some(row) => after = row.cursor(),
            None => is_over = true,
        }
        row.map(Ok)
    })
}
