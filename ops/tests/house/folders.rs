//! What a worker's folder holds, and what its files may name.

use std::path::Path;

use crate::{name_of, sources};

const FILES: [&str; 8] = [
    "Cargo.toml",
    "README.md",
    "src/main.rs",
    "src/worker.rs",
    "src/decide.rs",
    "src/store.rs",
    "src/settings.rs",
    "src/tests.rs",
];

/// Who may do without a file, and why.
const EXCEPTIONS: [(&str, &str, &str); 6] = [
    ("query-desk", "src/worker.rs", "it answers questions (desk.rs): there is no batch to work on"),
    ("query-desk", "src/decide.rs", "it shows what others decided"),
    (
        "hotfolder-ingest",
        "src/worker.rs",
        "it is an ingress (ingest.rs, desk.rs): files, not a queue, drive it",
    ),
    (
        "portal-shim",
        "src/worker.rs",
        "it is an ingress (gateway.rs): requests, not a queue, drive it",
    ),
    ("portal-shim", "src/decide.rs", "it decides nothing: the fleet does"),
    ("portal-shim", "src/store.rs", "it has no database"),
];

/// What a README has to tell, and how the line begins that tells it (a cell may stand anywhere in it),
/// in lower case.
const SECTIONS: [(&str, &[&str]); 5] = [
    ("what it consumes", &["## consumes", "| consumes |"]),
    ("what it produces", &["## produces", "| produces |"]),
    ("its tables", &["## tables", "| tables |", "tables:", "table:"]),
    ("what each failure means", &["## what each failure means"]),
    ("a runbook", &["## runbook"]),
];

/// What a decision has no use for: it is given the time, and everything else.
const IMPURE: [&str; 11] = [
    "::now()",
    "std::env",
    "std::fs",
    "std::net",
    "std::time::Instant",
    "rand::",
    "now_v7(",
    "new_v4(",
    "MessageId::generate",
    "sea_orm",
    "tokio",
];

/// Every broken rule, as a sentence.
pub(crate) fn violations(folder: &Path) -> Vec<String> {
    let mut found = missing_files(folder);
    found.extend(crate_name(folder));
    found.extend(readme(folder));
    found.extend(impure_decisions(folder));
    found.extend(strange_stores(folder));
    found
}

fn missing_files(folder: &Path) -> Vec<String> {
    let worker = name_of(folder);
    let excepted =
        |file: &str| EXCEPTIONS.iter().any(|(who, what, _)| *who == worker && *what == file);
    let missing = FILES.iter().filter(|file| !folder.join(file).is_file() && !excepted(file));
    missing.map(|file| format!("workers/{worker} has no {file}")).collect()
}

fn crate_name(folder: &Path) -> Option<String> {
    let worker = name_of(folder);
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let line = format!("name = \"{worker}\"");
    (!manifest.lines().any(|it| it == line))
        .then(|| format!("workers/{worker}: the crate has another name than its folder"))
}

fn readme(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("README.md")).unwrap_or_default();
    let text = text.to_lowercase();
    let says = |line: &str, how: &str| {
        line.starts_with(how) || (how.starts_with('|') && line.contains(how))
    };
    let tells = |ways: &[&str]| text.lines().any(|line| ways.iter().any(|how| says(line, how)));
    let silent = SECTIONS.iter().filter(|(_, starts)| !tells(starts));
    silent
        .map(|(what, _)| format!("workers/{}/README.md does not tell {what}", name_of(folder)))
        .collect()
}

/// The code of a file: without comments.
fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

fn relative<'a>(folder: &Path, path: &'a Path) -> std::path::Display<'a> {
    path.strip_prefix(folder.parent().unwrap()).unwrap().display()
}

fn impure_decisions(folder: &Path) -> Vec<String> {
    let mut files = sources(&folder.join("src/decide"));
    files.extend(Some(folder.join("src/decide.rs")).filter(|file| file.is_file()));
    let mut found = Vec::new();
    for file in files {
        let code = code(&file);
        for word in IMPURE.iter().filter(|word| code.contains(**word)) {
            found.push(format!(
                "{} names {word}: a decision is given what it needs",
                relative(folder, &file)
            ));
        }
    }
    found
}

fn strange_stores(folder: &Path) -> Vec<String> {
    let src = folder.join("src");
    let is_store =
        |file: &Path| file.starts_with(src.join("store")) || *file == *src.join("store.rs");
    let strange = sources(&src).into_iter().filter(|file| !is_store(file));
    strange
        .filter(|file| code(file).contains("sea_orm"))
        .map(|file| format!("{} names sea_orm: only store files do", relative(folder, &file)))
        .collect()
}
