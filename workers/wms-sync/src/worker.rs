//! One batch of wms-sync: translate each message, publish it in the other's words, note what was said.
//!
//! What lives here: the order of these steps. What never does: a translation (`decide.rs`), a statement
//! (`store.rs`).

use contracts::{
    CancellationAsked, MessageId, Refusal, SalesOrderSubmitted, Timestamp,
    WmsCancellationConfirmation, WmsOrderConfirmation, WmsOrderProgress,
};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use store::Tx;

use crate::decide::{self, AboutSalesOrder, OUTBOUND_ORDER, Translation, cancellation_request};
use crate::store::{Direction, Exchanged, keep};

contracts::inbound! {
    /// What this worker consumes.
    pub(crate) enum Incoming {
        /// A sales order goes to its warehouse.
        Submitted(SalesOrderSubmitted),
        /// The warehouse takes it or not.
        Confirmation(WmsOrderConfirmation),
        /// The warehouse did a step.
        Progress(WmsOrderProgress),
        /// Somebody wants to know whether a sales order can still be cancelled.
        CancellationAsked(CancellationAsked),
        /// The warehouse says whether it can.
        CancellationConfirmation(WmsCancellationConfirmation),
    }
}

/// Translates between our words and the WMS's.
#[derive(Debug)]
pub(crate) struct WmsSync;

impl Worker for WmsSync {
    type Message = Incoming;
    type Effects = ();
    const KIND: WorkerKind = WorkerKind::WmsSync;

    fn lane_key(message: &Incoming) -> LaneKey {
        LaneKey::of(match message {
            Incoming::Submitted(order) => order.sales_order_no.as_str(),
            Incoming::Confirmation(told) => &told.order_number,
            Incoming::Progress(told) => &told.order_number,
            Incoming::CancellationAsked(asked) => match &asked.sales_order_no {
                Some(number) => number.as_str(),
                None => asked.waybill_no.as_str(),
            },
            Incoming::CancellationConfirmation(told) => &told.order_number,
        })
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let mut exchanged = Vec::with_capacity(batch.len());
        for (i, item) in batch.items().iter().enumerate() {
            let translation = match translate(item) {
                Ok(translation) => translation,
                Err(refusal) => {
                    batch.settle(i, Settlement::new(Outcome::Rejected(refusal)));
                    continue;
                }
            };
            match publish(batch, i, &translation) {
                Ok(()) => batch.settle(i, Settlement::new(Outcome::Applied)),
                Err(failure) => batch.fail(i, failure),
            }
            exchanged.push(note(item.envelope.message_id, translation));
        }
        keep(tx, &exchanged, now).await?;
        Ok(())
    }
}

/// The message in the other's words.
fn translate(item: &Item<Incoming>) -> Result<Translation, Refusal> {
    match &item.message {
        Incoming::Submitted(order) => Ok(Translation::Order(decide::outbound_order(order))),
        Incoming::Confirmation(told) => {
            decide::permit(&item.envelope.actor)?;
            decide::confirmation(told).map(Translation::Told)
        }
        Incoming::Progress(told) => {
            decide::permit(&item.envelope.actor)?;
            decide::progress(told).map(Translation::Told)
        }
        Incoming::CancellationAsked(asked) => decide::cancellation(asked).map(Translation::Cancel),
        Incoming::CancellationConfirmation(told) => {
            decide::permit(&item.envelope.actor)?;
            decide::cancellation_confirmation(told).map(Translation::Told)
        }
    }
}

fn publish(
    batch: &mut Batch<Incoming>,
    cause: usize,
    translation: &Translation,
) -> Result<(), Failure> {
    let told = match translation {
        Translation::Order(order) => return batch.publish(cause, order, None),
        Translation::Cancel(request) => return batch.publish(cause, request, None),
        Translation::Told(told) => told,
    };
    match &told.about_sales_order {
        AboutSalesOrder::Answer(command) => batch.publish(cause, command, None)?,
        AboutSalesOrder::Progress(command) => batch.publish(cause, command, None)?,
        AboutSalesOrder::Cancellation(command) => batch.publish(cause, command, None)?,
    }
    match &told.about_waybill {
        Some(report) => batch.publish(cause, report, None),
        None => Ok(()),
    }
}

fn note(message_id: MessageId, translation: Translation) -> Exchanged {
    let (direction, reference, step) = match translation {
        Translation::Order(order) => (Direction::Out, order.order_number, OUTBOUND_ORDER.into()),
        Translation::Cancel(request) => {
            let word = cancellation_request(request.request);
            (Direction::Out, request.order_number, word.into())
        }
        Translation::Told(told) => (Direction::In, told.number.into(), told.word),
    };
    Exchanged { reference, direction, step, message_id }
}
