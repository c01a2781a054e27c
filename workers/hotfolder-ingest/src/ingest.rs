//! All sources side by side: scan, take what is ready in its order, wait.

use std::collections::{BTreeMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contracts::{Source, Timestamp};
use pacing::Backoff;
use runtime::{Context, Shutdown};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::decide::{Turn, turn, waits_for};
use crate::desk::{Desk, Limits};
use crate::folder::{Entry, FolderError, Found, HotFolder, Place, Sightings, SourceFolder};
use crate::import::{Ended, ImportError, Importer};
use crate::metrics::Metrics;
use crate::name::{FileKind, FileName};
use crate::settings::{FolderSettings, Policy};
use crate::store::Store;
use crate::upload;
use crate::watch::{Hints, Watch};

/// Where a source's waiting files are listed, in `report/`.
const LISTING: &str = "inbox.json";

/// Starts the hot folder beside the worker of `context`.
///
/// # Errors
/// When the root cannot be opened.
pub fn start(settings: FolderSettings, context: &Context) -> Result<(), FolderError> {
    let root = HotFolder::open(&settings.hotfolder)?;
    let metrics = Metrics::register(&context.registry);
    let limits = Limits {
        window_max: settings.window.into(),
        depth_max: settings.depth,
        patience: Duration::from_secs(settings.answer_seconds),
    };
    let shutdown = context.shutdown();
    let desk = Desk::new(context.ingress(), limits, metrics.clone());
    context.spawn("answers", Arc::clone(&desk).hear(shutdown.clone()));
    context.spawn("pace", Arc::clone(&desk).pace(shutdown.clone()));
    let owner = format!("hotfolder-ingest/{}", context.instance);
    let store = Store::new(context.database.clone(), owner, settings.lease_seconds);
    let files = Arc::new(Semaphore::new(settings.files.into()));
    let importer =
        Arc::new(Importer { store, desk, settings, metrics, shutdown: shutdown.clone() });
    let ingest = Ingest { root: Arc::new(root), importer, files, watch: Arc::new(Watch::new()) };
    context.spawn("sources", async move { ingest.run(&shutdown).await });
    Ok(())
}

/// What every source shares.
#[derive(Debug, Clone)]
struct Ingest {
    root: Arc<HotFolder>,
    importer: Arc<Importer>,
    files: Arc<Semaphore>,
    watch: Arc<Watch>,
}

impl Ingest {
    /// Looks for sources and runs each on a task of its own, until shutdown.
    async fn run(self, shutdown: &Shutdown) -> Result<(), String> {
        let interval = self.importer.settings.scan_interval();
        let (mut known, mut strange) = (HashSet::new(), HashSet::new());
        let mut running = JoinSet::new();
        while !shutdown.has_begun() {
            match self.root.sources() {
                Err(error) => tracing::warn!(%error, "the hot folder cannot be listed"),
                Ok((sources, others)) => {
                    for name in others.into_iter().filter(|name| strange.insert(name.clone())) {
                        tracing::error!(
                            ?name,
                            "this is no folder of a source: it is not looked at"
                        );
                    }
                    for source in sources.into_iter().filter(|name| known.insert(name.clone())) {
                        running.spawn(SourceRunner::new(self.clone(), source).run());
                    }
                }
            }
            tokio::select! {
                () = shutdown.begun() => {}
                () = tokio::time::sleep(interval) => {}
                // A runner ends at shutdown or in a panic; after that the process begins anew.
                Some(ended) = running.join_next() => ended.map_err(|error| error.to_string())?,
            }
        }
        while running.join_next().await.is_some() {}
        Ok(())
    }
}

/// A file that waits, as the listing shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct WaitingFile {
    file: String,
    reason: &'static str,
    detail: String,
}

/// One source.
#[derive(Debug)]
struct SourceRunner {
    ingest: Ingest,
    source: Source,
    sightings: Sightings,
    listing: Option<Vec<WaitingFile>>,
    foreign: HashSet<OsString>,
}

impl SourceRunner {
    fn new(ingest: Ingest, source: Source) -> Self {
        let settings = &ingest.importer.settings;
        let stale = Duration::from_secs(settings.stale_seconds);
        let sightings = Sightings::new(settings.scan_interval(), stale);
        Self { ingest, source, sightings, listing: None, foreign: HashSet::new() }
    }

