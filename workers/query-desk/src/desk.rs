//! Puts an answer together from the parts that each owner keeps: process cache, Redis, database; and
//! only for whom it is. Nothing is decided or written here but cache entries; who may see what is in
//! `scope.rs`.

use std::sync::Arc;

use ::store::{Database, StoreError};
use cache::{Answer, Cache, Key, Kind};
use contracts::{
    AssignmentStanding, Envelope, MessageId, OrderRef, OrderStanding, OrderView, Query,
    QueryAnswer, Reply, RouteState, SalesOrderStanding, Source, StatusNames, Timestamp, WaybillNo,
    WaybillStanding, WaybillView,
};
use queue_topology::WorkerKind;
use runtime::Responder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::scope::{OrderOwner, Scope, WaybillOwner};
use crate::slots::{Asked, SlotDesk};
use crate::store::planned::Wanted;
use crate::{planned, service, slots, store, uploads};

/// What the aggregate of an upload begins with; no source or waybill holds a colon there.
const UPLOAD: &str = "upload:";

/// Answers questions.
pub(crate) struct QueryDesk {
    database: Database,
    cache: Cache,
    slots: SlotDesk,
}

/// What a loader found: its version and the JSON to keep, or nothing.
type Loaded = Option<(u64, Vec<u8>)>;

impl QueryDesk {
    pub(crate) fn new(database: Database, cache: Cache) -> Self {
        Self { database, cache, slots: SlotDesk::default() }
    }

    async fn order(
        &self,
        scope: &Scope,
        source: &Source,
        order_ref: &OrderRef,
    ) -> Result<QueryAnswer, StoreError> {
        let key = Key::new(Kind::OrderStatus, format!("{source}/{order_ref}"));
        let load = async {
            let found = store::order(&self.database, source, order_ref).await?;
            keep(found, |standing| standing.version)
        };
        let standing: Option<OrderStanding> = self.part(key, load).await?;
        let Some(standing) = self.shown_of(scope, standing).await? else {
            return Ok(QueryAnswer::NotFound);
        };
        let mut waybills = Vec::with_capacity(standing.waybill_numbers.len());
        for waybill_no in &standing.waybill_numbers {
            waybills.extend(self.waybill(scope, waybill_no).await?);
        }
        Ok(QueryAnswer::Order(Box::new(OrderView { standing, waybills })))
    }

    /// The order as far as the asker may see it.
    async fn shown_of(
        &self,
        scope: &Scope,
        standing: Option<OrderStanding>,
    ) -> Result<Option<OrderStanding>, StoreError> {
        let standing = match standing {
            Some(standing) if !scope.is_all() => standing,
            seen_by_all => return Ok(seen_by_all),
        };
        let owner = self.order_owner(&standing.source, &standing.order_ref).await?;
        Ok(owner.and_then(|owner| scope.narrow(standing, &owner)))
    }

    async fn order_owner(
        &self,
        source: &Source,
        order_ref: &OrderRef,
    ) -> Result<Option<OrderOwner>, StoreError> {
        let load = async {
            let found = store::order_owner(&self.database, source, order_ref).await?;
            keep(found, |owner| owner.version)
        };
        self.part(Key::new(Kind::OrderOwner, format!("{source}/{order_ref}")), load).await
    }

    async fn sees_waybill(
        &self,
        scope: &Scope,
        waybill_no: &WaybillNo,
    ) -> Result<bool, StoreError> {
        if scope.is_all() {
            return Ok(true);
        }
        let load = async {
            let found = store::waybill_owner(&self.database, waybill_no).await?;
            keep(found, |owner: &WaybillOwner| owner.version)
        };
        let key = Key::new(Kind::WaybillOwner, waybill_no.as_str());
        let owner: Option<WaybillOwner> = self.part(key, load).await?;
        Ok(owner.is_some_and(|owner| scope.sees_waybill(&owner)))
    }

    /// How a command ended, for staff and for whoever may see what it was about.
    async fn operation(
        &self,
        scope: &Scope,
        sender: &str,
        message_id: MessageId,
    ) -> Result<Option<Reply>, StoreError> {
        let reply = store::operation(&self.database, sender, message_id).await?;
        let reply = match reply {
            Some(reply) if !scope.is_all() => reply,
            seen_by_all => return Ok(seen_by_all),
        };
        let is_own = match reply.aggregate.as_deref().map(|it| (it, it.split_once('/'))) {
            Some((upload, None)) if upload.starts_with(UPLOAD) => {
                let file_name = upload.trim_start_matches(UPLOAD);
                uploads::sees_upload(&self.database, scope, file_name).await?
            }
            Some((_, Some((source, order_ref)))) => {
                self.sees_order(scope, source, order_ref).await?
            }
            Some((waybill_no, None)) => match WaybillNo::new(waybill_no) {
                Ok(waybill_no) => self.sees_waybill(scope, &waybill_no).await?,
                Err(_no_waybill) => false,
            },
            None => false,
        };
        Ok(Some(reply).filter(|_| is_own))
    }

