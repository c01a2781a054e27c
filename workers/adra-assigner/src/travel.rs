//! How long a truck drives from one place to another: what was loaded, else the straight line. Pure. Never here:
//! in which order it drives.

use std::collections::BTreeMap;
use std::time::Duration;

use routing::StopKey;
use routing::optimise::Drives;

/// Roads are longer than the straight line.
const DETOUR: f64 = 1.3;
/// Of a degree of latitude, and of longitude at the equator.
const KM_A_DEGREE: f64 = 111.32;
const MILLION: f64 = 1e6;

/// Where something lies, in millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) lat_e6: i32,
    pub(crate) lon_e6: i32,
}

/// What driving times are kept for, by code.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Depot(String),
    District(String),
    Zone(String),
}

/// Where a truck begins, stops and ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    /// A depot or a district.
    pub(crate) place: Place,
    /// The zone of its district, where known; a depot has none.
    pub(crate) zone: Option<Place>,
    pub(crate) at: Option<Point>,
}

impl Spot {
    /// What it counts as where nothing is known of the place itself.
    pub(crate) fn coarse(&self) -> &Place {
        self.zone.as_ref().unwrap_or(&self.place)
    }
}

/// A stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) stop: StopKey,
    pub(crate) spot: Spot,
}

/// Minutes of driving as they were loaded, by the two ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Travel(pub(crate) BTreeMap<(Place, Place), u32>);

impl Travel {
    /// Minutes from one spot to another: between their places, else along the straight line, else between their
    /// zones. `None`: nobody knows.
    pub(crate) fn minutes(&self, from: &Spot, to: &Spot, km_a_minute: f64) -> Option<f64> {
        self.loaded(&from.place, &to.place)
            .or_else(|| (from.place == to.place).then_some(0.0))
            .or_else(|| from.at.zip(to.at).map(|(from, to)| kilometres(from, to) / km_a_minute))
            .or_else(|| self.loaded(from.coarse(), to.coarse()))
    }

    fn loaded(&self, from: &Place, to: &Place) -> Option<f64> {
        self.0.get(&(from.clone(), to.clone())).map(|minutes| f64::from(*minutes))
    }
}

/// Where the doors of a slot day lie, and what was loaded between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Map {
    pub(crate) depot: Spot,
    pub(crate) doors: Vec<Door>,
    pub(crate) travel: Travel,
}

impl Map {
    /// For planning, which knows doors and seconds only. Doors of one district of one zone are one place.
    pub(crate) fn drives(&self, km_a_minute: f64) -> Drives {
        if self.travel.0.is_empty() && self.depot.at.is_none() {
            return Drives::default(); // no way from the depot is known, so no door would count
        }
        let mut numbers: BTreeMap<(&Place, Option<&Place>), usize> = BTreeMap::new();
        let mut spots = vec![&self.depot];
        let mut doors = Vec::new();
        for Door { stop, spot } in &self.doors {
            let number = *numbers.entry((&spot.place, spot.zone.as_ref())).or_insert_with(|| {
                spots.push(spot);
                spots.len() - 1
            });
            doors.push((*stop, number));
        }
        let seconds = |from: usize, to: usize| {
            let (from, to) = (spots.get(from)?, spots.get(to)?);
            let minutes = self.travel.minutes(from, to, km_a_minute)?;
            let drive = Duration::try_from_secs_f64(minutes * 60.0).ok()?;
            u32::try_from(drive.as_secs()).ok()
        };
        Drives::new(spots.len(), seconds, doors)
    }
}

fn kilometres(from: Point, to: Point) -> f64 {
    let degrees = |e6: i32| f64::from(e6) / MILLION;
    let (lat_from, lat_to) = (degrees(from.lat_e6), degrees(to.lat_e6));
    let north = (lat_to - lat_from) * KM_A_DEGREE;
    let shrunk = ((lat_from + lat_to) / 2.0).to_radians().cos();
    let east = (degrees(to.lon_e6) - degrees(from.lon_e6)) * KM_A_DEGREE * shrunk;
    north.hypot(east) * DETOUR
}
