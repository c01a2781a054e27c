//! What became of a command.

use std::iter;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use contracts::{MessageId, Query, QueryAnswer};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::gateway::Outcome;
use crate::openapi::Schemas;
use crate::outcome::Operation;
use crate::parts::{OperationName, Place, merge};
use crate::permit::{EVERYBODY, Rule};
use crate::portal::Portal;
use crate::problem::Problem;
use crate::query::Path;
use crate::throttle::Class;

/// Parts of one operation that are asked about at a time.
const LOOKS: usize = 4;

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    vec![Rule::shows("/v1/operations/{operation}", EVERYBODY, Class::Normal)]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(show))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<Operation>();
}

/// What became of a command: the outcome that its sender was told, or would have been, for a week. 202 while
/// it is on its way; 404 when nothing is known of it, which is also so of what somebody else sent and, until
/// it is settled, of what was sent through another process.
#[utoipa::path(
    get, path = "/v1/operations/{operation}", tag = "operations", operation_id = "showOperation",
    params(("operation" = String, Path, description = "Its id, as it was answered")),
    responses(
        (status = 200, description = "Its outcome", body = ref("#/components/schemas/Operation")),
        (status = 202, description = "It is on its way", body = ref("#/components/schemas/Operation")),
    ),
)]
async fn show(
    State(portal): State<Portal>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let name: OperationName = name.parse().map_err(|_no_name| unknown())?;
    let messages = name.messages();
    let mut messages = messages.into_iter();
    let first = messages.next().ok_or_else(unknown)?;
    // of which nothing is known is not asked about part by part
    let first = look(&portal, &caller, first).await?.ok_or_else(unknown)?;
    let looks = messages.map(|id| look(&portal, &caller, id));
    let others: Vec<Option<Outcome>> = stream::iter(looks).buffered(LOOKS).try_collect().await?;
    let outcomes = iter::once(Some(first)).chain(others);
    let mut outcomes: Vec<Outcome> =
        outcomes.map(|outcome| outcome.unwrap_or(Outcome::Pending)).collect();
    let operation = match (outcomes.pop(), outcomes.is_empty()) {
        (Some(Outcome::Settled(reply)), true) => Operation::settled(name.to_string(), *reply),
        (Some(Outcome::Pending), true) | (None, _) => Operation::pending(name.to_string()),
        (Some(last), false) => {
            outcomes.push(last);
            merge(name, placed(outcomes))?
        }
    };
    Ok(operation.shown())
}

/// What became of one message. `None`: nothing is known of it that the caller may know.
async fn look(portal: &Portal, caller: &Caller, id: MessageId) -> Result<Option<Outcome>, Problem> {
    let query = Query::Operation { sender: portal.gateway.sender(), message_id: id };
    if let QueryAnswer::Operation(reply) = portal.gateway.ask(caller, &query).await? {
        return Ok(Some(Outcome::Settled(Box::new(reply))));
    }
    // the fleet keeps what is settled, with whom it is for; what is on its way only its sender can know of
    Ok(portal.operations.is_of(id, caller).then_some(Outcome::Pending))
}

/// Where the items of each part stand in the request. They follow one another, so that it is known as far as
/// every part before has told of its own.
fn placed(outcomes: Vec<Outcome>) -> Vec<(Option<Place>, Outcome)> {
    let mut next = Some(0_u32);
    let mut placed = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let items = match &outcome {
            Outcome::Settled(reply) => u32::try_from(reply.items.len()).unwrap_or(0),
            Outcome::Pending => 0,
        };
        let place = next.map(|first| Place { first, items });
        next = next.filter(|_| items > 0).map(|first| first.saturating_add(items));
        placed.push((place, outcome));
    }
    placed
}

fn unknown() -> Problem {
    let detail = "nothing is known of this operation: it may not be finished yet, or is not yours";
    Problem::new(StatusCode::NOT_FOUND, "NOT_FOUND", detail)
}
