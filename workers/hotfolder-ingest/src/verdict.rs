//! What became of each row of a file whose rows are told apart: from what the fleet answered to what the
//! report shows. Never touches the disk, the broker or the database.

use contracts::Refusal;

use crate::desk::{Answer, AnswerEnd};
use crate::pipeline::Span;
use crate::report::ReportedVerdict;
use crate::store::KeptVerdict;

/// The verdict of one row, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictRow {
    /// Line of the file.
    pub line: u64,
    /// What it is about.
    pub reference: Option<String>,
    /// In one word.
    pub verdict: String,
    /// A sentence for a person.
    pub detail: Option<String>,
}

/// True for a no that says what became of each row and nothing else: no error of the file.
pub(crate) fn is_an_answer(refusal: &Refusal) -> bool {
    refusal.code == "NOTHING_MATCHES"
}

/// The verdicts of the rows of one unit, in the order of the file.
pub(crate) fn of_rows(span: &Span, answer: &Answer) -> Vec<VerdictRow> {
    if !span.has_verdicts {
        return Vec::new();
    }
    let refusal = match &answer.end {
        AnswerEnd::Refused(refusal) => Some(refusal.detail.clone()),
        AnswerEnd::Accepted | AnswerEnd::Duplicate => None,
    };
    let rows = span.file_lines.iter().enumerate().map(|(at, line)| {
        let number = span.line_numbers.get(at);
        let item = answer.items.iter().find(|item| Some(&item.item) == number);
        let (verdict, detail) = match item {
            Some(item) => (item.code.clone(), item.detail.clone()),
            None => (answer.code.clone(), refusal.clone()),
        };
        VerdictRow { line: *line, reference: span.reference.clone(), verdict, detail }
    });
    rows.collect()
}

impl From<KeptVerdict> for ReportedVerdict {
    fn from(kept: KeptVerdict) -> Self {
        let KeptVerdict { line, reference, verdict, detail } = kept;
        Self { line, reference, verdict, detail }
    }
}
