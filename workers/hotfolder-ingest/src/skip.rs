//! `hotfolder.skip-sequence.v1`: an operator passes a gap in the sequence of a source.

use ::store::Tx;
use contracts::{Refusal, Role, SkipSequence, Timestamp, inbound};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, LaneKey, Outcome, Settlement, Worker};

use crate::decide::{self, NotSkipped};
use crate::name::FileName;
use crate::store;

inbound! {
    /// What operators send to the hot folder.
    pub enum Incoming {
        /// Pass a gap.
        Skip(SkipSequence),
    }
}

/// The consumer of the hot folder's own commands.
#[derive(Debug)]
pub struct SkipDesk;

impl Worker for SkipDesk {
    type Message = Incoming;
    type Effects = ();
    const KIND: WorkerKind = WorkerKind::HotfolderIngest;

    fn lane_key(message: &Incoming) -> LaneKey {
        let Incoming::Skip(skip) = message;
        LaneKey::of((&skip.kind, skip.source.as_str()))
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        _now: Timestamp,
    ) -> Result<(), Failure> {
        for (index, item) in batch.items().iter().enumerate() {
            let Incoming::Skip(skip) = &item.message;
            let outcome = match item.envelope.actor.role {
                Role::Operator | Role::Admin => pass(tx, skip).await?,
                Role::Customer
                | Role::Merchant
                | Role::CsAgent
                | Role::CsSupervisor
                | Role::Dispatcher
                | Role::Warehouse
                | Role::Sorting
                | Role::Road
                | Role::Shop
                | Role::Worker => refuse("FORBIDDEN", "only an operator may pass a gap"),
            };
            let reference = format!("{}-{}-{}", skip.kind, skip.source, skip.sequence);
            batch.settle(index, Settlement::new(outcome).of(reference, skip.sequence));
        }
        Ok(())
    }
}

async fn pass(tx: &Tx, skip: &SkipSequence) -> Result<Outcome, Failure> {
    let file = match FileName::at(&skip.kind, &skip.source, skip.sequence) {
        Ok(file) => file,
        Err(misnamed) => return Ok(refuse(misnamed.code(), &misnamed.to_string())),
    };
    let standing = store::lock_standing(tx, &file).await?;
    let has_file = store::has_record(tx, &file).await?;
    match decide::skip(standing, skip.sequence, has_file) {
        Ok(_passed) => {
            store::pass(tx, &file).await?;
            Ok(Outcome::Applied)
        }
        Err(reason) => Ok(refusal(reason)),
    }
}

fn refusal(reason: NotSkipped) -> Outcome {
    match reason {
        NotSkipped::UnknownSequence => {
            refuse("UNKNOWN_SEQUENCE", "no file of this kind and source has come yet")
        }
        NotSkipped::AlreadyPassed(next) => {
            refuse("ALREADY_PASSED", &format!("the next sequence number is {next} already"))
        }
        NotSkipped::NotNext(next) => {
            refuse("NOT_NEXT", &format!("sequence number {next} is missing first: skip that one"))
        }
        NotSkipped::FileHasCome => {
            refuse("FILE_HAS_COME", "the file with this number is here: it cannot be passed")
        }
    }
}

fn refuse(code: &str, detail: &str) -> Outcome {
    Outcome::Rejected(Refusal::new(code, detail))
}
