//! One claimed file, from `processing/` to its answer.

use std::sync::Arc;
use std::time::Duration;

use ::store::StoreError;
use runtime::Shutdown;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet, spawn_blocking};
use uuid::Uuid;

use crate::content::{ContentError, Inspection, Stop, Stored};
use crate::decide::{self, Claimed, FileState, Refused};
use crate::desk::Desk;
use crate::errors;
use crate::fault::LineError;
use crate::folder::{FolderError, SourceFolder};
use crate::format::{FileHeader, Units};
use crate::metrics::Metrics;
use crate::name::FileName;
use crate::pipeline::{Mode, Pipeline, Read, Work};
use crate::settings::{FolderSettings, Policy};
use crate::store::{End, FileRecord, Store};
use crate::tsv::{HeaderError, Position};

/// Units that are read ahead of what is on its way.
const READ_AHEAD: usize = 8;

/// Why a file was not brought to its end. It is taken up again from its checkpoint.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The content cannot be read at the moment.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The folder cannot be worked with at the moment.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else has taken the file over.
    #[error("the lease of the file is lost: another process goes on with it")]
    LeaseLost,
    /// This process is to end.
    #[error("interrupted by shutdown")]
    Interrupted,
    /// A task of ours panicked.
    #[error("a task ended in a way it must not: {0}")]
    Defect(String),
}

impl From<JoinError> for ImportError {
    fn from(error: JoinError) -> Self {
        Self::Defect(error.to_string())
    }
}

/// How work on a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its report is written and it lies in the archive.
    Answered,
    /// It belongs to another process, or is not there any more.
    Elsewhere,
    /// It was still being written and is back in the inbox.
    GivenBack,
}

/// What is shared by the work on all files.
#[derive(Debug)]
pub struct Importer {
    /// The record.
    pub store: Store,
    /// The way to the fleet.
    pub desk: Arc<Desk>,
    /// How files are treated.
    pub settings: FolderSettings,
    /// What is counted.
    pub metrics: Metrics,
    /// When to end.
    pub shutdown: Shutdown,
}

/// A claimed file that is open.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) folder: Arc<SourceFolder>,
    pub(crate) name: FileName,
    pub(crate) stored: Stored,
}

/// What is known after the first pass over a file.
#[derive(Debug, Clone)]
pub(crate) struct Examined {
    pub(crate) inspection: Inspection,
    pub(crate) header: Result<FileHeader, Vec<LineError>>,
}

impl Importer {
    /// Brings a claimed file to its end, or goes on where it was left.
    ///
    /// # Errors
    /// [`ImportError`]; the file stays in `processing/` and nothing of its progress is lost.
    pub async fn import(
        &self,
        folder: &Arc<SourceFolder>,
        name: &FileName,
    ) -> Result<Ended, ImportError> {
        let file = match folder.open_claimed(name.as_str()) {
            Ok(file) => file,
            Err(error) if error.is_gone() => return Ok(Ended::Elsewhere),
            Err(error) => return Err(error.into()),
        };
        let stored_bytes = file.metadata().map_err(ContentError::Disk)?.len();
        let shutdown = self.shutdown.clone();
        let stored = Stored {
            file: Arc::new(file),
            is_gzip: name.is_gzip(),
            caps: self.settings.caps(),
            stop: Stop::when(move || shutdown.has_begun()),
        };
        let opened = Opened { folder: Arc::clone(folder), name: name.clone(), stored };
        if self.settings.policy == Policy::DryRun {
            return self.dry_run(&opened).await;
        }
        let is_new = self.store.find(name).await?.is_none();
        if is_new && decide::is_late(name, self.store.standing(name).await?) {
            return self.turn_away(&opened, Refused::Late).await;
        }
        let Some(record) = self.store.hold(name, stored_bytes).await? else {
            return Ok(Ended::Elsewhere);
        };
        let (id, fence) = (record.id, record.fence);
        let keeper = Keeper::begin(self.store.clone(), id, fence);
        let result = self.work(&opened, record).await;
        keeper.end().await;
        if !matches!(result, Err(ImportError::LeaseLost)) {
            // Without it the next process waits for the lease to run out.
            if let Err(error) = self.store.release(id, fence).await {
                tracing::warn!(file = %name, %error, "the lease could not be given up");
            }
        }
        result
    }

