//! The mess of real order files, planted on purpose and counted, so that a run can be compared with
//! what had to come out. Works on rows of text; knows what each kind should lead to.

use serde::{Deserialize, Serialize};

use crate::dice::Dice;
use crate::hotfolder::OrderRow;

/// What is special about a generated order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Planted {
    /// Nothing.
    Clean,
    /// The same goods again under the next line number: allowed.
    RepeatedLine,
    /// A later line carries a later time: the first one's holds.
    TwoTimes,
    /// A price of zero: allowed.
    ZeroPrice,
    /// Ordered after the cut-off of its window: accepted, no place on a truck.
    Late,
    /// One waybill is heavier than the strongest truck carries: accepted, no place for that one.
    Oversized,
    /// A quantity below zero outside a return.
    NegativeQuantity,
    /// A quantity of zero.
    ZeroQuantity,
    /// A quantity above 9,999.
    HugeQuantity,
    /// A price that is no number.
    UnreadablePrice,
    /// A price below zero.
    NegativePrice,
    /// A district that the network does not have.
    UnknownDistrict,
    /// A required field is empty.
    MissingField,
    /// The same line with the same number twice.
    DoubledLine,
}

/// What becomes of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Accepted; its waybills find a place unless capacity runs out.
    Accepted,
    /// Accepted; none of its waybills can have a place.
    AcceptedWithoutPlace,
    /// Accepted; one of its waybills can have no place.
    AcceptedOneWithoutPlace,
    /// Rejected as a whole.
    Rejected,
}

/// How often each kind of mess comes up, relative to the others.
const SHARES: [(Planted, u64); 13] = [
    (Planted::RepeatedLine, 16),
    (Planted::TwoTimes, 6),
    (Planted::ZeroPrice, 14),
    (Planted::Late, 12),
    (Planted::Oversized, 4),
    (Planted::NegativeQuantity, 14),
    (Planted::ZeroQuantity, 6),
    (Planted::HugeQuantity, 4),
    (Planted::UnreadablePrice, 6),
    (Planted::NegativePrice, 3),
    (Planted::UnknownDistrict, 6),
    (Planted::MissingField, 6),
    (Planted::DoubledLine, 3),
];

impl Planted {
    /// Clean, but for a share `rate` of orders.
    pub(crate) fn draw(dice: &mut Dice, rate: f64) -> Self {
        if !dice.chance(rate) {
            return Self::Clean;
        }
        let total = SHARES.iter().map(|(_, share)| share).sum();
        let mut point = dice.below(total);
        for (planted, share) in SHARES {
            if point < share {
                return planted;
            }
            point -= share;
        }
        Self::Clean
    }

    /// What has to become of such an order.
    pub(crate) fn fate(self) -> Fate {
        match self {
            Self::Clean | Self::RepeatedLine | Self::TwoTimes | Self::ZeroPrice => Fate::Accepted,
            Self::Late => Fate::AcceptedWithoutPlace,
            Self::Oversized => Fate::AcceptedOneWithoutPlace,
            Self::NegativeQuantity
            | Self::ZeroQuantity
            | Self::HugeQuantity
            | Self::UnreadablePrice
            | Self::NegativePrice
            | Self::UnknownDistrict
            | Self::MissingField
            | Self::DoubledLine => Fate::Rejected,
        }
    }

    /// Plants this into the rows of one order and says what was planted in the end: an order of one
    /// line cannot have two times and gets its line repeated instead. `Late` is the promise's doing.
    pub(crate) fn plant(
        self,
        rows: &mut Vec<OrderRow>,
        dice: &mut Dice,
        heaviest_truck_kg: u32,
    ) -> Self {
        let planted =
            if self == Self::TwoTimes && rows.len() < 2 { Self::RepeatedLine } else { self };
        match planted {
            Self::UnknownDistrict => {
                rows.iter_mut().for_each(|row| "X999".clone_into(&mut row.district))
            }
            Self::RepeatedLine => repeat_last(rows, true),
            Self::DoubledLine => repeat_last(rows, false),
            Self::Clean
            | Self::Late
            | Self::TwoTimes
            | Self::ZeroPrice
            | Self::Oversized
            | Self::NegativeQuantity
            | Self::ZeroQuantity
            | Self::HugeQuantity
            | Self::UnreadablePrice
            | Self::NegativePrice
            | Self::MissingField => {
                if let Some(row) = rows.last_mut() {
                    planted.spoil(row, dice, heaviest_truck_kg);
                }
            }
        }
        planted
    }

    fn spoil(self, row: &mut OrderRow, dice: &mut Dice, heaviest_truck_kg: u32) {
        match self {
            Self::NegativeQuantity => row.quantity.insert(0, '-'),
            Self::ZeroQuantity => "0".clone_into(&mut row.quantity),
            Self::HugeQuantity => row.quantity = (10_000 + dice.below(20_000)).to_string(),
            Self::UnreadablePrice => {
                dice.word(&["n/a", "12,50", "1.2.3", "free"]).clone_into(&mut row.unit_price);
            }
            Self::NegativePrice => row.unit_price.insert(0, '-'),
            Self::ZeroPrice => "0.00".clone_into(&mut row.unit_price),
            Self::TwoTimes => row.ordered_at = row.ordered_at.replace('Z', "+00:01"),
            Self::Oversized => {
                "9999".clone_into(&mut row.quantity);
                "1".clone_into(&mut row.volume_ml);
                row.weight_g = (heaviest_truck_kg / 9 + 1).to_string();
            }
            Self::MissingField => match dice.below(4) {
                0 => row.sku.clear(),
                1 => row.merchant.clear(),
                2 => row.quantity.clear(),
                _ => row.unit_price.clear(),
            },
            Self::Clean
            | Self::RepeatedLine
            | Self::Late
            | Self::UnknownDistrict
            | Self::DoubledLine => {}
        }
    }
}

fn repeat_last(rows: &mut Vec<OrderRow>, under_next_number: bool) {
    let Some(mut row) = rows.last().cloned() else {
        return;
    };
    if under_next_number {
        row.line_no = (rows.len() + 1).to_string();
    }
    rows.push(row);
}
