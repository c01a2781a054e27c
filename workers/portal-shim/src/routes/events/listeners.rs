//! Who listens for what. Every event is read once, however many streams there are: one task finds those whom
//! it concerns by their subject, and only they wake up. The task runs while somebody listens.
//!
//! Nothing is queued for a stream. What it has not taken yet is added up (the newest versions, how many were
//! missed), so that a slow one keeps nobody waiting, costs no memory and learns all the same that it has to
//! look. Only the task can be too slow for the feed; then everybody is told so.
//!
//! Never here: looking, telling a client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runtime::Happened;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::hint::{Hint, Versions, Whose};
use super::subject::Subject;

/// Everybody who listens. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Listeners(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    /// No entry is without a listener.
    by_subject: HashMap<Subject, Entry>,
    /// Reads the feed while there is an entry; dropped, it ends.
    reader: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Entry {
    heard: watch::Sender<Heard>,
    listeners: usize,
}

/// What was heard of a subject.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// The newest versions that were spoken of.
    pub(super) versions: Versions,
    /// Events that were missed, whomever they concerned.
    pub(super) missed: u64,
}

/// A listener, until it is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    listeners: Listeners,
    subject: Subject,
    heard: watch::Receiver<Heard>,
    /// As many were missed before.
    missed: u64,
}

impl Listeners {
    /// Listens for what concerns a subject from now on; `feed` is opened where nobody reads it yet.
    pub(super) fn listen(
        &self,
        subject: &Subject,
        feed: impl FnOnce() -> Receiver<Arc<Happened>>,
    ) -> Listening {
        let mut known = self.known();
        let entry = known.by_subject.entry(subject.clone()).or_default();
        entry.listeners = entry.listeners.saturating_add(1);
        let heard = entry.heard.subscribe();
        if known.reader.is_empty() {
            known.reader.spawn(self.clone().read(feed()));
        }
        let missed = heard.borrow().missed;
        Listening { listeners: self.clone(), subject: subject.clone(), heard, missed }
    }

    async fn read(self, mut feed: Receiver<Arc<Happened>>) {
        loop {
            match feed.recv().await {
                Ok(happened) => {
                    if let Some(hint) = Hint::of(&happened) {
                        self.known().tell(hint);
                    }
                }
                Err(RecvError::Lagged(missed)) => self.known().tell_missed(missed),
                // the feed lives as long as the process
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// Subjects that somebody listens for.
    #[cfg(test)]
    pub(super) fn subjects(&self) -> usize {
        self.known().by_subject.len()
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn tell(&self, hint: Hint) {
        let Hint { waybill_no, versions, whose } = hint;
        if let Some(entry) = waybill_no.and_then(|no| self.by_subject.get(&Subject::Waybill(no))) {
            entry.tell(versions);
        }
        match whose {
            Whose::Nobody => {}
            Whose::Merchant(merchant) => {
                if let Some(entry) = self.by_subject.get(&Subject::Work(merchant)) {
                    entry.tell(Versions::default());
                }
            }
            Whose::Anybody => {
                let all = self.by_subject.iter();
                let work = all.filter(|(subject, _)| matches!(subject, Subject::Work(_)));
                work.for_each(|(_, entry)| entry.tell(Versions::default()));
            }
        }
    }

    fn tell_missed(&self, missed: u64) {
        for entry in self.by_subject.values() {
            entry.heard.send_modify(|heard| heard.missed = heard.missed.saturating_add(missed));
        }
    }
}

impl Entry {
    /// Wakes its listeners, also where no version is newer.
    fn tell(&self, versions: Versions) {
        self.heard.send_modify(|heard| heard.versions = heard.versions.newest(versions));
    }
}

impl Listening {
    /// Waits until something is heard; gives the newest versions of all that was, and how many events were
    /// missed since the last time. `None` when nothing will come any more. Cancelling it loses nothing.
    pub(super) async fn heard(&mut self) -> Option<Heard> {
        self.heard.changed().await.ok()?;
        let Heard { versions, missed } = *self.heard.borrow_and_update();
        let before = std::mem::replace(&mut self.missed, missed);
        Some(Heard { versions, missed: missed.saturating_sub(before) })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut known = self.listeners.known();
        if let Some(entry) = known.by_subject.get_mut(&self.subject) {
            entry.listeners = entry.listeners.saturating_sub(1);
            if entry.listeners == 0 {
                known.by_subject.remove(&self.subject);
            }
        }
        if known.by_subject.is_empty() {
            known.reader = JoinSet::new();
        }
    }
}
