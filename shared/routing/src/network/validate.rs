//! Whether the rows of a network fit together. Every check runs; nothing stops at the first find.
//! Never here: repairs or defaults.

use std::collections::BTreeSet;
use std::fmt;

use super::index::reachable;
use super::{NetworkParts, RouteTemplate, Zone};
use crate::code::{DepotCode, TimeslotCode, TruckTypeCode, ZoneCode};

/// One thing in the rows that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistency {
    #[error("{what} '{code}' appears more than once: keep one row")]
    Duplicate { what: &'static str, code: String },
    #[error(
        "{named_by} names the {what} '{code}', which does not exist: add it or correct the row"
    )]
    Unknown { what: &'static str, code: String, named_by: String },
    #[error(
        "zone '{zone}' has the neighbour '{neighbour}', which is itself or belongs to another depot: overflow stays inside a depot"
    )]
    BadNeighbour { zone: ZoneCode, neighbour: ZoneCode },
    #[error(
        "route template '{template}' is of depot '{depot}' but its zone '{zone}' is not: correct one of them"
    )]
    TemplateDepot { template: String, depot: DepotCode, zone: ZoneCode },
    #[error(
        "route template '{template}' has no zone quota for zone '{zone}' and timeslot '{timeslot}': add one"
    )]
    MissingQuota { template: String, zone: ZoneCode, timeslot: TimeslotCode },
    #[error(
        "the upgrade ladder leads from truck type '{truck_type}' back to itself: remove a step"
    )]
    LadderCycle { truck_type: TruckTypeCode },
    #[error(
        "truck type '{truck_type}' can carry nothing: it needs a weight, a stop and a compartment profile"
    )]
    UselessTruck { truck_type: TruckTypeCode },
    #[error("timeslot '{timeslot}' ends before it starts: correct its times")]
    SlotEndsBeforeStart { timeslot: TimeslotCode },
}

/// All that is wrong with a network; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError {
    pub inconsistencies: Vec<Inconsistency>,
}

impl std::error::Error for NetworkError {}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the network has {} inconsistencies", self.inconsistencies.len())?;
        for inconsistency in &self.inconsistencies {
            write!(f, "\n- {inconsistency}")?;
        }
        Ok(())
    }
}

pub(super) fn check(parts: &NetworkParts) -> Result<(), NetworkError> {
    let mut audit = Audit::new(parts);
    audit.duplicates();
    audit.places();
    audit.trucks();
    audit.templates();
    audit.capacities();
    match audit.found {
        found if found.is_empty() => Ok(()),
        inconsistencies => Err(NetworkError { inconsistencies }),
    }
}

struct Audit<'a> {
    parts: &'a NetworkParts,
    depots: BTreeSet<&'a str>,
    zones: BTreeSet<&'a str>,
    timeslots: BTreeSet<&'a str>,
    truck_types: BTreeSet<&'a str>,
    found: Vec<Inconsistency>,
}

impl<'a> Audit<'a> {
    fn new(parts: &'a NetworkParts) -> Self {
        Self {
            parts,
            depots: parts.depots.iter().map(|row| row.code.as_str()).collect(),
            zones: parts.zones.iter().map(|row| row.code.as_str()).collect(),
            timeslots: parts.timeslots.iter().map(|row| row.code.as_str()).collect(),
            truck_types: parts.truck_types.iter().map(|row| row.code.as_str()).collect(),
            found: Vec::new(),
        }
    }

    fn duplicates(&mut self) {
        let parts = self.parts;
        self.once("depot", parts.depots.iter().map(|row| row.code.to_string()));
        self.once("zone", parts.zones.iter().map(|row| row.code.to_string()));
        self.once("timeslot", parts.timeslots.iter().map(|row| row.code.to_string()));
        self.once("truck type", parts.truck_types.iter().map(|row| row.code.to_string()));
        self.once("route template", parts.templates.iter().map(|row| row.code.to_string()));
        let districts = parts.districts.iter().map(|row| match row.valid_from {
            Some(from) => format!("{} from {from}", row.district),
            None => row.district.to_string(),
        });
        self.once("district", districts);
        self.once(
            "ladder step",
            parts.ladder.iter().map(|row| format!("{} to {}", row.from, row.to)),
        );
        let pool = parts.pool.iter();
        self.once(
            "truck pool row",
            pool.map(|row| format!("{} {} {}", row.depot, row.timeslot, row.truck_type)),
        );
        let quotas = parts.zone_quotas.iter();
        self.once("zone quota", quotas.map(|row| format!("{} {}", row.zone, row.timeslot)));
    }

    fn once(&mut self, what: &'static str, codes: impl Iterator<Item = String>) {
        let (mut seen, mut told) = (BTreeSet::new(), BTreeSet::new());
        for code in codes {
            if !seen.insert(code.clone()) && told.insert(code.clone()) {
                self.found.push(Inconsistency::Duplicate { what, code });
            }
        }
    }

