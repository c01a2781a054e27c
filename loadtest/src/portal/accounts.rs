//! The accounts that the load signs in with: made by `dray user add` with a password of this run, as an operator
//! would, and disabled when the run ends, so that nobody is left who may do everything.
//!
//! What lives here: making and disabling them. What never does: a token.

use std::process::Stdio;

use pacing::Backoff;
use settings::Secret;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::processes::Home;
use super::tokens::By;
use super::{PortalArgs, PortalError};

/// Identity may have been killed a moment ago.
const TRIES: u32 = 5;

/// Somebody who signs in.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) by: By,
    pub(crate) name: String,
    pub(crate) password: Secret,
}

/// Everybody who signs in, and who of them has to be disabled again.
#[derive(Debug)]
pub(crate) struct Accounts {
    home: Home,
    all: Vec<Account>,
    made: Vec<String>,
}

impl Accounts {
    /// The account that was named, or one of staff and one a merchant, each with a new random password. Accounts of
    /// an earlier run get the new password and are enabled again.
    pub(crate) async fn open(
        args: &PortalArgs,
        home: &Home,
        merchants: &[String],
    ) -> Result<Self, PortalError> {
        let mut accounts = Self { home: home.clone(), all: Vec::new(), made: Vec::new() };
        if let (Some(name), Some(password)) = (&args.login, &args.password) {
            let account = |by| Account { by, name: name.clone(), password: password.clone() };
            // an administrator sees the list of a merchant, too
            let merchants = (0..merchants.len()).map(By::Merchant);
            accounts.all = std::iter::once(By::Staff).chain(merchants).map(account).collect();
            return Ok(accounts);
        }
        match accounts.make_all(merchants).await {
            Ok(()) => Ok(accounts),
            Err(error) => {
                accounts.close().await;
                Err(error)
            }
        }
    }

    async fn make_all(&mut self, merchants: &[String]) -> Result<(), PortalError> {
        self.make(By::Staff, "loadtest-staff", &["--role", "admin"]).await?;
        for (number, merchant) in merchants.iter().enumerate() {
            let name = format!("loadtest-merchant-{}", merchant.to_ascii_lowercase());
            let role = ["--role", "merchant", "--merchant", merchant];
            self.make(By::Merchant(number), &name, &role).await?;
        }
        Ok(())
    }

    async fn make(&mut self, by: By, name: &str, role: &[&str]) -> Result<(), PortalError> {
        // noted before it is there: what is made half is disabled, too
        self.made.push(name.to_owned());
        let password = account(&self.home, name, role).await?;
        self.all.push(Account { by, name: name.to_owned(), password });
        Ok(())
    }

    /// Everybody who signs in.
    pub(crate) fn all(&self) -> &[Account] {
        &self.all
    }

    /// Disables what was made. Whoever cannot be disabled is named on standard error.
    pub(crate) async fn close(self) {
        for name in &self.made {
            if let Err(error) = disable(&self.home, name).await {
                eprintln!("loadtest: {error}; end it with `dray user disable {name}`");
            }
        }
    }
}

async fn account(home: &Home, name: &str, role: &[&str]) -> Result<Secret, PortalError> {
    let password = format!("{}-{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let add: Vec<&str> = ["user", "add", name].into_iter().chain(role.iter().copied()).collect();
    let failed = |said| PortalError::Account { name: name.to_owned(), said };
    match dray(home, &add, Some(&password)).await? {
        Err(said) if said.contains("ACCOUNT_EXISTS") => {
            dray(home, &["user", "passwd", name], Some(&password)).await?.map_err(failed)?;
            dray(home, &["user", "enable", name], None).await?.map_err(failed)?;
        }
        made => made.map_err(failed)?,
    }
    Ok(Secret::new(password))
}

async fn disable(home: &Home, name: &str) -> Result<(), PortalError> {
    let mut backoff = Backoff::reconnect();
    let mut last = String::new();
    for _ in 0..TRIES {
        match dray(home, &["user", "disable", name], None).await? {
            Ok(()) => return Ok(()),
            // it never came to be
            Err(said) if said.contains("UNKNOWN_ACCOUNT") => return Ok(()),
            Err(said) => last = said,
        }
        backoff.wait().await;
    }
    Err(PortalError::Account { name: name.to_owned(), said: last })
}

/// Calls the program, with a password on its standard input where it wants one; the inner error is what it said.
async fn dray(
    home: &Home,
    arguments: &[&str],
    password: Option<&str>,
) -> Result<Result<(), String>, PortalError> {
    let program = home.program("dray");
    let failed = |error: std::io::Error| {
        PortalError::System(format!("{} {}: {error}", program.display(), arguments.join(" ")))
    };
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let (Some(mut input), Some(password)) = (child.stdin.take(), password) {
        input.write_all(format!("{password}\n").as_bytes()).await.map_err(failed)?;
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(if output.status.success() { Ok(()) } else { Err(said) })
}
