//! What a crash left of uploads: whole files whose row is committed are moved into the inbox, what has not
//! changed for a long time is given up.

use std::ffi::OsStr;

use contracts::Timestamp;

use crate::folder::{Place, SourceFolder, Waiting};
use crate::import::ImportError;
use crate::name::FileName;
use crate::store::Store;

/// One look at the `upload/` of a source.
pub(crate) async fn sweep(
    folder: &SourceFolder,
    store: &Store,
    stale_seconds: u64,
    now: Timestamp,
) -> Result<(), ImportError> {
    for name in folder.list(Place::Upload)? {
        let waiting = name.to_str().and_then(Waiting::parse);
        match waiting {
            Some(waiting) if is_stored(folder, store, &waiting).await? => {
                match folder.deliver(&waiting) {
                    Ok(_moved) => {}
                    Err(error) if error.is_taken() => {
                        tracing::warn!(%error, "an upload waits for a file of the same name");
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            Some(_) | None => {
                if is_stale(folder.changed_at(Place::Upload, &name), stale_seconds, now) {
                    folder.remove_upload(&name)?;
                }
            }
        }
    }
    Ok(())
}

/// True when it is the content whose row is committed.
async fn is_stored(
    folder: &SourceFolder,
    store: &Store,
    waiting: &Waiting,
) -> Result<bool, ImportError> {
    let Ok(file) = FileName::parse(OsStr::new(&waiting.file_name), folder.source()) else {
        return Ok(false);
    };
    let stored = store.stored_upload(&file).await?;
    Ok(stored.is_some_and(|sha256| sha256.starts_with(&waiting.sha256_begin)))
}

/// A file that is gone by now is nobody's any more.
fn is_stale(changed_at: Option<(i64, u64)>, stale_seconds: u64, now: Timestamp) -> bool {
    changed_at.is_some_and(|(seconds, _)| {
        let age = now.as_datetime().timestamp().saturating_sub(seconds);
        u64::try_from(age).is_ok_and(|age| age >= stale_seconds)
    })
}
