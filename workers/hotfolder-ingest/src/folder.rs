//! The folders of one source and every way a file moves through them.
//!
//! All names are resolved against open folders and never through a link, so nothing outside the
//! root can be reached. A file is only ever renamed, and no rename replaces another file. What
//! never happens here: a decision about a file's content.

mod scan;
mod upload;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use contracts::{Source, Timestamp};
use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;
use thiserror::Error;

pub use self::scan::{Entry, Found, Misfit, Sightings};
pub use self::upload::{Joined, Parts, Waiting};

/// Longest part of a foreign name that is kept in `unmapped/`.
const FOREIGN_NAME_CHARACTERS_MAX: usize = 120;
const WRITE_BUFFER_BYTES: usize = 64 * 1024;

/// A folder operation that failed.
#[derive(Debug, Error)]
#[error("could not {action} {path}: {cause}")]
pub struct FolderError {
    action: &'static str,
    path: PathBuf,
    #[source]
    cause: io::Error,
}

impl FolderError {
    fn new(action: &'static str, path: impl Into<PathBuf>, cause: impl Into<io::Error>) -> Self {
        Self { action, path: path.into(), cause: cause.into() }
    }

    /// True when the name is taken already.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.cause.kind() == io::ErrorKind::AlreadyExists
    }

    /// True when the file is not there (any more).
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.cause.kind() == io::ErrorKind::NotFound
    }
}

/// The folders of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Where the sender puts files.
    Inbox,
    /// Files that are being worked on.
    Processing,
    /// Files that are done with.
    Archive,
    /// Rejected rows, to be mended.
    Error,
    /// Answers to the sender.
    Report,
    /// What does not belong here.
    Unmapped,
    /// Parts of files that come as messages, before they are whole.
    Upload,
}

impl Place {
    /// The folder's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Processing => "processing",
            Self::Archive => "archive",
            Self::Error => "error",
            Self::Report => "report",
            Self::Unmapped => "unmapped",
            Self::Upload => "upload",
        }
    }
}

/// The root: one folder a source.
#[derive(Debug)]
pub struct HotFolder {
    root: OwnedFd,
    path: PathBuf,
}

impl HotFolder {
    /// Opens the root, which must exist.
    ///
    /// # Errors
    /// When it is missing or no folder.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = rustix::fs::open(path, flags, Mode::empty())
            .map_err(|errno| FolderError::new("open the hot folder", path, errno))?;
        Ok(Self { root, path: path.to_owned() })
    }

    /// The sources that have a folder, and the entries that are no source folder.
    ///
    /// # Errors
    /// When the root cannot be listed.
    pub fn sources(&self) -> Result<(Vec<Source>, Vec<OsString>), FolderError> {
        let names =
            list(self.root.as_fd()).map_err(|errno| FolderError::new("list", &self.path, errno))?;
        let (mut sources, mut others) = (Vec::new(), Vec::new());
        for name in names {
            match self.source_of(&name) {
                Some(source) => sources.push(source),
                None => others.push(name),
            }
        }
        sources.sort();
        Ok((sources, others))
    }

    fn source_of(&self, name: &OsStr) -> Option<Source> {
        let text = name.to_str().filter(|text| !text.starts_with('.'))?;
        let stat = rustix::fs::statat(&self.root, text, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        let is_folder = rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir();
        if is_folder { Source::new(text).ok() } else { None }
    }

    /// The folders of one source, made if they are not there.
    ///
    /// # Errors
    /// When one of them can be neither opened nor made, or is a link.
    pub fn source(&self, source: &Source) -> Result<SourceFolder, FolderError> {
        let path = self.path.join(source.as_str());
        let home = open_folder(self.root.as_fd(), source.as_str())
            .map_err(|errno| FolderError::new("open", &path, errno))?;
        let open = |place: Place| {
            make_folder(home.as_fd(), place.name())
                .map_err(|errno| FolderError::new("make", path.join(place.name()), errno))
        };
        Ok(SourceFolder {
            inbox: open(Place::Inbox)?,
            processing: open(Place::Processing)?,
            archive: open(Place::Archive)?,
            error: open(Place::Error)?,
            report: open(Place::Report)?,
            unmapped: open(Place::Unmapped)?,
            upload: open(Place::Upload)?,
            source: source.clone(),
            path,
        })
    }
}

