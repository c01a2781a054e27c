//! One stream: waits for hints, looks, and tells what has changed, until there is a reason to end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use contracts::Timestamp;
use futures_util::stream::{Stream, unfold};
use runtime::Shutdown;
use tokio::time::{Instant, sleep_until};

use super::Streams;
use super::hint::Versions;
use super::listeners::{Heard, Listening};
use super::pace::Pace;
use super::subject::{Standing, Subject};
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::portal::Portal;
use crate::problem::Problem;
use crate::seats::Seat;
use crate::throttle::{Class, Place, Throttle};

/// Several hints in a row are one look.
const GATHER: Duration = Duration::from_millis(100);
/// Lists cost more than one waybill: so long is gathered, and not sooner is looked again.
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
    Heard(Option<Heard>),
    Look,
    Ended(End),
}

/// A stream before its first event is asked for.
pub(super) struct Watch {
    gateway: Gateway,
    throttle: Throttle,
    caller: Caller,
    subject: Subject,
    hints: Listening,
    shutdown: Shutdown,
    expires: Instant,
    /// The id of what was told last.
    told: Option<String>,
    /// What the next look has to reach.
    hinted: Versions,
    catch_ups: u32,
    pace: Pace,
    events: VecDeque<Event>,
    is_over: bool,
    _seat: Seat,
}

impl Watch {
    /// Begins to listen, then looks: what happens in between is heard. A list for which it is not the caller's
    /// turn is looked at later.
    ///
    /// # Errors
    /// 404 when it is not to be seen; as [`Gateway::ask`].
    pub(super) async fn begin(
        portal: &Portal,
        streams: &Streams,
        seat: Seat,
        caller: Caller,
        subject: Subject,
        expires_s: i64,
        had: Option<String>,
    ) -> Result<Self, Problem> {
        let left = expires_s.saturating_sub(Timestamp::now().as_datetime().timestamp());
        let now = Instant::now();
        let mut watch = Self {
            gateway: portal.gateway.clone(),
            throttle: portal.throttle.clone(),
            hints: streams.listeners.listen(&subject, || portal.gateway.events()),
            pace: pace_of(&subject, now),
            caller,
            subject,
            shutdown: portal.shutdown.clone(),
            expires: now + Duration::from_secs(u64::try_from(left).unwrap_or_default()),
            told: had,
            hinted: Versions::default(),
            catch_ups: 0,
            events: VecDeque::new(),
            is_over: false,
            _seat: seat,
        };
        if let Ok(_turn) = watch.turn() {
            watch.pace.looks(now);
            let standing = watch.subject.look(&watch.gateway, &watch.caller).await?;
            watch.tell(standing.ok_or_else(|| Problem::not_found("waybill"))?);
        }
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
                Woken::Heard(Some(heard)) => self.heard(heard),
                // who tells lives as long as the process
                Woken::Heard(None) => self.end(End::Restart),
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
            () = sleep_until(self.pace.next()) => Woken::Look,
            heard = self.hints.heard() => Woken::Heard(heard),
        }
    }

    fn heard(&mut self, heard: Heard) {
        let now = Instant::now();
        self.hinted = self.hinted.newest(heard.versions);
        self.catch_ups = 0;
        self.pace.hinted(now);
        if heard.missed > 0 {
            // whatever they were, it is looked at now
            let data = format!("{{\"missed\":{}}}", heard.missed);
            self.events.push_back(Event::default().event("resync").data(data));
            self.pace.within(now, Duration::ZERO);
        }
    }

    /// What a look takes: of a list, a place and a share, as asking for it does. The share is one that the
    /// caller has for its streams: what goes on in the background takes nothing from what somebody waits for.
    /// The place is given back when it is dropped.
    ///
    /// # Errors
    /// When there is none now.
    fn turn(&self) -> Result<Option<Place>, Problem> {
        match self.subject {
            Subject::Waybill(_) => Ok(None),
            Subject::Work(_) => {
                let place = self.throttle.enter(Class::Low)?;
                let origin = self.caller.actor().origin.as_deref().unwrap_or("unknown");
                let whose = format!("streams of {}", self.caller.subject());
                let share = self.throttle.share(Class::Low, &whose, origin);
                share.map_err(|refused| refused.problem)?;
                Ok(Some(place))
            }
        }
    }

    async fn look(&mut self) {
        let now = Instant::now();
        let Ok(_turn) = self.turn() else {
            self.pace.has_no_turn(now);
            return;
        };
        self.pace.looks(now);
        match self.subject.look(&self.gateway, &self.caller).await {
            Ok(Some(standing)) => {
                let is_behind =
                    standing.versions.is_some_and(|versions| !versions.reaches(self.hinted));
                self.tell(standing);
                if is_behind && self.catch_ups < CATCH_UPS_MAX {
                    self.catch_ups = self.catch_ups.saturating_add(1);
                    self.pace.within(Instant::now(), CATCH_UP);
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

fn pace_of(subject: &Subject, now: Instant) -> Pace {
    match subject {
        Subject::Waybill(_) => Pace::new(GATHER, Duration::ZERO, now),
        Subject::Work(_) => Pace::new(GATHER_WORK, GATHER_WORK, now),
    }
}
