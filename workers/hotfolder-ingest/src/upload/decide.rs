//! Who may upload what, and what a file under a known name means. Pure.

use ::store::hex_bytes;
use contracts::{Actor, Refusal, Role, Source, Timestamp, UploadFile};
use serde::Serialize;
use uuid::Uuid;

use crate::folder::Joined;
use crate::reporters::Reporters;

/// An upload that has not gone on for so long is given up: another content may take its name.
const STALE_SECONDS: u64 = 3_600;

/// What is kept of the uploads under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: Uuid,
    /// True when the whole file was taken.
    pub is_stored: bool,
    /// Hash of the whole file, lower-case hexadecimal.
    pub sha256: String,
    /// Who began with it.
    pub uploaded_by: String,
    /// Version of the row.
    pub version: u64,
    /// Last change.
    pub updated_at: Timestamp,
}

/// How far an upload is, as its row says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    sha256: String,
    size_bytes: u64,
    parts: u16,
    received: u16,
    uploaded_by: String,
    merchant: Option<String>,
}

impl Progress {
    /// After so many parts were received.
    #[must_use]
    pub fn of(upload: &UploadFile, actor: &Actor, received: u16) -> Self {
        Self {
            sha256: upload.sha256.clone(),
            size_bytes: upload.size_bytes,
            parts: upload.parts,
            received,
            uploaded_by: actor.subject.clone(),
            merchant: actor.merchant.clone(),
        }
    }

    /// True when no part is missing.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.received >= self.parts
    }
}

/// What is done with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    GoOn,
    /// It is there already.
    Duplicate,
    /// It is not taken.
    Refused(Refusal),
}

/// Whether `actor` may put files into the folder of `source`: operators into any, a shop into its own, a
/// merchant into the one that speaks for it. A foreign folder is refused like one that is not there.
///
/// # Errors
/// The refusal.
pub fn may_upload(actor: &Actor, source: &Source, reporters: &Reporters) -> Result<(), Refusal> {
    let is_own = match actor.role {
        Role::Operator | Role::Admin => true,
        Role::Shop => actor.subject == source.as_str(),
        Role::Merchant => {
            let merchant = reporters.merchant_of(source).map(contracts::Merchant::as_str);
            merchant.is_some() && merchant == actor.merchant.as_deref()
        }
        Role::Customer
        | Role::CsAgent
        | Role::CsSupervisor
        | Role::Dispatcher
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Worker => {
            let detail = "shops, merchants and operators upload files";
            return Err(Refusal::new("NOT_ALLOWED", detail));
        }
    };
    if is_own { Ok(()) } else { Err(unknown_source()) }
}

/// There is no such folder, or it is not the sender's.
#[must_use]
pub(super) fn unknown_source() -> Refusal {
    Refusal::new("UNKNOWN_SOURCE", "you have no folder of this name: ask an operator for one")
}

/// What another message about a known name means.
#[must_use]
pub fn judge(kept: Option<&Kept>, upload: &UploadFile, actor: &Actor, now: Timestamp) -> Verdict {
    let Some(kept) = kept else {
        return Verdict::GoOn;
    };
    let is_same = kept.sha256 == upload.sha256;
    if kept.is_stored {
        return if is_same { Verdict::Duplicate } else { Verdict::Refused(name_taken()) };
    }
    let is_given_up = now.since(kept.updated_at).as_secs() >= STALE_SECONDS;
    if is_same || is_given_up || kept.uploaded_by == actor.subject {
        Verdict::GoOn
    } else {
        Verdict::Refused(name_taken())
    }
}

fn name_taken() -> Refusal {
    Refusal::new(
        "NAME_TAKEN",
        "another content was uploaded under this name: send it under the next number, corrections as .rN",
    )
}

/// Whether the parts together are the file that was announced.
///
/// # Errors
/// The refusal.
pub(super) fn whole(upload: &UploadFile, joined: Joined) -> Result<(), Refusal> {
    if joined.bytes == upload.size_bytes && hex_bytes(&joined.sha256) == upload.sha256 {
        return Ok(());
    }
    Err(Refusal::new(
        "CONTENT_DIFFERS",
        format!(
            "what arrived has {} bytes and is not what size_bytes and sha256 say: send all parts again",
            joined.bytes
        ),
    ))
}

/// The folder has a file of that name, which somebody put there.
#[must_use]
pub(super) fn lies_there() -> Verdict {
    let detail = "a file of this name lies in the folder and is not imported yet";
    Verdict::Refused(Refusal::new("NAME_TAKEN", detail))
}

/// What the record of a file's place means: `imported` is the hash of the plain text that came there before.
#[must_use]
pub(super) fn place_of(imported: Option<Option<String>>, plain: Option<&str>) -> Verdict {
    match imported {
        None => Verdict::GoOn,
        Some(Some(hash)) if plain == Some(hash.as_str()) => Verdict::Duplicate,
        Some(_) => {
            let detail = "a file of this kind, source and number was imported before, or its number was \
                passed: send corrections as .rN";
            Verdict::Refused(Refusal::new("FILE_HAS_COME", detail))
        }
    }
}
