//! Signing in and out: identity decides, this passes it on. Passwords and tokens go through memory only.

use axum::Json;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use contracts::{AskIdentity, Hidden, IdentityAnswer, Session, derive_message_id};
use schemars::JsonSchema;
use serde::Deserialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::{Caller, Source};
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::permit::Rule;
use crate::portal::Portal;
use crate::problem::Problem;
use crate::query::{FORM_BYTES, Payload};
use crate::throttle::Class;

/// Who may do what: a session is begun without one, and ended with its own refresh token.
pub(crate) fn rules() -> Vec<Rule> {
    vec![
        Rule::public(Method::POST, "/v1/sessions", Class::Public),
        Rule::public(Method::DELETE, "/v1/sessions", Class::Public),
        Rule::public(Method::POST, "/v1/sessions/refresh", Class::Public),
    ]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(sign_in, sign_out)).routes(routes!(refresh))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<SignIn>().add::<RefreshToken>().add::<Session>();
}

/// An account's name and password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The account's name.
    login: Hidden,
    /// Its password.
    password: Hidden,
}

/// Sign in.
#[utoipa::path(
    post, path = "/v1/sessions", tag = "sessions", operation_id = "signIn",
    request_body = ref("#/components/schemas/SignIn"),
    responses(
        (status = 201, description = "Signed in", body = ref("#/components/schemas/Session")),
        (status = 401, description = "Name or password is wrong", body = ref("#/components/schemas/Problem"),
         content_type = "application/problem+json"),
    ),
)]
async fn sign_in(
    State(gateway): State<Gateway>,
    caller: Caller,
    Source(source): Source,
    Payload(SignIn { login, password }): Payload<SignIn, FORM_BYTES>,
) -> Result<Response, Problem> {
    let ask = AskIdentity::SignIn { login, password, source: Some(source) };
    session(StatusCode::CREATED, gateway.identity(&caller, &ask).await?)
}

/// A refresh token.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RefreshToken {
    /// The one of the last answer: it is good once.
    refresh_token: Hidden,
}

/// Get the next pair of tokens for a refresh token, which ends with that.
#[utoipa::path(
    post, path = "/v1/sessions/refresh", tag = "sessions", operation_id = "refreshSession",
    request_body = ref("#/components/schemas/RefreshToken"),
    responses(
        (status = 200, description = "The next tokens", body = ref("#/components/schemas/Session")),
        (status = 401, description = "The session is over", body = ref("#/components/schemas/Problem"),
         content_type = "application/problem+json"),
    ),
)]
async fn refresh(
    State(gateway): State<Gateway>,
    caller: Caller,
    Payload(RefreshToken { refresh_token }): Payload<RefreshToken, FORM_BYTES>,
) -> Result<Response, Problem> {
    // its own id: where the answer was lost, asking again with the same token gets the same tokens
    let id = derive_message_id(&gateway.sender(), refresh_token.expose());
    let ask = AskIdentity::Refresh { refresh_token };
    session(StatusCode::OK, gateway.identity_once(&caller, id, &ask).await?)
}

/// Sign out: the session of this refresh token ends, whatever it was. Access tokens live on for a quarter
/// of an hour at most.
#[utoipa::path(
    delete, path = "/v1/sessions", tag = "sessions", operation_id = "signOut",
    request_body = ref("#/components/schemas/RefreshToken"),
    responses((status = 204, description = "The session is over")),
)]
async fn sign_out(
    State(gateway): State<Gateway>,
    caller: Caller,
    Payload(RefreshToken { refresh_token }): Payload<RefreshToken, FORM_BYTES>,
) -> Result<Response, Problem> {
    gateway.identity(&caller, &AskIdentity::SignOut { refresh_token }).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn session(status: StatusCode, answer: IdentityAnswer) -> Result<Response, Problem> {
    let IdentityAnswer::Session(session) = answer else {
        return Err(Problem::unavailable("IDENTITY_AWAY", "identity answers something else"));
    };
    let mut response = (status, Json(session)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