    async fn work(&self, opened: &Opened, record: FileRecord) -> Result<Ended, ImportError> {
        let examined = match examine(opened).await? {
            Err(ContentError::Disk(error)) => return Err(ContentError::Disk(error).into()),
            Err(ContentError::Stopped) => return Err(ImportError::Interrupted),
            Err(ContentError::Changed) if record.hash.is_none() => {
                tracing::warn!(file = %opened.name, "the file is still being written: back to the inbox");
                opened.folder.give_back(opened.name.as_str())?;
                return Ok(Ended::GivenBack);
            }
            examined => examined,
        };
        let found = examined.as_ref().ok().map(|examined| examined.inspection.sha256);
        let is_archived = opened.folder.is_archived(opened.name.as_str(), record.started_at)?;
        match decide::claimed(record.state, record.hash, found, is_archived) {
            Claimed::Run => {
                let finished = self.run(opened, &record, &examined).await?;
                self.answer(opened, &finished, examined.ok()).await
            }
            Claimed::Answer => self.answer(opened, &record, examined.ok()).await,
            Claimed::TurnAway(refused) => self.turn_away(opened, refused).await,
        }
    }

    /// Sends what is sound and records how everything ended.
    async fn run(
        &self,
        opened: &Opened,
        record: &FileRecord,
        examined: &Result<Examined, ContentError>,
    ) -> Result<FileRecord, ImportError> {
        let failed = |detail: String| (FileState::Failed, Some(detail), Vec::new());
        let (state, detail, faults) = match examined {
            Err(error) => failed(format!("{}: {error}", error.code())),
            Ok(examined) => {
                let sha256 = &examined.inspection.sha256;
                if record.hash.is_some_and(|recorded| recorded != *sha256) {
                    failed("FILE_CHANGED: the file changed after its import had begun".to_owned())
                } else if let Some(earlier) = self.earlier_copy(opened, record, sha256).await? {
                    let detail = format!("the same content was imported before as {earlier}");
                    (FileState::DuplicateFile, Some(detail), Vec::new())
                } else {
                    match &examined.header {
                        Ok(header) => self.send(opened, record, header).await?,
                        Err(faults) => {
                            let detail = "the header cannot be used: nothing was read".to_owned();
                            (FileState::Failed, Some(detail), faults.clone())
                        }
                    }
                }
            }
        };
        let errors = errors::of_header(faults);
        let end = End { state, detail: detail.as_deref(), errors: &errors };
        let finished = self.store.finish(&opened.name, record, &end).await?;
        finished.ok_or(ImportError::LeaseLost)
    }

    async fn earlier_copy(
        &self,
        opened: &Opened,
        record: &FileRecord,
        sha256: &[u8; 32],
    ) -> Result<Option<String>, ImportError> {
        if record.hash.is_some() {
            return Ok(None);
        }
        Ok(self.store.set_hash(&opened.name, record, sha256).await?)
    }

