//! Programs of the fleet as they are deployed, on a stage: each its own process with its own broker user's
//! rights, which says itself where it is to be reached. What a kind needs beyond that, the test adds.

use std::fs::{File, read_to_string};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use queue_topology::WorkerKind;
use tokio::process::{Child, Command};
use tokio::task::block_in_place;

use crate::{Stage, eventually};

/// Programs that run; they are killed when this is dropped.
#[derive(Debug)]
pub struct Programs {
    directory: PathBuf,
    running: Vec<(WorkerKind, Child)>,
}

impl Programs {
    /// Starts the programs of these kinds that lie beside the program `beside`, and waits until every one
    /// is ready. The stage has to be made [`Stage::with_users`] of these kinds at least; the addresses and
    /// the logs go into `directory`; `add` sets what a kind needs more. Needs a multi-threaded runtime.
    ///
    /// # Panics
    /// When a program is not there, ends, or is not ready within [`crate::DEADLINE`].
    pub async fn start(
        stage: &Stage,
        kinds: &[WorkerKind],
        beside: &Path,
        directory: &Path,
        add: impl Fn(WorkerKind, &mut Command),
    ) -> Self {
        let mut programs = Self { directory: directory.to_owned(), running: Vec::new() };
        for kind in kinds {
            let mut command = programs.command(stage, *kind, &beside.with_file_name(kind.name()));
            add(*kind, &mut command);
            let child = command.spawn();
            let child = child.unwrap_or_else(|error| panic!("{}: {error}", kind.name()));
            programs.running.push((*kind, child));
        }
        programs.until_ready().await;
        programs
    }

    /// Everything that the program of that kind wrote to its log.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn log(&self, kind: WorkerKind) -> String {
        read_to_string(self.file(kind, "log")).unwrap()
    }

    /// Where the portal serves: `http://127.0.0.1:PORT`.
    ///
    /// # Panics
    /// When it was not started.
    #[must_use]
    pub fn portal(&self) -> String {
        let address = read_to_string(self.file(WorkerKind::PortalShim, "listen")).unwrap();
        format!("http://{}", address.trim())
    }

    /// Kills them all.
    ///
    /// # Panics
    /// When one cannot be killed.
    pub async fn kill(self) {
        for (_, mut child) in self.running {
            child.kill().await.unwrap();
        }
    }

    fn file(&self, kind: WorkerKind, suffix: &str) -> PathBuf {
        file(&self.directory, kind, suffix)
    }

    fn command(&self, stage: &Stage, kind: WorkerKind, program: &Path) -> Command {
        assert!(
            program.is_file(),
            "there is no {}: run ops/test, or cargo build --workspace --bins",
            program.display()
        );
        let log = File::create(self.file(kind, "log")).unwrap();
        let mut command = Command::new(program);
        command
            .env("AMQP_URL", stage.amqp_url_as(&kind.user()))
            .env("DRAY_ADMIN_ADDR", "127.0.0.1:0")
            .env("DRAY_ADMIN_ADDR_FILE", self.file(kind, "addr"))
            .env("DRAY_INSTANCE", "1-test")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true);
        if kind.has_database() {
            command.env("DATABASE_URL", stage.database_url()).env("REDIS_URL", stage.redis_url());
        } else {
            command.env_remove("DATABASE_URL").env_remove("REDIS_URL");
        }
        if kind == WorkerKind::PortalShim {
            command
                .env("DRAY_PORTAL_LISTEN", "127.0.0.1:0")
                .env("DRAY_PORTAL_LISTEN_FILE", self.file(kind, "listen"));
        }
        command
    }

    async fn until_ready(&mut self) {
        for (kind, child) in &mut self.running {
            let name = kind.name();
            let file = |suffix: &str| file(&self.directory, *kind, suffix);
            eventually(&format!("{name} is ready"), async || {
                if let Some(status) = child.try_wait().unwrap() {
                    let said = read_to_string(file("log")).unwrap_or_default();
                    panic!("{name} ended with {status}: {said}");
                }
                let address = read_to_string(file("addr")).ok()?;
                let url = format!("http://{}/ready", address.trim());
                block_in_place(|| ureq::get(&url).call()).ok().map(drop)
            })
            .await;
        }
    }
}

fn file(directory: &Path, kind: WorkerKind, suffix: &str) -> PathBuf {
    directory.join(format!("{}.{suffix}", kind.name()))
}
