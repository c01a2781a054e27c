//! The rules of the house, checked over the checkout: what a worker's folder holds, what its files may
//! name, which crate may depend on which. No service is needed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod crates;
mod folders;
mod generator;
mod planted;

use std::path::{Path, PathBuf};

/// The checkout.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// The folders in `workers/`.
pub(crate) fn workers(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join("workers")).unwrap();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

pub(crate) fn name_of(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

/// Every Rust file below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn every_worker_keeps_the_rules_of_its_folder() {
    let found: Vec<String> =
        workers(&checkout()).iter().flat_map(|folder| folders::violations(folder)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn crates_depend_one_way() {
    let found = crates::violations(&checkout());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_topology_and_the_folders_name_the_same_workers() {
    let root = checkout();
    let folders: Vec<PathBuf> = workers(&root);
    let mut folders: Vec<&str> = folders.iter().map(|folder| name_of(folder)).collect();
    let mut kinds: Vec<&str> = queue_topology::WorkerKind::ALL.iter().map(|k| k.name()).collect();
    folders.sort_unstable();
    kinds.sort_unstable();
    assert_eq!(folders, kinds);
}
