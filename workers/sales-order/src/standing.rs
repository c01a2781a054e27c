//! Where one sales order stands: our decision, the last request for cancellation, and the set of facts.
//!
//! What lives here: the state and the status as a function of it, and its text form. What never does: what
//! may follow from a status and who may say it (`lifecycle.rs`).

use contracts::{CancellationVerdict, SalesOrderStatus};

use crate::lifecycle::{Fact, StatusRow, row};

/// What we decided about who prepares the goods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Submission {
    /// No warehouse was asked yet.
    Waiting,
    /// A warehouse was asked.
    Submitted,
    /// There is no warehouse to ask.
    Refused,
    /// The merchant picks; nobody has to be asked.
    Merchant,
}

impl Submission {
    const ALL: [Self; 4] = [Self::Waiting, Self::Submitted, Self::Refused, Self::Merchant];

    const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::Submitted => "SUBMITTED",
            Self::Refused => "REFUSED",
            Self::Merchant => "MERCHANT",
        }
    }
}

/// What a question for cancellation is for, or what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Open: a yes cancels the waybill.
    Asked,
    /// Open: a yes gives the goods to another warehouse.
    Moving,
    /// A no.
    Kept,
    /// A yes.
    Cancelled,
    /// It was about a predecessor.
    Past,
}

/// The last request for cancellation that was not refused, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    /// From 1; each request that is not refused has the next one, through all sales orders of a waybill.
    pub number: u32,
    stage: Stage,
}

impl Question {
    const WORDS: [(&'static str, Stage); 5] = [
        ("ASKED", Stage::Asked),
        ("MOVING", Stage::Moving),
        ("KEPT", Stage::Kept),
        ("CANCELLED", Stage::Cancelled),
        ("PAST", Stage::Past),
    ];

    /// None: it is open.
    pub(crate) const fn verdict(self) -> Option<CancellationVerdict> {
        match self.stage {
            Stage::Asked | Stage::Moving => None,
            Stage::Kept => Some(CancellationVerdict::Rejected),
            Stage::Cancelled | Stage::Past => Some(CancellationVerdict::Accepted),
        }
    }

    fn to_text(self) -> String {
        let word = Self::WORDS.into_iter().find(|(_, stage)| *stage == self.stage);
        format!("{}:{}", word.map_or("ASKED", |(word, _)| word), self.number)
    }

    fn parse(text: &str) -> Option<Self> {
        let (word, number) = text.split_once(':')?;
        let (_, stage) = Self::WORDS.into_iter().find(|(known, _)| *known == word)?;
        Some(Self { number: number.parse().ok().filter(|number| *number > 0)?, stage })
    }
}

/// Our decision, the last question and all that the warehouse told: everything the status depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    submission: Submission,
    facts: u8,
    question: Option<Question>,
}

impl Standing {
    /// Decided, and nothing told or asked yet.
    pub(crate) const fn of(submission: Submission) -> Self {
        Self { submission, facts: 0, question: None }
    }

    /// Our decision.
    pub(crate) const fn submission(self) -> Submission {
        self.submission
    }

    /// Decides anew; what was told and asked before stays.
    pub(crate) const fn decide(&mut self, submission: Submission) {
        self.submission = submission;
    }

    /// Adds a fact; false when it was known.
    pub(crate) const fn tell(&mut self, fact: Fact) -> bool {
        let known = self.knows(fact);
        self.facts |= bit(fact);
        !known
    }

    /// Whether the fact was told.
    pub(crate) const fn knows(self, fact: Fact) -> bool {
        self.facts & bit(fact) != 0
    }

    /// The last question, open or decided.
    pub(crate) const fn question(self) -> Option<Question> {
        self.question
    }

    /// The number of the question that waits for an answer.
    pub(crate) fn open_question(self) -> Option<u32> {
        self.question
            .filter(|question| question.verdict().is_none())
            .map(|question| question.number)
    }

    /// True while a question is open whose yes gives the goods to another warehouse.
    pub(crate) fn is_moving(self) -> bool {
        self.question.is_some_and(|question| question.stage == Stage::Moving)
    }

    /// Asks the next question, with its verdict where there is nothing to wait for; gives its number.
    pub(crate) fn ask(&mut self, verdict: Option<CancellationVerdict>) -> u32 {
        self.next_question(match verdict {
            None => Stage::Asked,
            Some(verdict) => decided(verdict),
        })
    }

