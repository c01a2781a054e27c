//! The envelope: what travels as AMQP properties and headers around a body, and who may speak for whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{MessageId, Timestamp, UserId};

/// The largest body, also the broker's `max_message_size`.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// What an actor may do is decided by its role.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A customer of the shop.
    Customer,
    /// A seller, limited to its own goods.
    Merchant,
    /// Customer service.
    CsAgent,
    /// Customer service with the right to correct.
    CsSupervisor,
    /// Plans and watches routes.
    Dispatcher,
    /// The warehouse and its management system.
    Warehouse,
    /// The parcel sorting station.
    Sorting,
    /// The on-road delivery system.
    Road,
    /// The shop system and its files.
    Shop,
    /// A worker of this fleet acting by itself.
    Worker,
    /// Runs the fleet.
    Operator,
    /// May do everything.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Customer,
        Self::Merchant,
        Self::CsAgent,
        Self::CsSupervisor,
        Self::Dispatcher,
        Self::Warehouse,
        Self::Sorting,
        Self::Road,
        Self::Shop,
        Self::Worker,
        Self::Operator,
        Self::Admin,
    ];

    /// Those of people, who have accounts; the others belong to machines of the fleet and its partners.
    pub const OF_ACCOUNTS: [Self; 8] = [
        Self::Customer,
        Self::Merchant,
        Self::CsAgent,
        Self::CsSupervisor,
        Self::Dispatcher,
        Self::Warehouse,
        Self::Operator,
        Self::Admin,
    ];
}

/// On whose behalf a message acts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Actor {
    /// Who: an account, a partner's name, a worker.
    pub subject: String,
    /// With which role.
    pub role: Role,
    /// The merchant whose goods alone it may touch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// Where it came in: a file, an address, a partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl Actor {
    /// A publisher acting as itself, with the role that its user has.
    #[must_use]
    pub fn itself(user: &UserId) -> Self {
        Self { subject: user.to_string(), role: role_of(user), merchant: None, origin: None }
    }
}

/// For whom a publisher may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delegation {
    /// Only for itself: its `dray-actor` header is ignored.
    None,
    /// For actors of these roles (a partner adapter, the hot folder's sources).
    Roles(&'static [Role]),
    /// For anybody (the shim, operators, and the fleet's own retry copies).
    Anybody,
}

impl Delegation {
    /// True when it may speak for an actor of this role.
    #[must_use]
    pub fn covers(self, role: Role) -> bool {
        match self {
            Self::None => false,
            Self::Roles(own) => own.contains(&role),
            Self::Anybody => true,
        }
    }
}

/// The user names of the broker, and what each may claim. Everybody else acts as itself.
#[must_use]
pub fn delegation_of(user: &UserId) -> Delegation {
    match user.as_str() {
        "dray-portal-shim" | "dray-operator" | "dray-admin" => Delegation::Anybody,
        "dray-hotfolder-ingest" => Delegation::Roles(&[
            Role::Shop,
            Role::Merchant,
            Role::Warehouse,
            Role::Sorting,
            Role::Road,
        ]),
        "dray-wms-sync" => Delegation::Roles(&[Role::Warehouse]),
        "dray-partner-sync" => Delegation::Roles(&[Role::Sorting, Role::Road, Role::Shop]),
        _ => Delegation::None,
    }
}

/// The role of a broker user acting as itself.
#[must_use]
pub fn role_of(user: &UserId) -> Role {
    match user.as_str() {
        "dray-admin" => Role::Admin,
        "dray-operator" => Role::Operator,
        "partner-wms" => Role::Warehouse,
        "partner-pss" => Role::Sorting,
        "partner-ods" => Role::Road,
        "partner-hybris" => Role::Shop,
        "dray-customer-service" => Role::CsAgent,
        _ => Role::Worker,
    }
}

/// W3C trace context, carried as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceContext {
    /// `traceparent`.
    pub traceparent: Option<String>,
    /// `tracestate`.
    pub tracestate: Option<String>,
}

/// The properties of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Unique with `user_id`: the idempotency key.
    pub message_id: MessageId,
    /// Wire name with version.
    pub message_type: String,
    /// When it was published.
    pub timestamp: Timestamp,
    /// The publishing application.
    pub app_id: String,
    /// Who published, as the broker checked it.
    pub user_id: UserId,
    /// On whose behalf.
    pub actor: Actor,
    /// Ties a reply or a consequence to its cause.
    pub correlation_id: Option<String>,
    /// Where the answer goes: a queue name on `dray.replies`.
    pub reply_to: Option<String>,
    /// Trace context.
    pub trace: TraceContext,
    /// How many deliveries have failed before this one.
    pub attempt: u32,
    /// On events: the version of the aggregate after the change.
    pub seq: Option<u64>,
}
