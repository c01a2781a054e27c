//! The content of one claimed file: what it hashes to, whether it is whole, its plain text from any
//! offset on. Gzip is undone here, within caps. What never happens here: looking at a line.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

const BUFFER_BYTES: usize = 128 * 1024;

/// How much a file may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of plain text at most.
    pub content_bytes_max: u64,
    /// Plain bytes per compressed byte at most.
    pub gzip_ratio_max: u64,
    /// Plain bytes from which on the ratio is looked at; small files compress freely.
    pub gzip_ratio_from_bytes: u64,
}

/// Asked before each read: whoever answers true ends the reading of a long file.
#[derive(Clone)]
pub struct Stop(Arc<dyn Fn() -> bool + Send + Sync>);

impl Stop {
    /// Stops once `has_begun` says so.
    pub fn when(has_begun: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(has_begun))
    }

    /// Never stops.
    #[must_use]
    pub fn never() -> Self {
        Self::when(|| false)
    }
}

impl fmt::Debug for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stop").field(&(self.0)()).finish()
    }
}

#[derive(Debug, Error)]
#[error("reading was stopped")]
struct Stopped;

/// A file that can be read again and again.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The open file.
    pub file: Arc<File>,
    /// True when its content is compressed.
    pub is_gzip: bool,
    /// How much it may unpack to.
    pub caps: Caps,
    /// Ends reading early.
    pub stop: Stop,
}

/// What one pass over a file finds out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inspection {
    /// SHA-256 of the plain text, so that a compressed copy is recognised too.
    pub sha256: [u8; 32],
    /// Size of the file as it lies there.
    pub stored_bytes: u64,
    /// Size of the plain text.
    pub content_bytes: u64,
    /// False when the last line has no line break: perhaps something was cut off.
    pub ends_with_line_break: bool,
}

/// Why the content cannot be read.
#[derive(Debug, Error)]
pub enum ContentError {
    /// The disk failed: nothing is said about the content, the file is tried again.
    #[error("the file could not be read: {0}")]
    Disk(#[source] io::Error),
    /// The compressed data end too early.
    #[error("the gzip data end in the middle: the file was cut off, send it again")]
    Truncated,
    /// Not gzip, or damaged.
    #[error("the gzip data are damaged ({0}): send the file again")]
    Damaged(String),
    /// Unpacks to more than is allowed.
    #[error(transparent)]
    Capped(#[from] Capped),
    /// Somebody wrote to it while it was read.
    #[error("the file changed while it was read: it came before it was complete")]
    Changed,
    /// This process is about to end.
    #[error("reading was stopped")]
    Stopped,
}

impl ContentError {
    /// A stable code for reports and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Disk(_) => "DISK",
            Self::Truncated => "GZIP_TRUNCATED",
            Self::Damaged(_) => "GZIP_DAMAGED",
            Self::Capped(Capped::Size { .. }) => "CONTENT_TOO_LARGE",
            Self::Capped(Capped::Ratio { .. }) => "GZIP_RATIO",
            Self::Changed => "FILE_CHANGED",
            Self::Stopped => "STOPPED",
        }
    }
}

impl From<io::Error> for ContentError {
    fn from(error: io::Error) -> Self {
        if let Some(capped) = error.get_ref().and_then(|inner| inner.downcast_ref::<Capped>()) {
            return Self::Capped(*capped);
        }
        if error.get_ref().is_some_and(|inner| inner.is::<Stopped>()) {
            return Self::Stopped;
        }
        let is = |kind| error.kind() == kind;
        if is(io::ErrorKind::UnexpectedEof) {
            Self::Truncated
        } else if is(io::ErrorKind::InvalidInput) || is(io::ErrorKind::InvalidData) {
            Self::Damaged(error.to_string())
        } else {
            Self::Disk(error)
        }
    }
}

