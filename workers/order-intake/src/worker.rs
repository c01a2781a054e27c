//! One batch: lock what is there, decide message by message, write what is new or changed, tell everybody.
//!
//! Never here: a rule about orders (see `decide.rs`) or a statement (see `store.rs`).

use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, Key, Kind};
use contracts::{CreateOrder, ItemReply, Refusal, Timestamp};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use store::Tx;
use uuid::Uuid;

use crate::decide::{
    Accepted, Asker, Circumstances, Decision, Effect, FIRST_VERSION, Known, News, SplitPolicy,
    amend, cancel, decide, decided, may_change, moved, returned, unknown_order,
};
use crate::incoming::{Incoming, Report};
use crate::network::{Network, NetworkCopy};
use crate::order::{Order, OrderKey};
use crate::shown::{self, Shown};
use crate::store::{Book, NewOrder, Wanted, insert_orders};

/// How long orders wait for a network that was never loaded.
const NO_NETWORK_RETRY: Duration = Duration::from_secs(60);

/// Takes orders in, and keeps what becomes of them.
#[derive(Debug)]
pub(crate) struct OrderIntake {
    policy: SplitPolicy,
    network: NetworkCopy,
    cache: Cache,
}

impl OrderIntake {
    /// A worker that splits by `policy` and shows in `cache` where orders stand.
    pub(crate) fn new(policy: SplitPolicy, cache: Cache) -> Self {
        Self { policy, network: NetworkCopy::default(), cache }
    }
}

impl Worker for OrderIntake {
    type Message = Incoming;
    type Effects = Shown;
    const KIND: WorkerKind = WorkerKind::OrderIntake;

    /// Everything about one order goes through one lane. What is about several goes where its first one
    /// would; the row locks keep it apart from the other lanes.
    fn lane_key(message: &Incoming) -> LaneKey {
        LaneKey::of(message.keys().first().map(OrderKey::reference).unwrap_or_default())
    }

    fn weight(message: &Incoming) -> usize {
        message.orders()
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<Shown, Failure> {
        let items = batch.items();
        let asks_network = items.iter().any(|item| item.message.needs_network());
        let network = if asks_network { self.network.current(tx).await? } else { None };
        let wanted = wanted(&items);
        let book = Book::load(tx, &wanted).await?;
        let (policy, network) = (&self.policy, network.as_deref());
        let mut work = Work { policy, network, wanted, book, new: Vec::new(), now };
        for (i, item) in items.iter().enumerate() {
            if let Err(failure) = work.settle(batch, i, item) {
                batch.fail(i, failure);
            }
        }
        let new = work.new.iter().map(|(item, order, accepted)| {
            let envelope = &item.envelope;
            NewOrder { order, accepted, envelope }
        });
        insert_orders(tx, new.collect(), now).await?;
        work.book.save(tx, now).await?;
        let made = work.new.iter().map(|(_, order, _)| OrderKey::of(order)).collect();
        Ok(Shown { made, changed: work.book.changed().map(shown::standing).collect() })
    }

    async fn committed(&self, Shown { made, changed }: Shown) {
        // whoever asked for one of them before was told that there is none
        let made: Vec<_> = made.iter().map(|key| (shown::key(key), FIRST_VERSION)).collect();
        self.cache.drop_older(&made).await;
        let entries: Vec<_> = changed.iter().filter_map(shown::cached).collect();
        if !entries.is_empty() {
            self.cache.put_if_newer(&entries).await;
        }
    }

    async fn doubled(&self, orders: Vec<(String, u64)>) {
        let keys: Vec<_> =
            orders.into_iter().map(|(of, v)| (Key::new(Kind::OrderStatus, of), v)).collect();
        self.cache.drop_older(&keys).await;
    }
}

fn wanted(items: &[Arc<Item<Incoming>>]) -> Wanted {
    let mut wanted = Wanted::default();
    for Item { message, .. } in items.iter().map(AsRef::as_ref) {
        let keys = message.keys();
        if message.changes_orders() {
            wanted.whole.extend(keys.iter().cloned());
        }
        wanted.keys.extend(keys);
        wanted.asked |= matches!(message, Incoming::Decided(_));
        wanted.returns |= matches!(message, Incoming::Returned(_));
    }
    wanted
}

/// A batch while it is decided.
struct Work<'a> {
    policy: &'a SplitPolicy,
    network: Option<&'a Network>,
    wanted: Wanted,
    book: Book,
    /// What is to be inserted.
    new: Vec<(&'a Item<Incoming>, &'a CreateOrder, Box<Accepted>)>,
    now: Timestamp,
}

