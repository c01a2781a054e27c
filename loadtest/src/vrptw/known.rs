//! The table of best known plans. Never here: plans of our own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::VrptwError;

/// The best plan that anybody published: fewest vehicles, then least distance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Known {
    #[serde(alias = "solved_with_vehicles")]
    pub(crate) vehicles: usize,
    #[serde(alias = "best_known_cost")]
    pub(crate) distance: f64,
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
        let table: BTreeMap<String, Known> = serde_json::from_str(text)?;
        Ok(Self(table.into_iter().map(|(name, known)| (name.to_uppercase(), known)).collect()))
    }

    pub(crate) fn of(&self, instance: &str) -> Option<Known> {
        self.0.get(&instance.to_uppercase()).copied()
    }
}