/// A cap that a file ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Capped {
    /// Too much text.
    #[error("the plain text is larger than {limit_bytes} bytes: send it in several files")]
    Size {
        /// The limit.
        limit_bytes: u64,
    },
    /// Compressed better than any honest text.
    #[error("the file unpacks to more than {limit} times its size: it is refused")]
    Ratio {
        /// The limit.
        limit: u64,
    },
}

impl Stored {
    /// Reads all of it once.
    ///
    /// # Errors
    /// Why the content cannot be used as a whole.
    pub fn inspect(&self) -> Result<Inspection, ContentError> {
        let before = self.file.metadata().map_err(ContentError::Disk)?;
        let mut content = self.open_at(0)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; BUFFER_BYTES];
        let (mut content_bytes, mut last) = (0, None);
        loop {
            let count = content.read(&mut buffer)?;
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else {
                break;
            };
            hash.update(bytes);
            content_bytes += wide(count);
            last = bytes.last().copied();
        }
        let after = self.file.metadata().map_err(ContentError::Disk)?;
        if before.len() != after.len() || before.modified().ok() != after.modified().ok() {
            return Err(ContentError::Changed);
        }
        Ok(Inspection {
            sha256: hash.finalize().into(),
            stored_bytes: after.len(),
            content_bytes,
            ends_with_line_break: last.is_none_or(|byte| byte == b'\n'),
        })
    }

    /// The plain text from `offset` (in plain bytes) on. A compressed file is unpacked up to there.
    /// Only one such reader may be used at a time.
    ///
    /// # Errors
    /// Why the content cannot be read up to there.
    pub fn open_at(&self, offset: u64) -> Result<BufReader<Content>, ContentError> {
        let mut file = self.file.try_clone().map_err(ContentError::Disk)?;
        let start = if self.is_gzip { 0 } else { offset };
        file.seek(SeekFrom::Start(start)).map_err(ContentError::Disk)?;
        let inner = if self.is_gzip {
            let packed = BufReader::with_capacity(BUFFER_BYTES, Counted { file, count: 0 });
            Inner::Gzip(Box::new(MultiGzDecoder::new(packed)))
        } else {
            Inner::Plain(file)
        };
        let (caps, stop) = (self.caps, self.stop.clone());
        let mut content = Content { inner, caps, stop, produced: start };
        if self.is_gzip {
            let skipped = io::copy(&mut (&mut content).take(offset), &mut io::sink())?;
            if skipped < offset {
                return Err(ContentError::Changed);
            }
        }
        Ok(BufReader::with_capacity(BUFFER_BYTES, content))
    }
}

/// The plain text of a file, as a stream that stops at its caps.
pub struct Content {
    inner: Inner,
    caps: Caps,
    stop: Stop,
    produced: u64,
}

enum Inner {
    Plain(File),
    Gzip(Box<MultiGzDecoder<BufReader<Counted>>>),
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Content").field("produced", &self.produced).finish_non_exhaustive()
    }
}

impl Content {
    fn check(&self) -> Result<(), Capped> {
        let Caps { content_bytes_max, gzip_ratio_max, gzip_ratio_from_bytes } = self.caps;
        if self.produced > content_bytes_max {
            return Err(Capped::Size { limit_bytes: content_bytes_max });
        }
        let Inner::Gzip(decoder) = &self.inner else {
            return Ok(());
        };
        let fair = decoder.get_ref().get_ref().count.saturating_mul(gzip_ratio_max);
        if self.produced > fair.max(gzip_ratio_from_bytes) {
            return Err(Capped::Ratio { limit: gzip_ratio_max });
        }
        Ok(())
    }
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if (self.stop.0)() {
            return Err(io::Error::other(Stopped));
        }
        let count = match &mut self.inner {
            Inner::Plain(file) => file.read(buffer)?,
            Inner::Gzip(decoder) => decoder.read(buffer)?,
        };
        self.produced += wide(count);
        self.check().map_err(io::Error::other)?;
        Ok(count)
    }
}

/// Counts the compressed bytes.
struct Counted {
    file: File,
    count: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.count += wide(count);
        Ok(count)
    }
}

fn wide(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}