impl<'a> Work<'a> {
    fn settle(
        &mut self,
        batch: &mut Batch<Incoming>,
        i: usize,
        item: &'a Item<Incoming>,
    ) -> Result<(), Failure> {
        let network = match self.network {
            None if item.message.needs_network() => return Err(no_network()),
            network => network,
        };
        let settlement = match &item.message {
            Incoming::Create(order) => {
                let outcome = self.create(batch, (i, item), order)?;
                self.settlement(OrderKey::of(order), outcome, Vec::new())
            }
            Incoming::CreateBatch(orders) => self.create_all(batch, (i, item), &orders.orders)?,
            Incoming::Cancel(command) => {
                let key = OrderKey::new(&command.source, &command.order_ref);
                self.ask(batch, (i, item), key, |order, asker| cancel(order, command, asker))?
            }
            Incoming::Amend(command) => {
                let key = OrderKey::new(&command.source, &command.order_ref);
                let amend =
                    |order: &mut Order, asker: &Asker<'_>| amend(order, command, asker, network);
                self.ask(batch, (i, item), key, amend)?
            }
            Incoming::Decided(message) => {
                let amendment = &message.amendment;
                let key = OrderKey::new(&amendment.source, &amendment.order_ref);
                self.follow(batch, (i, item), vec![key], |order| decided(order, message))?
            }
            Incoming::Returned(message) => {
                let standing = &message.standing;
                let keys = item.message.keys();
                self.follow(batch, (i, item), keys, |order| returned(order, standing))?
            }
            Incoming::Moved(_) | Incoming::MovedAnyway(_) | Incoming::Corrected(_) => {
                self.report(batch, (i, item))?
            }
        };
        batch.settle(i, settlement);
        Ok(())
    }