    fn places(&mut self) {
        for slot in self.parts.timeslots.iter().filter(|slot| slot.end <= slot.start) {
            self.found.push(Inconsistency::SlotEndsBeforeStart { timeslot: slot.code.clone() });
        }
        for zone in &self.parts.zones {
            let named_by = format!("zone '{}'", zone.code);
            self.known_depot(&zone.depot, &named_by);
            for neighbour in &zone.neighbours {
                self.neighbour(zone, neighbour, &named_by);
            }
        }
        for row in &self.parts.districts {
            self.known_zone(&row.zone, &format!("district '{}'", row.district));
        }
    }

    fn neighbour(&mut self, zone: &Zone, neighbour: &ZoneCode, named_by: &str) {
        self.known_zone(neighbour, named_by);
        let elsewhere = self.zone_row(neighbour).is_some_and(|other| other.depot != zone.depot);
        if elsewhere || *neighbour == zone.code {
            self.found.push(Inconsistency::BadNeighbour {
                zone: zone.code.clone(),
                neighbour: neighbour.clone(),
            });
        }
    }

    fn trucks(&mut self) {
        for step in &self.parts.ladder {
            let named_by = format!("ladder step '{}' to '{}'", step.from, step.to);
            self.known_truck(&step.from, &named_by);
            self.known_truck(&step.to, &named_by);
        }
        for truck in &self.parts.truck_types {
            let truck_type = truck.code.clone();
            if truck.profiles.0.is_empty() || truck.max_stops == 0 || truck.max_weight_g == 0 {
                self.found.push(Inconsistency::UselessTruck { truck_type: truck_type.clone() });
            }
            if reachable(&self.parts.ladder, &truck_type).contains(&truck_type) {
                self.found.push(Inconsistency::LadderCycle { truck_type });
            }
        }
    }

    fn templates(&mut self) {
        for template in &self.parts.templates {
            let named_by = format!("route template '{}'", template.code);
            self.known_depot(&template.depot, &named_by);
            self.known_zone(&template.zone, &named_by);
            self.known_timeslot(&template.timeslot, &named_by);
            self.known_truck(&template.default_truck_type, &named_by);
            self.template_fits_its_zone(template);
        }
    }

    fn template_fits_its_zone(&mut self, template: &RouteTemplate) {
        let Some(zone) = self.zone_row(&template.zone) else {
            return;
        };
        if zone.depot != template.depot {
            self.found.push(Inconsistency::TemplateDepot {
                template: template.code.to_string(),
                depot: template.depot.clone(),
                zone: template.zone.clone(),
            });
        }
        let quotas = &self.parts.zone_quotas;
        if !quotas.iter().any(|row| row.zone == zone.code && row.timeslot == template.timeslot) {
            self.found.push(Inconsistency::MissingQuota {
                template: template.code.to_string(),
                zone: template.zone.clone(),
                timeslot: template.timeslot.clone(),
            });
        }
    }

    fn capacities(&mut self) {
        for row in &self.parts.pool {
            let named_by = "a truck pool row";
            self.known_depot(&row.depot, named_by);
            self.known_timeslot(&row.timeslot, named_by);
            self.known_truck(&row.truck_type, named_by);
        }
        for row in &self.parts.zone_quotas {
            let named_by = "a zone quota row";
            self.known_zone(&row.zone, named_by);
            self.known_timeslot(&row.timeslot, named_by);
        }
    }

    fn zone_row(&self, code: &ZoneCode) -> Option<&'a Zone> {
        self.parts.zones.iter().find(|zone| zone.code == *code)
    }

    fn known_depot(&mut self, code: &DepotCode, named_by: &str) {
        let known = self.depots.contains(code.as_str());
        self.known(known, "depot", code.as_str(), named_by);
    }

    fn known_zone(&mut self, code: &ZoneCode, named_by: &str) {
        let known = self.zones.contains(code.as_str());
        self.known(known, "zone", code.as_str(), named_by);
    }

    fn known_timeslot(&mut self, code: &TimeslotCode, named_by: &str) {
        let known = self.timeslots.contains(code.as_str());
        self.known(known, "timeslot", code.as_str(), named_by);
    }

    fn known_truck(&mut self, code: &TruckTypeCode, named_by: &str) {
        let known = self.truck_types.contains(code.as_str());
        self.known(known, "truck type", code.as_str(), named_by);
    }

    fn known(&mut self, known: bool, what: &'static str, code: &str, named_by: &str) {
        let (code, named_by) = (code.to_owned(), named_by.to_owned());
        let unknown = Inconsistency::Unknown { what, code, named_by };
        if !known && !self.found.contains(&unknown) {
            self.found.push(unknown);
        }
    }
}
