//! What every handler can reach, and the router around them all.
//!
//! The way of a request: it is let in where there is room (`door.rs`), identified (`request_id.rs`), counted
//! (`metrics.rs`), let through or not (`gate.rs`), and handled (`routes/`); what says no leaves as a problem
//! (`problem.rs`).

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::{from_fn, from_fn_with_state};
use runtime::{Front, Shutdown};
use telemetry::RequestMetrics;

use crate::gateway::Gateway;
use crate::idempotency::Operations;
use crate::inflow::Inflow;
use crate::keys::Keys;
use crate::permit::Rules;
use crate::settings::PortalSettings;
use crate::throttle::Throttle;
use crate::{door, gate, metrics, openapi, pages, problem, request_id, routes, unread};

/// What every handler can reach. Cheap to clone: a router clones it several times a request.
#[derive(Debug, Clone)]
pub(crate) struct Portal(Arc<Reach>);

/// The same, by its parts.
#[derive(Debug)]
pub(crate) struct Reach {
    /// Questions, commands, events.
    pub(crate) gateway: Gateway,
    /// Verifies tokens.
    pub(crate) keys: Keys,
    /// Commands in progress and sent a moment ago.
    pub(crate) operations: Operations,
    /// How much is taken on.
    pub(crate) throttle: Throttle,
    /// How many new orders.
    pub(crate) inflow: Inflow,
    /// Who may do what.
    pub(crate) rules: Rules,
    /// What is counted.
    pub(crate) metrics: RequestMetrics,
    /// What it was told at start.
    pub(crate) settings: PortalSettings,
    /// Begins when the process has to end: endless answers end with it.
    pub(crate) shutdown: Shutdown,
}

impl Deref for Portal {
    type Target = Reach;

    fn deref(&self) -> &Reach {
        &self.0
    }
}

impl FromRef<Portal> for Gateway {
    fn from_ref(portal: &Portal) -> Self {
        portal.gateway.clone()
    }
}

impl FromRef<Portal> for Inflow {
    fn from_ref(portal: &Portal) -> Self {
        portal.inflow.clone()
    }
}

impl Portal {
    /// Put together; nothing is sent yet.
    pub(crate) fn new(settings: PortalSettings, front: &Front) -> Self {
        let metrics = RequestMetrics::register(&front.registry);
        let gateway = Gateway::new(front.switchboard.clone(), front.feed.clone());
        Self(Arc::new(Reach {
            keys: Keys::new(gateway.clone()),
            gateway,
            operations: Operations::default(),
            throttle: Throttle::new(&settings),
            inflow: Inflow::new(settings.depth, &front.registry, metrics.clone()),
            rules: routes::rules(),
            metrics,
            settings,
            shutdown: front.shutdown(),
        }))
    }
}

/// Everything that is served.
pub(crate) fn router(portal: Portal) -> Router {
    let (api, document) = openapi::assemble(&portal.rules);
    api.merge(openapi::pages(&document))
        .merge(pages::router())
        .layer(from_fn_with_state(portal.clone(), gate::guard))
        .layer(from_fn(problem::render))
        .layer(from_fn_with_state(portal.clone(), metrics::count))
        .layer(from_fn(request_id::identify))
        .layer(from_fn_with_state(portal.clone(), door::enter))
        .layer(from_fn(unread::close))
        .with_state(portal)
}
