//! Hints from the kernel about inboxes: wake up, and which files were renamed into place.
//!
//! Only hints: everything works without them, one scan later.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{ModifyKind, RenameMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Names that are remembered for one inbox; beyond it files settle by being unchanged.
const NAMES_MAX: usize = 10_000;

/// What the kernel said about one inbox.
#[derive(Debug, Default)]
pub struct Hints {
    moved_in: Mutex<HashSet<OsString>>,
    wake: Notify,
}

impl Hints {
    /// The files that were renamed into place since they last were `forget`ten.
    #[must_use]
    pub fn moved_in(&self) -> HashSet<OsString> {
        lock(&self.moved_in).clone()
    }

    /// A file that is dealt with.
    pub fn forget(&self, name: &OsString) {
        lock(&self.moved_in).remove(name);
    }

    /// Something happened in the inbox.
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    fn moved(&self, name: OsString) {
        let mut names = lock(&self.moved_in);
        if names.len() < NAMES_MAX {
            names.insert(name);
        }
    }
}

type Inboxes = Arc<Mutex<HashMap<PathBuf, Arc<Hints>>>>;

/// Watches inboxes.
pub struct Watch {
    watcher: Mutex<Option<RecommendedWatcher>>,
    inboxes: Inboxes,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Watch {
    /// A watch over no inbox yet. Without help from the kernel it gives no hints.
    #[must_use]
    pub fn new() -> Self {
        let inboxes = Inboxes::default();
        let known = Arc::clone(&inboxes);
        let heard = move |event: notify::Result<Event>| {
            if let Ok(event) = event {
                spread(&lock(&known), event);
            }
        };
        let watcher = notify::recommended_watcher(heard)
            .inspect_err(|error| tracing::warn!(%error, "no hints from the kernel, scans only"))
            .ok();
        Self { watcher: Mutex::new(watcher), inboxes }
    }

    /// Hints about one inbox.
    #[must_use]
    pub fn inbox(&self, path: &Path) -> Arc<Hints> {
        let hints = Arc::clone(lock(&self.inboxes).entry(path.to_owned()).or_default());
        if let Some(watcher) = lock(&self.watcher).as_mut()
            && let Err(error) = watcher.watch(path, RecursiveMode::NonRecursive)
        {
            tracing::warn!(%error, path = %path.display(), "no hints about this inbox, scans only");
        }
        hints
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self::new()
    }
}

fn spread(inboxes: &HashMap<PathBuf, Arc<Hints>>, event: Event) {
    let is_move = matches!(
        event.kind,
        EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both))
    );
    // Of a rename within the inbox the kernel tells both names; only the last one is there.
    let Some(path) = event.paths.last() else {
        return;
    };
    let (Some(inbox), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    if let Some(hints) = inboxes.get(inbox) {
        if is_move {
            hints.moved(name.to_owned());
        }
        hints.wake.notify_one();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Sets and maps stay usable whatever happened while somebody held them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
