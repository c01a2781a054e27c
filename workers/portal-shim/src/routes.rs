//! Every route, its rule and its types, gathered from the modules that hold them.
//!
//! A module of a route has three functions: `rules` (who may), `router` (the handlers) and `schemas` (the
//! types of its bodies).

mod cases;
mod dispatch;
mod events;
mod health;
mod lists;
mod operations;
mod orders;
mod replacements;
mod returns;
mod sessions;
mod slots;
mod tracking;
mod uploads;
mod waybills;

use utoipa_axum::router::OpenApiRouter;

use crate::openapi::{self, Schemas};
use crate::pages;
use crate::permit::Rules;
use crate::portal::Portal;

/// The parts of the interface, in the order of the document.
pub(crate) const TAGS: [(&str, &str); 11] = [
    ("sessions", "Signing in and out"),
    ("orders", "Orders: creating, amending, cancelling, showing"),
    ("waybills", "Waybills: reporting, holding, cancelling, rescheduling, showing"),
    ("tracking", "What the public may know of a delivery"),
    ("returns", "Returns and replacements: asking, deciding, receiving, showing"),
    ("cases", "Cases of customer service"),
    ("routes", "Routes of trucks: listing, showing, locking, dispatching, breakdowns, quotas"),
    ("slots", "Free days and windows for a basket"),
    ("uploads", "Files for the hot folder, and their reports"),
    ("operations", "What became of a command"),
    ("health", "Whether the service is up"),
];

/// All handlers.
pub(crate) fn router() -> OpenApiRouter<Portal> {
    OpenApiRouter::default()
        .merge(sessions::router())
        .merge(orders::router())
        .merge(waybills::router())
        .merge(lists::router())
        .merge(tracking::router())
        .merge(events::router())
        .merge(returns::router())
        .merge(replacements::router())
        .merge(cases::router())
        .merge(dispatch::router())
        .merge(slots::router())
        .merge(uploads::router())
        .merge(operations::router())
        .merge(health::router())
}

/// All rules, those of the pages among them.
pub(crate) fn rules() -> Rules {
    let rules = [
        sessions::rules(),
        orders::rules(),
        waybills::rules(),
        lists::rules(),
        tracking::rules(),
        events::rules(),
        returns::rules(),
        replacements::rules(),
        cases::rules(),
        dispatch::rules(),
        slots::rules(),
        uploads::rules(),
        operations::rules(),
        health::rules(),
        pages::rules(),
        openapi::rules(),
    ];
    Rules::of(rules.into_iter().flatten())
}

/// All types of bodies.
pub(crate) fn schemas(schemas: &mut Schemas) {
    sessions::schemas(schemas);
    orders::schemas(schemas);
    waybills::schemas(schemas);
    lists::schemas(schemas);
    tracking::schemas(schemas);
    events::schemas(schemas);
    returns::schemas(schemas);
    replacements::schemas(schemas);
    cases::schemas(schemas);
    dispatch::schemas(schemas);
    slots::schemas(schemas);
    uploads::schemas(schemas);
    operations::schemas(schemas);
    health::schemas(schemas);
}
