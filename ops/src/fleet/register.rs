//! The file that says which processes belong to the fleet of this state directory, so that another
//! run of this program can look at them and stop them.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use queue_topology::WorkerKind;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::plan::Plan;
use super::process::Identity;
use crate::error::{CommandError, Exit, Result};
use crate::site::Site;

/// What the file holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Who keeps the children alive.
    pub(super) supervisor: Identity,
    /// The children by name.
    pub(super) children: BTreeMap<String, Identity>,
    /// Everybody was ready.
    pub(super) ready: bool,
    /// The clock the workers judge by.
    pub(super) clock: String,
    /// The root of their hot folder.
    pub(super) hotfolder: PathBuf,
}

/// Keeps the file while the fleet runs; the lock makes it the only one.
#[derive(Debug)]
pub(super) struct Register {
    path: PathBuf,
    entry: Mutex<Entry>,
    _lock: File,
}

impl Register {
    /// Takes the lock and writes the file. Fails when another fleet of this directory runs, or
    /// children of one that died still do.
    pub(super) fn open(site: &Site, plan: &Plan) -> Result<Self> {
        let run = site.directory("run")?;
        let lock_path = run.join("fleet.lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.map_err(|error| CommandError::file("open", &lock_path, &error))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_held| another("workers of this checkout are running already"))?;
        let path = run.join("fleet.json");
        refuse_running(site)?;
        let supervisor = Identity::of(std::process::id())
            .ok_or_else(|| CommandError::new(Exit::System, "cannot read /proc of this process"))?;
        let entry = Entry {
            supervisor,
            children: BTreeMap::new(),
            ready: false,
            clock: plan.clock.word().to_owned(),
            hotfolder: plan.hotfolder.clone(),
        };
        let register = Self { path, entry: Mutex::new(entry), _lock: lock };
        register.change(|_entry| {})?;
        Ok(register)
    }

    /// Changes what the file says, at once for every reader.
    pub(super) fn change(&self, edit: impl FnOnce(&mut Entry)) -> Result<()> {
        let mut entry = self.entry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        edit(&mut entry);
        let partial = self.path.with_extension("json.part");
        let text = serde_json::to_string_pretty(&*entry)?;
        std::fs::write(&partial, text)
            .and_then(|()| std::fs::rename(&partial, &self.path))
            .map_err(|error| CommandError::file("write", &self.path, &error))
    }

    /// Takes the file away: nobody runs any more.
    pub(super) fn close(&self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(CommandError::file("remove", &self.path, &error)),
        }
    }
}

/// The hot folder of the running fleet, else the one of the settings.
pub(crate) fn hotfolder(site: &Site) -> Result<PathBuf> {
    match find(site)?.filter(|entry| entry.supervisor.is_alive()) {
        Some(entry) => Ok(entry.hotfolder),
        None => site.hotfolder(),
    }
}

/// Fails while workers of this state directory run.
pub(crate) fn refuse_running(site: &Site) -> Result<()> {
    let entry = find(site)?;
    let alive = |entry: &Entry| {
        entry.supervisor.is_alive() || entry.children.values().any(Identity::is_alive)
    };
    if entry.is_some_and(|entry| alive(&entry)) {
        return Err(another("workers of this checkout are running already"));
    }
    Ok(())
}

fn another(detail: &str) -> CommandError {
    let message = format!("{detail}: `dray fleet status` shows them, `dray fleet down` stops them");
    CommandError::new(Exit::Temporary, message)
}

/// The file of this state directory, if there is one.
pub(super) fn find(site: &Site) -> Result<Option<Entry>> {
    read(&site.directory("run")?.join("fleet.json"))
}

fn read(path: &Path) -> Result<Option<Entry>> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(CommandError::file("read", path, &error)),
    };
    let entry = serde_json::from_str(&text).map_err(|error| {
        let message = format!(
            "{} is damaged ({error}): stop the workers by hand and delete it",
            path.display()
        );
        CommandError::new(Exit::Data, message)
    })?;
    Ok(Some(entry))
}

/// The environment of every running child of a kind, by child, without addresses.
pub(crate) fn running_environment(
    kind: WorkerKind,
    site: &Site,
) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
    let children = find(site)?.map(|entry| entry.children).unwrap_or_default();
    let of_kind = children.into_iter().filter(|(name, identity)| {
        let number = name.strip_prefix(kind.name());
        identity.is_alive() && number.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    });
    let mut environments = BTreeMap::new();
    for (name, identity) in of_kind {
        let path = PathBuf::from(format!("/proc/{}/environ", identity.pid));
        let bytes =
            std::fs::read(&path).map_err(|error| CommandError::file("read", &path, &error))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
        let harmless = pairs.filter(|(variable, _)| !variable.ends_with("_URL"));
        let environment =
            harmless.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        environments.insert(name, environment);
    }
    Ok(environments)
}
