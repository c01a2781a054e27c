//! Free slots: which delivery days and windows would take a basket now, and why the others would not.
//!
//! Never here: the rules (see ADRA), and no promise: a place is taken when the order comes.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DistrictCode, TimeslotCode, Timestamp, UnassignableReason, ZoneCode};

/// Most days of one answer.
pub const MAX_SLOT_DAYS: u16 = 14;
/// Most waybills that one basket may be cut into.
pub const MAX_BASKET_WAYBILLS: u16 = 20;
/// What a piece takes where nobody says, in millilitres.
pub const PIECE_VOLUME_ML: u64 = 1_500;
/// What a piece weighs where nobody says, in grams.
pub const PIECE_WEIGHT_G: u64 = 700;
/// Most pieces of one compartment.
const MAX_PIECES: u32 = 100_000;
/// The largest volume or weight of one compartment: a thousand cubic metres, a thousand tons.
const MAX_AMOUNT: u64 = 1_000_000_000;

/// The goods of a basket that travel in one compartment, all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Goods {
    /// Pieces. They count where volume or weight is not told: 1,500 ml and 700 g each.
    #[serde(default)]
    pub pieces: u32,
    /// Millilitres of all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volume_ml: Option<u64>,
    /// Grams of all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_g: Option<u64>,
}

impl Goods {
    /// Millilitres, as told or by the piece.
    #[must_use]
    pub fn volume(&self) -> u64 {
        self.volume_ml.unwrap_or(u64::from(self.pieces) * PIECE_VOLUME_ML)
    }

    /// Grams, as told or by the piece.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight_g.unwrap_or(u64::from(self.pieces) * PIECE_WEIGHT_G)
    }

    /// True when there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.volume() == 0 && self.weight() == 0
    }

    fn check(&self, what: &str) -> Result<(), String> {
        if self.pieces > MAX_PIECES {
            return Err(format!("{what}.pieces is at most {MAX_PIECES}"));
        }
        let too_much = |amount: Option<u64>| amount.is_some_and(|amount| amount > MAX_AMOUNT);
        if too_much(self.volume_ml) || too_much(self.weight_g) {
            return Err(format!("{what}: volume_ml and weight_g are at most {MAX_AMOUNT}"));
        }
        Ok(())
    }
}

/// What somebody wants to order, as far as trucks care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Basket {
    /// What travels dry.
    #[serde(default)]
    pub dry: Goods,
    /// What travels cold.
    #[serde(default)]
    pub frozen: Goods,
    /// Parcels that it makes: one for each merchant's store. Its goods are spread over them evenly.
    #[serde(default = "one")]
    pub waybills: u16,
}

const fn one() -> u16 {
    1
}

impl Basket {
    /// # Errors
    /// A sentence that says which field is out of its bounds.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.dry.check("dry")?;
        self.frozen.check("frozen")?;
        if self.dry.is_empty() && self.frozen.is_empty() {
            return Err("the basket is empty: say pieces, volume_ml or weight_g".to_owned());
        }
        if !(1..=MAX_BASKET_WAYBILLS).contains(&self.waybills) {
            return Err(format!("waybills is 1 to {MAX_BASKET_WAYBILLS}"));
        }
        Ok(())
    }
}

/// What a zone may still carry in one slot of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remaining {
    /// Waybills.
    pub waybills: u32,
    /// Millilitres of dry goods.
    pub dry_ml: u64,
    /// Millilitres of cold goods.
    pub frozen_ml: u64,
    /// Grams.
    pub weight_g: u64,
}

/// One window of one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlotOffer {
    /// The day.
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// When the window begins at the depot, `HH:MM`.
    pub from: String,
    /// When it ends there, `HH:MM`.
    pub until: String,
    /// Until when it can be ordered.
    pub cut_off: Timestamp,
    /// True when the whole basket would get a place now.
    pub available: bool,
    /// Why it would not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<UnassignableReason>,
    /// What the district's zone may still carry; for staff and shops. A neighbour may help where it is too
    /// little, and a zone with room may lack a truck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remaining: Option<Remaining>,
}

/// The windows of some days for one district and basket. No promise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SlotList {
    /// Where it goes.
    pub district: DistrictCode,
    /// The zone that serves it; for staff and shops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneCode>,
    /// The time by which lateness was judged.
    pub judged_at: Timestamp,
    /// By day and beginning; empty where nobody delivers.
    pub slots: Vec<SlotOffer>,
}
