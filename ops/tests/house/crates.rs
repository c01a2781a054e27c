//! Which crate may depend on which, read from the Cargo.toml files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::{name_of, workers};

/// A crate and what it depends on.
struct Manifest {
    name: String,
    normal: BTreeSet<String>,
    dev: BTreeSet<String>,
}

/// Who may never depend on what, build scripts and tests aside.
const NEVER: [(&[&str], &[&str]); 6] = [
    (&["contracts", "queue-topology", "routing"], &["tokio", "lapin", "sea-orm"]),
    (&["contracts"], &["queue-topology"]),
    (&["broker"], &["store", "runtime", "cache", "sea-orm"]),
    (&["store"], &["broker", "runtime", "cache", "lapin"]),
    (&["cache"], &["broker", "runtime", "store", "lapin", "sea-orm"]),
    (&["runtime"], &["cache", "routing", "lapin", "sea-orm"]),
];

/// They know nothing of the rest of the house.
const LEAVES: [&str; 4] = ["pacing", "settings", "telemetry", "routing"];

/// Every broken rule, as a sentence.
pub(crate) fn violations(root: &Path) -> Vec<String> {
    let worker_folders = workers(root);
    let workers: Vec<Manifest> = worker_folders.iter().map(|folder| read(folder)).collect();
    let others: Vec<Manifest> = other_crates(root).iter().map(|folder| read(folder)).collect();
    let worker_names: BTreeSet<&str> = workers.iter().map(|worker| worker.name.as_str()).collect();
    let house: BTreeSet<&str> = others
        .iter()
        .map(|other| other.name.as_str())
        .chain(worker_names.iter().copied())
        .collect();

    let mut found = Vec::new();
    for it in workers.iter().chain(&others) {
        let all: BTreeSet<&str> = it.normal.union(&it.dev).map(String::as_str).collect();
        let mut forbid = |names: &[&str], of: &BTreeSet<&str>, why: &str| {
            let bad = names.iter().filter(|name| of.contains(**name));
            found.extend(bad.map(|name| format!("{} depends on {name}: {why}", it.name)));
        };
        let normal: BTreeSet<&str> = it.normal.iter().map(String::as_str).collect();
        let other_workers: Vec<&str> = worker_names.iter().copied().collect();
        forbid(&other_workers, &all, "a worker is nobody's library, ask it by message");
        if it.name != "testkit" {
            forbid(&["testkit"], &normal, "it belongs into dev-dependencies");
        }
        if worker_names.contains(it.name.as_str()) {
            forbid(
                &["broker", "lapin"],
                &normal,
                "a worker publishes and consumes through runtime",
            );
        }
        for (_, forbidden) in NEVER.iter().filter(|(who, _)| who.contains(&it.name.as_str())) {
            forbid(forbidden, &normal, "imports point one way");
        }
        if LEAVES.contains(&it.name.as_str()) {
            let house: Vec<&str> = house.iter().copied().collect();
            forbid(&house, &normal, "it is a leaf");
        }
    }
    found
}

fn other_crates(root: &Path) -> Vec<PathBuf> {
    let shared = std::fs::read_dir(root.join("shared")).unwrap().map(|entry| entry.unwrap().path());
    let rest = ["queue-topology", "migrations", "ops", "loadtest"].map(|name| root.join(name));
    shared.chain(rest).filter(|folder| folder.join("Cargo.toml").is_file()).collect()
}

/// The house writes one dependency a line, so lines are enough.
fn read(folder: &Path) -> Manifest {
    let text = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let mut manifest = Manifest {
        name: name_of(folder).to_owned(),
        normal: BTreeSet::new(),
        dev: BTreeSet::new(),
    };
    let mut section = "";
    for line in text.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
            if let Some((table, name)) = section.rsplit_once("dependencies.") {
                manifest.take(table, name);
            }
            continue;
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        if let (Some(table), false) =
            (section.strip_suffix("dependencies"), name.is_empty() || name.starts_with('#'))
        {
            manifest.take(table, name);
        }
    }
    manifest
}

impl Manifest {
    fn take(&mut self, table: &str, name: &str) {
        let set = if table.contains("dev-") { &mut self.dev } else { &mut self.normal };
        set.insert(name.to_owned());
    }
}
