//! The values that labels may have.

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It took effect.
    Applied,
    /// It had taken effect before.
    Duplicate,
    /// Something newer had taken effect before.
    Stale,
    /// It waits for a fact that has not arrived.
    Parked,
    /// The domain refused it.
    Rejected,
    /// It failed and goes around the retry ladder.
    Retried,
    /// It failed for good.
    DeadLettered,
    /// It is no message of this queue.
    Undecodable,
    /// It went back to the queue unworked, because the worker had to stop.
    Requeued,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 9] = [
        Self::Applied,
        Self::Duplicate,
        Self::Stale,
        Self::Parked,
        Self::Rejected,
        Self::Retried,
        Self::DeadLettered,
        Self::Undecodable,
        Self::Requeued,
    ];

    /// The value of the label `outcome`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Stale => "stale",
            Self::Parked => "parked",
            Self::Rejected => "rejected",
            Self::Retried => "retried",
            Self::DeadLettered => "dead_lettered",
            Self::Undecodable => "undecodable",
            Self::Requeued => "requeued",
        }
    }
}

/// A part of a batch's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Finding out which messages are new.
    Inbox,
    /// Loading and deciding.
    Handle,
    /// Writing state, history, outbox and outcomes.
    Write,
    /// The commit.
    Commit,
    /// All of it, from taking the batch to settling it.
    Total,
}

impl Stage {
    /// The value of the label `stage`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Inbox => "inbox",
            Self::Handle => "handle",
            Self::Write => "write",
            Self::Commit => "commit",
            Self::Total => "total",
        }
    }
}

/// The broker's answer to a published message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Published {
    /// It is stored.
    Confirmed,
    /// It was refused, mostly because a queue is full.
    Nacked,
    /// No queue wanted it.
    Returned,
    /// No answer in time, so it is sent again.
    Unknown,
}

impl Published {
    /// Every answer.
    pub const ALL: [Self; 4] = [Self::Confirmed, Self::Nacked, Self::Returned, Self::Unknown];

    /// The answers that are no success.
    pub const FAILURES: [Self; 3] = [Self::Nacked, Self::Returned, Self::Unknown];

    /// The value of the label `result`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Nacked => "nacked",
            Self::Returned => "returned",
            Self::Unknown => "unknown",
        }
    }
}

/// A connection that can be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connection {
    /// The broker connection that consumes.
    BrokerConsume,
    /// The broker connection that publishes.
    BrokerPublish,
    /// The database.
    Database,
    /// Redis.
    Redis,
}

impl Connection {
    /// The value of the label `kind`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::BrokerConsume => "broker_consume",
            Self::BrokerPublish => "broker_publish",
            Self::Database => "database",
            Self::Redis => "redis",
        }
    }
}

/// What kind of trouble the database gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatabaseError {
    /// The connection broke.
    ConnectionLost,
    /// No pooled connection came free in time.
    PoolTimeout,
    /// The server takes no more connections.
    TooManyConnections,
    /// The server takes no writes: a replica, or a failover under way.
    ReadOnly,
    /// The disk is full.
    DiskFull,
    /// The connection broke during the commit.
    UnknownCommit,
    /// Error 1213.
    Deadlock,
    /// Error 1205.
    LockWait,
    /// A key or foreign key was violated.
    Constraint,
    /// Anything else.
    Other,
}

impl DatabaseError {
    /// The value of the label `class`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ConnectionLost => "connection_lost",
            Self::PoolTimeout => "pool_timeout",
            Self::TooManyConnections => "too_many_connections",
            Self::ReadOnly => "read_only",
            Self::DiskFull => "disk_full",
            Self::UnknownCommit => "unknown_commit",
            Self::Deadlock => "deadlock",
            Self::LockWait => "lock_wait",
            Self::Constraint => "constraint",
            Self::Other => "other",
        }
    }
}
