//! Truck types and their compartment profiles. Never here: how many trucks there are.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::code::TruckTypeCode;

/// Millilitres in a litre: files say litres, the engine counts millilitres.
const ML_PER_LITRE: u64 = 1_000;

/// One kind of truck. `cost` is in the owner's fleet-cost unit and only compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruckType {
    pub code: TruckTypeCode,
    pub max_weight_g: u64,
    pub max_stops: u32,
    pub cost: u64,
    pub profiles: Profiles,
}

/// One way to set up a truck's compartments, in millilitres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub dry_ml: u64,
    pub frozen_ml: u64,
}

/// The set-ups a truck can be given; exactly one applies to a route. Written in litres:
/// `dry=14000|dry=9000,frozen=4500|frozen=13000`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profiles(pub Vec<Profile>);

/// The text is no list of profiles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "compartment profiles '{text}' are not understood at '{part}': write 'dry=9000,frozen=4500' in whole litres, alternatives separated by '|'"
)]
pub struct ProfileError {
    pub text: String,
    pub part: String,
}

impl Profiles {
    /// Whether a single profile holds both volumes.
    #[must_use]
    pub fn hold(&self, dry_ml: u64, frozen_ml: u64) -> bool {
        self.0.iter().any(|profile| profile.holds(dry_ml, frozen_ml))
    }
}

impl Profile {
    /// Whether both volumes fit into this set-up.
    #[must_use]
    pub fn holds(self, dry_ml: u64, frozen_ml: u64) -> bool {
        dry_ml <= self.dry_ml && frozen_ml <= self.frozen_ml
    }
}

impl FromStr for Profiles {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let parse = |part: &str| {
            parse_profile(part)
                .ok_or_else(|| ProfileError { text: text.to_owned(), part: part.to_owned() })
        };
        text.split('|').map(parse).collect::<Result<_, _>>().map(Self)
    }
}

/// Each compartment at most once, at least one of them.
fn parse_profile(text: &str) -> Option<Profile> {
    let (mut dry_ml, mut frozen_ml) = (None, None);
    for compartment in text.split(',') {
        let (name, litres) = compartment.split_once('=')?;
        let volume_ml = parse_litres(litres.trim())?;
        let slot = match name.trim() {
            "dry" => &mut dry_ml,
            "frozen" => &mut frozen_ml,
            _ => return None,
        };
        if slot.replace(volume_ml).is_some() {
            return None;
        }
    }
    Some(Profile { dry_ml: dry_ml.unwrap_or(0), frozen_ml: frozen_ml.unwrap_or(0) })
}

fn parse_litres(text: &str) -> Option<u64> {
    let litres: u64 =
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())??;
    litres.checked_mul(ML_PER_LITRE)
}

impl fmt::Display for Profiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, profile) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str("|")?;
            }
            write!(f, "{profile}")?;
        }
        Ok(())
    }
}

/// Rounded down to whole litres; an absent compartment is left out, as it was in the text.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dry, frozen) = (self.dry_ml / ML_PER_LITRE, self.frozen_ml / ML_PER_LITRE);
        match (self.dry_ml, self.frozen_ml) {
            (_, 0) => write!(f, "dry={dry}"),
            (0, _) => write!(f, "frozen={frozen}"),
            _ => write!(f, "dry={dry},frozen={frozen}"),
        }
    }
}
