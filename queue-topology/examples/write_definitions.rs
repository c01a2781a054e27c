//! Writes `snapshots/definitions.json`, the committed topology. Run it by hand after a change: a changed
//! argument of a queue that runs somewhere is a migration (`dray topology diff` shows it).

#![allow(clippy::unwrap_used, reason = "a tool that a person runs and reads")]

use std::path::Path;

use queue_topology::{Topology, definitions};

fn main() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots/definitions.json");
    let text = serde_json::to_string_pretty(&definitions(&Topology::all(), "dray")).unwrap();
    std::fs::write(file, format!("{text}\n")).unwrap();
}