    async fn send(
        &self,
        opened: &Opened,
        record: &FileRecord,
        header: &FileHeader,
    ) -> Result<(FileState, Option<String>, Vec<LineError>), ImportError> {
        let is_refused =
            self.settings.policy == Policy::RejectFile && has_faults(opened, header).await?;
        let work = Work {
            file: opened.name.clone(),
            record: record.clone(),
            store: self.store.clone(),
            desk: Arc::clone(&self.desk),
            metrics: self.metrics.clone(),
            reporters: self.settings.reporters.clone(),
            mode: if is_refused { Mode::RefuseAll } else { Mode::Send },
        };
        let position = match record.progress.offset_bytes {
            0 => header.end(),
            bytes => Position { lines: record.progress.offset_lines, bytes },
        };
        let (sender, receiver) = mpsc::channel(READ_AHEAD);
        let (reading, header) = (opened.clone(), header.clone());
        // Ends by itself once the receiver is gone: its next unit finds no taker.
        let reader = spawn_blocking(move || read_units(&reading, header, position, &sender));
        Pipeline::new(work).run(receiver, &self.shutdown).await?;
        reader.await?;
        if is_refused {
            let detail = "something has errors, and by the policy reject-file nothing was sent";
            return Ok((FileState::Failed, Some(detail.to_owned()), Vec::new()));
        }
        Ok((FileState::Done, None, Vec::new()))
    }
}

/// Reads the whole file once, and its header.
pub(crate) async fn examine(
    opened: &Opened,
) -> Result<Result<Examined, ContentError>, ImportError> {
    let (stored, kind) = (opened.stored.clone(), opened.name.kind());
    let examined = spawn_blocking(move || {
        let inspection = stored.inspect()?;
        let header = match FileHeader::read(kind, &mut stored.open_at(0)?) {
            Ok(header) => Ok(header),
            Err(HeaderError::Wrong(faults)) => Err(faults),
            Err(HeaderError::Io(error)) => return Err(error.into()),
        };
        Ok(Examined { inspection, header })
    });
    Ok(examined.await?)
}

/// The units of a file from `position` on.
pub(crate) fn units_from(
    opened: &Opened,
    header: FileHeader,
    position: Position,
) -> Result<Units<impl std::io::BufRead + use<>>, ContentError> {
    let input = opened.stored.open_at(position.bytes)?;
    Ok(Units::new(header, input, position, opened.name.source()))
}

fn read_units(
    opened: &Opened,
    header: FileHeader,
    position: Position,
    sender: &mpsc::Sender<Read>,
) {
    let mut units = match units_from(opened, header, position) {
        Ok(units) => units,
        Err(error) => {
            // Whoever dropped the receiver knows why.
            let _ = sender.blocking_send(Err(error));
            return;
        }
    };
    while let Some(read) = units.next_unit().map_err(ContentError::from).transpose() {
        let is_last = read.is_err();
        if sender.blocking_send(read).is_err() || is_last {
            return;
        }
    }
}

async fn has_faults(opened: &Opened, header: &FileHeader) -> Result<bool, ImportError> {
    let (opened, header) = (opened.clone(), header.clone());
    let search = spawn_blocking(move || {
        let position = header.end();
        let mut units = units_from(&opened, header, position)?;
        while let Some(unit) = units.next_unit()? {
            if unit.result.is_err() {
                return Ok(true);
            }
        }
        Ok::<_, ContentError>(false)
    });
    Ok(search.await??)
}

/// Keeps a lease while a file is worked on.
struct Keeper {
    end: watch::Sender<bool>,
    task: JoinSet<()>,
}

impl Keeper {
    fn begin(store: Store, id: Uuid, fence: u64) -> Self {
        let (end, mut ended) = watch::channel(false);
        let pause = Duration::from_secs(store.lease_seconds().into()) / 3;
        let mut task = JoinSet::new();
        task.spawn(async move {
            while tokio::time::timeout(pause, ended.wait_for(|ended| *ended)).await.is_err() {
                match store.renew(id, fence).await {
                    Ok(true) => {}
                    // The next checkpoint notices, too, and stops the work.
                    Ok(false) => return,
                    Err(error) => tracing::warn!(%error, "a lease could not be renewed yet"),
                }
            }
        });
        Self { end, task }
    }

    /// Ends it between two statements, never within one.
    async fn end(mut self) {
        self.end.send_replace(true);
        while self.task.join_next().await.is_some() {}
    }
}
