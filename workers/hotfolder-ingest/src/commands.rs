//! The hot folder's own commands: pass a gap, take a file that comes as a message.

use ::store::Tx;
use contracts::{SkipSequence, Timestamp, UploadFile, inbound};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, LaneKey, Worker};

use crate::skip::skip;
use crate::upload::{Uploads, Whole};

inbound! {
    /// What is sent to the hot folder.
    pub enum Incoming {
        /// Pass a gap.
        Skip(SkipSequence),
        /// Take a file, or a part of it.
        Upload(UploadFile),
    }
}

/// The consumer of the hot folder's own commands.
#[derive(Debug)]
pub struct CommandDesk {
    uploads: Uploads,
}

impl CommandDesk {
    /// A desk that puts files into these folders.
    #[must_use]
    pub const fn new(uploads: Uploads) -> Self {
        Self { uploads }
    }
}

impl Worker for CommandDesk {
    type Message = Incoming;
    type Effects = Vec<Whole>;
    const KIND: WorkerKind = WorkerKind::HotfolderIngest;

    fn lane_key(message: &Incoming) -> LaneKey {
        match message {
            Incoming::Skip(skip) => LaneKey::of((&skip.kind, skip.source.as_str())),
            Incoming::Upload(upload) => LaneKey::of((upload.source.as_str(), &upload.file_name)),
        }
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<Vec<Whole>, Failure> {
        let mut whole = Vec::new();
        for (index, item) in batch.items().iter().enumerate() {
            let actor = &item.envelope.actor;
            match &item.message {
                Incoming::Skip(command) => {
                    let settlement = skip(tx, actor, command).await?;
                    batch.settle(index, settlement);
                }
                Incoming::Upload(upload) => match self.uploads.take(tx, actor, upload, now).await {
                    Ok(taken) => {
                        batch.settle(index, taken.settlement);
                        whole.extend(taken.whole);
                    }
                    Err(Failure::Store(error)) => return Err(error.into()),
                    Err(failure) => batch.fail(index, failure),
                },
            }
        }
        Ok(whole)
    }

    async fn committed(&self, whole: Vec<Whole>) {
        for file in whole {
            self.uploads.conclude(file).await;
        }
    }
}
