//! The rules find what is planted: a rule that finds nothing is no rule.

use std::path::Path;

use crate::{crates, folders};

/// A file of a checkout that is not there.
fn plant(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[track_caller]
fn has(found: &[String], expected: &str) {
    assert!(found.iter().any(|it| it.contains(expected)), "{expected}: {found:#?}");
}

#[test]
fn a_careless_worker_is_found_out() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    plant(root, "workers/careless/Cargo.toml", "[package]\nname = \"other\"\n");
    plant(root, "workers/careless/README.md", "# careless\n\n## Consumes\n\n## Tables\n");
    plant(root, "workers/careless/src/main.rs", "use sea_orm::Value;\n");
    plant(root, "workers/careless/src/store/rows.rs", "use sea_orm::Value;\n");
    plant(root, "workers/careless/src/decide.rs", "//! No tokio.\n");
    plant(root, "workers/careless/src/decide/late.rs", "let now = Timestamp::now();\n");

    let found = folders::violations(&root.join("workers/careless"));
    for missing in ["src/worker.rs", "src/store.rs", "src/settings.rs", "src/tests.rs"] {
        has(&found, &format!("has no {missing}"));
    }
    has(&found, "another name than its folder");
    for silent in ["what it produces", "what each failure means", "a runbook"] {
        has(&found, &format!("does not tell {silent}"));
    }
    has(&found, "late.rs names ::now()");
    has(&found, "main.rs names sea_orm");
    assert_eq!(found.len(), 10, "{found:#?}");
}

#[test]
fn dependencies_that_point_the_wrong_way_are_found() {
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    let manifest = |name: &str, rest: &str| {
        plant(root, &format!("{name}/Cargo.toml"), &format!("[package]\nname = \"x\"\n{rest}"));
    };
    manifest("workers/one", "[dependencies]\ntwo = { path = \"../two\" }\n");
    manifest("workers/two", "[dev-dependencies]\ntestkit = { workspace = true }\n");
    manifest("workers/three", "[dependencies]\ntestkit = { workspace = true }\n");
    manifest("shared/contracts", "[dependencies]\ntokio.workspace = true\n");
    manifest("shared/store", "[dependencies.broker]\nworkspace = true\n");
    manifest(
        "shared/pacing",
        "[target.'cfg(unix)'.dependencies]\ncontracts = { workspace = true }\n",
    );

    let found = crates::violations(root);
    has(&found, "one depends on two");
    has(&found, "three depends on testkit");
    has(&found, "contracts depends on tokio");
    has(&found, "store depends on broker");
    has(&found, "pacing depends on contracts");
    assert_eq!(found.len(), 5, "{found:#?}");
}
