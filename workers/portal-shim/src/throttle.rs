//! How much is taken on at once, by class, and who waits for nothing: what does not fit is answered at once,
//! so that what was taken on is answered in time.
//!
//! What lives here: the limits and their headers. What never does: which route is of which class.

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
    /// Lists and master data: so many a second for each caller and in all.
    Low,
}

impl Class {
    /// The word in metrics and documents.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Normal => "normal",
            Self::Low => "low",
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
    each: KeyedRate,
    total: KeyedRate,
}

/// A place among the requests in progress; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place(#[allow(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

/// What is left of a caller's share, for the headers of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Share {
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
            each: KeyedRate::new(settings.low_rate),
            total: KeyedRate::new(settings.low_total),
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
        };
        let full = |_no_permit| {
            let detail = "too much is in progress: nothing was done, try again in a moment";
            Problem::unavailable("OVERLOADED", detail)
        };
        Arc::clone(places).try_acquire_owned().map(Place).map_err(full)
    }

    /// One of the share that `caller` (an account, or an address) has in the class; `None` where the class
    /// has no shares.
    ///
    /// # Errors
    /// 429 when the caller has used it up, 503 when all callers together have used up theirs.
    pub(crate) fn share(&self, class: Class, caller: &str) -> Result<Option<Share>, Box<Refused>> {
        if class != Class::Low {
            return Ok(None);
        }
        let per_second = self.0.each.per_second().get();
        let left = self.0.each.take(caller).map_err(|wait| {
            let detail = format!("more than {per_second} of these in a second: slow down");
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", detail);
            Refused {
                problem: problem.retry_after(seconds(wait)),
                share: Share { per_second, left: 0 },
            }
        })?;
        let share = Share { per_second, left };
        self.0.total.take("").map_err(|wait| {
            let detail = "too many of these are asked for at this moment: try again";
            let problem = Problem::unavailable("OVERLOADED", detail);
            Refused { problem: problem.retry_after(seconds(wait)), share }
        })?;
        Ok(Some(share))
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
        let Self { per_second, left } = self;
        let fields = [
            (RATELIMIT_POLICY, format!("\"caller\";q={per_second};w=1")),
            (RATELIMIT, format!("\"caller\";r={left};t=1")),
        ];
        for (name, value) in fields {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
    }
}
