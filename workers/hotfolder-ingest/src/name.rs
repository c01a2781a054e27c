//! File names of the hot folder: what they say, and why one is refused. Never touches the disk.
//!
//! `<kind>-<source>-<sequence>.tsv[.gz]`, and `<kind>-<source>-<sequence>.r<N>.tsv[.gz]` for the
//! N-th repair of that file.

use std::ffi::OsStr;
use std::fmt;

use contracts::{InvalidId, Source};
use thiserror::Error;

/// The longest file name in bytes (the width of `import_file.file_name`).
pub const NAME_BYTES_MAX: usize = 128;
/// The largest sequence number: ten digits.
pub const SEQUENCE_MAX: u64 = 9_999_999_999;
/// The largest repair number.
pub const REPAIR_MAX: u32 = 9_999;

/// What a file carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// Orders, one line an item.
    Order,
    /// Cancellations of orders or of single lines.
    Cancel,
    /// Requests to send goods back.
    Return,
    /// Reports on waybills.
    Status,
    /// Containers for the registry.
    Container,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Order, Self::Cancel, Self::Return, Self::Status, Self::Container];

    /// The word in file names.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Cancel => "cancel",
            Self::Return => "return",
            Self::Status => "status",
            Self::Container => "container",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// True when the fleet has a worker that takes what such files carry. Others wait in the inbox.
    #[must_use]
    pub const fn has_worker(self) -> bool {
        !matches!(self, Self::Container)
    }

    /// True when such files speak of orders that came in files, so that the earlier ones of the same
    /// source have to be settled first.
    #[must_use]
    pub const fn follows_orders(self) -> bool {
        match self {
            Self::Cancel | Self::Return | Self::Status => true,
            Self::Order | Self::Container => false,
        }
    }
}

/// A file name that fits the grammar and the folder it lies in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FileName {
    text: String,
    kind: FileKind,
    source: Source,
    sequence: u64,
    repair: u32,
    gzip: bool,
}

impl FileName {
    /// Reads a name found in the folder of `folder`.
    ///
    /// # Errors
    /// The first rule that the name breaks.
    pub fn parse(name: &OsStr, folder: &Source) -> Result<Self, Misnamed> {
        let text = readable(name)?;
        let (plain, gzip) = match text.strip_suffix(".gz") {
            Some(plain) => (plain, true),
            None => (text, false),
        };
        let stem = plain.strip_suffix(".tsv").ok_or(Misnamed::Extension)?;
        let (stem, repair) = split_repair(stem)?;
        let (kind, rest) = stem.split_once('-').ok_or(Misnamed::Parts)?;
        let (source, sequence) = rest.rsplit_once('-').ok_or(Misnamed::Parts)?;
        let kind = FileKind::parse(kind).ok_or_else(|| Misnamed::Kind(kind.to_owned()))?;
        let source = Source::new(source)?;
        let sequence = parse_sequence(sequence)?;
        if source != *folder {
            return Err(Misnamed::OtherSource { named: source, folder: folder.clone() });
        }
        Ok(Self { text: text.to_owned(), kind, source, sequence, repair, gzip })
    }

    /// The name that a file at this place would have.
    ///
    /// # Errors
    /// When no file can have it.
    pub fn at(kind: &str, source: &Source, sequence: u64) -> Result<Self, Misnamed> {
        let name = format!("{kind}-{source}-{sequence:06}.tsv");
        Self::parse(OsStr::new(&name), source)
    }

    /// The name as it stands in the folder.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name without `.gz`: the same for a file and for its compressed copy.
    #[must_use]
    pub fn plain(&self) -> &str {
        self.text.strip_suffix(".gz").unwrap_or(&self.text)
    }

    /// What the file carries.
    #[must_use]
    pub const fn kind(&self) -> FileKind {
        self.kind
    }

    /// Who sends it.
    #[must_use]
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// Its place in the order of files.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// 0 for the file itself, N for its N-th repair.
    #[must_use]
    pub const fn repair(&self) -> u32 {
        self.repair
    }

