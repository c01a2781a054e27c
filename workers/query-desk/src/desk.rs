//! Takes a question to who answers it, and counts what the answer cost. Nothing is decided or written here
//! but cache entries; who may see what is in `scope.rs`.

use ::store::{Database, StoreError};
use cache::Cache;
use contracts::{Envelope, Query, QueryAnswer, RouteState, Timestamp};
use queue_topology::WorkerKind;
use runtime::Responder;

use crate::asker::Asker;
use crate::parts::Parts;
use crate::slots::{Asked, SlotDesk};
use crate::store::planned::Wanted;
use crate::tally::Tally;
use crate::{lists, planned, progress, service, slots, timeline, tracking, uploads};

/// Answers questions.
pub(crate) struct QueryDesk {
    database: Database,
    parts: Parts,
    slots: SlotDesk,
    tally: Tally,
}

impl QueryDesk {
    pub(crate) fn new(database: Database, cache: Cache) -> Self {
        let parts = Parts::new(database.clone(), cache);
        Self { database, parts, slots: SlotDesk::default(), tally: Tally::default() }
    }

    /// What was answered so far.
    pub(crate) fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// The database itself, past the caches.
    fn past_the_caches(&self, asker: &Asker) -> &Database {
        asker.uses_database();
        &self.database
    }

    async fn ask(&self, asker: &Asker, question: Query) -> Result<QueryAnswer, StoreError> {
        let (parts, scope) = (&self.parts, &asker.scope);
        let database = || self.past_the_caches(asker);
        match question {
            Query::Order { source, order_ref } => {
                progress::order(parts, asker, &source, &order_ref).await
            }
            Query::Waybill { waybill_no } => progress::waybill(parts, asker, &waybill_no).await,
            Query::Tracking { waybill_no, code } => {
                tracking::tracking(parts, asker, &waybill_no, &code).await
            }
            Query::Timeline { waybill_no } => {
                timeline::timeline(database(), parts, asker, waybill_no).await
            }
            Query::Orders { filter, after, limit } => {
                lists::orders(database(), scope, &filter, after, limit).await
            }
            Query::Waybills { filter, after, limit } => {
                lists::waybills(database(), scope, &filter, after, limit).await
            }
            Query::SalesOrder { waybill_no } => {
                service::sales_orders(database(), scope, waybill_no).await
            }
            Query::Return { source, return_ref } => {
                service::customer_return(database(), scope, &source, &return_ref).await
            }
            Query::Case { case_id } => service::service_case(database(), scope, case_id).await,
            Query::Operation { sender, message_id } => {
                progress::operation(database(), parts, asker, &sender, message_id).await
            }
            Query::Decisions { waybill_no, after_version } => {
                planned::decisions(database(), scope, waybill_no, after_version).await
            }
            Query::Routes { delivery_date, depot, timeslot, zone, status, after, limit } => {
                let wanted = Wanted {
                    delivery_date,
                    depot: depot.as_ref().map(|depot| depot.as_str()),
                    timeslot: timeslot.as_ref().map(|timeslot| timeslot.as_str()),
                    zone: zone.as_ref().map(|zone| zone.as_str()),
                    status: status.map(RouteState::as_str),
                    after_ref: after.as_deref().unwrap_or_default(),
                };
                planned::routes(database(), scope, wanted, limit).await
            }
            Query::Route { route_ref } => planned::route(database(), scope, &route_ref).await,
            Query::Proposal { proposal_id } => {
                planned::proposal(database(), scope, proposal_id).await
            }
            Query::Slots { district, basket, from, days, at } => {
                let at = at.unwrap_or_else(Timestamp::now);
                let asked = Asked { district, basket, from, days, at };
                slots::slots(database, &self.slots, scope, asked).await
            }
            Query::Uploads { source, before, limit } => {
                uploads::uploads(database(), scope, source.as_ref(), before, limit).await
            }
            Query::Upload { source, file_name, after } => {
                uploads::upload(database(), scope, &source, &file_name, after).await
            }
        }
    }
}

impl Responder for QueryDesk {
    type Question = Query;
    type Answer = QueryAnswer;
    const KIND: WorkerKind = WorkerKind::QueryDesk;
    const ANSWER_TYPE: &'static str = "query.answer.v1";

    async fn answer(&self, question: Query, envelope: &Envelope) -> Option<QueryAnswer> {
        let (asker, about) = (Asker::of(envelope), question.about());
        match self.ask(&asker, question).await {
            Ok(answer) => {
                self.tally.count(about, asker.used_database());
                Some(answer)
            }
            Err(error) => {
                tracing::warn!(%error, about, "a question could not be answered");
                None
            }
        }
    }
}
