//! `dray config`: which settings a worker of this machine would start with, which an operator stored,
//! and whether they can be used.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use clap::{Args, Parser, Subcommand};
use contracts::LaneSettings;
use queue_topology::WorkerKind;
use serde::Serialize;
use settings::{Effective, PlanningSettings, Source, WorkerSettings, effective, try_load};

use crate::error::{CommandError, Exit, Result};
use crate::fleet::{running_environment, worker};
use crate::output::{Output, Table, Tone, cell};
use crate::site::{Site, required};

/// What to do with settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Show the settings in force, who set them, and what operators stored
    Show(ShowArgs),
    /// Check that everything is set and can be used; changes nothing, connects to nothing
    Check,
}

/// Arguments of `show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// One worker; without it, what all have in common
    #[arg(value_parser = worker)]
    worker: Option<WorkerKind>,
}

/// What every worker is started with.
#[derive(Debug, Parser)]
struct Common {
    #[command(flatten)]
    worker: WorkerSettings,
}

/// What adra-assigner is started with.
#[derive(Debug, Parser)]
#[allow(dead_code, reason = "only its options are looked at, never their values")]
struct Planner {
    #[command(flatten)]
    worker: WorkerSettings,
    #[command(flatten)]
    planning: PlanningSettings,
}

/// Runs one of them.
pub(crate) async fn run(command: ConfigCommand, site: &Site, output: Output) -> Result<()> {
    match command {
        ConfigCommand::Show(args) => show(args.worker, site, output).await,
        ConfigCommand::Check => check(site, output),
    }
}

#[derive(Debug, Serialize)]
struct Shown {
    worker: Option<&'static str>,
    settings: Vec<Effective>,
    /// What an operator stored; it wins over the settings.
    stored: Option<Stored>,
    /// Settings of the running process that only this worker has, and those that differ from the above.
    running: Vec<Running>,
}

#[derive(Debug, Serialize)]
struct Stored {
    version: u64,
    #[serde(flatten)]
    settings: LaneSettings,
}

#[derive(Debug, Serialize)]
struct Running {
    instance: String,
    env: String,
    value: String,
}

async fn show(kind: Option<WorkerKind>, site: &Site, output: Output) -> Result<()> {
    let program: [OsString; 1] = ["dray".into()];
    let settings = match kind {
        Some(WorkerKind::AdraAssigner) => effective::<Planner>(program),
        Some(_) | None => effective::<Common>(program),
    };
    let mut settings = settings.map_err(|error| unusable(&error))?;
    let mut stored = None;
    let mut running = Vec::new();
    if let Some(kind) = kind {
        let address = site.worker(kind)?;
        for setting in settings.iter_mut().filter(|s| s.env.as_deref() == Some("AMQP_URL")) {
            setting.value = Some(format!("{address:?}"));
        }
        running = of_running(kind, site, &settings)?;
        let row = store::settings::read(&site.database().await?, kind.name()).await?;
        stored = row.map(|row| Stored { version: row.version, settings: row.settings });
    }
    let shown = Shown { worker: kind.map(WorkerKind::name), settings, stored, running };
    output.result(&shown, || text(&shown, output))
}

fn of_running(kind: WorkerKind, site: &Site, known: &[Effective]) -> Result<Vec<Running>> {
    let mut running = Vec::new();
    for (instance, environment) in running_environment(kind, site)? {
        for (env, value) in environment {
            let same = known.iter().any(|setting| {
                setting.env.as_deref() == Some(&env) && setting.value.as_deref() == Some(&value)
            });
            if env.starts_with("DRAY_") && !same {
                running.push(Running { instance: instance.clone(), env, value });
            }
        }
    }
    Ok(running)
}

fn unusable(error: &clap::Error) -> CommandError {
    let text = error.to_string();
    CommandError::new(Exit::Config, text.trim_start_matches("error: ").trim_end().to_owned())
}