    async fn run(mut self) {
        let shutdown = self.ingest.importer.shutdown.clone();
        let interval = self.ingest.importer.settings.scan_interval();
        let mut backoff = Backoff::new(interval, interval * 8);
        let mut hints: Option<Arc<Hints>> = None;
        while !shutdown.has_begun() {
            let result = self.round(&mut hints).await;
            let pause = match result {
                Ok(()) => {
                    backoff.reset();
                    interval
                }
                Err(ImportError::Interrupted) => return,
                Err(error) => {
                    tracing::warn!(source = %self.source, %error, "the source is tried again");
                    backoff.next_delay()
                }
            };
            let woken = async {
                match &hints {
                    Some(hints) => hints.woken().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = shutdown.begun() => {}
                () = tokio::time::sleep(pause) => {}
                () = woken => {}
            }
        }
    }

    /// One look at the folders: what was left in `processing/`, then what the inbox has.
    async fn round(&mut self, hints: &mut Option<Arc<Hints>>) -> Result<(), ImportError> {
        let folder = Arc::new(self.ingest.root.source(&self.source)?);
        let hints =
            &**hints.get_or_insert_with(|| self.ingest.watch.inbox(&folder.path(Place::Inbox)));
        let Importer { store, settings, .. } = &*self.ingest.importer;
        upload::sweep(&folder, store, settings.stale_seconds, Timestamp::now()).await?;
        self.take_up(&folder).await?;
        let entries = folder.scan(&mut self.sightings, &hints.moved_in(), Instant::now())?;
        let (ready, names, mut waiting) = self.sort_out(&folder, entries, hints).await?;
        waiting.extend(self.take(&folder, ready, &names, hints).await?);
        self.list(&folder, waiting)
    }

    /// Goes on with files that a process before us, or we, did not bring to their end.
    async fn take_up(&mut self, folder: &Arc<SourceFolder>) -> Result<(), ImportError> {
        for name in folder.list(Place::Processing)? {
            match FileName::parse(&name, &self.source) {
                Ok(file) => {
                    let _permit = self.permit().await?;
                    self.ingest.importer.import(folder, &file).await?;
                }
                Err(error) => {
                    if self.foreign.insert(name.clone()) {
                        tracing::error!(?name, %error, "a foreign file lies in processing/");
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells what is ready, which names are there, and what has to wait; sets misfits aside.
    async fn sort_out(
        &self,
        folder: &Arc<SourceFolder>,
        entries: Vec<Entry>,
        hints: &Hints,
    ) -> Result<(Vec<FileName>, Vec<FileName>, Vec<WaitingFile>), ImportError> {
        let (mut ready, mut names, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for Entry { name, found } in entries {
            match found {
                Found::Ready(file) if file.kind().has_worker() => {
                    names.push(file.clone());
                    ready.push(file);
                }
                Found::Ready(file) => {
                    let detail =
                        format!("nobody takes files of the kind {} yet", file.kind().as_str());
                    waiting.push(WaitingFile {
                        file: file.to_string(),
                        reason: "NO_WORKER_YET",
                        detail,
                    });
                }
                Found::Arriving => {
                    names.extend(FileName::parse(&name, &self.source).ok());
                    let file = name.to_string_lossy().into_owned();
                    let detail = "it may still be written".to_owned();
                    waiting.push(WaitingFile { file, reason: "ARRIVING", detail });
                }
                Found::Misfit(misfit) => {
                    hints.forget(&name);
                    self.ingest.importer.set_aside(folder, &name, &misfit).await?;
                }
            }
        }
        Ok((ready, names, waiting))
    }

    /// Imports what may run now, one file after the other, and tells what has to wait.
    async fn take(
        &self,
        folder: &Arc<SourceFolder>,
        mut ready: Vec<FileName>,
        names: &[FileName],
        hints: &Hints,
    ) -> Result<Vec<WaitingFile>, ImportError> {
        ready.sort_by_key(|file| (file.kind(), file.repair() == 0, file.sequence(), file.repair()));
        let mut waiting = Vec::new();
        for file in ready {
            let wait = |reason, detail| WaitingFile { file: file.to_string(), reason, detail };
            if let Turn::After(next) = self.turn(&file, names).await? {
                let detail = format!("sequence number {next} has to come first, or to be skipped");
                waiting.push(wait("WAITS_FOR_SEQUENCE", detail));
                continue;
            }
            if let Some(order) = self.unsettled_order(folder, &file)? {
                let detail = format!("{order} came earlier and has to be settled first");
                waiting.push(wait("WAITS_FOR_ORDERS", detail));
                continue;
            }
            let _permit = self.permit().await?;
            if folder.free_bytes()? < self.ingest.importer.settings.free_bytes {
                tracing::error!(source = %self.source, "the disk is full: no file is taken");
                waiting.push(wait("DISK_FULL", "the disk of the hot folder is full".to_owned()));
                continue;
            }
            match folder.claim(file.as_str()) {
                Ok(()) => hints.forget(&OsString::from(file.as_str())),
                Err(error) if error.is_gone() => continue,
                Err(error) if error.is_taken() => {
                    let detail = "a file of this name is being worked on".to_owned();
                    waiting.push(wait("NAME_IN_USE", detail));
                    continue;
                }
                Err(error) => return Err(error.into()),
            }
            match self.ingest.importer.import(folder, &file).await? {
                Ended::Answered => {}
                Ended::Elsewhere | Ended::GivenBack => return Ok(waiting),
            }
        }
        Ok(waiting)
    }

    async fn turn(&self, file: &FileName, names: &[FileName]) -> Result<Turn, ImportError> {
        if self.ingest.importer.settings.policy == Policy::DryRun || file.repair() > 0 {
            return Ok(Turn::Now);
        }
        let store = &self.ingest.importer.store;
        let standing = match store.standing(file).await? {
            Some(standing) => standing,
            None => {
                let lowest = lowest_sequences(names).get(&file.kind()).copied();
                store.open_sequence(file, lowest.unwrap_or(file.sequence())).await?
            }
        };
        Ok(turn(file, standing))
    }

    /// The order file of this source that `file` has to wait for.
    fn unsettled_order(
        &self,
        folder: &SourceFolder,
        file: &FileName,
    ) -> Result<Option<FileName>, ImportError> {
        if !file.kind().follows_orders() || self.ingest.importer.settings.policy == Policy::DryRun {
            return Ok(None);
        }
        let mut unsettled = Vec::new();
        for place in [Place::Inbox, Place::Processing] {
            for name in folder.list(place)? {
                let came = folder.changed_at(place, &name);
                let file = FileName::parse(&name, &self.source).ok();
                // one that is gone by now is settled
                unsettled.extend(file.zip(Some(came)).filter(|(_, came)| came.is_some()));
            }
        }
        let came = folder.changed_at(Place::Inbox, OsStr::new(file.as_str()));
        Ok(waits_for(file, came, unsettled))
    }

    /// Waits until another file may be worked on.
    async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, ImportError> {
        tokio::select! {
            permit = self.ingest.files.acquire() => {
                permit.map_err(|_closed| ImportError::Interrupted)
            }
            () = self.ingest.importer.shutdown.begun() => Err(ImportError::Interrupted),
        }
    }

    /// Shows what waits, whenever that has changed.
    fn list(
        &mut self,
        folder: &SourceFolder,
        waiting: Vec<WaitingFile>,
    ) -> Result<(), ImportError> {
        if self.listing.as_ref() == Some(&waiting) {
            return Ok(());
        }
        let count = |files: &[WaitingFile]| i64::try_from(files.len()).unwrap_or(i64::MAX);
        let change = count(&waiting) - self.listing.as_deref().map_or(0, count);
        self.ingest.importer.metrics.waiting.inc_by(change);
        for file in &waiting {
            tracing::debug!(source = %self.source, file = file.file, reason = file.reason, "waiting");
        }
        self.listing = Some(waiting);
        folder.write(Place::Report, LISTING, |out| {
            serde_json::to_writer_pretty(out, &self.listing).map_err(Into::into)
        })?;
        Ok(())
    }
}

/// For each kind the lowest sequence number among `names`, repairs aside.
fn lowest_sequences(names: &[FileName]) -> BTreeMap<FileKind, u64> {
    let mut lowest = BTreeMap::new();
    for file in names.iter().filter(|file| file.repair() == 0) {
        let least = lowest.entry(file.kind()).or_insert(file.sequence());
        *least = file.sequence().min(*least);
    }
    lowest
}