    /// Asks the next question, whose yes gives the goods to another warehouse; gives its number.
    pub(crate) fn ask_to_move(&mut self) -> u32 {
        self.next_question(Stage::Moving)
    }

    fn next_question(&mut self, stage: Stage) -> u32 {
        let number = self.question.map_or(0, |question| question.number).saturating_add(1);
        self.question = Some(Question { number, stage });
        number
    }

    /// From now on a yes to the open question cancels the waybill.
    pub(crate) fn cancel_instead(&mut self) {
        if let Some(question) = self.question.as_mut().filter(|it| it.stage == Stage::Moving) {
            question.stage = Stage::Asked;
        }
    }

    /// Decides the open question; nothing when there is none.
    pub(crate) fn answer(&mut self, verdict: CancellationVerdict) {
        if let Some(question) = self.question.as_mut().filter(|it| it.verdict().is_none()) {
            question.stage = decided(verdict);
        }
    }

    /// Of the sales order that takes the place of this one: nothing is told of it, and questions are
    /// counted on.
    pub(crate) fn succeeded(self, submission: Submission) -> Self {
        let past = |question: Question| Question { stage: Stage::Past, ..question };
        Self { submission, facts: 0, question: self.question.map(past) }
    }

    /// The status.
    pub(crate) fn status(self) -> SalesOrderStatus {
        match self.question.map(|question| question.stage) {
            Some(Stage::Cancelled) => SalesOrderStatus::Cancelled,
            Some(Stage::Asked | Stage::Moving) => SalesOrderStatus::CancellationRequested,
            Some(Stage::Kept | Stage::Past) | None => self.status_of_goods(),
        }
    }

    /// The status as the facts say it, whatever was asked.
    fn status_of_goods(self) -> SalesOrderStatus {
        let strongest = Fact::ALL.into_iter().rev().find(|fact| self.knows(*fact));
        match (strongest, self.submission) {
            (Some(fact), _) => fact.row().status,
            (None, Submission::Waiting) => SalesOrderStatus::Created,
            (None, Submission::Submitted | Submission::Merchant) => SalesOrderStatus::Submitted,
            (None, Submission::Refused) => SalesOrderStatus::Rejected,
        }
    }

    /// The table's row of the status.
    pub(crate) fn row(self) -> &'static StatusRow {
        row(self.status())
    }

    /// True after a yes.
    pub(crate) fn is_cancelled(self) -> bool {
        self.status() == SalesOrderStatus::Cancelled
    }

    /// True once goods are in hand: nothing about the order can be changed any more.
    pub(crate) fn is_being_picked(self) -> bool {
        use Fact::{HandedOver, Packed, Picked, Picking};
        [Picking, Picked, Packed, HandedOver].into_iter().any(|fact| self.knows(fact))
    }

    /// True when parcels stand in the warehouse that can go to another one.
    pub(crate) const fn has_picked_goods(self) -> bool {
        self.knows(Fact::Picked) || self.knows(Fact::Packed)
    }

    /// As the column `reached` keeps it: `SUBMITTED,ACCEPTED,PICKING,KEPT:1` (the decision comes first, the
    /// last question last).
    pub(crate) fn to_text(self) -> String {
        let mut text = self.submission.word().to_owned();
        for fact in Fact::ALL.into_iter().filter(|fact| self.knows(*fact)) {
            text = text + "," + row(fact.row().status).word;
        }
        match self.question {
            Some(question) => text + "," + &question.to_text(),
            None => text,
        }
    }

    /// Reads what [`Self::to_text`] wrote; nothing when it is something else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(',');
        let decision = words.next()?;
        let submission = Submission::ALL.into_iter().find(|s| s.word() == decision)?;
        let mut standing = Self::of(submission);
        for word in words {
            if standing.question.is_some() {
                return None;
            }
            match Fact::ALL.into_iter().find(|fact| row(fact.row().status).word == word) {
                Some(fact) => {
                    standing.tell(fact);
                }
                None => standing.question = Some(Question::parse(word)?),
            }
        }
        Some(standing)
    }
}

const fn decided(verdict: CancellationVerdict) -> Stage {
    match verdict {
        CancellationVerdict::Accepted => Stage::Cancelled,
        CancellationVerdict::Rejected => Stage::Kept,
    }
}

const fn bit(fact: Fact) -> u8 {
    1 << fact.row().rank
}
