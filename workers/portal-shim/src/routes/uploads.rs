//! Files for the hot folder: handing one in, the list of them, the report of one.
//!
//! A file becomes one message, or several parts that are sent one after the other; the hot folder puts it
//! together and moves it into the inbox as a whole.

use std::time::Duration;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::Query as Question;
use contracts::{
    AfterError, MAX_PART_BYTES, MAX_UPLOAD_BYTES, MessageId, QueryAnswer, Role, Source,
    UploadContent, UploadFile, UploadList, UploadView,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::time::timeout;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::command::Command;
use crate::gateway::{Gateway, Outcome};
use crate::openapi::Schemas;
use crate::outcome::respond;
use crate::page::{Page, Parameters};
use crate::permit::{Rule, Who};
use crate::portal::Portal;
use crate::precondition::IfNoneMatch;
use crate::problem::Problem;
use crate::query::{Path, Query, bytes};
use crate::seats::{Full, Seats};
use crate::throttle::Class;

/// Who hands files in. Shops put theirs into the folder itself or send them over the broker.
const UPLOADERS: &[Role] = &[Role::Merchant, Role::Operator, Role::Admin];
/// Who reads what became of them.
const READERS: &[Role] = &[
    Role::Merchant,
    Role::CsAgent,
    Role::CsSupervisor,
    Role::Dispatcher,
    Role::Warehouse,
    Role::Operator,
    Role::Admin,
];

/// Files that are handed in at the same time: each is held in memory as a whole.
const AT_ONCE: u16 = 4;
/// Files of one caller among them: whoever sends many at once leaves others their places.
const AT_ONCE_EACH: u16 = 2;

/// How long a file may take to arrive: a slow sender keeps its place from others.
const BODY_WITHIN: Duration = Duration::from_secs(60);

/// Media types of files: text as it is, or compressed.
const MEDIA_TYPES: [&str; 4] = [
    "text/tab-separated-values",
    "application/gzip",
    "application/x-gzip",
    "application/octet-stream",
];

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    vec![
        Rule::commands(Method::PUT, "/v1/uploads/{source}/{file_name}", UPLOADERS, Class::Normal),
        Rule::shows("/v1/uploads/{source}/{file_name}", READERS, Class::Normal),
        Rule::other(Method::GET, "/v1/uploads", Who::Roles(READERS), Class::Low),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .routes(routes!(show, hand_in))
        .routes(routes!(list))
        .layer(Extension(Places(Seats::new(AT_ONCE_EACH, AT_ONCE))))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<FileContent>().add::<UploadList>().add::<UploadView>();
}

/// What is in a file: not nothing.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "said in the document; what is sent is read as bytes")]
struct FileContent(#[schemars(length(min = 1))] String);

/// Places for files in memory.
#[derive(Debug, Clone)]
struct Places(Seats);

/// Hand in a file for the folder of a source, at most 16 MiB: text, or compressed with gzip where its name
/// ends so. Names are `<kind>-<source>-<sequence>.tsv`, `.tsv.gz`, and `.rN.tsv` for repairs. The same file
/// again is taken as the same; another content under a known name is refused. What becomes of it tells its
/// report. You may hand in two at a time.
#[utoipa::path(
    put, path = "/v1/uploads/{source}/{file_name}", tag = "uploads", operation_id = "uploadFile",
    params(
        ("source" = String, Path, description = "In whose folder",
            max_length = 32, pattern = "^[A-Za-z0-9._-]+$"),
        ("file_name" = String, Path, description = "Its name there, for example order-shop-000001.tsv",
            pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"),
    ),
    request_body(content = ref("#/components/schemas/FileContent"),
        content_type = "text/tab-separated-values", description = "The file"),
    responses(
        (status = 201, description = "It is in the folder", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "On its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn hand_in(
    command: Command,
    Extension(Places(places)): Extension<Places>,
    Path((source, file_name)): Path<(Source, String)>,
    request: Request,
) -> Result<Response, Problem> {
    check_media_type(&request)?;
    let _place = places.take(command.caller.subject()).map_err(no_place)?;
    let limit = usize::try_from(MAX_UPLOAD_BYTES).unwrap_or(usize::MAX);
    let content = timeout(BODY_WITHIN, bytes(request, limit)).await.map_err(|_elapsed| {
        let detail = format!("the file did not arrive within {} s", BODY_WITHIN.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW", detail)
    })??;
    if content.is_empty() {
        return Err(Problem::bad_request("EMPTY_FILE", "there is nothing in the file"));
    }
    let path = path_of(&source, &file_name);
    let sending = Sending { source, file_name, sha256: digits(&content), content: &content };
    let outcome = sending.send(&command).await?;
    let mut response = respond(&command.id().to_string(), outcome, Some(&path))?;
    command.tell_wait(&mut response);
    Ok(response)
}

fn no_place(full: Full) -> Problem {
    match full {
        Full::Own => {
            let detail = format!("you hand in {AT_ONCE_EACH} files at this moment: wait for one");
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_UPLOADS", detail);
            problem.retry_after(1)
        }
        Full::All => {
            let detail = "as many files as there are places for are being handed in: try again";
            Problem::unavailable("OVERLOADED", detail)
        }
    }
}

fn check_media_type(request: &Request) -> Result<(), Problem> {
    let media_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    if MEDIA_TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
        return Ok(());
    }
    let detail =
        "send the file as text/tab-separated-values, or as application/gzip when it is compressed";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", detail))
}

/// Where the report of a file is.
fn path_of(source: &Source, file_name: &str) -> String {
    format!("/v1/uploads/{source}/{}", utf8_percent_encode(file_name, NON_ALPHANUMERIC))
}

/// SHA-256, hexadecimal.
fn digits(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file on its way.
struct Sending<'a> {
    source: Source,
    file_name: String,
    sha256: String,
    content: &'a [u8],
}

impl Sending<'_> {
    /// Sends part after part; the last one carries the operation's own id and tells what became of the file.
    async fn send(&self, command: &Command) -> Result<Outcome, Problem> {
        let parts = u16::try_from(self.content.len().div_ceil(MAX_PART_BYTES)).unwrap_or(u16::MAX);
        let mut outcome = Outcome::Pending;
        for (part, piece) in (1_u16..).zip(self.content.chunks(MAX_PART_BYTES)) {
            let id = part_id(command.id(), part, parts);
            outcome = command.send_part(id, &self.message(part, parts, piece)).await?;
            if is_over(&outcome) {
                break;
            }
        }
        Ok(outcome)
    }

    fn message(&self, part: u16, parts: u16, piece: &[u8]) -> UploadFile {
        UploadFile {
            source: self.source.clone(),
            file_name: self.file_name.clone(),
            sha256: self.sha256.clone(),
            size_bytes: u64::try_from(self.content.len()).unwrap_or(u64::MAX),
            part,
            parts,
            content: UploadContent::Base64(STANDARD.encode(piece)),
        }
    }
}

/// The last part is the operation itself, the others are its items.
fn part_id(id: MessageId, part: u16, parts: u16) -> MessageId {
    if part >= parts { id } else { id.of_item(part.into()) }
}

/// True when no further part changes anything: the file is refused, or it is there already.
fn is_over(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Settled(reply) => {
            reply.refusal.is_some() || matches!(reply.code.as_str(), "APPLIED" | "DUPLICATE")
        }
        Outcome::Pending => false,
    }
}

/// Which files.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Only those in this folder
    #[param(value_type = Option<String>, min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    source: Option<Source>,
}

/// Files that were handed in, the newest first. Merchants see their own.
#[utoipa::path(
    get, path = "/v1/uploads", tag = "uploads", operation_id = "listUploads",
    params(Wanted, Parameters),
    responses(
        (status = 200, description = "Files", body = ref("#/components/schemas/UploadList")),
    ),
)]
async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Query(Wanted { source }): Query<Wanted>,
    page: Page,
) -> Result<Response, Problem> {
    let before = page.after()?.map(|cursor| cursor.0);
    let query = Question::Uploads { source, before, limit: page.limit };
    let QueryAnswer::Uploads(found) = gateway.ask(&caller, &query).await? else {
        return Err(Problem::not_found("list"));
    };
    Ok(page.answer_list(&found, found.next.map(|id| id.to_string())))
}

