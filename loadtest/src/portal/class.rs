//! The classes of requests, how often each is made, and which worker decides it. Pure.

use queue_topology::WorkerKind;
use serde::Serialize;

/// What somebody wants. Latency is told for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    /// A parcel was picked, loaded, delivered.
    StatusReport,
    /// A new order.
    OrderCreation,
    /// Holds and their releases.
    Command,
    /// How far is it?
    Read,
    /// Another day or window for a waybill.
    Reschedule,
    /// Which windows are free?
    SlotQuestion,
    /// Shall the warehouse leave it?
    SalesOrder,
    /// What a merchant has to do.
    MerchantList,
    /// What a customer gives back.
    CustomerService,
}

impl Class {
    /// All of them.
    pub(crate) const ALL: [Self; 9] = [
        Self::StatusReport,
        Self::OrderCreation,
        Self::Command,
        Self::Read,
        Self::Reschedule,
        Self::SlotQuestion,
        Self::SalesOrder,
        Self::MerchantList,
        Self::CustomerService,
    ];

    /// For people.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::StatusReport => "status report",
            Self::OrderCreation => "order creation",
            Self::Command => "other command",
            Self::Read => "read",
            Self::Reschedule => "reschedule",
            Self::SlotQuestion => "slot question",
            Self::SalesOrder => "sales order",
            Self::MerchantList => "merchant list",
            Self::CustomerService => "customer service",
        }
    }

    /// How often it is asked for in the target hour, of 400 requests a second.
    const fn share(self) -> u64 {
        match self {
            Self::StatusReport => 190,
            Self::OrderCreation => 20,
            Self::Command => 10,
            Self::Read => 100,
            Self::Reschedule => 20,
            Self::SlotQuestion => 40,
            Self::SalesOrder => 12,
            Self::MerchantList | Self::CustomerService => 4,
        }
    }

    /// Whose inbox shows what became of it; nobody's, where nothing changes.
    pub(crate) const fn consumer(self) -> Option<WorkerKind> {
        match self {
            Self::StatusReport | Self::Command => Some(WorkerKind::WaybillStatus),
            Self::OrderCreation => Some(WorkerKind::OrderIntake),
            Self::Reschedule => Some(WorkerKind::AdraAssigner),
            Self::SalesOrder => Some(WorkerKind::SalesOrder),
            Self::CustomerService => Some(WorkerKind::CustomerService),
            Self::Read | Self::SlotQuestion | Self::MerchantList => None,
        }
    }

    /// True for what is served to the last: reports of the road and of merchants, and places.
    pub(crate) const fn is_first(self) -> bool {
        match self {
            Self::StatusReport | Self::Reschedule | Self::SlotQuestion => true,
            Self::OrderCreation
            | Self::Command
            | Self::Read
            | Self::SalesOrder
            | Self::MerchantList
            | Self::CustomerService => false,
        }
    }
}

/// Which classes are asked for, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mix {
    steps: Vec<(u64, Class)>,
    total: u64,
}

impl Mix {
    /// Status questions and nothing else.
    pub(crate) fn reads() -> Self {
        Self::of(&[Class::Read])
    }

    /// The target hour.
    pub(crate) fn target_hour() -> Self {
        Self::of(&Class::ALL)
    }

    fn of(classes: &[Class]) -> Self {
        let mut total = 0;
        let mut steps = Vec::with_capacity(classes.len());
        for class in classes {
            total += class.share();
            steps.push((total, *class));
        }
        Self { steps, total }
    }

    /// The class at this place of 0..[`Mix::total`].
    pub(crate) fn at(&self, place: u64) -> Class {
        let index = self.steps.partition_point(|(upper, _)| *upper <= place);
        self.steps.get(index).map_or(Class::Read, |(_, class)| *class)
    }

    /// Of one, what these classes are of all.
    pub(crate) fn share_of(&self, of: impl Fn(Class) -> bool) -> f64 {
        let chosen: u64 =
            self.steps.iter().filter(|(_, class)| of(*class)).map(|(_, class)| class.share()).sum();
        let small = |number: u64| u32::try_from(number).map_or(0.0, f64::from);
        small(chosen) / small(self.total).max(1.0)
    }

    /// How many places there are.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }
}
