//! One slot and one basket: every parcel of it is given a place by the engine, on a copy of the
//! slot's day when there is more than one. Pure.

use contracts::{Basket, Remaining, SlotOffer, Timestamp, UnassignableReason};
use routing::network::RouteTemplate;
use routing::{
    Forecast, Load, Network, OrderKey, Origin, Reason, Request, RouteId, RouteReference, SkuClass,
    SlotDay, StateError, StopKey, ZoneCode,
};
use thiserror::Error;
use uuid::Uuid;

use super::Slot;

/// What is asked of one slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought<'a> {
    pub(super) network: &'a Network,
    pub(super) slot: &'a Slot,
    pub(super) basket: &'a Basket,
    pub(super) at: Timestamp,
}

/// Why a slot cannot be judged.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum Unjudged {
    #[error("the network does not have its depot, window or zone any more")]
    Gone,
    #[error(transparent)]
    Contradiction(#[from] StateError),
    #[error("its window's name is none that messages may carry: {0}")]
    Name(#[from] contracts::InvalidId),
}

/// Whether the whole basket would get a place, and what the zone has left.
pub(super) fn offer(
    sought: &Sought<'_>,
    day: &SlotDay,
    shows_quota: bool,
) -> Result<SlotOffer, Unjudged> {
    let Sought { network, slot, at, .. } = *sought;
    let key = &slot.key;
    let depot = network.depot(&key.depot).ok_or(Unjudged::Gone)?;
    let window = network.timeslot(&key.timeslot).ok_or(Unjudged::Gone)?;
    let zone = slot.zones.first().and_then(|zone| day.zone(zone)).ok_or(Unjudged::Gone)?;
    let cut_off = routing::cut_off_instant(depot.tz, window.cutoff, key.date);
    let reason = refused(sought, day, at)?;
    let left = zone.limit().excess_over(zone.used());
    let Load { waybills, dry_ml, frozen_ml, weight_g } = left;
    Ok(SlotOffer {
        delivery_date: key.date,
        timeslot: contracts::TimeslotCode::new(key.timeslot.as_str())?,
        from: window.start.format("%H:%M").to_string(),
        until: window.end.format("%H:%M").to_string(),
        cut_off: cut_off.into(),
        available: reason.is_none(),
        reason: reason.map(told),
        remaining: shows_quota.then_some(Remaining { waybills, dry_ml, frozen_ml, weight_g }),
    })
}

/// The first reason why a parcel would get no place, after the ones before it got theirs.
fn refused(sought: &Sought<'_>, day: &SlotDay, at: Timestamp) -> Result<Option<Reason>, Unjudged> {
    let zone = sought.slot.zones.first().ok_or(Unjudged::Gone)?;
    let (network, now) = (sought.network, at.as_datetime());
    // a day is large: it is copied for the first parcel that another one comes after
    let mut with_those_before: Option<SlotDay> = None;
    let mut ids = ids();
    let mut parcels = parcels(sought.basket).peekable();
    while let Some(load) = parcels.next() {
        let request = request(zone, load);
        let day_so_far = with_those_before.as_ref().unwrap_or(day);
        let forecast = forecast(day_so_far, &request);
        let refusal = if parcels.peek().is_none() {
            routing::refusal(network, day_so_far, &request, now, &forecast)?
        } else {
            let day = with_those_before.get_or_insert_with(|| day.clone());
            routing::assign(network, day, &request, now, &forecast, &mut ids)?.refusal()
        };
        if refusal.is_some() {
            return Ok(refusal);
        }
    }
    Ok(None)
}

/// A parcel of a customer who is nowhere yet: it shares no order and no door.
fn request(zone: &ZoneCode, load: Load) -> Request {
    Request {
        waybill_no: "basket".into(),
        order: OrderKey::derive("", "basket"),
        stop: StopKey::derive("basket", "", ""),
        zone: zone.clone(),
        sku_class: SkuClass::of(load),
        load,
        origin: Origin::Regular,
        excluded_routes: Vec::new(),
    }
}

/// What is to come looks like what the zone's routes carry already; before there is any, like this parcel.
fn forecast(day: &SlotDay, request: &Request) -> Forecast {
    let class = request.sku_class.route_classes().first();
    let observed = class.and_then(|class| Forecast::observed(day, &request.zone, *class, None));
    observed.unwrap_or_else(|| Forecast::like(request.load))
}

/// Routes that are opened for the basket alone and forgotten with it. Stored ids are never this small.
fn ids() -> impl FnMut(&RouteTemplate) -> (RouteId, RouteReference) {
    let mut opened = 0_u128;
    move |_template| {
        opened = opened.saturating_add(1);
        (RouteId(Uuid::from_u128(opened)), "basket".into())
    }
}

/// The goods spread evenly over the parcels; what does not divide goes with the first ones.
fn parcels(basket: &Basket) -> impl Iterator<Item = Load> {
    let count = u64::from(basket.waybills.max(1));
    let (dry, frozen) = (basket.dry.volume(), basket.frozen.volume());
    let weight = basket.dry.weight().saturating_add(basket.frozen.weight());
    (0..count).map(move |at| {
        let share = |all: u64| all / count + u64::from(at < all % count);
        Load::of_waybill(share(dry), share(frozen), share(weight))
    })
}

const fn told(reason: Reason) -> UnassignableReason {
    match reason {
        Reason::DatePast => UnassignableReason::DatePast,
        Reason::CutOffPassed => UnassignableReason::CutOffPassed,
        Reason::NoTemplate => UnassignableReason::NoTemplate,
        Reason::ExceedsLargestTruck => UnassignableReason::ExceedsLargestTruck,
        Reason::ZoneQuota => UnassignableReason::ZoneQuota,
        Reason::RouteQuota => UnassignableReason::RouteQuota,
        Reason::PoolExhausted => UnassignableReason::PoolExhausted,
        Reason::ReleasedAfterCutoff => UnassignableReason::ReleasedAfterCutoff,
        Reason::Missed => UnassignableReason::Missed,
    }
}

#[cfg(test)]
mod tests;
