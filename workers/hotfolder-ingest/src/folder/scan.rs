//! One look at an inbox: what is ready, what is still on its way, what does not belong there.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FileType, Stat};
use rustix::io::Errno;
use thiserror::Error;

use super::{FolderError, Place, SourceFolder};
use crate::name::{FileName, Misnamed};

/// Endings of names that tools use while they write. Such files are left alone until they are stale.
const UPLOAD_ENDINGS: [&str; 4] = [".part", ".tmp", ".filepart", ".done"];

/// One thing that lies in an inbox.
#[derive(Debug)]
pub struct Entry {
    /// Its name there.
    pub name: OsString,
    /// What is to be done with it.
    pub found: Found,
}

/// What a scan thinks of an entry.
#[derive(Debug)]
pub enum Found {
    /// A complete file with a name that fits.
    Ready(FileName),
    /// Perhaps still being written.
    Arriving,
    /// To be set aside.
    Misfit(Misfit),
}

/// Why something does not belong in an inbox.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Misfit {
    /// The name.
    #[error(transparent)]
    Name(#[from] Misnamed),
    /// A folder, link, pipe or device.
    #[error("it is a {0}, not a regular file")]
    Kind(&'static str),
    /// A file with several names, perhaps one outside of the hot folder.
    #[error("it has {0} hard links: copy it into the inbox instead")]
    HardLinks(u64),
    /// An upload that never ended.
    #[error("it has the name of an upload in progress and has not changed for a long time")]
    StaleUpload,
}

impl Misfit {
    /// A stable code for reports and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name(misnamed) => misnamed.code(),
            Self::Kind(_) => "NOT_A_REGULAR_FILE",
            Self::HardLinks(_) => "HARD_LINKS",
            Self::StaleUpload => "STALE_UPLOAD",
        }
    }
}

/// What earlier scans of one inbox saw.
#[derive(Debug)]
pub struct Sightings {
    settled_after: Duration,
    stale_after: Duration,
    seen: HashMap<OsString, Sighting>,
}

#[derive(Debug, Clone, Copy)]
struct Sighting {
    size: i64,
    modified: (i64, u64),
    since: Instant,
}

impl Sightings {
    /// A file is complete once it is unchanged for `settled_after` (at least one scan interval),
    /// an upload is stale once it is unchanged for `stale_after`.
    #[must_use]
    pub fn new(settled_after: Duration, stale_after: Duration) -> Self {
        Self { settled_after, stale_after, seen: HashMap::new() }
    }

    /// For how long the file has looked like this.
    fn unchanged_for(&mut self, name: &OsStr, stat: &Stat, now: Instant) -> Duration {
        let modified = (stat.st_mtime, stat.st_mtime_nsec);
        let size = stat.st_size;
        match self.seen.get(name) {
            Some(seen) if seen.size == size && seen.modified == modified => {
                now.saturating_duration_since(seen.since)
            }
            Some(_) | None => {
                self.seen.insert(name.to_owned(), Sighting { size, modified, since: now });
                Duration::ZERO
            }
        }
    }
}

impl SourceFolder {
    /// Looks at everything in the inbox, in the order of names. `moved_in` are the files that the
    /// kernel said were renamed into place: they are complete at once.
    ///
    /// # Errors
    /// When the inbox cannot be listed.
    pub fn scan(
        &self,
        sightings: &mut Sightings,
        moved_in: &HashSet<OsString>,
        now: Instant,
    ) -> Result<Vec<Entry>, FolderError> {
        let names = self.list(Place::Inbox)?;
        let present: HashSet<&OsStr> = names.iter().map(OsString::as_os_str).collect();
        sightings.seen.retain(|name, _| present.contains(name.as_os_str()));
        let mut entries = Vec::with_capacity(names.len());
        for name in &names {
            if is_mark_of(name, &present) {
                continue;
            }
            let is_announced = moved_in.contains(name) || present.contains(&*mark(name));
            let look = self.look(name, sightings, is_announced, now)?;
            entries.extend(look.map(|found| Entry { name: name.clone(), found }));
        }
        Ok(entries)
    }

    fn look(
        &self,
        name: &OsStr,
        sightings: &mut Sightings,
        is_announced: bool,
        now: Instant,
    ) -> Result<Option<Found>, FolderError> {
        let stat = match rustix::fs::statat(&self.inbox, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => {
                let path = self.path(Place::Inbox).join(name);
                return Err(FolderError::new("look at", path, errno));
            }
        };
        let unchanged = sightings.unchanged_for(name, &stat, now);
        let found = if is_upload(name) {
            let is_stale = unchanged >= sightings.stale_after;
            if is_stale { Found::Misfit(Misfit::StaleUpload) } else { Found::Arriving }
        } else if !is_announced && unchanged < sightings.settled_after {
            Found::Arriving
        } else if let Some(misfit) = misfit_of(&stat) {
            Found::Misfit(misfit)
        } else {
            match FileName::parse(name, &self.source) {
                Ok(file) => Found::Ready(file),
                Err(misnamed) => Found::Misfit(Misfit::Name(misnamed)),
            }
        };
        Ok(Some(found))
    }
}

/// What is wrong with something that is not a plain file with one name.
pub(super) fn misfit_of(stat: &Stat) -> Option<Misfit> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => {
            return (stat.st_nlink > 1).then_some(Misfit::HardLinks(stat.st_nlink));
        }
        FileType::Directory => "folder",
        FileType::Symlink => "symbolic link",
        FileType::Fifo => "pipe",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::Unknown => "thing of unknown type",
    };
    Some(Misfit::Kind(kind))
}

fn mark(name: &OsStr) -> OsString {
    let mut mark = name.to_owned();
    mark.push(".done");
    mark
}

/// True for `<name>.done` when `<name>` is there: it announces and is no file of its own.
fn is_mark_of(name: &OsStr, present: &HashSet<&OsStr>) -> bool {
    name.to_str()
        .and_then(|text| text.strip_suffix(".done"))
        .is_some_and(|announced| present.contains(OsStr::new(announced)))
}

fn is_upload(name: &OsStr) -> bool {
    let text = name.to_string_lossy();
    text.starts_with('.') || UPLOAD_ENDINGS.iter().any(|ending| text.ends_with(ending))
}