    /// Decides about a new order. What it accepts is known to the messages behind it in the batch.
    fn create(
        &mut self,
        batch: &mut Batch<Incoming>,
        (i, item): (usize, &'a Item<Incoming>),
        order: &'a CreateOrder,
    ) -> Result<Outcome, Failure> {
        let Some(network) = self.network else { return Err(no_network()) };
        let key = OrderKey::of(order);
        let circumstances = Circumstances {
            actor: &item.envelope.actor,
            known: self.book.known(&key),
            network,
            policy: self.policy,
            order_id: Uuid::now_v7(),
        };
        let accepted = match decide(order, &circumstances) {
            Decision::Accepted(accepted) => accepted,
            Decision::Duplicate { .. } => return Ok(Outcome::Duplicate),
            Decision::Refused(refusal) => return Ok(Outcome::Rejected(refusal)),
        };
        batch.publish(i, &accepted.event, Some(FIRST_VERSION))?;
        if self.wanted.whole.contains(&key) {
            let sums = (accepted.total.minor_units, accepted.personal.as_deref());
            self.book.add(Order::accepted(order, &accepted.event, sums));
        }
        let content_hash = accepted.content_hash;
        self.book.accepted(key, Known { content_hash, version: FIRST_VERSION });
        self.new.push((item, order, accepted));
        Ok(Outcome::Applied)
    }

    /// Decides about each order of a batch by itself.
    fn create_all(
        &mut self,
        batch: &mut Batch<Incoming>,
        (i, item): (usize, &'a Item<Incoming>),
        orders: &'a [CreateOrder],
    ) -> Result<Settlement, Failure> {
        let mut outcomes = Vec::with_capacity(orders.len());
        for order in orders {
            outcomes.push(self.create(batch, (i, item), order)?);
        }
        let items = (0..).zip(&outcomes).map(|(item, outcome)| answer(item, outcome)).collect();
        Ok(Settlement::new(of_all(&outcomes, "NO_ORDER_TAKEN")).with_items(items))
    }

    /// Somebody asks something of an order.
    fn ask(
        &mut self,
        batch: &mut Batch<Incoming>,
        (i, item): (usize, &Item<Incoming>),
        key: OrderKey,
        decide: impl FnOnce(&mut Order, &Asker<'_>) -> Effect,
    ) -> Result<Settlement, Failure> {
        let envelope = &item.envelope;
        let (actor, message_id) = (&envelope.actor, envelope.message_id.0);
        let asker = Asker { actor, message_id, asked_at: envelope.timestamp };
        let (outcome, items) = match self.book.get_mut(&key) {
            Some(order) => {
                let effect = decide(order, &asker);
                let id = order.id;
                self.take(batch, (i, item), id, effect)?
            }
            None => {
                let refusal = may_change(actor, &key.source, None).err();
                (Outcome::Rejected(refusal.unwrap_or_else(unknown_order)), Vec::new())
            }
        };
        Ok(self.settlement(key, outcome, items))
    }

    /// The fleet says something about orders. One that is not there is no reason to try again: it is
    /// written before anybody else hears of it.
    fn follow(
        &mut self,
        batch: &mut Batch<Incoming>,
        (i, item): (usize, &Item<Incoming>),
        keys: Vec<OrderKey>,
        mut decide: impl FnMut(&mut Order) -> Effect,
    ) -> Result<Settlement, Failure> {
        let mut outcomes = Vec::with_capacity(keys.len());
        for key in &keys {
            outcomes.push(match self.book.get_mut(key) {
                None => Outcome::Rejected(unknown_order()),
                Some(order) => {
                    let effect = decide(order);
                    let id = order.id;
                    self.take(batch, (i, item), id, effect)?.0
                }
            });
        }
        Ok(match (<[OrderKey; 1]>::try_from(keys), outcomes.as_slice()) {
            (Ok([key]), [outcome]) => self.settlement(key, outcome.clone(), Vec::new()),
            // a return of nothing that was ordered
            (_, []) => Settlement::new(Outcome::Stale),
            (_, outcomes) => Settlement::new(of_all(outcomes, "UNKNOWN_ORDER")),
        })
    }

    fn report(
        &mut self,
        batch: &mut Batch<Incoming>,
        (i, item): (usize, &Item<Incoming>),
    ) -> Result<Settlement, Failure> {
        let report = item.message.report().zip(item.envelope.seq);
        let Some((Report { waybill_no, status, attempt }, seq)) = report else {
            let detail = "an event of a waybill carries its version in dray-seq";
            return Ok(Settlement::new(Outcome::Rejected(Refusal::new("NO_SEQUENCE", detail))));
        };
        let parcel = crate::order::Parcel { status, attempt, seq };
        let Some(key) = OrderKey::of_waybill(waybill_no) else {
            return Ok(Settlement::new(Outcome::Rejected(unknown_order())));
        };
        self.follow(batch, (i, item), vec![key], |order| moved(order, waybill_no, parcel))
    }

    /// Takes over what was decided about an order.
    fn take(
        &mut self,
        batch: &mut Batch<Incoming>,
        (i, item): (usize, &Item<Incoming>),
        order_id: Uuid,
        effect: Effect,
    ) -> Result<(Outcome, Vec<ItemReply>), Failure> {
        let Effect { outcome, items, change, news } = effect;
        let version = change.as_ref().map(|change| change.version);
        if let Some(change) = change {
            self.book.log(order_id, change, &item.envelope, self.now)?;
        }
        for news in news {
            match news {
                News::CancellationRequested(message) => batch.publish(i, &message, version)?,
                News::AmendmentRequested(message) => {
                    batch.publish(i, message.as_ref(), version)?;
                }
                News::Changed(message) => batch.publish(i, message.as_ref(), version)?,
            }
        }
        Ok((outcome, items))
    }

    /// The answer, with the version that the order has now.
    fn settlement(&self, key: OrderKey, outcome: Outcome, items: Vec<ItemReply>) -> Settlement {
        let version = self.book.version(&key).filter(|_| !is_stranger(&outcome));
        let aggregate = Some(key.reference());
        Settlement { outcome, aggregate, version, items }
    }
}

/// A stranger does not learn what is stored.
fn is_stranger(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected(refusal) if refusal.code == "NOT_ALLOWED"
        || refusal.code == "UNKNOWN_ORDER")
}

/// Without any network every order would be refused for its district: better to wait for one.
fn no_network() -> Failure {
    Failure::Transient {
        cause: "no delivery network was ever loaded: load one with `dray network load`".to_owned(),
        retry_after: Some(NO_NETWORK_RETRY),
    }
}

fn answer(item: u32, outcome: &Outcome) -> ItemReply {
    let detail = match outcome {
        Outcome::Rejected(refusal) if refusal.errors.is_empty() => Some(refusal.detail.clone()),
        Outcome::Rejected(refusal) => {
            let errors = refusal.errors.iter().map(|error| match error.line_no {
                Some(line_no) => format!("line {line_no}: {}", error.message),
                None => error.message.clone(),
            });
            Some(errors.collect::<Vec<_>>().join("; "))
        }
        Outcome::Applied | Outcome::Duplicate | Outcome::Stale | Outcome::Parked => None,
    };
    ItemReply { item, code: outcome.code().to_owned(), detail }
}

/// What a message comes to as a whole: the most that one of its parts came to.
fn of_all(outcomes: &[Outcome], none: &str) -> Outcome {
    let some = |wanted: &Outcome| outcomes.contains(wanted).then(|| wanted.clone());
    [Outcome::Applied, Outcome::Stale, Outcome::Duplicate]
        .iter()
        .find_map(some)
        .unwrap_or_else(|| Outcome::Rejected(Refusal::new(none, "see what became of each part")))
}
