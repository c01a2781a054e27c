//! `hotfolder.skip-sequence.v1`: an operator passes a gap in the sequence of a source.

use ::store::Tx;
use contracts::{Actor, Refusal, Role, SkipSequence};
use runtime::{Failure, Outcome, Settlement};

use crate::decide::{self, NotSkipped};
use crate::name::FileName;
use crate::store;

/// Passes a gap, if an operator asks for it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn skip(
    tx: &Tx,
    actor: &Actor,
    skip: &SkipSequence,
) -> Result<Settlement, Failure> {
    let outcome = match actor.role {
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
    Ok(Settlement::new(outcome).of(reference, skip.sequence))
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
