//! The waybills of a storm: what each carries by seed and number, how it stands, and its row as waybill-status
//! would keep it. Never here: what happens to one next.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::NaiveDate;
use contracts::{FulfilledBy, SkuType, WaybillKind, WaybillStatus};
use rust_decimal::prelude::ToPrimitive;
use sea_orm::sqlx::mysql::MySqlDatabaseError;
use sea_orm::sqlx::{self, AssertSqlSafe, MySqlPool};

use super::network::{DEPOTS, SLOTS, ZONES, day, district};
use crate::dice::Dice;

/// Waybills that are announced for one day; the network has room for about 700.
const A_DAY: u32 = 1_200;
/// Days that waybills are announced for at the same time.
const OPEN_DAYS: u32 = 3;
/// Waybills of one order: they share customer, door and delivery.
const AN_ORDER: u32 = 2;
const NAME: &str = "storm-";

/// What never changes of a waybill.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) order: u32,
    pub(super) district: String,
    pub(super) date: NaiveDate,
    pub(super) slot: &'static str,
    pub(super) kind: WaybillKind,
    pub(super) sku_type: SkuType,
    pub(super) fulfilled_by: FulfilledBy,
    pub(super) dry_ml: u64,
    pub(super) frozen_ml: u64,
    pub(super) weight_g: u64,
}

/// One of a fixed list; the default for an empty one.
pub(super) fn one_of<T: Copy + Default>(dice: &mut Dice, list: &[T]) -> T {
    let index = dice.below(u64::try_from(list.len()).unwrap_or(0)).to_usize();
    index.and_then(|index| list.get(index)).copied().unwrap_or_default()
}

impl Parcel {
    /// The waybill of this number. Where it goes depends on its order, what it weighs on itself.
    pub(super) fn of(seed: u64, number: u32) -> Self {
        let order = number / AN_ORDER;
        let mut dice = Dice::new(seed, "storm order", order.into());
        let depot = one_of(&mut dice, &DEPOTS);
        // the first zone has half of the demand: its quota runs out first
        let zone = if dice.chance(0.25) { 1 } else { one_of(&mut dice, &ZONES) };
        let later = u32::try_from(dice.below(OPEN_DAYS.into())).unwrap_or(0);
        let date = day(number / A_DAY + later);
        let slot = one_of(&mut dice, &SLOTS).0;
        let is_return = dice.chance(0.05);
        let mut dice = Dice::new(seed, "storm waybill", number.into());
        let volume = crate::dice::whole(dice.log_normal(25_000.0, 0.8), 500, 900_000);
        let (sku_type, frozen) = match dice.below(10) {
            0 => (SkuType::Frozen, volume),
            1 => (SkuType::Mixed, volume / 3),
            _ => (SkuType::Dry, 0),
        };
        Self {
            order,
            district: district(depot, zone),
            date,
            slot,
            kind: if is_return { WaybillKind::Return } else { WaybillKind::Forward },
            sku_type,
            fulfilled_by: FulfilledBy::Warehouse,
            dry_ml: (volume - frozen).into(),
            frozen_ml: frozen.into(),
            weight_g: (volume / 2).into(),
        }
    }
}

/// The name of a waybill.
pub(super) fn name(number: u32) -> String {
    format!("{NAME}{}-{}", number / AN_ORDER, number % AN_ORDER + 1)
}

/// The waybill of a name.
pub(super) fn number(name: &str) -> Option<u32> {
    let (order, part) = name.strip_prefix(NAME)?.split_once('-')?;
    let (order, part): (u32, u32) = (order.parse().ok()?, part.parse().ok()?);
    order.checked_mul(AN_ORDER)?.checked_add(part.checked_sub(1)?)
}

/// How a waybill stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) version: u64,
    pub(super) status: WaybillStatus,
    pub(super) attempt: u16,
    pub(super) failed_attempts: u16,
    /// Bit n-1: the n-th place came to nothing.
    pub(super) failed_places: u32,
    pub(super) is_held: bool,
    /// Its order was amended once: there is no second time.
    pub(super) is_amended: bool,
}

impl Standing {
    const NEW: Self = Self {
        version: 1,
        status: WaybillStatus::Created,
        attempt: 0,
        failed_attempts: 0,
        failed_places: 0,
        is_held: false,
        is_amended: false,
    };

    /// A cancelled or a loaded waybill is left alone.
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.status, WaybillStatus::Cancelled | WaybillStatus::Loaded)
    }
}

