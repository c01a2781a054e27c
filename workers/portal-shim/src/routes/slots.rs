//! Free slots: which days and windows would take a basket now.

use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse as _, Response};
use chrono::NaiveDate;
use contracts::Query as Question;
use contracts::{Basket, DistrictCode, Goods, QueryAnswer, SlotList, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::openapi::Schemas;
use crate::permit::{EVERYBODY, Rule, Who};
use crate::portal::Portal;
use crate::problem::Problem;
use crate::query::Query;
use crate::throttle::Class;

/// Days of an answer when none are asked for.
const DAYS_DEFAULT: u16 = 7;

/// Who may do what.
pub(crate) fn rules() -> Vec<Rule> {
    vec![Rule::other(Method::GET, "/v1/slots", Who::Roles(EVERYBODY), Class::First)]
}

/// The handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default().routes(routes!(list))
}

/// The types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    schemas.add::<SlotList>();
}

/// Where, when and what. A compartment of which nothing is said is empty; a basket of which nothing is said is
/// one piece that travels dry.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// Where it goes
    #[param(value_type = String, min_length = 1, max_length = 32, pattern = "^[A-Za-z0-9._-]+$")]
    district: DistrictCode,
    /// The first day; today at the depot when absent
    #[param(value_type = Option<String>, format = Date)]
    #[serde(default, deserialize_with = "contracts::read_optional_date")]
    from: Option<NaiveDate>,
    /// How many days
    #[param(minimum = 1, maximum = 14)]
    days: Option<u16>,
    /// Judged as if it were this time; now when absent
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// Pieces that travel dry: 1,500 ml and 700 g each where nothing else is said
    #[param(minimum = 0, maximum = 100_000)]
    dry_pieces: Option<u32>,
    /// Millilitres of all that travels dry
    #[param(minimum = 0, maximum = 1_000_000_000)]
    dry_ml: Option<u64>,
    /// Grams of all that travels dry
    #[param(minimum = 0, maximum = 1_000_000_000)]
    dry_g: Option<u64>,
    /// Pieces that travel cold
    #[param(minimum = 0, maximum = 100_000)]
    frozen_pieces: Option<u32>,
    /// Millilitres of all that travels cold
    #[param(minimum = 0, maximum = 1_000_000_000)]
    frozen_ml: Option<u64>,
    /// Grams of all that travels cold
    #[param(minimum = 0, maximum = 1_000_000_000)]
    frozen_g: Option<u64>,
    /// Parcels that it makes, one for each merchant's store; its goods are spread over them
    #[param(minimum = 1, maximum = 20)]
    waybills: Option<u16>,
}

impl Wanted {
    fn question(self) -> Question {
        let goods = |pieces: Option<u32>, volume_ml, weight_g| Goods {
            pieces: pieces.unwrap_or_default(),
            volume_ml,
            weight_g,
        };
        let dry = goods(self.dry_pieces, self.dry_ml, self.dry_g);
        let frozen = goods(self.frozen_pieces, self.frozen_ml, self.frozen_g);
        let is_empty = dry.is_empty() && frozen.is_empty();
        let basket = Basket {
            dry: if is_empty { goods(Some(1), None, None) } else { dry },
            frozen,
            waybills: self.waybills.unwrap_or(1),
        };
        Question::Slots {
            district: self.district,
            basket,
            from: self.from,
            days: self.days.unwrap_or(DAYS_DEFAULT),
            at: self.at,
        }
    }
}

/// Which delivery days and windows would take a basket now, with the reason where one would not, by the rules
/// that decide when the order comes. No promise: a place is taken with the order. Without goods it is one piece
/// that travels dry. What the zone has left is shown to staff.
#[utoipa::path(
    get, path = "/v1/slots", tag = "slots", operation_id = "listSlots",
    params(Wanted),
    responses((status = 200, description = "Days and windows", body = ref("#/components/schemas/SlotList"))),
)]
async fn list(
    State(gateway): State<Gateway>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let QueryAnswer::Slots(list) = gateway.ask(&caller, &wanted.question()).await? else {
        return Err(Problem::not_found("district"));
    };
    let mut response = axum::Json(list).into_response();
    let never = axum::http::HeaderValue::from_static("no-store");
    response.headers_mut().insert(axum::http::header::CACHE_CONTROL, never);
    Ok(response)
}

#[cfg(test)]
mod tests;
