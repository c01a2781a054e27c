//! Who asks one question, and whether the database had to be asked for the answer.
//!
//! Never here: a rule of who sees what (see `scope.rs`).

use std::sync::atomic::{AtomicBool, Ordering};

use cache::{Answer, Source};
use contracts::{Envelope, Role, UserId};

use crate::scope::{Scope, prints_labels};

/// The asker of one question.
#[derive(Debug)]
pub(crate) struct Asker {
    pub(crate) scope: Scope,
    pub(crate) subject: String,
    role: Role,
    user: UserId,
    used_database: AtomicBool,
}

impl Asker {
    /// Of whom a question is.
    pub(crate) fn of(question: &Envelope) -> Self {
        let actor = &question.actor;
        Self {
            scope: Scope::of(actor),
            subject: actor.subject.clone(),
            role: actor.role,
            user: question.user_id.clone(),
            used_database: AtomicBool::new(false),
        }
    }

    /// True for who may see the code on the label of what it sees.
    pub(crate) const fn prints_labels(&self) -> bool {
        prints_labels(self.role)
    }

    /// True when a message of this publisher, sent for this subject, was its own: an account of the portal and
    /// a partner may have the same name.
    pub(crate) fn sent(&self, sender: &str, subject: Option<&str>) -> bool {
        self.user.as_str() == sender && subject == Some(self.subject.as_str())
    }

    /// The database is asked for the answer.
    pub(crate) fn uses_database(&self) {
        self.used_database.store(true, Ordering::Relaxed);
    }

    /// Notes where parts of the answer came from.
    pub(crate) fn notes(&self, answers: &[Answer]) {
        if answers.iter().any(|answer| answer.source == Source::Loader) {
            self.uses_database();
        }
    }

    /// True when the database was asked.
    pub(crate) fn used_database(&self) -> bool {
        self.used_database.load(Ordering::Relaxed)
    }
}
