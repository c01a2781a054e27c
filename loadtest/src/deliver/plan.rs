//! What the station and the road report of each parcel, in the order in which it is said. Pure: the same
//! parcel under the same seed gets the same reports under the same ids.

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use contracts::{MessageId, ReportStatus, Timestamp, WaybillNo, WaybillStatus, derive_message_id};

use crate::dice::{Dice, fixed_hash};

/// How the road behaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    /// Decides everything below for each parcel.
    pub(crate) seed: u64,
    /// Share of failed first attempts.
    pub(crate) fail_rate: f64,
    /// Share of late reports.
    pub(crate) late_rate: f64,
    /// Share of doubled reports.
    pub(crate) double_rate: f64,
}

/// A parcel with a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Parcel {
    pub(crate) waybill_no: WaybillNo,
    pub(crate) place_no: u16,
    pub(crate) route_ref: Option<String>,
    pub(crate) day: NaiveDate,
    /// Fetched from a customer instead of brought to one.
    pub(crate) is_return: bool,
}

impl Parcel {
    /// From the columns; `None` for a number that is none.
    pub(crate) fn of(
        (waybill_no, place_no, route_ref, day, kind): (String, u16, String, NaiveDate, String),
    ) -> Option<Self> {
        let waybill_no = WaybillNo::new(waybill_no).ok()?;
        let route_ref = Some(route_ref).filter(|route| !route.is_empty());
        Some(Self { waybill_no, place_no, route_ref, day, is_return: kind == "RETURN" })
    }
}

/// Who says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum By {
    Station,
    Road,
}

/// One report.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    pub(crate) by: By,
    pub(crate) message_id: MessageId,
    pub(crate) report: ReportStatus,
    /// It comes after the ones that follow it.
    pub(crate) is_late: bool,
    /// It was made before.
    pub(crate) is_double: bool,
    /// A failed attempt.
    pub(crate) is_failure: bool,
    /// When it is said, in steps.
    said_at: f64,
}

/// Everything that is reported of these parcels, mixed with each other.
pub(crate) fn plan(parcels: &[Parcel], habits: Habits) -> Vec<Planned> {
    let mut all: Vec<Planned> = parcels.iter().flat_map(|parcel| way_of(parcel, habits)).collect();
    all.sort_by(|a, b| a.said_at.total_cmp(&b.said_at));
    all
}

const OUT: [(By, WaybillStatus); 3] = [
    (By::Station, WaybillStatus::Loaded),
    (By::Road, WaybillStatus::Dispatched),
    (By::Road, WaybillStatus::OutForDelivery),
];
const OUT_TO_FETCH: [(By, WaybillStatus); 2] =
    [(By::Road, WaybillStatus::Dispatched), (By::Road, WaybillStatus::OutForPickup)];

/// What is reported of it, each with the number of further attempts.
fn steps_of(parcel: &Parcel, fails: bool) -> Vec<(By, WaybillStatus, u16)> {
    let (out, failed, end): (&[_], _, &[_]) = if parcel.is_return {
        let end = &[WaybillStatus::Collected, WaybillStatus::Delivered];
        (&OUT_TO_FETCH, WaybillStatus::PickupFailed, end)
    } else {
        (&OUT, WaybillStatus::DeliveryFailed, &[WaybillStatus::Delivered])
    };
    let attempt = |more: u16| out.iter().map(move |(by, status)| (*by, *status, more));
    let mut steps: Vec<_> = attempt(0).collect();
    if fails {
        steps.push((By::Road, failed, 0));
        steps.extend(attempt(1));
    }
    steps.extend(end.iter().map(|status| (By::Road, *status, 0)));
    steps
}

fn way_of(parcel: &Parcel, habits: Habits) -> Vec<Planned> {
    let mut dice = Dice::new(habits.seed, "road", fixed_hash(parcel.waybill_no.as_str()));
    let steps = steps_of(parcel, dice.chance(habits.fail_rate));

    let mut planned = Vec::new();
    // parcels begin one after the other, so that their reports mix
    let begin = dice.unit() * 4.0;
    for (step, number) in steps.into_iter().zip(0_u32..) {
        let first = planned_report(parcel, step, number, habits, begin, &mut dice);
        if dice.chance(habits.double_rate) {
            let said_at = first.said_at + dice.unit() * 3.0;
            planned.push(Planned { is_double: true, said_at, ..again(&first, &mut dice) });
        }
        planned.push(first);
    }
    planned
}

/// The same report once more: the same message resent, or told anew under another id.
fn again(first: &Planned, dice: &mut Dice) -> Planned {
    let resent = dice.chance(0.5);
    let message_id = if resent { first.message_id } else { first.message_id.of_item(0) };
    Planned { message_id, ..first.clone() }
}

fn planned_report(
    parcel: &Parcel,
    (by, status, more): (By, WaybillStatus, u16),
    number: u32,
    habits: Habits,
    begin: f64,
    dice: &mut Dice,
) -> Planned {
    let is_late = dice.chance(habits.late_rate);
    let delay = if is_late { 1.5 + dice.unit() * 3.0 } else { 0.0 };
    let departs = parcel.day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(8);
    let occurred_at = Timestamp::from(departs + TimeDelta::minutes(i64::from(number) * 20));
    // on the first place the road may know the attempt, the route, or only the time
    let knows = dice.below(3);
    let attempt = (more > 0 || knows == 0).then_some(parcel.place_no.max(1) + more);
    let route_ref = parcel.route_ref.clone().filter(|_| attempt.is_none() && knows == 1);
    let is_failure = [WaybillStatus::DeliveryFailed, WaybillStatus::PickupFailed].contains(&status);
    let key = format!("{}/{}/{number}", habits.seed, parcel.waybill_no);
    Planned {
        by,
        message_id: derive_message_id("loadtest-deliver", &key),
        report: ReportStatus {
            waybill_no: parcel.waybill_no.clone(),
            status,
            attempt,
            route_ref,
            expected_version: None,
            occurred_at,
            reason: is_failure.then(|| "nobody at home".to_owned()),
        },
        is_late,
        is_double: false,
        is_failure,
        said_at: begin + f64::from(number) + delay,
    }
}
