//! The table of best known plans. Never here: plans of our own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::VrptwError;

/// The best plan that anybody published: fewest vehicles, then least distance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Known {
    pub(crate) vehicles: usize,
    pub(crate) distance: f64,
}

/// As the table has it; its own `vehicles` is the fleet at hand, not the plan's.
#[derive(Deserialize)]
struct Row {
    solved_with_vehicles: usize,
    best_known_cost: f64,
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:.2}", self.vehicles, self.distance)
    }
}

/// By instance name; upper and lower case are the same.
#[derive(Debug, Clone)]
pub(crate) struct BestKnown(BTreeMap<String, Known>);

impl BestKnown {
    pub(crate) fn load(path: &Path) -> Result<Self, VrptwError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| VrptwError::Read { path: path.to_owned(), reason })?;
        Self::parse(&text).map_err(|problem| VrptwError::BestKnown {
            path: path.to_owned(),
            problem: problem.to_string(),
        })
    }

    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let table: BTreeMap<String, Row> = serde_json::from_str(text)?;
        let known =
            |row: Row| Known { vehicles: row.solved_with_vehicles, distance: row.best_known_cost };
        let table = table.into_iter();
        Ok(Self(table.map(|(name, row)| (name.to_uppercase(), known(row))).collect()))
    }

    pub(crate) fn of(&self, instance: &str) -> Option<Known> {
        self.0.get(&instance.to_uppercase()).copied()
    }
}
