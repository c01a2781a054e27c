//! One stream: waits for hints, looks, and tells what has changed, until there is a reason to end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::Event;
use contracts::Timestamp;
use futures_util::stream::{Stream, unfold};
use runtime::{Happened, Shutdown};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::seats::Seat;
use super::subject::{Standing, Subject, Versions};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::portal::Portal;
use crate::problem::Problem;

/// Without a hint it is looked at again after this: a hint may be lost with the broker's connection.
const LOOK_AGAIN: Duration = Duration::from_secs(30);
/// Several hints in a row are one look.
const GATHER: Duration = Duration::from_millis(100);
/// Lists cost more than one waybill.
const GATHER_WORK: Duration = Duration::from_secs(2);
/// Answers may be older than a hint for a moment: so long, and so often, is waited for a newer one.
const CATCH_UP: Duration = Duration::from_millis(300);
const CATCH_UPS_MAX: u32 = 10;

/// Why a stream ends; the words stand in its last event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    TokenExpired,
    Gone,
    Restart,
}

impl End {
    const fn word(self) -> &'static str {
        match self {
            Self::TokenExpired => "TOKEN_EXPIRED",
            Self::Gone => "GONE",
            Self::Restart => "RESTART",
        }
    }
}

/// What a stream waits for.
enum Woken {
    Heard(Result<Arc<Happened>, RecvError>),
    Look,
    Ended(End),
}

/// A stream before its first event is asked for.
pub(super) struct Watch {
    gateway: Gateway,
    caller: Caller,
    subject: Subject,
    hints: Receiver<Arc<Happened>>,
    shutdown: Shutdown,
    expires: Instant,
    /// The id of what was told last.
    told: Option<String>,
    /// What the next look has to reach.
    hinted: Versions,
    catch_ups: u32,
    look_at: Instant,
    events: VecDeque<Event>,
    is_over: bool,
    _seat: Seat,
}

impl Watch {
    /// Begins to listen, then looks: what happens in between is heard.
    ///
    /// # Errors
    /// 404 when it is not to be seen; as [`Gateway::ask`].
    pub(super) async fn begin(
        portal: &Portal,
        caller: Caller,
        subject: Subject,
        seat: Seat,
        expires_s: i64,
        had: Option<String>,
    ) -> Result<Self, Problem> {
        let hints = portal.gateway.events();
        let Some(standing) = subject.look(&portal.gateway, &caller).await? else {
            return Err(Problem::not_found("waybill"));
        };
        let left = expires_s.saturating_sub(Timestamp::now().as_datetime().timestamp());
        let now = Instant::now();
        let mut watch = Self {
            gateway: portal.gateway.clone(),
            caller,
            subject,
            hints,
            shutdown: portal.shutdown.clone(),
            expires: now + Duration::from_secs(u64::try_from(left).unwrap_or_default()),
            told: had,
            hinted: Versions::default(),
            catch_ups: 0,
            look_at: now + LOOK_AGAIN,
            events: VecDeque::new(),
            is_over: false,
            _seat: seat,
        };
        watch.tell(standing);
        Ok(watch)
    }

    /// Its events, to the end.
    pub(super) fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> + Send {
        unfold(self, |mut watch| async move {
            let event = watch.next().await?;
            Some((Ok(event), watch))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if self.is_over {
                return None;
            }
            match self.woken().await {
                Woken::Heard(Ok(happened)) => self.heard(&happened),
                Woken::Heard(Err(RecvError::Lagged(missed))) => self.resync(missed),
                // the feed lives as long as the process
                Woken::Heard(Err(RecvError::Closed)) => self.end(End::Restart),
                Woken::Look => self.look().await,
                Woken::Ended(end) => self.end(end),
            }
        }
    }

    async fn woken(&mut self) -> Woken {
        tokio::select! {
            biased;
            () = self.shutdown.begun() => Woken::Ended(End::Restart),
            () = sleep_until(self.expires) => Woken::Ended(End::TokenExpired),
            () = sleep_until(self.look_at) => Woken::Look,
            heard = self.hints.recv() => Woken::Heard(heard),
        }
    }

    fn heard(&mut self, happened: &Happened) {
        if let Some(versions) = self.subject.hint(happened) {
            self.hinted = self.hinted.newest(versions);
            self.catch_ups = 0;
            self.look_within(self.gather());
        }
    }

    const fn gather(&self) -> Duration {
        match self.subject {
            Subject::Waybill(_) => GATHER,
            Subject::Work(_) => GATHER_WORK,
        }
    }

    fn look_within(&mut self, wait: Duration) {
        self.look_at = self.look_at.min(Instant::now() + wait);
    }

    /// Hints were dropped because this stream was too slow: whatever they were, it is looked at now.
    fn resync(&mut self, missed: u64) {
        self.events
            .push_back(Event::default().event("resync").data(format!("{{\"missed\":{missed}}}")));
        self.look_within(Duration::ZERO);
    }

    async fn look(&mut self) {
        self.look_at = Instant::now() + LOOK_AGAIN;
        match self.subject.look(&self.gateway, &self.caller).await {
            Ok(Some(standing)) => {
                let is_behind =
                    standing.versions.is_some_and(|versions| !versions.reaches(self.hinted));
                self.tell(standing);
                if is_behind && self.catch_ups < CATCH_UPS_MAX {
                    self.catch_ups = self.catch_ups.saturating_add(1);
                    self.look_within(CATCH_UP);
                }
            }
            Ok(None) => self.end(End::Gone),
            // nobody answers now: the next look may be luckier
            Err(problem) => tracing::debug!(code = problem.code(), "a stream could not look"),
        }
    }

    fn tell(&mut self, standing: Standing) {
        if self.told.as_ref() == Some(&standing.id) {
            return;
        }
        let event = Event::default().event(self.subject.event());
        self.events.push_back(event.id(&standing.id).data(&standing.data));
        self.told = Some(standing.id);
    }

    fn end(&mut self, end: End) {
        let data = format!("{{\"reason\":\"{}\"}}", end.word());
        self.events.push_back(Event::default().event("end").data(data));
        self.is_over = true;
    }
}