/// The open folders of one source.
#[derive(Debug)]
pub struct SourceFolder {
    source: Source,
    path: PathBuf,
    inbox: OwnedFd,
    processing: OwnedFd,
    archive: OwnedFd,
    error: OwnedFd,
    report: OwnedFd,
    unmapped: OwnedFd,
    upload: OwnedFd,
}

impl SourceFolder {
    /// Whose folders these are.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// The path of a folder, for watching and for messages.
    #[must_use]
    pub fn path(&self, place: Place) -> PathBuf {
        self.path.join(place.name())
    }

    /// Everything that lies in a folder, sorted.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn list(&self, place: Place) -> Result<Vec<OsString>, FolderError> {
        let mut names = list(self.fd(place))
            .map_err(|errno| FolderError::new("list", self.path(place), errno))?;
        names.sort();
        Ok(names)
    }

    /// When a file was last changed, in seconds and nanoseconds since 1970; `None` when it is gone.
    #[must_use]
    pub fn changed_at(&self, place: Place, name: &OsStr) -> Option<(i64, u64)> {
        let stat = rustix::fs::statat(self.fd(place), name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some((stat.st_mtime, stat.st_mtime_nsec))
    }

    /// Takes a file out of the inbox, so that nobody else does. Its `.done` mark goes too.
    ///
    /// # Errors
    /// `is_gone` when somebody else was faster, `is_taken` when a file of that name is being
    /// worked on.
    pub fn claim(&self, name: &str) -> Result<(), FolderError> {
        self.shift((Place::Inbox, name), (Place::Processing, name))?;
        let mark = format!("{name}.done");
        match rustix::fs::unlinkat(self.fd(Place::Inbox), mark.as_str(), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => {
                Err(FolderError::new("remove", self.path(Place::Inbox).join(mark), errno))
            }
        }
    }

    /// Puts a claimed file back, for the next scan to judge it again.
    ///
    /// # Errors
    /// When the inbox has a file of that name by now.
    pub fn give_back(&self, name: &str) -> Result<(), FolderError> {
        self.shift((Place::Processing, name), (Place::Inbox, name))
    }

    /// Opens a claimed file.
    ///
    /// # Errors
    /// When it is gone, or is not a regular file with a single name.
    pub fn open_claimed(&self, name: &str) -> Result<File, FolderError> {
        let path = || self.path(Place::Processing).join(name);
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = rustix::fs::openat(self.fd(Place::Processing), name, flags, Mode::empty())
            .map_err(|errno| FolderError::new("open", path(), errno))?;
        let stat = rustix::fs::fstat(&file).map_err(|e| FolderError::new("look at", path(), e))?;
        match scan::misfit_of(&stat) {
            None => Ok(File::from(file)),
            Some(misfit) => {
                Err(FolderError::new("open", path(), io::Error::other(misfit.to_string())))
            }
        }
    }

    /// Moves a claimed file to the archive, under its name and `at`.
    ///
    /// # Errors
    /// `is_taken` when the archive has it already.
    pub fn archive(&self, name: &str, at: Timestamp) -> Result<String, FolderError> {
        let archived = stamped(name, at);
        self.shift((Place::Processing, name), (Place::Archive, &archived))?;
        Ok(archived)
    }

    /// True when the archive has the file under its name and `at`.
    ///
    /// # Errors
    /// When the archive cannot be looked at.
    pub fn is_archived(&self, name: &str, at: Timestamp) -> Result<bool, FolderError> {
        let archived = stamped(name, at);
        let folder = self.fd(Place::Archive);
        match rustix::fs::statat(folder, archived.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => {
                Err(FolderError::new("look at", self.path(Place::Archive).join(archived), errno))
            }
        }
    }

    /// Moves something that does not belong into `unmapped/`, under a name without surprises.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn set_aside(&self, name: &OsStr, at: Timestamp) -> Result<String, FolderError> {
        let kept = stamped(&harmless(name), at);
        let (from, to) = (self.fd(Place::Inbox), self.fd(Place::Unmapped));
        rename_without_replacing(from, name, to, OsStr::new(&kept)).map_err(|errno| {
            FolderError::new("set aside", self.path(Place::Inbox).join(name), errno)
        })?;
        Ok(kept)
    }

    /// Bytes that are free on the disk.
    ///
    /// # Errors
    /// When the disk does not say.
    pub fn free_bytes(&self) -> Result<u64, FolderError> {
        let disk = rustix::fs::fstatvfs(&self.processing)
            .map_err(|errno| FolderError::new("measure the disk of", &self.path, errno))?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    /// Writes a file that is either there as a whole or not at all, and survives a power cut.
    ///
    /// # Errors
    /// When the disk is full or fails; then nothing is left of it.
    pub fn write(
        &self,
        place: Place,
        name: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> Result<(), FolderError> {
        let unfinished = format!(".{name}.unfinished");
        let result = self.write_as(place, &unfinished, name, fill);
        result.map_err(|cause| {
            // The error that matters is the first one.
            let _ = rustix::fs::unlinkat(self.fd(place), unfinished.as_str(), AtFlags::empty());
            FolderError::new("write", self.path(place).join(name), cause)
        })
    }

    fn write_as(
        &self,
        place: Place,
        unfinished: &str,
        name: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let folder = self.fd(place);
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP;
        let file = File::from(rustix::fs::openat(folder, unfinished, flags, mode)?);
        let mut writer = BufWriter::with_capacity(WRITE_BUFFER_BYTES, file);
        fill(&mut writer)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        rustix::fs::renameat(folder, unfinished, folder, name)?;
        rustix::fs::fsync(folder)?;
        Ok(())
    }

    fn shift(&self, from: (Place, &str), to: (Place, &str)) -> Result<(), FolderError> {
        let (old, new) = (OsStr::new(from.1), OsStr::new(to.1));
        rename_without_replacing(self.fd(from.0), old, self.fd(to.0), new)
            .map_err(|errno| FolderError::new("move", self.path(from.0).join(from.1), errno))
    }

    fn fd(&self, place: Place) -> BorrowedFd<'_> {
        match place {
            Place::Inbox => self.inbox.as_fd(),
            Place::Processing => self.processing.as_fd(),
            Place::Archive => self.archive.as_fd(),
            Place::Error => self.error.as_fd(),
            Place::Report => self.report.as_fd(),
            Place::Unmapped => self.unmapped.as_fd(),
            Place::Upload => self.upload.as_fd(),
        }
    }
}

