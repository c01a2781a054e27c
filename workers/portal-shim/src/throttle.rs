//! How much is taken on at once, by class, and who waits for nothing: what does not fit is answered at once,
//! so that what was taken on is answered in time.
//!
//! What lives here: the limits and their headers. What never does: which route is of which class.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use pacing::KeyedRate;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;
use crate::settings::PortalSettings;

/// `RateLimit-Policy` and `RateLimit` of draft-ietf-httpapi-ratelimit-headers.
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How important a request is when there is too much to do. Each class has places of its own, so that a
/// flood of one leaves the others theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// Status reports and planning: a parcel waits for them.
    First,
    /// What somebody waits for.
    Normal,
    /// Lists: so many a second for each caller and in all.
    Low,
    /// What anybody may ask the fleet without a token, signing in for example: so many a second for each
    /// address.
    Public,
}

impl Class {
    /// The word in metrics and documents.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Normal => "normal",
            Self::Low => "low",
            Self::Public => "public",
        }
    }
}

/// The limits. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Throttle(Arc<Limits>);

#[derive(Debug)]
struct Limits {
    first: Arc<Semaphore>,
    normal: Arc<Semaphore>,
    low: Arc<Semaphore>,
    public: Arc<Semaphore>,
    each: KeyedRate,
    total: KeyedRate,
    address: KeyedRate,
}

/// A place among the requests in progress; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(#[allow(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// What is left of a share, for the headers of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
    /// Whose it is, in a word.
    of: &'static str,
    per_second: u32,
    left: u32,
}

impl Throttle {
    /// As the settings say.
    pub(crate) fn new(settings: &PortalSettings) -> Self {
        let places = |count: u16| Arc::new(Semaphore::new(count.into()));
        Self(Arc::new(Limits {
            first: places(settings.first),
            normal: places(settings.normal),
            low: places(settings.low),
            public: places(settings.public),
            each: KeyedRate::new(settings.low_rate),
            total: KeyedRate::new(settings.low_total),
            address: KeyedRate::new(settings.public_rate),
        }))
    }

    /// A place in the class.
    ///
    /// # Errors
    /// 503 when all are taken.
    pub(crate) fn enter(&self, class: Class) -> Result<Place, Problem> {
        let places = match class {
            Class::First => &self.0.first,
            Class::Normal => &self.0.normal,
            Class::Low => &self.0.low,
            Class::Public => &self.0.public,
        };
        let full = |_no_permit| {
            let detail = "too much is in progress: nothing was done, try again in a moment";
            Problem::unavailable("OVERLOADED", detail)
        };
        Arc::clone(places).try_acquire_owned().map(Place).map_err(full)
    }

    /// One of the share that `caller` (an account's name) or `origin` (an address) has in the class; `None`
    /// where the class has no shares.
    ///
    /// # Errors
    /// 429 when the share is used up, 503 when all callers together have used up theirs.
    pub(crate) fn share(
        &self,
        class: Class,
        caller: &str,
        origin: &str,
    ) -> Result<Option<Share>, Box<Refused>> {
        match class {
            Class::First | Class::Normal => Ok(None),
            Class::Low => self.list(caller).map(Some),
            Class::Public => taken(&self.0.address, "address", &network(origin)).map(Some),
        }
    }

    fn list(&self, caller: &str) -> Result<Share, Box<Refused>> {
        let share = taken(&self.0.each, "caller", caller)?;
        self.0.total.take("").map_err(|wait| {
            let detail = "too many of these are asked for at this moment: try again";
            let problem = Problem::unavailable("OVERLOADED", detail);
            Refused { problem: problem.retry_after(seconds(wait)), share }
        })?;
        Ok(share)
    }
}

/// One of what `key` has of the rate.
fn taken(rate: &KeyedRate, of: &'static str, key: &str) -> Result<Share, Box<Refused>> {
    let per_second = rate.per_second().get();
    match rate.take(key) {
        Ok(left) => Ok(Share { of, per_second, left }),
        Err(wait) => {
            let detail = format!("more than {per_second} of these in a second: slow down");
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", detail);
            let share = Share { of, per_second, left: 0 };
            Err(Box::new(Refused { problem: problem.retry_after(seconds(wait)), share }))
        }
    }
}

/// Whose share an address takes from: its own, or that of its /64 where it is one of IPv6, since whoever has
/// one of those has them all.
fn network(origin: &str) -> String {
    match origin.parse::<IpAddr>().map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string(),
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        // what a proxy of ours calls the client in words of its own
        Err(_no_address) => origin.to_owned(),
    }
}

/// No share is left.
#[derive(Debug)]
pub(crate) struct Refused {
    /// What is answered.
    pub(crate) problem: Problem,
    /// What the headers say.
    pub(crate) share: Share,
}

/// Whole seconds, at least one: an earlier attempt would be refused again.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

impl Share {
    /// Writes the headers.
    pub(crate) fn tell(self, headers: &mut HeaderMap) {
        let Self { of, per_second, left } = self;
        let fields = [
            (RATELIMIT_POLICY, format!("\"{of}\";q={per_second};w=1")),
            (RATELIMIT, format!("\"{of}\";r={left};t=1")),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}