/// All waybills so far, and whose rows have to be written.
#[derive(Debug)]
pub(super) struct Waybills {
    seed: u64,
    standings: Vec<Standing>,
    touched: BTreeSet<u32>,
}

impl Waybills {
    /// None yet.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, standings: Vec::new(), touched: BTreeSet::new() }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.standings.len()).unwrap_or(u32::MAX)
    }

    /// What a waybill carries, and where to.
    pub(super) fn parcel(&self, number: u32) -> Parcel {
        Parcel::of(self.seed, number)
    }

    /// One more.
    pub(super) fn create(&mut self) -> u32 {
        let number = self.count();
        self.standings.push(Standing::NEW);
        self.touched.insert(number);
        number
    }

    /// How one stands.
    pub(super) fn get(&self, number: u32) -> Option<Standing> {
        self.standings.get(number.to_usize()?).copied()
    }

    /// One that was announced lately and is open.
    pub(super) fn recent(&self, dice: &mut Dice) -> Option<(u32, Standing)> {
        let count = self.count();
        let back = dice.below(count.min(OPEN_DAYS * A_DAY).into());
        let number = count.checked_sub(1)?.checked_sub(u32::try_from(back).ok()?)?;
        self.get(number).filter(Standing::is_open).map(|standing| (number, standing))
    }

    /// The next version of one, changed like this; the standing after it.
    pub(super) fn change(
        &mut self,
        number: u32,
        change: impl FnOnce(&mut Standing),
    ) -> Option<Standing> {
        let standing = self.standings.get_mut(number.to_usize()?)?;
        standing.version += 1;
        change(standing);
        self.touched.insert(number);
        Some(*standing)
    }

    /// A depot, a day and a window that waybills are announced for now.
    pub(super) fn slot_day(&self, dice: &mut Dice) -> (&'static str, NaiveDate, &'static str) {
        let later = u32::try_from(dice.below(OPEN_DAYS.into())).unwrap_or(0);
        let date = day(self.count() / A_DAY + later);
        (one_of(dice, &DEPOTS), date, one_of(dice, &SLOTS).0)
    }

    /// Writes the rows of all that changed, in one statement.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn save(&mut self, pool: &MySqlPool) -> Result<(), sqlx::Error> {
        let touched = std::mem::take(&mut self.touched);
        if touched.is_empty() {
            return Ok(());
        }
        let rows: Vec<String> = touched.iter().filter_map(|number| self.row(*number)).collect();
        let mut sql = String::from(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, failed_places, \
             open_holds, parked, lifecycle, kind, exists_since, first_seen_at, updated_at) VALUES ",
        );
        sql.push_str(&rows.join(","));
        sql.push_str(
            " ON DUPLICATE KEY UPDATE version = VALUES(version), status = VALUES(status), \
             attempt = VALUES(attempt), failed_attempts = VALUES(failed_attempts), \
             failed_places = VALUES(failed_places), open_holds = VALUES(open_holds)",
        );
        insist(pool, &sql).await
    }

    fn row(&self, number: u32) -> Option<String> {
        let Standing { version, status, attempt, failed_attempts, failed_places, is_held, .. } =
            self.get(number)?;
        let (status, kind) = (status.as_str(), self.parcel(number).kind.as_str());
        let mut row = String::new();
        // writing to a String cannot fail
        let _ = write!(
            row,
            "(UNHEX('{:032x}'),'{}',{version},'{status}',{attempt},{failed_attempts},{failed_places},{},0,'{{}}',\
             '{kind}',NOW(6),NOW(6),NOW(6))",
            number + 1,
            name(number),
            u8::from(is_held)
        );
        Some(row)
    }
}

/// Runs a statement until it is through: the fleet reads these rows under locks of its own, so of two that wait for
/// each other one goes again, and so does who waits for a process that was just killed.
///
/// # Errors
/// What the database says but for a deadlock (1213) and a lock that was not to be had in time (1205).
pub(super) async fn insist(pool: &MySqlPool, sql: &str) -> Result<(), sqlx::Error> {
    loop {
        match sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(pool).await {
            Ok(_) => return Ok(()),
            Err(error) if is_for_a_lock(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_for_a_lock(error: &sqlx::Error) -> bool {
    let error =
        error.as_database_error().and_then(|it| it.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| matches!(error.number(), 1205 | 1213))
}
