//! `dray worker new`: the folder of a new worker, small and complete, and the topology entry to add.
//!
//! It is a command of this program, not a script beside it: here it has help, completions, `--json` and
//! tests like every other. Never here: what a worker's folder must hold (the test `house` says so).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use queue_topology::WorkerKind;
use serde::Serialize;

use crate::error::{CommandError, Exit, Result};
use crate::output::Output;

/// Most characters of a name: queue names and users are made of it.
const NAME_MAX: usize = 32;
/// Where `deny.toml` ends the list of crates that may name sea-orm.
const WRAPPERS_END: &str = "    ], reason = \"only what owns tables reaches the database\"";

const TEMPLATE: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("worker/template/Cargo.toml.template")),
    ("README.md", include_str!("worker/template/README.md.template")),
    ("src/main.rs", include_str!("worker/template/src/main.rs.template")),
    ("src/worker.rs", include_str!("worker/template/src/worker.rs.template")),
    ("src/decide.rs", include_str!("worker/template/src/decide.rs.template")),
    ("src/store.rs", include_str!("worker/template/src/store.rs.template")),
    ("src/settings.rs", include_str!("worker/template/src/settings.rs.template")),
    ("src/tests.rs", include_str!("worker/template/src/tests.rs.template")),
];

/// What to do about the binaries of the fleet.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkerCommand {
    /// Make the folder of a new worker that handles one message
    New(NewArgs),
}

/// Arguments of `new`.
#[derive(Debug, Args)]
pub(crate) struct NewArgs {
    /// Its name: folder, binary, queue prefix (lower case words joined by hyphens)
    name: String,
    /// The checkout to make it in
    #[arg(long, default_value = ".")]
    checkout: PathBuf,
}

/// What was made, and what is left to the author.
#[derive(Debug, Serialize)]
struct Made {
    folder: PathBuf,
    files: Vec<&'static str>,
    /// Lines to add to `worker.rs` (where it says no other file) of `queue-topology/src`: where, and what.
    topology: Vec<(String, String)>,
}

/// Runs it; needs neither broker nor database.
pub(crate) fn run(command: WorkerCommand, output: Output) -> Result<()> {
    let WorkerCommand::New(args) = command;
    check_name(&args.name)?;
    let made = make(&args)?;
    output.result(&made, || text(&made, &args.name))
}

fn check_name(name: &str) -> Result<()> {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    if name.len() > NAME_MAX || !name.split('-').all(word) {
        let message = format!(
            "{name:?} is no name of a worker: lower case words joined by hyphens, at most {NAME_MAX} characters"
        );
        return Err(CommandError::new(Exit::Usage, message));
    }
    if WorkerKind::parse(name).is_some() {
        let message = format!("there is a worker {name} already: choose another name");
        return Err(CommandError::new(Exit::Usage, message));
    }
    Ok(())
}

fn make(args: &NewArgs) -> Result<Made> {
    let root = &args.checkout;
    if !root.join("workers").is_dir() || !root.join("queue-topology").is_dir() {
        let message =
            format!("{} is no checkout: run this in one, or name it by --checkout", root.display());
        return Err(CommandError::new(Exit::NoInput, message));
    }
    let folder = root.join("workers").join(&args.name);
    if folder.exists() {
        let message = format!("{} is there already: nothing was changed", folder.display());
        return Err(CommandError::new(Exit::Usage, message));
    }
    let kind = kind_of(&args.name);
    for (file, template) in TEMPLATE {
        let text = template.replace("{{name}}", &args.name).replace("{{Kind}}", &kind);
        write(&folder.join(file), &text)?;
    }
    allow_database(root, &args.name)?;
    let files = TEMPLATE.iter().map(|(file, _)| *file).collect();
    Ok(Made { folder, files, topology: topology_entry(&args.name, &kind) })
}

/// `returns-desk` is `ReturnsDesk`.
fn kind_of(name: &str) -> String {
    let capitalised = |word: &str| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.split('-').map(capitalised).collect()
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, text))
        .map_err(|error| CommandError::file("write", path, &error))
}

/// Enters it among those who may name sea-orm.
fn allow_database(root: &Path, name: &str) -> Result<()> {
    let path = root.join("deny.toml");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| CommandError::file("read", &path, &error))?;
    let Some((before, after)) = text.split_once(WRAPPERS_END) else {
        let message = format!(
            "the folder is made, but {} has another form than expected: add {name:?} to the wrappers of sea-orm",
            path.display()
        );
        return Err(CommandError::new(Exit::Data, message));
    };
    write(&path, &format!("{before}        \"{name}\",\n{WRAPPERS_END}{after}"))
}

fn topology_entry(name: &str, kind: &str) -> Vec<(String, String)> {
    let count = WorkerKind::ALL.len() + 1;
    let entry = [
        ("enum WorkerKind", format!("{kind},")),
        ("const ALL", format!("Self::{kind},")),
        ("fn name", format!("Self::{kind} => \"{name}\",")),
        ("fn work_queues", format!("Self::{kind} => &[WorkQueue::Events],")),
        ("fn publishes", format!("Self::{kind} => vec![],")),
        ("bindings.rs, fn events", format!("WorkerKind::{kind} => vec![on::<c::WaybillHeld>()],")),
        (
            "bindings.rs, the other functions",
            format!("WorkerKind::{kind} among those that hear nothing there"),
        ),
    ];
    let place = |place: &str| match place {
        "const ALL" => format!("{place}, from now on of {count}"),
        other => other.to_owned(),
    };
    entry.into_iter().map(|(at, line)| (place(at), line)).collect()
}

fn text(made: &Made, name: &str) -> String {
    let mut text = format!("{} is made.\n\n", made.folder.display());
    text.push_str("Now its topology entry, in queue-topology/src, worker.rs where no other file is named:\n\n");
    for (place, line) in &made.topology {
        // writing to a String cannot fail
        let _infallible = writeln!(text, "  {place}:\n      {line}");
    }
    let _infallible = write!(
        text,
        "\nThen:\n  cargo run -p queue-topology --example write_definitions\n  \
         cargo nextest run -p {name} -p ops -p queue-topology\n  dray topology apply"
    );
    text
}