/// Where in the errors of a file the answer goes on.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct After {
    /// `line` of `next` of the answer before
    #[param(minimum = 0)]
    after_line: Option<u64>,
    /// `entry` of `next` of the answer before
    #[param(minimum = 0)]
    after_entry: Option<u32>,
}

/// What became of a file: how far it is, what was counted, its errors by line (at most 200 at once).
#[utoipa::path(
    get, path = "/v1/uploads/{source}/{file_name}", tag = "uploads", operation_id = "showUpload",
    params(
        ("source" = String, Path, description = "In whose folder",
            max_length = 32, pattern = "^[A-Za-z0-9._-]+$"),
        ("file_name" = String, Path, description = "Its name there",
            pattern = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"),
        After,
    ),
    responses((status = 200, description = "Its report", body = ref("#/components/schemas/UploadView"))),
)]
async fn show(
    State(gateway): State<Gateway>,
    caller: Caller,
    had: IfNoneMatch,
    Path((source, file_name)): Path<(Source, String)>,
    Query(After { after_line, after_entry }): Query<After>,
) -> Result<Response, Problem> {
    let entry = after_entry.unwrap_or_default();
    let after = after_line.map(|line| AfterError { line, entry });
    let query = Question::Upload { source, file_name, after };
    let QueryAnswer::Upload(view) = gateway.ask(&caller, &query).await? else {
        return Err(Problem::not_found("file"));
    };
    had.answer(view.upload.version, &view)
}

#[cfg(test)]
mod tests;
