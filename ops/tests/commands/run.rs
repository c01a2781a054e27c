//! Calling the program with the addresses of a stage.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use testkit::Stage;
use tokio::process::Command;

/// A stage and a state directory: what one operator works with.
pub(crate) struct Operator {
    pub(crate) stage: Stage,
    pub(crate) state: tempfile::TempDir,
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Called {
    pub(crate) exit: i32,
    pub(crate) json: Value,
    pub(crate) said: String,
}

impl Operator {
    pub(crate) fn on(stage: Stage) -> Self {
        Self { stage, state: tempfile::tempdir().unwrap() }
    }

    /// The program, ready to be started with these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dray"));
        command
            .args(arguments)
            .arg("--json")
            .env("AMQP_URL", self.stage.amqp_url())
            .env("DATABASE_URL", self.stage.database_url())
            .env("DATABASE_OWNER_URL", self.stage.database_url())
            .env("DRAY_STATE_DIR", self.state.path())
            .env_remove("DRAY_HOTFOLDER")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    /// Calls the program and waits for its end.
    pub(crate) async fn dray(&self, arguments: &[&str]) -> Called {
        let output = self.command(arguments).output().await.unwrap();
        Called {
            exit: output.status.code().expect("it ended by itself"),
            json: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Calls the program, which must succeed.
    pub(crate) async fn ok(&self, arguments: &[&str]) -> Value {
        let called = self.dray(arguments).await;
        assert_eq!(called.exit, 0, "{arguments:?}: {}", called.said);
        called.json
    }

    /// The virtual host's name.
    pub(crate) fn vhost(&self) -> String {
        self.stage.amqp_url().rsplit_once('/').unwrap().1.to_owned()
    }
}

/// Calls the broker's management API; `path` is what follows `/api/`.
pub(crate) async fn management(method: &'static str, path: String, body: Value) {
    let url = settings::var("AMQP_MANAGEMENT_URL")
        .unwrap()
        .expect("run ops/test, or eval ops/services env");
    let (scheme, rest) = url.split_once("://").unwrap();
    let (login, place) = rest.rsplit_once('@').unwrap();
    let login = login.to_owned();
    let address = format!("{scheme}://{place}/api/{path}");
    tokio::task::spawn_blocking(move || {
        let authorization = format!("Basic {}", base64(login.as_bytes()));
        let answer = match method {
            "DELETE" => ureq::delete(&address).header("authorization", &authorization).call(),
            "PUT" => ureq::put(&address).header("authorization", &authorization).send_json(&body),
            _ => ureq::post(&address).header("authorization", &authorization).send_json(&body),
        };
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
    })
    .await
    .unwrap();
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let at = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let value = (bits >> (18 - 6 * digit)) & 63;
            let padding = digit as usize > group.len();
            text.push(if padding { '=' } else { char::from(LETTERS[value as usize]) });
        }
    }
    text
}

/// A file with this text.
pub(crate) fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
