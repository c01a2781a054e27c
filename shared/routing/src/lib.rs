//! ADRA, automatic delivery route assignment: the pure engine.
//!
//! Here live the delivery network as data, the planning state of one dated slot, and the rules
//! that give a waybill its place on a route or name the one reason why it has none. The same
//! inputs always give the same outputs.
//!
//! Never here: reading or writing anything, a clock, randomness, threads, messages, tables. The
//! caller brings the time, the route identities and the state, and persists what a decision
//! returns. The database remains the guard of every quota; the state here is a working copy that
//! the caller throws away whenever its transaction fails.
//!
//! Reading order: [`network`], [`load`], [`cutoff`], [`state`], [`pricing`], [`mod@assign`],
//! [`mod@release`], [`mod@resize`], [`explain`].

pub mod assign;
pub mod class;
pub mod code;
pub mod cutoff;
pub mod explain;
mod fit;
pub mod fleet;
pub mod key;
pub mod load;
pub mod network;
pub mod optimise;
pub mod pricing;
mod random;
pub mod release;
pub mod resize;
pub mod sequence;
pub mod state;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod properties;

pub use assign::{
    Assignment, Decision, Obstacle, Origin, Outcome, Reason, Request, RouteIds, Shifted, assign,
    refusal, shift,
};
pub use class::{RouteClass, SkuClass};
pub use code::{
    DepotCode, DistrictCode, RouteReference, TemplateCode, TimeslotCode, TruckTypeCode, WaybillNo,
    ZoneCode,
};
pub use cutoff::{Timeliness, cut_off_instant, judge};
pub use explain::Explanation;
pub use key::{OrderKey, RouteId, StopKey};
pub use load::Load;
pub use network::{Network, NetworkError, NetworkParts};
pub use optimise::improve;
pub use pricing::{Forecast, Outlook, Price, Typical};
pub use release::release;
pub use resize::{Resized, resize};
pub use state::{Effect, Placement, RouteRecord, RouteStatus, SlotDay, SlotDayKey, StateError};