fn text(shown: &Shown, output: Output) -> String {
    let mut table = Table::new(&["setting", "variable", "value", "set by"]);
    for setting in &shown.settings {
        let source = match setting.source {
            Source::CommandLine => "command line",
            Source::Environment => "environment",
            Source::Default => "default",
            Source::Unset => "nobody",
        };
        table.row([
            setting.name.clone(),
            cell(setting.env.as_ref()),
            cell(setting.value.as_ref()),
            source.to_owned(),
        ]);
    }
    let mut text = table.render(output);
    if let Some(Stored { version, settings }) = &shown.stored {
        let limits = [
            ("concurrency", settings.concurrency.map(|n| n.to_string())),
            ("batch_max", settings.batch_max.map(|n| n.to_string())),
            ("prefetch", settings.prefetch.map(|n| n.to_string())),
            ("rate_per_second", settings.rate_per_second.map(|n| n.to_string())),
            ("paused", settings.paused.then(|| "yes".to_owned())),
        ];
        let set = limits
            .into_iter()
            .filter_map(|(name, value)| value.map(|value| format!("{name} {value}")));
        let set: Vec<String> = set.collect();
        text.push_str(&format!(
            "\nstored by an operator (version {version}): {}\n",
            set.join(", ")
        ));
    }
    if !shown.running.is_empty() {
        let mut table = Table::new(&["running instance", "variable", "value"]);
        for Running { instance, env, value } in &shown.running {
            table.row([instance.clone(), env.clone(), value.clone()]);
        }
        text.push_str(&format!("\n{}", table.render(output)));
    }
    text
}

/// One thing that was checked.
#[derive(Debug, Serialize)]
struct Checked {
    what: &'static str,
    problem: Option<String>,
}

fn check(site: &Site, output: Output) -> Result<()> {
    let problem = |checked: Result<()>| checked.err().map(|error| error.to_string());
    let checks = [
        Checked { what: "settings of the workers", problem: problem(check_worker_settings()) },
        Checked { what: "AMQP_MANAGEMENT_URL", problem: problem(check_management(site)) },
        Checked { what: "DATABASE_OWNER_URL", problem: problem(site.owner_url().map(|_| ())) },
        Checked { what: "secret", problem: problem(check_secret()) },
        Checked { what: "hot folder", problem: problem(check_hotfolder(site)) },
    ];
    output.result(&checks, || {
        let mut table = Table::new(&["what", "verdict"]);
        for checked in &checks {
            let verdict = match &checked.problem {
                None => output.paint(Tone::Good, "can be used"),
                Some(problem) => output.paint(Tone::Bad, problem),
            };
            table.row([checked.what.to_owned(), verdict]);
        }
        table.render(output)
    })?;
    match checks.iter().filter(|checked| checked.problem.is_some()).count() {
        0 => Ok(()),
        count => Err(CommandError::new(Exit::Config, format!("{count} settings cannot be used"))),
    }
}

fn check_worker_settings() -> Result<()> {
    let program: [OsString; 1] = ["dray".into()];
    let common: Common = try_load(program).map_err(|error| unusable(&error))?;
    Ok(common.worker.check()?)
}

fn check_management(site: &Site) -> Result<()> {
    crate::management::Management::new(site.management_url()?.expose()).map(|_| ())
}

/// Everything is derived from it: nobody else may read it.
fn check_secret() -> Result<()> {
    let path = required("DRAY_SECRET_FILE")?;
    let path = Path::new(&path);
    let metadata =
        std::fs::metadata(path).map_err(|error| CommandError::file("read", path, &error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let message =
            format!("{} may be read by others (mode {mode:o}): chmod 600 it", path.display());
        return Err(CommandError::new(Exit::Config, message));
    }
    Ok(())
}

fn check_hotfolder(site: &Site) -> Result<()> {
    let root = site.hotfolder()?;
    if !root.exists() {
        return Ok(()); // `fleet up` makes it
    }
    rustix::fs::access(&root, rustix::fs::Access::WRITE_OK).map_err(|error| {
        let message =
            format!("{} cannot be written: {error}: correct its owner or rights", root.display());
        CommandError::new(Exit::Config, message)
    })
}
