//! How many waybills are still to come: as many as former days of the same weekday brought after the same time
//! before the cut-off. Pure. Never here: what the number is good for (see `shared/routing`), or where it is kept.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use routing::{Forecast, Outlook, SkuClass, Typical, ZoneCode};
use serde::{Deserialize, Serialize};

/// Whole hours before the cut-off that are told apart. Whatever came earlier counts as this hour.
const FIRST_HOUR: u8 = 48;
const HOURS: usize = 49;
const MINUTES: i64 = 60;
/// Doors of a thousand waybills where nothing is known of them: each has its own.
const OWN_DOORS_MILLI: u64 = 1_000;
const GOODS: [SkuClass; 3] = [SkuClass::Dry, SkuClass::Frozen, SkuClass::Mixed];

/// What came, less what was given back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) waybills: i32,
    pub(crate) dry_ml: i64,
    pub(crate) frozen_ml: i64,
    pub(crate) weight_g: i64,
}

/// One class of goods in one zone, over all former days.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Curve {
    /// Waybills by whole hours left.
    by_hour: [i32; HOURS],
    all: Came,
}

/// What former days say of one slot day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Demand {
    days: u32,
    curves: BTreeMap<(ZoneCode, SkuClass), Curve>,
}

/// Waybills that are still to come to a zone, by class of goods; told with the decision that counted on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ToCome {
    /// Former days of which this is the mean.
    pub(crate) days: u32,
    pub(crate) dry: u32,
    pub(crate) frozen: u32,
    pub(crate) mixed: u32,
}

impl Curve {
    const NONE: Self = Self {
        by_hour: [0; HOURS],
        all: Came { waybills: 0, dry_ml: 0, frozen_ml: 0, weight_g: 0 },
    };

    fn add(&mut self, hours_left: u8, came: Came) {
        let Came { waybills, dry_ml, frozen_ml, weight_g } = came;
        if let Some(hour) = self.by_hour.get_mut(usize::from(hours_left.min(FIRST_HOUR))) {
            *hour = hour.saturating_add(waybills);
        }
        self.all.waybills = self.all.waybills.saturating_add(waybills);
        self.all.dry_ml = self.all.dry_ml.saturating_add(dry_ml);
        self.all.frozen_ml = self.all.frozen_ml.saturating_add(frozen_ml);
        self.all.weight_g = self.all.weight_g.saturating_add(weight_g);
    }

    /// The mean number of a day that came with less time left; within an hour in a straight line.
    fn after(&self, left: TimeDelta, days: u32) -> u32 {
        let minutes_left = left.num_minutes();
        let (hour, minutes) = (minutes_left.div_euclid(MINUTES), minutes_left.rem_euclid(MINUTES));
        let is_early = hour >= i64::from(FIRST_HOUR);
        let share = |at: i64| {
            if is_early || at < hour {
                MINUTES
            } else if at == hour {
                minutes
            } else {
                0
            }
        };
        let parts = (0_i64..).zip(self.by_hour).map(|(at, count)| i64::from(count) * share(at));
        let of_one = MINUTES * i64::from(days.max(1));
        let mean = (parts.sum::<i64>() + of_one / 2).div_euclid(of_one);
        u32::try_from(mean.max(0)).unwrap_or(u32::MAX)
    }

    /// The mean waybill.
    fn typical(&self) -> Option<Typical> {
        let count = u64::try_from(self.all.waybills).ok().filter(|count| *count > 0)?;
        let mean = |sum: i64| u64::try_from(sum).unwrap_or(0) / count;
        let Came { dry_ml, frozen_ml, weight_g, .. } = self.all;
        Some(Typical {
            dry_ml: mean(dry_ml),
            frozen_ml: mean(frozen_ml),
            weight_g: mean(weight_g),
            stops_milli: OWN_DOORS_MILLI,
        })
    }
}

impl Demand {
    /// Of so many former days, with nothing in them yet.
    pub(crate) fn of_days(days: u32) -> Self {
        Self { days, curves: BTreeMap::new() }
    }

    /// Counts what came to a zone with so many whole hours left.
    pub(crate) fn add(&mut self, zone: ZoneCode, goods: SkuClass, hours_left: u8, came: Came) {
        self.curves.entry((zone, goods)).or_insert(Curve::NONE).add(hours_left, came);
    }

    /// What is to come to a zone so long before the cut-off; `None` without a former day.
    pub(crate) fn to_come(&self, zone: &ZoneCode, left: TimeDelta) -> Option<ToCome> {
        let of = |goods| self.curve(zone, goods).map_or(0, |curve| curve.after(left, self.days));
        let [dry, frozen, mixed] = GOODS.map(of);
        (self.days > 0).then_some(ToCome { days: self.days, dry, frozen, mixed })
    }

    /// The same forecast with the numbers to come. What waybills are like is told by today's where there are
    /// any, else by former days.
    pub(crate) fn sharpen(&self, seen: Forecast, zone: &ZoneCode, to_come: ToCome) -> Forecast {
        let mut forecast = seen;
        for goods in GOODS {
            let former = || self.curve(zone, goods).and_then(Curve::typical);
            let today = seen.of(goods).map(|outlook| outlook.typical);
            let Some(typical) = today.or_else(former) else { continue };
            let remaining_waybills = Some(to_come.of(goods));
            forecast = forecast.with(goods, Outlook { typical, remaining_waybills });
        }
        forecast
    }

    fn curve(&self, zone: &ZoneCode, goods: SkuClass) -> Option<&Curve> {
        self.curves.get(&(zone.clone(), goods))
    }
}

impl ToCome {
    const fn of(self, goods: SkuClass) -> u32 {
        match goods {
            SkuClass::Dry => self.dry,
            SkuClass::Frozen => self.frozen,
            SkuClass::Mixed => self.mixed,
        }
    }
}