    /// True when the content is compressed.
    #[must_use]
    pub const fn is_gzip(&self) -> bool {
        self.gzip
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why a name does not fit. `code` is stable, the text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Misnamed {
    /// Not text.
    #[error("the name is not UTF-8: use ASCII letters, digits, '-', '_' and '.'")]
    NotUtf8,
    /// A line break, an escape sequence or the like.
    #[error("the name holds the control character {0:?}: send the file under a clean name")]
    ControlCharacter(char),
    /// Longer than the exchange keeps.
    #[error("the name has {0} bytes, at most {NAME_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// Neither `.tsv` nor `.tsv.gz`.
    #[error("the name does not end with .tsv or .tsv.gz")]
    Extension,
    /// Too few dashes.
    #[error("the name is not <kind>-<source>-<sequence>.tsv, for example order-shop-000001.tsv")]
    Parts,
    /// An unknown word before the first dash.
    #[error("{0:?} is no kind of file: use order, cancel, return, status or container")]
    Kind(String),
    /// The source in the name cannot be one.
    #[error("the source in the name is not valid: {0}")]
    Source(#[from] InvalidId),
    /// The name says another source than the folder.
    #[error("the name says it is from {named}, but it lies in the folder of {folder}")]
    OtherSource {
        /// As the name says.
        named: Source,
        /// As the folder says.
        folder: Source,
    },
    /// The sequence is not made of digits.
    #[error("the sequence {0:?} is not a number")]
    Sequence(String),
    /// More than ten digits.
    #[error("the sequence {0} is above {SEQUENCE_MAX}")]
    SequenceTooLarge(String),
    /// `.r0` or a number that no one repairs that often.
    #[error("the repair number {0} is not between 1 and {REPAIR_MAX}")]
    Repair(String),
}

impl Misnamed {
    /// A stable code for reports and logs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "NAME_NOT_UTF8",
            Self::ControlCharacter(_) => "NAME_CONTROL_CHARACTER",
            Self::TooLong(_) => "NAME_TOO_LONG",
            Self::Extension => "NAME_EXTENSION",
            Self::Parts => "NAME_PARTS",
            Self::Kind(_) => "NAME_KIND",
            Self::Source(_) => "NAME_SOURCE",
            Self::OtherSource { .. } => "NAME_OTHER_SOURCE",
            Self::Sequence(_) | Self::SequenceTooLarge(_) => "NAME_SEQUENCE",
            Self::Repair(_) => "NAME_REPAIR",
        }
    }
}

fn readable(name: &OsStr) -> Result<&str, Misnamed> {
    let text = name.to_str().ok_or(Misnamed::NotUtf8)?;
    if let Some(character) = text.chars().find(|c| c.is_control()) {
        return Err(Misnamed::ControlCharacter(character));
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(Misnamed::TooLong(text.len()));
    }
    Ok(text)
}

/// Cuts `.r<N>` off. A source may itself contain `.r`, so only digits up to the end count.
fn split_repair(stem: &str) -> Result<(&str, u32), Misnamed> {
    let Some((rest, digits)) = stem.rsplit_once(".r") else {
        return Ok((stem, 0));
    };
    if !is_digits(digits) {
        return Ok((stem, 0));
    }
    match digits.parse::<u32>() {
        Ok(repair @ 1..=REPAIR_MAX) => Ok((rest, repair)),
        Ok(_) | Err(_) => Err(Misnamed::Repair(digits.to_owned())),
    }
}

fn parse_sequence(text: &str) -> Result<u64, Misnamed> {
    if !is_digits(text) {
        return Err(Misnamed::Sequence(text.to_owned()));
    }
    match text.parse::<u64>() {
        Ok(sequence) if sequence <= SEQUENCE_MAX => Ok(sequence),
        Ok(_) | Err(_) => Err(Misnamed::SequenceTooLarge(text.to_owned())),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}
