//! `hotfolder.upload.v1`: a file comes as a message, or as several. The row of its name says whose it is and
//! how far it is; the parts lie in `upload/` until the file is whole and its row is committed; then one
//! rename moves it into the inbox, by whoever comes first: the worker after its commit, or a later scan.
//!
//! Who may upload, and what another content under a known name means, is in `decide` (pure).

mod decide;
mod sweep;

use std::ffi::OsStr;
use std::sync::Arc;

use ::store::{Tx, hex_bytes};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::{Actor, Refusal, Timestamp, UploadContent, UploadFile};
use runtime::{Failure, Outcome, Settlement};
use tokio::task::spawn_blocking;

pub use self::decide::{Kept, Progress, Verdict, judge, may_upload};
pub(crate) use self::sweep::sweep;
use crate::content::{Stop, Stored};
use crate::folder::{FolderError, HotFolder, Joined, Parts, Place, SourceFolder};
use crate::name::FileName;
use crate::settings::FolderSettings;
use crate::store as tables;

/// Takes files that come as messages.
#[derive(Debug, Clone)]
pub struct Uploads {
    root: Arc<HotFolder>,
    settings: Arc<FolderSettings>,
}

/// What became of one message.
#[derive(Debug)]
pub struct Taken {
    /// How it is answered.
    pub settlement: Settlement,
    /// The file, when nothing more of it is awaited: see [`Uploads::conclude`].
    pub whole: Option<Whole>,
}

/// A file of which all parts were there.
#[derive(Debug)]
pub struct Whole {
    folder: Arc<SourceFolder>,
    parts: Parts,
    /// False: nothing of it is kept.
    is_wanted: bool,
}

/// One message's part, ready for the disk.
struct Arrived {
    folder: Arc<SourceFolder>,
    file: FileName,
    parts: Parts,
    part: u16,
    bytes: Vec<u8>,
}

/// What the disk has after a part was kept.
struct OnDisk {
    received: u16,
    /// All bytes together, and the hash of the plain text; absent while parts are missing.
    joined: Option<(Joined, Option<[u8; 32]>)>,
}

impl Uploads {
    /// The upload desk of a hot folder.
    ///
    /// # Errors
    /// When the root cannot be opened.
    pub fn open(settings: &FolderSettings) -> Result<Self, FolderError> {
        let root = Arc::new(HotFolder::open(&settings.hotfolder)?);
        Ok(Self { root, settings: Arc::new(settings.clone()) })
    }

    /// Takes one message inside the transaction `tx`.
    ///
    /// # Errors
    /// [`Failure`] of this message when disk or database fail: it is tried again.
    pub async fn take(
        &self,
        tx: &Tx,
        actor: &Actor,
        upload: &UploadFile,
        now: Timestamp,
    ) -> Result<Taken, Failure> {
        if let Err(refusal) = may_upload(actor, &upload.source, &self.settings.reporters) {
            return Ok(refused(upload, refusal));
        }
        let file = match FileName::parse(OsStr::new(&upload.file_name), &upload.source) {
            Ok(file) if file.kind().has_worker() => file,
            Ok(_) => {
                let detail = "nobody takes files of this kind yet";
                return Ok(refused(upload, Refusal::new("NO_WORKER_YET", detail)));
            }
            Err(misnamed) => {
                let refusal = Refusal::new(misnamed.code(), misnamed.to_string());
                return Ok(refused(upload, refusal));
            }
        };
        let Some(bytes) = decoded(&upload.content) else {
            let refusal =
                Refusal::new("INVALID_CONTENT", "the content is not base64: RFC 4648 with padding");
            return Ok(refused(upload, refusal));
        };
        let folder = match self.root.source(&upload.source) {
            Ok(folder) => Arc::new(folder),
            Err(error) if error.is_gone() => return Ok(refused(upload, decide::unknown_source())),
            Err(error) => return Err(transient(&error)),
        };
        let kept = tables::lock_upload(tx, &file).await?;
        match judge(kept.as_ref(), upload, actor, now) {
            Verdict::GoOn => {}
            Verdict::Duplicate => {
                let version = kept.map_or(0, |kept| kept.version);
                return Ok(answered(upload, Outcome::Duplicate, version));
            }
            Verdict::Refused(refusal) => return Ok(refused(upload, refusal)),
        }
        let parts = Parts {
            file_name: upload.file_name.clone(),
            sha256: upload.sha256.clone(),
            count: upload.parts,
        };
        let arrived = Arrived { folder, file, parts, part: upload.part, bytes };
        self.keep(tx, actor, upload, kept, arrived).await
    }

