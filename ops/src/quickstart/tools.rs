//! The programs of `loadtest` that a quickstart uses: generators and the independent checker.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use super::QuickstartArgs;
use super::clean::DIRECTORY;
use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

/// Where the programs and the quickstart's own files lie.
#[derive(Debug)]
pub(super) struct Tools {
    program: PathBuf,
    site: Site,
}

/// What the fleet gets to work on.
#[derive(Debug)]
pub(super) struct Data {
    /// Tables of the network.
    pub(super) network: PathBuf,
    /// Directories with files.
    pub(super) inputs: Vec<PathBuf>,
}

impl Tools {
    /// `programs` is the directory with `loadtest`.
    pub(super) fn new(programs: PathBuf, site: &Site) -> Result<Self> {
        let program = programs.join("loadtest");
        if !program.is_file() {
            let message =
                format!("there is no {}: cargo build --release --workspace", program.display());
            return Err(CommandError::new(Exit::NoInput, message));
        }
        Ok(Self { program, site: site.clone() })
    }

    /// The hot folder of the quickstart: its own, so that a clean start deletes nobody's files.
    pub(super) fn hotfolder(&self) -> Result<PathBuf> {
        self.site.directory(&format!("{DIRECTORY}/hotfolder"))
    }

    /// What the arguments name, the rest generated.
    pub(super) async fn data(&self, args: &QuickstartArgs, output: Output) -> Result<Data> {
        let orders = args.orders.to_string();
        let network = match &args.network {
            Some(directory) => directory.clone(),
            None => {
                let out = self.site.directory(DIRECTORY)?.join("network");
                self.run(&["generate-network", "--orders", &orders, "--out", text(&out)?]).await?;
                out
            }
        };
        if !args.input.is_empty() {
            return Ok(Data { network, inputs: args.input.clone() });
        }
        output.note(&format!("generating a day of {orders} orders"));
        let out = self.site.directory(DIRECTORY)?.join("day");
        let seed = args.seed.to_string();
        let common = ["--orders", &orders, "--seed", &seed, "--network", text(&network)?];
        self.run(&[&["generate"][..], &common[..], &["--out", text(&out)?][..]].concat()).await?;
        Ok(Data { network, inputs: vec![out] })
    }

    /// Plays the sorting station and the road until everything with a place is at its door.
    pub(super) async fn deliver(&self, site: &Site, seed: u64) -> Result<Value> {
        let mut command = self.command(&["deliver", "--json", "--seed", &seed.to_string()]);
        for (name, user) in
            [("PARTNER_PSS_AMQP_URL", "partner-pss"), ("PARTNER_ODS_AMQP_URL", "partner-ods")]
        {
            let address = site.admin()?.logged_in_as(user, &site.broker_password(user)?);
            command.env(name, address.url());
        }
        let output = self.ended(command).await?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_no_report| failed("deliver", &output.stderr))
    }

    /// The checker's report: every invariant over database and queues.
    pub(super) async fn verify(&self, site: &Site) -> Result<Value> {
        let admin = site.admin()?.url();
        let output = self.start(&["verify", "--json"], Some(&admin)).await?;
        // exit code 1 with a report says that an invariant is broken: the report tells which
        serde_json::from_slice(&output.stdout)
            .map_err(|_no_report| failed("verify", &output.stderr))
    }

    /// One fingerprint of orders, waybills and quota, to compare two runs.
    pub(super) async fn digest(&self, site: &Site) -> Result<Value> {
        let admin = site.admin()?.url();
        let output = self.start(&["digest", "--json"], Some(&admin)).await?;
        serde_json::from_slice(&output.stdout)
            .map_err(|_no_report| failed("digest", &output.stderr))
    }

    async fn run(&self, arguments: &[&str]) -> Result<()> {
        let output = self.start(arguments, None).await?;
        if output.status.success() {
            return Ok(());
        }
        Err(failed(arguments.first().copied().unwrap_or_default(), &output.stderr))
    }

    async fn start(
        &self,
        arguments: &[&str],
        amqp_url: Option<&str>,
    ) -> Result<std::process::Output> {
        let mut command = self.command(arguments);
        if let Some(url) = amqp_url {
            command.env("AMQP_URL", url);
        }
        self.ended(command).await
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    async fn ended(&self, mut command: Command) -> Result<std::process::Output> {
        let ended = command.output().await;
        ended.map_err(|error| CommandError::file("start", &self.program, &error))
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| {
        CommandError::new(
            Exit::Usage,
            format!("{} is not UTF-8: use another directory", path.display()),
        )
    })
}

fn failed(what: &str, stderr: &[u8]) -> CommandError {
    let said = String::from_utf8_lossy(stderr);
    CommandError::new(Exit::Unavailable, format!("loadtest {what} failed: {}", said.trim()))
}
