//! What a route has to answer, by its permission and by whose thing it is about; and what it has to declare.
//!
//! Pure. Never here: a request.

use crate::asking::Answer;
use crate::operations::{Operation, Place};
use crate::people::Person;
use crate::things::{Things, Whose};

const PROBLEM: &str = "application/problem+json";

/// What has to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    /// 401: who asks is not known.
    Unknown,
    /// 403: the role may not.
    Forbidden,
    /// 404: it is not there, or as if it were not.
    NotThere,
    /// Everything but a "no" of the portal: it is done, or a worker says why not.
    Served,
    /// A worker decides, also about what is not there: a report may come before its waybill.
    Decided,
    /// Whatever the document names for somebody without a token.
    Public,
}

/// Of whose things an operation can be: of everybody's where its path names one of them, of nobody's where it names what
/// the test did not make. What is put there need not be there before.
pub(crate) fn about(operation: &Operation) -> &'static [Whose] {
    let names = operation.names();
    if names.is_empty() || operation.method == "PUT" {
        &[Whose::Own]
    } else if names.iter().any(|name| Things::NAMES.contains(name)) {
        &Whose::ALL
    } else {
        &[Whose::Missing]
    }
}

/// What has to come for this person and thing.
pub(crate) fn expected(operation: &Operation, person: Person, whose: Whose) -> Expected {
    let Some(roles) = &operation.roles else { return Expected::Public };
    let Person::With(role) = person else { return Expected::Unknown };
    if !roles.contains(&role) {
        return Expected::Forbidden;
    }
    match (Things::are_seen(role, whose), operation.is_command()) {
        (true, _) => Expected::Served,
        (false, true) if !person.owns_a_part() => Expected::Decided,
        (false, _) => Expected::NotThere,
    }
}

/// What is wrong about an answer.
pub(crate) fn fault(operation: &Operation, expected: Expected, answer: &Answer) -> Option<String> {
    let status = answer.status;
    // a worker's own "no" names the operation that it is about
    let is_of_a_worker = answer.body["operation"].is_string();
    let fits = match expected {
        Expected::Unknown => status == 401,
        Expected::Forbidden => status == 403 && !is_of_a_worker,
        Expected::NotThere => status == 404,
        Expected::Served => {
            matches!(status, 200..=204 | 409 | 412) || status == 403 && is_of_a_worker
        }
        Expected::Decided => {
            matches!(status, 200..=204 | 404 | 409 | 412) || status == 403 && is_of_a_worker
        }
        Expected::Public => matches!(status, 200..=299 | 401 | 404 | 429),
    };
    if !fits {
        return Some(format!("{status} in place of {expected:?}: {}", answer.body));
    }
    undeclared(operation, answer)
}

/// Whether the document names the status, and the media type for it.
pub(crate) fn undeclared(operation: &Operation, answer: &Answer) -> Option<String> {
    let (status, media_type) = (answer.status, answer.media_type());
    let Some(media_types) = operation.answers(status) else {
        return Some(format!("{status} is not in the document: {}", answer.body));
    };
    let has_body = !matches!(status, 204 | 304);
    if has_body && !media_types.contains(&media_type) {
        return Some(format!(
            "{status} comes as {media_type:?}, the document says {media_types:?}"
        ));
    }
    let is_whole = |name: &str| answer.body[name].is_string();
    if status >= 400 && !["type", "title", "code", "detail", "instance"].into_iter().all(is_whole) {
        return Some(format!("{status} is no whole problem: {}", answer.body));
    }
    if status == 401 && !answer.headers.contains_key("www-authenticate") {
        return Some("401 does not say how to sign in".to_owned());
    }
    if !answer.headers.contains_key("x-request-id") {
        return Some(format!("{status} has no X-Request-Id"));
    }
    None
}

/// The problems that an operation of its kind has to name, and does not.
pub(crate) fn silent_about(operation: &Operation) -> Vec<u16> {
    let mut problems = vec![429, 503];
    if operation.roles.is_some() {
        problems.extend([401, 403]);
    }
    if operation.parameters.iter().any(|it| it.place == Place::Path) {
        problems.push(404);
    }
    let is_read = operation.parameters.iter().any(|it| it.place == Place::Query && it.is_required);
    if operation.body.is_some() || is_read {
        problems.push(400);
    }
    if operation.body.is_some() && operation.roles.is_some() {
        problems.extend([409, 412, 413, 415, 422]);
    }
    problems.retain(|status| {
        let media_types = operation.declared(*status).unwrap_or_default();
        media_types != [PROBLEM]
    });
    problems
}
