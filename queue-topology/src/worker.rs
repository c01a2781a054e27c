//! The worker kinds and the names of what belongs to each.

use contracts::RoutingKey;

use crate::bindings;

/// One binary of the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are those of the folders in workers/")]
pub enum WorkerKind {
    HotfolderIngest,
    OrderIntake,
    WaybillStatus,
    AdraAssigner,
    SalesOrder,
    WmsSync,
    DeliveryNetwork,
    CustomerService,
    QueryDesk,
    Identity,
    PortalShim,
}

/// A waiting time of the retry ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names are the waiting times")]
pub enum RetryTier {
    S1,
    S10,
    S60,
    M10,
}

impl RetryTier {
    /// All tiers, shortest first.
    pub const ALL: [Self; 4] = [Self::S1, Self::S10, Self::S60, Self::M10];

    /// Where a message waits after its `attempt`-th failed delivery (counted from 1): twice in each
    /// tier, then nowhere (`None`: to the dead letters).
    #[must_use]
    pub const fn after_attempt(attempt: u32) -> Option<Self> {
        match attempt {
            0..=2 => Some(Self::S1),
            3..=4 => Some(Self::S10),
            5..=6 => Some(Self::S60),
            7..=8 => Some(Self::M10),
            _ => None,
        }
    }

    /// The word in queue names.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::S1 => "1s",
            Self::S10 => "10s",
            Self::S60 => "60s",
            Self::M10 => "10m",
        }
    }

    /// The waiting time in milliseconds (`x-message-ttl`).
    #[must_use]
    pub const fn milliseconds(self) -> i64 {
        match self {
            Self::S1 => 1_000,
            Self::S10 => 10_000,
            Self::S60 => 60_000,
            Self::M10 => 600_000,
        }
    }
}

/// What a work queue carries; high and low pressure never share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkQueue {
    /// Commands from ingress: a short limit, so that senders are told early.
    Commands,
    /// Events of other workers: a long limit, so that one full queue does not stop an exchange.
    Events,
    /// Messages of a partner.
    Partner,
    /// Questions that are worthless after two seconds.
    Queries,
}

impl WorkQueue {
    const fn word(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Events => "events",
            Self::Partner => "partner",
            Self::Queries => "queries",
        }
    }
}

/// Where what follows from an order waits on its way, behind the queue that takes orders themselves. How deep these
/// are says whether the fleet can carry more new orders.
pub const BEHIND_AN_ORDER: [(WorkerKind, WorkQueue); 7] = [
    (WorkerKind::WaybillStatus, WorkQueue::Events),
    (WorkerKind::WaybillStatus, WorkQueue::Commands),
    (WorkerKind::AdraAssigner, WorkQueue::Events),
    (WorkerKind::SalesOrder, WorkQueue::Events),
    (WorkerKind::SalesOrder, WorkQueue::Commands),
    (WorkerKind::WmsSync, WorkQueue::Events),
    (WorkerKind::WmsSync, WorkQueue::Partner),
];