    async fn keep(
        &self,
        tx: &Tx,
        actor: &Actor,
        upload: &UploadFile,
        kept: Option<Kept>,
        arrived: Arrived,
    ) -> Result<Taken, Failure> {
        let (folder, file) = (Arc::clone(&arrived.folder), arrived.file.clone());
        let parts = arrived.parts.clone();
        let settings = Arc::clone(&self.settings);
        let on_disk = spawn_blocking(move || write_down(&arrived, &settings)).await;
        let on_disk = on_disk.map_err(|ended| failed(ended.to_string()))??;
        let progress = Progress::of(upload, actor, on_disk.received);
        let Some((joined, plain)) = on_disk.joined else {
            let version = tables::put_upload(tx, &file, kept.as_ref(), &progress).await?;
            return Ok(answered(upload, Outcome::Parked, version));
        };
        let verdict = match decide::whole(upload, joined) {
            Ok(()) => self.place(tx, &folder, &file, plain).await?,
            Err(refusal) => Verdict::Refused(refusal),
        };
        let (outcome, version) = match verdict {
            Verdict::GoOn => {
                let version = tables::put_upload(tx, &file, kept.as_ref(), &progress).await?;
                (Outcome::Applied, version)
            }
            Verdict::Duplicate => (Outcome::Duplicate, 0),
            Verdict::Refused(refusal) => (Outcome::Rejected(refusal), 0),
        };
        let is_wanted = outcome == Outcome::Applied;
        if let Some(kept) = kept.filter(|_| !is_wanted) {
            tables::remove_upload(tx, &kept).await?;
        }
        let settlement = answered(upload, outcome, version).settlement;
        Ok(Taken { settlement, whole: Some(Whole { folder, parts, is_wanted }) })
    }

    /// Whether the place of a whole file is free: not taken by a file that came into the folder itself.
    async fn place(
        &self,
        tx: &Tx,
        folder: &SourceFolder,
        file: &FileName,
        plain: Option<[u8; 32]>,
    ) -> Result<Verdict, Failure> {
        for place in [Place::Inbox, Place::Processing] {
            if folder.has(place, file.as_str()).map_err(|error| transient(&error))? {
                return Ok(decide::lies_there());
            }
        }
        let imported = tables::imported(tx, file).await?;
        let plain = plain.map(|hash| hex_bytes(&hash));
        Ok(decide::place_of(imported, plain.as_deref()))
    }

    /// After the commit: moves a wanted file into the inbox and clears what its parts left. What fails here
    /// is done by a later scan.
    pub async fn conclude(&self, whole: Whole) {
        let concluded = spawn_blocking(move || {
            let Whole { folder, parts, is_wanted } = whole;
            if is_wanted {
                folder.deliver(&parts.waiting())?;
            }
            folder.forget_parts(&parts)
        });
        match concluded.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "an upload is left to the next scan"),
            Err(error) => tracing::warn!(%error, "an upload is left to the next scan"),
        }
    }
}

/// Keeps a part; with the last one puts the file together.
fn write_down(arrived: &Arrived, settings: &FolderSettings) -> Result<OnDisk, Failure> {
    let Arrived { folder, file, parts, part, bytes } = arrived;
    let free = folder.free_bytes().map_err(|error| transient(&error))?;
    if free < settings.free_bytes.saturating_add(2 * contracts::MAX_UPLOAD_BYTES) {
        return Err(failed("the disk of the hot folder is full: make room".to_owned()));
    }
    let work = || -> Result<OnDisk, FolderError> {
        folder.keep_part(parts, *part, bytes)?;
        let received = folder.parts_kept(parts)?;
        if received < parts.count {
            return Ok(OnDisk { received, joined: None });
        }
        let joined = folder.join_parts(parts)?;
        let stored = Stored {
            file: Arc::new(folder.open_joined(parts)?),
            is_gzip: file.is_gzip(),
            caps: settings.caps(),
            stop: Stop::never(),
        };
        // what cannot be unpacked is for the file's report to tell
        let plain = stored.inspect().ok().map(|inspection| inspection.sha256);
        Ok(OnDisk { received, joined: Some((joined, plain)) })
    };
    work().map_err(|error| transient(&error))
}

fn decoded(content: &UploadContent) -> Option<Vec<u8>> {
    match content {
        UploadContent::Text(text) => Some(text.clone().into_bytes()),
        UploadContent::Base64(text) => STANDARD.decode(text).ok(),
    }
}

/// What an upload is called where aggregates are named. No order, waybill or return is named so.
fn aggregate(file_name: &str) -> String {
    format!("upload:{file_name}")
}

fn answered(upload: &UploadFile, outcome: Outcome, version: u64) -> Taken {
    let aggregate = aggregate(&upload.file_name);
    Taken { settlement: Settlement::new(outcome).of(aggregate, version), whole: None }
}

fn refused(upload: &UploadFile, refusal: Refusal) -> Taken {
    answered(upload, Outcome::Rejected(refusal), 0)
}

fn transient(error: &FolderError) -> Failure {
    failed(error.to_string())
}

fn failed(cause: String) -> Failure {
    Failure::Transient { cause, retry_after: None }
}
