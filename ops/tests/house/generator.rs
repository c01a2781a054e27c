//! A generated worker keeps the rules of the house. That it compiles and passes its own tests takes
//! minutes and an edited topology, so here its files are only parsed and held against rustfmt.

use std::path::Path;
use std::process::{Command, Output};

use crate::{checkout, folders, sources};

/// What the generator looks for in a checkout.
fn bare_checkout() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for folder in ["workers", "queue-topology"] {
        std::fs::create_dir(root.path().join(folder)).unwrap();
    }
    std::fs::copy(checkout().join("deny.toml"), root.path().join("deny.toml")).unwrap();
    root
}

fn new_worker(root: &Path, name: &str) -> Output {
    let mut dray = Command::new(env!("CARGO_BIN_EXE_dray"));
    dray.args(["worker", "new", name, "--json", "--checkout"]).arg(root);
    dray.output().unwrap()
}

#[test]
fn a_generated_worker_keeps_the_rules() {
    let root = bare_checkout();
    let made = new_worker(root.path(), "returns-desk");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let json: serde_json::Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!(json["topology"].as_array().unwrap().len(), 7, "every match of the topology");

    let folder = root.path().join("workers/returns-desk");
    let found = folders::violations(&folder);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    for file in
        sources(&folder).iter().chain([&folder.join("README.md"), &folder.join("Cargo.toml")])
    {
        let text = std::fs::read_to_string(file).unwrap();
        assert!(!text.contains("{{"), "{}: a placeholder is left", file.display());
    }
    let deny = std::fs::read_to_string(root.path().join("deny.toml")).unwrap();
    assert!(deny.contains(",\n        \"returns-desk\",\n    ], reason"), "{deny}");
}

#[test]
fn generated_sources_are_formatted_rust() {
    let root = bare_checkout();
    assert!(new_worker(root.path(), "returns-desk").status.success());
    let files = sources(&root.path().join("workers/returns-desk"));
    assert_eq!(files.len(), 6);
    let mut rustfmt = Command::new("rustfmt");
    rustfmt.args(["--check", "--edition", "2024", "--config-path"]).arg(checkout());
    let checked = rustfmt.args(files).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn names_that_fit_no_queue_and_folders_that_are_there_are_refused() {
    let root = bare_checkout();
    for name in ["Returns", "returns_desk", "returns--desk", "9-desk", "wms-sync", ""] {
        assert_eq!(new_worker(root.path(), name).status.code(), Some(64), "{name:?}");
    }
    assert!(new_worker(root.path(), "returns-desk").status.success());
    assert_eq!(new_worker(root.path(), "returns-desk").status.code(), Some(64));
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(new_worker(nowhere.path(), "returns-desk").status.code(), Some(66));
}