/// A name with a time behind it, to the microsecond.
#[must_use]
pub fn stamped(name: &str, at: Timestamp) -> String {
    format!("{name}.{}", at.as_datetime().format("%Y%m%dT%H%M%S%6fZ"))
}

/// A foreign name in letters that every tool can show.
fn harmless(name: &OsStr) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    name.to_string_lossy()
        .chars()
        .take(FOREIGN_NAME_CHARACTERS_MAX)
        .map(|c| if plain(c) { c } else { '_' })
        .collect()
}

fn open_folder(parent: BorrowedFd<'_>, name: &str) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(parent, name, flags, Mode::empty())
}

fn make_folder(parent: BorrowedFd<'_>, name: &str) -> rustix::io::Result<OwnedFd> {
    let mode = Mode::RWXU | Mode::RGRP | Mode::XGRP | Mode::WGRP;
    match rustix::fs::mkdirat(parent, name, mode) {
        Ok(()) | Err(Errno::EXIST) => open_folder(parent, name),
        Err(errno) => Err(errno),
    }
}

fn list(folder: BorrowedFd<'_>) -> rustix::io::Result<Vec<OsString>> {
    use std::os::unix::ffi::OsStrExt as _;
    let mut names = Vec::new();
    for entry in rustix::fs::Dir::read_from(folder)? {
        let entry = entry?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name != "." && name != ".." {
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

fn rename_without_replacing(
    from: BorrowedFd<'_>,
    old: &OsStr,
    to: BorrowedFd<'_>,
    new: &OsStr,
) -> rustix::io::Result<()> {
    match rustix::fs::renameat_with(from, old, to, new, RenameFlags::NOREPLACE) {
        // Network file systems do not know the flag: look first, which is as good as they can do.
        Err(Errno::INVAL | Errno::NOSYS) => {
            match rustix::fs::statat(to, new, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => rustix::fs::renameat(from, old, to, new),
                Ok(_) => Err(Errno::EXIST),
                Err(errno) => Err(errno),
            }
        }
        result => result,
    }
}