    /// Of an aggregate `source/order_ref`; other aggregates with a slash are no orders and seen by staff only.
    async fn sees_order(
        &self,
        scope: &Scope,
        source: &str,
        order_ref: &str,
    ) -> Result<bool, StoreError> {
        let (Ok(source), Ok(order_ref)) = (Source::new(source), OrderRef::new(order_ref)) else {
            return Ok(false);
        };
        let owner = self.order_owner(&source, &order_ref).await?;
        Ok(owner.is_some_and(|owner| scope.sees_order(&source, &owner)))
    }

    /// Three parts by three owners, asked for at once.
    async fn waybill(
        &self,
        scope: &Scope,
        waybill_no: &WaybillNo,
    ) -> Result<Option<WaybillView>, StoreError> {
        if !self.sees_waybill(scope, waybill_no).await? {
            return Ok(None);
        }
        let key = |kind| Key::new(kind, waybill_no.as_str());
        let standing = async {
            let found = store::waybill(&self.database, waybill_no).await?;
            keep(found, |standing: &WaybillStanding| standing.version)
        };
        let assignment = async {
            let found = store::assignment(&self.database, waybill_no).await?;
            keep(found, |assignment: &AssignmentStanding| assignment.version)
        };
        let sales_order = async {
            let found = store::sales_order(&self.database, waybill_no).await?;
            keep(found, |sales_order: &SalesOrderStanding| sales_order.version)
        };
        let (standing, assignment, sales_order) = tokio::try_join!(
            self.part::<WaybillStanding>(key(Kind::WaybillStatus), standing),
            self.part::<AssignmentStanding>(key(Kind::Assignment), assignment),
            self.part::<SalesOrderStanding>(key(Kind::SalesOrder), sales_order),
        )?;
        Ok(standing.map(|standing| {
            let names = StatusNames::of(standing.kind, standing.status);
            WaybillView { standing, names, assignment, sales_order }
        }))
    }

    async fn part<T: DeserializeOwned>(
        &self,
        key: Key,
        load: impl Future<Output = Result<Loaded, StoreError>> + Send,
    ) -> Result<Option<T>, StoreError> {
        let answer = self.cache.get_or_load(&key, load).await.map_err(unshare)?;
        read(&key, &answer)
    }

    async fn ask(&self, scope: &Scope, question: Query) -> Result<QueryAnswer, StoreError> {
        match question {
            Query::Order { source, order_ref } => self.order(scope, &source, &order_ref).await,
            Query::Waybill { waybill_no } => {
                let view = self.waybill(scope, &waybill_no).await?;
                Ok(view.map_or(QueryAnswer::NotFound, |view| QueryAnswer::Waybill(Box::new(view))))
            }
            Query::SalesOrder { waybill_no } => {
                service::sales_orders(&self.database, scope, waybill_no).await
            }
            Query::Return { source, return_ref } => {
                service::customer_return(&self.database, scope, &source, &return_ref).await
            }
            Query::Case { case_id } => service::service_case(&self.database, scope, case_id).await,
            Query::Operation { sender, message_id } => {
                let reply = self.operation(scope, &sender, message_id).await?;
                Ok(reply.map_or(QueryAnswer::NotFound, QueryAnswer::Operation))
            }
            Query::Decisions { waybill_no, after_version } => {
                planned::decisions(&self.database, scope, waybill_no, after_version).await
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
                planned::routes(&self.database, scope, wanted, limit).await
            }
            Query::Route { route_ref } => planned::route(&self.database, scope, &route_ref).await,
            Query::Proposal { proposal_id } => {
                planned::proposal(&self.database, scope, proposal_id).await
            }
            Query::Slots { district, basket, from, days, at } => {
                let at = at.unwrap_or_else(Timestamp::now);
                let asked = Asked { district, basket, from, days, at };
                slots::slots(&self.database, &self.slots, scope, asked).await
            }
            Query::Uploads { source, before, limit } => {
                uploads::uploads(&self.database, scope, source.as_ref(), before, limit).await
            }
            Query::Upload { source, file_name, after } => {
                uploads::upload(&self.database, scope, &source, &file_name, after).await
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
        match self.ask(&Scope::of(&envelope.actor), question).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                tracing::warn!(%error, "a question could not be answered");
                None
            }
        }
    }
}

fn keep<T: Serialize>(found: Option<T>, version: impl Fn(&T) -> u64) -> Result<Loaded, StoreError> {
    let Some(found) = found else { return Ok(None) };
    let body = serde_json::to_vec(&found).map_err(|e| StoreError::Encode(e.to_string()))?;
    Ok(Some((version(&found), body)))
}

fn read<T: DeserializeOwned>(key: &Key, answer: &Answer) -> Result<Option<T>, StoreError> {
    answer.entry.json().map_err(|error| StoreError::decode(format!("cached {key}: {error}")))
}

/// Several askers share one load and its error.
fn unshare(error: Arc<StoreError>) -> StoreError {
    StoreError::clone(&error)
}
