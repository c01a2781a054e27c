//! Files that come as messages: parts are kept beside the inbox until the file is whole, then it is moved
//! into the inbox by one rename. The file in `upload/` is the token: whoever moves it away has delivered it.

use std::ffi::OsStr;
use std::io::{self, Read as _, Write as _};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::{FolderError, Place, SourceFolder};

/// So many digits of a file's hash tell the parts of two contents apart.
const HASH_DIGITS: usize = 16;
/// What the name of a whole file ends with while it lies in `upload/`.
const WHOLE: &str = ".whole";
const COPY_BUFFER_BYTES: usize = 64 * 1024;

/// The parts of one file, by its name and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// The file's name.
    pub file_name: String,
    /// The hash of its whole content, hexadecimal.
    pub sha256: String,
    /// How many there are.
    pub count: u16,
}

/// What the parts came to together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// Hash of all bytes.
    pub sha256: [u8; 32],
    /// How many.
    pub bytes: u64,
}

/// A whole file that waits in `upload/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The name that it shall have.
    pub file_name: String,
    /// The first digits of its hash.
    pub sha256_begin: String,
}

impl Waiting {
    /// Reads a name in `upload/`; `None`: that is no whole file.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (file_name, hash) = name.strip_suffix(WHOLE)?.rsplit_once('.')?;
        Some(Self { file_name: file_name.to_owned(), sha256_begin: hash.to_owned() })
    }

    fn name(&self) -> String {
        let Self { file_name, sha256_begin } = self;
        format!("{file_name}.{sha256_begin}{WHOLE}")
    }
}

impl Parts {
    /// What the file is called once it is whole.
    #[must_use]
    pub fn waiting(&self) -> Waiting {
        let begin = self.sha256.get(..HASH_DIGITS).unwrap_or(&self.sha256);
        Waiting { file_name: self.file_name.clone(), sha256_begin: begin.to_owned() }
    }

    fn name(&self, part: u16) -> String {
        let Waiting { file_name, sha256_begin } = self.waiting();
        format!("{file_name}.{sha256_begin}.{part:03}.part")
    }

    fn whole_name(&self) -> String {
        self.waiting().name()
    }

    fn names(&self) -> impl Iterator<Item = String> {
        (1..=self.count).map(|part| self.name(part))
    }
}

impl SourceFolder {
    /// Keeps one part, durably; the same part again replaces it.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub fn keep_part(&self, parts: &Parts, part: u16, bytes: &[u8]) -> Result<(), FolderError> {
        self.write(Place::Upload, &parts.name(part), |out| out.write_all(bytes))
    }

    /// How many parts are kept.
    ///
    /// # Errors
    /// When the folder cannot be looked at.
    pub fn parts_kept(&self, parts: &Parts) -> Result<u16, FolderError> {
        let mut kept = 0;
        for name in parts.names() {
            kept += u16::from(self.has(Place::Upload, &name)?);
        }
        Ok(kept)
    }

    /// Puts all parts together, still outside of the inbox.
    ///
    /// # Errors
    /// When a part is gone or the disk fails.
    pub fn join_parts(&self, parts: &Parts) -> Result<Joined, FolderError> {
        let mut joined = (Sha256::new(), 0);
        self.write(Place::Upload, &parts.whole_name(), |out| {
            for name in parts.names() {
                self.copy_part(&name, out, &mut joined)?;
            }
            Ok(())
        })?;
        let (hash, bytes) = joined;
        Ok(Joined { sha256: hash.finalize().into(), bytes })
    }

    fn copy_part(
        &self,
        name: &str,
        out: &mut impl io::Write,
        (hash, bytes): &mut (Sha256, u64),
    ) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let part = rustix::fs::openat(self.fd(Place::Upload), name, flags, Mode::empty())?;
        let mut part = std::fs::File::from(part);
        let mut buffer = vec![0; COPY_BUFFER_BYTES];
        loop {
            let count = part.read(&mut buffer)?;
            let Some(read) = buffer.get(..count).filter(|read| !read.is_empty()) else {
                return Ok(());
            };
            hash.update(read);
            out.write_all(read)?;
            *bytes += u64::try_from(count).unwrap_or(u64::MAX);
        }
    }

    /// Opens a file that was put together.
    ///
    /// # Errors
    /// When it is gone.
    pub fn open_joined(&self, parts: &Parts) -> Result<std::fs::File, FolderError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let name = parts.whole_name();
        let opened = rustix::fs::openat(self.fd(Place::Upload), &*name, flags, Mode::empty());
        let path = || self.path(Place::Upload).join(&name);
        opened.map(Into::into).map_err(|errno| FolderError::new("open", path(), errno))
    }

    /// Moves a whole file into the inbox. False when it was moved before.
    ///
    /// # Errors
    /// `is_taken` when the inbox has another file of that name.
    pub fn deliver(&self, waiting: &Waiting) -> Result<bool, FolderError> {
        let name = waiting.name();
        match self.shift((Place::Upload, &name), (Place::Inbox, &waiting.file_name)) {
            Ok(()) => {}
            Err(error) if error.is_gone() => return Ok(false),
            Err(error) => return Err(error),
        }
        for place in [Place::Inbox, Place::Upload] {
            let synced = rustix::fs::fsync(self.fd(place));
            synced.map_err(|errno| FolderError::new("save", self.path(place), errno))?;
        }
        Ok(true)
    }

    /// Removes what is kept of a file; what is not there is passed over.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn forget_parts(&self, parts: &Parts) -> Result<(), FolderError> {
        let mut names = parts.names().chain([parts.whole_name()]);
        names.try_for_each(|name| self.remove_upload(OsStr::new(&name)))
    }

    /// Removes something from `upload/`, if it is there.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn remove_upload(&self, name: &OsStr) -> Result<(), FolderError> {
        match rustix::fs::unlinkat(self.fd(Place::Upload), name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => {
                Err(FolderError::new("remove", self.path(Place::Upload).join(name), errno))
            }
        }
    }

    /// True when a folder has something of that name.
    ///
    /// # Errors
    /// When it cannot be looked at.
    pub fn has(&self, place: Place, name: &str) -> Result<bool, FolderError> {
        match rustix::fs::statat(self.fd(place), name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(_) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(FolderError::new("look at", self.path(place).join(name), errno)),
        }
    }
}
