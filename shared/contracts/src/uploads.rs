//! Files that are handed to the hot folder as messages, and what became of them.
//!
//! Never here: what the names and contents of files mean (see hotfolder-ingest).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::message::is_sha256;
use crate::{Contract, Exchange, Source, Timestamp};

/// Bytes of one part, before it is written as base64 or JSON text.
pub const MAX_PART_BYTES: usize = 700 * 1024;
/// Parts of one file.
pub const MAX_PARTS: u16 = 24;
/// Bytes of a whole file as it is sent: larger ones go into the folder itself.
pub const MAX_UPLOAD_BYTES: u64 = 16 * 1024 * 1024;
/// Most files of one list.
pub const MAX_UPLOADS_LISTED: u16 = 200;
/// Most errors of a file in one answer.
pub const UPLOAD_ERRORS_SHOWN: usize = 200;
/// A body of 700 KiB in base64.
const MAX_BASE64_BYTES: usize = MAX_PART_BYTES.div_ceil(3) * 4;
/// The longest name: operations keep it beside their outcome.
const MAX_NAME_BYTES: usize = 100;

/// The bytes of a part.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "encoding", content = "data", rename_all = "snake_case", deny_unknown_fields)]
pub enum UploadContent {
    /// UTF-8 text as it stands in the file.
    Text(String),
    /// Any bytes in base64 (RFC 4648, with padding): what a compressed file needs.
    Base64(String),
}

/// Files hold what people ordered and where they live: only the size is shown.
impl std::fmt::Debug for UploadContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Base64(text) => write!(f, "Base64({} characters)", text.len()),
        }
    }
}

/// Put a file into the inbox of a source. A larger one comes in parts, each a message; with the last
/// one to arrive it is put together, compared with `sha256` and moved into place as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadFile {
    /// In whose folder.
    pub source: Source,
    /// Its name there: `<kind>-<source>-<sequence>.tsv`, `.tsv.gz`, `.rN.tsv`.
    pub file_name: String,
    /// SHA-256 of the whole file as it is sent, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Which part this is, from 1.
    pub part: u16,
    /// How many there are.
    pub parts: u16,
    /// The part itself.
    pub content: UploadContent,
}

impl Contract for UploadFile {
    const TYPE: &'static str = "hotfolder.upload.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_file_name(&self.file_name)?;
        if !is_sha256(&self.sha256) {
            return Err("sha256 has 64 lower-case hexadecimal digits".to_owned());
        }
        if !(1..=MAX_UPLOAD_BYTES).contains(&self.size_bytes) {
            return Err(format!("size_bytes is 1 to {MAX_UPLOAD_BYTES}"));
        }
        if !(1..=MAX_PARTS).contains(&self.parts) || !(1..=self.parts).contains(&self.part) {
            return Err(format!("part is 1 to parts, which is 1 to {MAX_PARTS}"));
        }
        let (length, limit) = match &self.content {
            UploadContent::Text(text) => (text.len(), MAX_PART_BYTES),
            UploadContent::Base64(text) => (text.len(), MAX_BASE64_BYTES),
        };
        if (1..=limit).contains(&length) {
            Ok(())
        } else {
            Err(format!("a part has 1 to {MAX_PART_BYTES} bytes"))
        }
    }
}

/// A name that no tool stumbles over; what it has to say is the hot folder's to judge.
pub(crate) fn check_file_name(name: &str) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let has_length = (1..=MAX_NAME_BYTES).contains(&name.len());
    if has_length && !name.starts_with('.') && name.bytes().all(is_plain) {
        return Ok(());
    }
    Err(format!(
        "file_name has 1 to {MAX_NAME_BYTES} ASCII letters, digits, '-', '_' and '.', and begins with no '.'"
    ))
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UploadState {
    /// Parts are missing.
    Receiving,
    /// It is in the folder for good.
    Stored,
}

/// What the hot folder made of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportStanding {
    /// `RUNNING`, `DONE`, `FAILED`, `DUPLICATE_FILE`, `CONFLICT` or `SKIPPED`.
    pub state: String,
    /// A sentence about the file as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Lines of answered orders.
    pub lines: u64,
    /// Orders (returns, reports, cancellations) that were taken on.
    pub accepted: u64,
    /// That were there before with the same content.
    pub duplicate: u64,
    /// With an error, or refused.
    pub rejected: u64,
    /// When work on it began.
    pub started_at: Timestamp,
    /// When everything in it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// A file that somebody handed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadStanding {
    /// Its id: newer files have larger ones.
    pub upload_id: Uuid,
    /// In whose folder.
    pub source: Source,
    /// Its name there.
    pub file_name: String,
    /// How far it is.
    pub state: UploadState,
    /// SHA-256 of the file as it was sent.
    pub sha256: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// How many parts it has.
    pub parts: u16,
    /// How many have arrived.
    pub received: u16,
    /// Who handed it in.
    pub uploaded_by: String,
    /// When its first part came.
    pub started_at: Timestamp,
    /// When the last one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored_at: Option<Timestamp>,
    /// What the hot folder made of it; absent while it waits there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportStanding>,
    /// Version of the row.
    pub version: u64,
}

/// Files that were handed in, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadList {
    /// As many as were asked for.
    pub uploads: Vec<UploadStanding>,
    /// There are more: ask for those before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Uuid>,
}

/// One error of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadError {
    /// Line of the file, the header is line 1.
    pub line: u64,
    /// Its number among the errors of that line.
    pub entry: u32,
    /// The column, where one is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Stable code.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// The order it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_ref: Option<String>,
}

/// Where in the errors of a file an answer goes on: after this line and entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AfterError {
    /// The line.
    pub line: u64,
    /// The entry.
    pub entry: u32,
}

/// A file with its report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UploadView {
    /// The file.
    #[serde(flatten)]
    pub upload: UploadStanding,
    /// How many rows had each verdict, for files whose rows are told apart (returns, cancellations).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub verdicts: BTreeMap<String, u64>,
    /// Its errors by line, at most 200 at once.
    pub errors: Vec<UploadError>,
    /// There are more: ask for those after this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ErrorPlace>,
}

/// Where an error stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorPlace {
    /// The line.
    pub line: u64,
    /// The entry: a line may have several.
    pub entry: u32,
}

impl From<ErrorPlace> for AfterError {
    fn from(ErrorPlace { line, entry }: ErrorPlace) -> Self {
        Self { line, entry }
    }
}
