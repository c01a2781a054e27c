//! The decisions of the hot folder, as functions of what is known: whose turn a file is, what a
//! file at a taken place means, whether a gap may be passed. No disk, no database, no clock.

use crate::name::{FileKind, FileName};

/// Where a (kind, source) stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The lowest sequence number that was seen at the first start.
    pub first: u64,
    /// The sequence number that may run now.
    pub next: u64,
}

/// Whether a file may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It may.
    Now,
    /// Another file has to come first.
    After(u64),
}

/// Repairs run at any time, files in the order of their sequence. A number that is already passed
/// runs too: its place in the record tells what becomes of it.
#[must_use]
pub const fn turn(file: &FileName, standing: Standing) -> Turn {
    if file.repair() > 0 || file.sequence() <= standing.next {
        Turn::Now
    } else {
        Turn::After(standing.next)
    }
}

/// The order file that a file of another kind has to wait for: one of its source that came earlier (by
/// the time of its last change) and is not settled. `unsettled` are those still in the inbox or being
/// worked on; without a time a file counts as earlier.
#[must_use]
pub fn waits_for<T: PartialOrd>(
    file: &FileName,
    came: Option<T>,
    unsettled: impl IntoIterator<Item = (FileName, Option<T>)>,
) -> Option<FileName> {
    if !file.kind().follows_orders() {
        return None;
    }
    let mut orders = unsettled.into_iter().filter(|(other, _)| other.kind() == FileKind::Order);
    let is_earlier = |other: &Option<T>| match (other, &came) {
        (Some(other), Some(came)) => other <= came,
        (None, _) | (_, None) => true,
    };
    orders.find(|(_, other)| is_earlier(other)).map(|(other, _)| other)
}

/// How work on a file stands in the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileState {
    /// Not everything in it is answered.
    Running,
    /// Everything is.
    Done,
    /// The bytes of another file.
    DuplicateFile,
    /// Refused as a whole.
    Failed,
    /// Its number was passed by an operator before it came.
    Skipped,
}

impl FileState {
    const ALL: [Self; 5] =
        [Self::Running, Self::Done, Self::DuplicateFile, Self::Failed, Self::Skipped];

    /// The word in `import_file.state`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Done => "DONE",
            Self::DuplicateFile => "DUPLICATE_FILE",
            Self::Failed => "FAILED",
            Self::Skipped => "SKIPPED",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What a claimed file is, given the record of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claimed {
    /// New, or interrupted: go on where the record says.
    Run,
    /// Everything is answered, only its report or its way to the archive is missing.
    Answer,
    /// A further file for a place that is taken.
    TurnAway(Refused),
}

/// Why a file is turned away as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The same bytes came before at this very place.
    DuplicateFile,
    /// Other bytes came before at this place.
    Conflict,
    /// Its number was passed by an operator.
    Skipped,
    /// Its number lies before the first one that was seen.
    Late,
}

impl Refused {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DuplicateFile => "DUPLICATE_FILE",
            Self::Conflict => "CONFLICT",
            Self::Skipped => "SKIPPED",
            Self::Late => "LATE",
        }
    }

    /// What the sender is told.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::DuplicateFile => "this very file has been here before: nothing was done",
            Self::Conflict => {
                "a file with this kind, source and sequence but another content has been here \
                 before: send corrections as .r1.tsv, new orders under the next sequence"
            }
            Self::Skipped => {
                "an operator passed this sequence number before the file came: to have it \
                 imported all the same send it as .r1.tsv"
            }
            Self::Late => {
                "this sequence number lies before the first one of this source: to have the file \
                 imported all the same send it as .r1.tsv"
            }
        }
    }
}

/// What to do with a claimed file. `is_archived`: the file of this place has left for the archive.
#[must_use]
pub fn claimed(
    state: FileState,
    recorded: Option<[u8; 32]>,
    found: Option<[u8; 32]>,
    is_archived: bool,
) -> Claimed {
    match state {
        FileState::Running => Claimed::Run,
        FileState::Skipped => Claimed::TurnAway(Refused::Skipped),
        FileState::Done | FileState::DuplicateFile | FileState::Failed => {
            let is_same = recorded == found;
            match (is_same, is_archived) {
                (true, false) => Claimed::Answer,
                (true, true) if found.is_some() => Claimed::TurnAway(Refused::DuplicateFile),
                (true | false, _) => Claimed::TurnAway(Refused::Conflict),
            }
        }
    }
}

/// True for a file that has no record and whose number was passed: it can only be an old one.
#[must_use]
pub const fn is_late(file: &FileName, standing: Option<Standing>) -> bool {
    match standing {
        Some(standing) => file.repair() == 0 && file.sequence() < standing.next,
        None => false,
    }
}

/// Why a gap is not passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSkipped {
    /// No file of this kind and source has come yet.
    UnknownSequence,
    /// Already behind.
    AlreadyPassed(u64),
    /// Another number is missing first.
    NotNext(u64),
    /// The file is here.
    FileHasCome,
}

/// Whether `sequence` may be passed.
///
/// # Errors
/// Why not.
pub const fn skip(
    standing: Option<Standing>,
    sequence: u64,
    has_file: bool,
) -> Result<Standing, NotSkipped> {
    let Some(Standing { first, next }) = standing else {
        return Err(NotSkipped::UnknownSequence);
    };
    if sequence < next {
        Err(NotSkipped::AlreadyPassed(next))
    } else if sequence > next {
        Err(NotSkipped::NotNext(next))
    } else if has_file {
        Err(NotSkipped::FileHasCome)
    } else {
        Ok(Standing { first, next: next + 1 })
    }
}
