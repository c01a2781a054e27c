//! Answers about files that were handed in: to staff, to the shop in whose folder they are, to the merchant
//! that they came from. They are asked for seldom: there is no cache.
//!
//! Never here: a statement.

use std::collections::BTreeMap;

use ::store::{Database, StoreError};
use contracts::{
    AfterError, ErrorPlace, QueryAnswer, Source, UPLOAD_ERRORS_SHOWN, UploadError, UploadList,
    UploadView,
};
use uuid::Uuid;

use crate::scope::Scope;
use crate::store::uploads::{self as rows, Found, Whose};

/// Files that the asker may see, the newest first.
pub(crate) async fn uploads(
    database: &Database,
    scope: &Scope,
    source: Option<&Source>,
    before: Option<Uuid>,
    limit: u16,
) -> Result<QueryAnswer, StoreError> {
    let Some(whose) = whose(scope, source) else {
        return Ok(QueryAnswer::NotFound);
    };
    let mut found = rows::uploads(database, whose, before).await?;
    let limit = usize::from(limit);
    let has_more = found.len() > limit;
    found.truncate(limit);
    let uploads: Vec<_> = found.into_iter().map(|found| found.standing).collect();
    let next = uploads.last().filter(|_| has_more).map(|last| last.upload_id);
    Ok(QueryAnswer::Uploads(Box::new(UploadList { uploads, next })))
}

/// Whose files are listed; `None`: nobody's that the asker may see.
fn whose<'a>(scope: &'a Scope, source: Option<&'a Source>) -> Option<Whose<'a>> {
    match scope {
        Scope::All => Some(source.map_or(Whose::Everybody, Whose::Source)),
        Scope::Source(own) => {
            source.is_none_or(|source| source == own).then_some(Whose::Source(own))
        }
        Scope::Merchant(merchant) => Some(Whose::Merchant(merchant, source)),
        Scope::Customer(_) | Scope::Nothing => None,
    }
}

/// A file with its report, as far as the asker may see it.
pub(crate) async fn upload(
    database: &Database,
    scope: &Scope,
    source: &Source,
    file_name: &str,
    after: Option<AfterError>,
) -> Result<QueryAnswer, StoreError> {
    let found = rows::upload(database, source, file_name).await?;
    let Some(found) = found.filter(|found| sees(scope, found)) else {
        return Ok(QueryAnswer::NotFound);
    };
    let Found { standing, file, .. } = found;
    let mut errors = match file {
        Some(file) => rows::errors(database, file, after).await?,
        None => Vec::new(),
    };
    let verdicts = match file {
        Some(file) => rows::verdicts(database, file).await?,
        None => BTreeMap::new(),
    };
    let has_more = errors.len() > UPLOAD_ERRORS_SHOWN;
    errors.truncate(UPLOAD_ERRORS_SHOWN);
    let next = errors.last().filter(|_| has_more).map(position);
    let view = UploadView { upload: standing, verdicts, errors, next };
    Ok(QueryAnswer::Upload(Box::new(view)))
}

/// True when the outcome of the upload of this file may be told to the asker.
pub(crate) async fn sees_upload(
    database: &Database,
    scope: &Scope,
    file_name: &str,
) -> Result<bool, StoreError> {
    let Some(source) = source_of(file_name) else {
        return Ok(false);
    };
    let found = rows::upload(database, &source, file_name).await?;
    Ok(found.is_some_and(|found| sees(scope, &found)))
}

/// The folder that a name belongs to: `<kind>-<source>-<sequence>...`.
fn source_of(file_name: &str) -> Option<Source> {
    let (_kind, rest) = file_name.split_once('-')?;
    let (source, _sequence) = rest.rsplit_once('-')?;
    Source::new(source).ok()
}

fn sees(scope: &Scope, found: &Found) -> bool {
    match scope {
        Scope::All => true,
        Scope::Source(source) => found.standing.source == *source,
        Scope::Merchant(merchant) => found.merchant.as_ref() == Some(merchant),
        Scope::Customer(_) | Scope::Nothing => false,
    }
}

const fn position(error: &UploadError) -> ErrorPlace {
    ErrorPlace { line: error.line, entry: error.entry }
}