impl WorkerKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::HotfolderIngest,
        Self::OrderIntake,
        Self::WaybillStatus,
        Self::AdraAssigner,
        Self::SalesOrder,
        Self::WmsSync,
        Self::DeliveryNetwork,
        Self::CustomerService,
        Self::QueryDesk,
        Self::Identity,
        Self::PortalShim,
    ];

    /// The name: folder, binary, queue prefix, `app_id`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HotfolderIngest => "hotfolder-ingest",
            Self::OrderIntake => "order-intake",
            Self::WaybillStatus => "waybill-status",
            Self::AdraAssigner => "adra-assigner",
            Self::SalesOrder => "sales-order",
            Self::WmsSync => "wms-sync",
            Self::DeliveryNetwork => "delivery-network",
            Self::CustomerService => "customer-service",
            Self::QueryDesk => "query-desk",
            Self::Identity => "identity",
            Self::PortalShim => "portal-shim",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The broker user that instances of this kind log in as.
    #[must_use]
    pub fn user(self) -> String {
        format!("dray-{}", self.name())
    }

    /// The work queues it consumes, the home queue (where retry copies return to) first. None: requests of
    /// another kind drive it.
    #[must_use]
    pub const fn work_queues(self) -> &'static [WorkQueue] {
        match self {
            Self::HotfolderIngest | Self::DeliveryNetwork => &[WorkQueue::Commands],
            Self::OrderIntake => &[WorkQueue::Commands, WorkQueue::Events],
            Self::WaybillStatus | Self::AdraAssigner | Self::SalesOrder | Self::CustomerService => {
                &[WorkQueue::Events, WorkQueue::Commands]
            }
            Self::WmsSync => &[WorkQueue::Events, WorkQueue::Partner],
            Self::QueryDesk | Self::Identity => &[WorkQueue::Queries],
            Self::PortalShim => &[],
        }
    }

    /// The broker's name of one of its work queues.
    #[must_use]
    pub fn queue(self, queue: WorkQueue) -> String {
        format!("{}.{}", self.name(), queue.word())
    }

    /// Its retry queue of a tier.
    #[must_use]
    pub fn retry_queue(self, tier: RetryTier) -> String {
        format!("{}.retry.{}", self.name(), tier.label())
    }

    /// Its dead-letter queue.
    #[must_use]
    pub fn dead_letter_queue(self) -> String {
        format!("{}.dlq", self.name())
    }

    /// The control queue of one instance (exclusive, auto-delete).
    #[must_use]
    pub fn control_queue(self, instance: &str) -> String {
        format!("dray.control.{}.{instance}", self.name())
    }

    /// The reply queue of one instance (exclusive, auto-delete).
    #[must_use]
    pub fn reply_queue(self, instance: &str) -> String {
        format!("dray.reply.{}.{instance}", self.name())
    }

    /// The key of control messages to every instance of this kind.
    #[must_use]
    pub fn control_key(self) -> RoutingKey {
        RoutingKey::of_type("control.v1").with(self.name())
    }

    /// True when it keeps an inbox, a retry ladder and dead letters (queries have none).
    #[must_use]
    pub const fn settles_messages(self) -> bool {
        !matches!(self, Self::QueryDesk | Self::Identity | Self::PortalShim)
    }

    /// True when it reaches the database: its instances have rows there and its settings are stored.
    #[must_use]
    pub const fn has_database(self) -> bool {
        !matches!(self, Self::PortalShim)
    }

    /// What an instance may bind an exclusive queue of its own to: exchange and topic pattern. It hears of
    /// what happens while it runs, and of nothing before or after.
    #[must_use]
    pub const fn listens_to(self) -> &'static [(contracts::Exchange, &'static str)] {
        use contracts::Exchange::Events;
        match self {
            Self::PortalShim => &[(Events, "waybill.#"), (Events, "assignment.#")],
            Self::HotfolderIngest
            | Self::OrderIntake
            | Self::WaybillStatus
            | Self::AdraAssigner
            | Self::SalesOrder
            | Self::WmsSync
            | Self::DeliveryNetwork
            | Self::CustomerService
            | Self::QueryDesk
            | Self::Identity => &[],
        }
    }

    /// What each of its work queues is bound to: exchange and topic pattern.
    #[must_use]
    pub fn bindings(self, queue: WorkQueue) -> Vec<(contracts::Exchange, String)> {
        match queue {
            WorkQueue::Commands => bindings::commands(self),
            WorkQueue::Events => bindings::events(self),
            WorkQueue::Partner => bindings::partner(self),
            WorkQueue::Queries => bindings::queries(self),
        }
    }

    /// The exchanges it publishes to, each with the topic patterns it may use.
    #[must_use]
    pub fn publishes(self) -> Vec<(contracts::Exchange, &'static [&'static str])> {
        use contracts::Exchange::{Commands, Events, Queries, WmsOut};
        match self {
            Self::HotfolderIngest => vec![(
                Commands,
                &["order.create", "order.cancel", "return.request", "waybill.report-status"],
            )],
            Self::OrderIntake => vec![(Events, &["order.#"])],
            Self::WaybillStatus => vec![(Events, &["waybill.#"])],
            Self::AdraAssigner => {
                vec![(
                    Events,
                    &[
                        "assignment.#",
                        "route.#",
                        "amendment.decided.adra-assigner",
                        "adra.day-planned",
                    ],
                )]
            }
            Self::SalesOrder => {
                const KEYS: &[&str] = &[
                    "sales-order.#",
                    "amendment.decided.sales-order",
                    "waybill-request.made.sales-order",
                ];
                vec![(Events, KEYS)]
            }
            Self::WmsSync => vec![
                (
                    Commands,
                    &[
                        "sales-order.record-answer",
                        "sales-order.record-cancellation-answer",
                        "sales-order.record-progress",
                        "waybill.report-status",
                    ],
                ),
                (WmsOut, &["wms.#"]),
            ],
            Self::DeliveryNetwork => vec![(Events, &["network.#"])],
            Self::CustomerService => vec![
                (Commands, &["waybill.report-status", "waybill.release-hold", "waybill.cancel"]),
                (Events, &["waybill-request.made.customer-service", "return.#", "case.#"]),
            ],
            Self::QueryDesk | Self::Identity => vec![],
            Self::PortalShim => {
                vec![(Commands, PORTAL_COMMANDS), (Queries, &["query.ask", "identity.ask"])]
            }
        }
    }
}

/// What requests over HTTP may become: what people at the portal, in customer service and in dispatching do,
/// and nothing that corrects, that changes the network, or that only a warehouse says.
const PORTAL_COMMANDS: &[&str] = &[
    "order.create",
    "order.create-batch",
    "order.amend",
    "order.cancel",
    "waybill.report-status",
    "waybill.report-statuses",
    "waybill.place-hold",
    "waybill.release-hold",
    "waybill.cancel",
    "assignment.reschedule",
    "route.lock",
    "route.dispatch",
    "adra.report-breakdown",
    "adra.recalculate",
    "hotfolder.upload",
    "return.#",
    "replacement.request",
    "case.#",
];
