//! What the public is told of a waybill, and the code that it asks with: whoever holds the label may look,
//! and nobody gets anywhere by guessing numbers.
//!
//! Never here: an address, a name, anything that the label's reader has no business with.

use std::fmt;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::{DistrictCode, TimeslotCode, Timestamp, Way, WaybillKind, WaybillNo, WaybillStatus};

/// Crockford's base 32: no letter that is read as a digit.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A text that is no tracking code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a tracking code has 10 letters and digits: copy it from the label")]
pub struct InvalidTrackingCode;

/// The random code of a waybill: 50 bits as ten digits of Crockford's base 32. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TrackingCode(String);

impl TrackingCode {
    /// Digits of a code.
    pub const LENGTH: usize = 10;

    /// A new code from the system's source of random numbers.
    #[must_use]
    pub fn generate() -> Self {
        // the low 62 bits of a version 4 UUID are all random
        let bits = Uuid::new_v4().as_u128();
        let digit = |place: usize| usize::try_from((bits >> (5 * place)) & 31).ok();
        let digits = (0..Self::LENGTH).filter_map(|place| DIGITS.get(digit(place)?).copied());
        Self(digits.map(char::from).collect())
    }

    /// Reads a code as people type it: small letters, spaces and hyphens do no harm, and a letter that
    /// looks like a digit is one.
    ///
    /// # Errors
    /// [`InvalidTrackingCode`] when no such code can have been meant.
    pub fn parse(text: &str) -> Result<Self, InvalidTrackingCode> {
        let typed = text.chars().filter(|c| !matches!(c, '-' | ' '));
        let digits: Vec<Option<char>> = typed.take(Self::LENGTH + 1).map(digit_of).collect();
        let code: String = digits.iter().flatten().collect();
        if digits.len() != Self::LENGTH || code.len() != Self::LENGTH {
            return Err(InvalidTrackingCode);
        }
        Ok(Self(code))
    }

    /// The code itself: for labels and for who may see it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether both are the same code, in a time that does not tell how much of them is.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        let pairs = self.0.bytes().zip(other.0.bytes());
        let differing = pairs.fold(0, |differing, (one, two)| differing | (one ^ two));
        std::hint::black_box(differing) == 0
    }
}

fn digit_of(typed: char) -> Option<char> {
    let digit = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    DIGITS.iter().copied().map(char::from).find(|known| *known == digit)
}

impl TryFrom<String> for TrackingCode {
    type Error = InvalidTrackingCode;

    fn try_from(text: String) -> Result<Self, InvalidTrackingCode> {
        Self::parse(&text)
    }
}

impl From<TrackingCode> for String {
    fn from(code: TrackingCode) -> Self {
        code.0
    }
}

impl fmt::Debug for TrackingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrackingCode(***)")
    }
}

impl WaybillStatus {
    /// What the public is told in plain English: fewer words than there are statuses, for nobody outside
    /// cares which hands a parcel passes through in the warehouse.
    #[must_use]
    pub fn public_name(self, kind: WaybillKind) -> &'static str {
        match Way::of(kind) {
            Way::Return => self.public_name_back(),
            Way::Outbound => self.public_name_out(),
        }
    }

    const fn public_name_out(self) -> &'static str {
        match self {
            Self::Created => "Order received",
            Self::Acknowledged | Self::Picked | Self::Packed => "Being prepared",
            Self::Loaded | Self::Dispatched => "On its way",
            Self::OutForDelivery => "Out for delivery",
            Self::ReadyForCollection => "Ready for collection",
            Self::DeliveryFailed | Self::PickupFailed => "Delivery attempted",
            Self::Delivered | Self::Collected => "Delivered",
            Self::Returning => "On its way back to the sender",
            Self::ReturnedToOrigin => "Returned to the sender",
            Self::Lost | Self::Damaged => "Something went wrong: please contact the shop",
            Self::Cancelled => "Cancelled",
            Self::OutForPickup => "Out for collection",
        }
    }

    const fn public_name_back(self) -> &'static str {
        match self {
            Self::Created | Self::Acknowledged | Self::Picked | Self::Packed => "Return announced",
            Self::Loaded
            | Self::Dispatched
            | Self::OutForPickup
            | Self::OutForDelivery
            | Self::ReadyForCollection => "Out for collection",
            Self::PickupFailed | Self::DeliveryFailed => "Collection attempted",
            Self::Collected | Self::Returning => "Collected",
            Self::Delivered | Self::ReturnedToOrigin => "Received back",
            Self::Lost | Self::Damaged => "Something went wrong: please contact the shop",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// One thing that the public may know happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrackingStep {
    /// Where the waybill stood from then on.
    pub status: WaybillStatus,
    /// The same in plain English.
    pub name: String,
    /// When it happened.
    pub at: Timestamp,
}

/// A waybill as the public sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrackingView {
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why it exists.
    pub kind: WaybillKind,
    /// Where it stands.
    pub status: WaybillStatus,
    /// The same in plain English.
    pub name: String,
    /// True when nothing more will happen.
    pub is_final: bool,
    /// The town or district that it goes to: all that is told of the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub district: Option<DistrictCode>,
    /// The promised day.
    pub delivery_date: NaiveDate,
    /// The promised window.
    pub timeslot: TimeslotCode,
    /// `HH:MM`, the depot's time zone: when the window begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_start: Option<String>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_end: Option<String>,
    /// What happened so far, the first thing first; each name once in a row.
    pub steps: Vec<TrackingStep>,
    /// Last change.
    pub updated_at: Timestamp,
    /// Version of the row: an unchanged version is an unchanged answer.
    pub version: u64,
}
