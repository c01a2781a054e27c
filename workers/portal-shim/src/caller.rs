//! Who asks: the actor in whose name a message is sent, with the id and the trace of the request.
//!
//! The gate makes one for every request before its handler runs; a handler only takes it as an argument.
//! Never here: what a role may do (`permit.rs`).

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use contracts::{Actor, Merchant, Role};

use crate::problem::Problem;
use crate::request_id::RequestInfo;

/// Who asks. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Caller(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    actor: Actor,
    request: RequestInfo,
}

impl Caller {
    /// Somebody who showed a good token.
    pub(crate) fn known(actor: Actor, request: RequestInfo) -> Self {
        let request = request.of_somebody_known();
        Self(Arc::new(Inner { actor, request }))
    }

    /// Somebody at a public route: a customer who owns nothing. The fleet shows it nothing but what
    /// everybody may see.
    pub(crate) fn anonymous(origin: Option<String>, request: RequestInfo) -> Self {
        let actor = Actor { subject: String::new(), role: Role::Customer, merchant: None, origin };
        Self(Arc::new(Inner { actor, request }))
    }

    /// On whose behalf messages are sent.
    pub(crate) fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// The account's name; empty for nobody.
    pub(crate) fn subject(&self) -> &str {
        &self.0.actor.subject
    }

    /// What the account may do.
    pub(crate) fn role(&self) -> Role {
        self.0.actor.role
    }

    /// The merchant whose goods alone it may touch.
    pub(crate) fn merchant(&self) -> Option<Merchant> {
        self.0.actor.merchant.as_deref().and_then(|code| Merchant::new(code).ok())
    }

    /// True for those who own a part of what there is (customers and merchants): what is not theirs is to
    /// them as if it were not there.
    pub(crate) fn is_scoped(&self) -> bool {
        self.0.actor.merchant.is_some() || matches!(self.role(), Role::Customer | Role::Merchant)
    }

    /// The id and the trace of the request.
    pub(crate) fn request(&self) -> &RequestInfo {
        &self.0.request
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // the gate lets no request through without one
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| Problem::unauthenticated("sign in first"))
    }
}

/// From where a request came, as far as this process can tell.
#[derive(Debug, Clone)]
pub(crate) struct Source(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Source {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let source = parts.extensions.get::<Self>().cloned();
        Ok(source.unwrap_or_else(|| Self("unknown".to_owned())))
    }
}
