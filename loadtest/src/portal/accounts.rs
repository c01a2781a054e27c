//! The accounts that the load signs in with: made by `dray user add` with a password of this run, as an operator
//! would.
//!
//! What lives here: making them. What never does: a token.

use std::process::Stdio;

use settings::Secret;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::processes::Home;
use super::tokens::By;
use super::{PortalArgs, PortalError};

/// Somebody who signs in.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) by: By,
    pub(crate) name: String,
    pub(crate) password: Secret,
}

/// The account that was named, or one of staff and one a merchant, each with a new random password. Accounts of an
/// earlier run get the new password.
pub(crate) async fn of(
    args: &PortalArgs,
    home: &Home,
    merchants: &[String],
) -> Result<Vec<Account>, PortalError> {
    if let (Some(name), Some(password)) = (&args.login, &args.password) {
        let account = |by| Account { by, name: name.clone(), password: password.clone() };
        // an administrator sees the list of a merchant, too
        let merchants = (0..merchants.len()).map(By::Merchant);
        return Ok(std::iter::once(By::Staff).chain(merchants).map(account).collect());
    }
    let mut accounts =
        vec![account(home, By::Staff, "loadtest-staff", &["--role", "admin"]).await?];
    for (number, merchant) in merchants.iter().enumerate() {
        let name = format!("loadtest-merchant-{}", merchant.to_ascii_lowercase());
        let role = ["--role", "merchant", "--merchant", merchant];
        accounts.push(account(home, By::Merchant(number), &name, &role).await?);
    }
    Ok(accounts)
}

async fn account(home: &Home, by: By, name: &str, role: &[&str]) -> Result<Account, PortalError> {
    let password = format!("{}-{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
    let add: Vec<&str> = ["user", "add", name].into_iter().chain(role.iter().copied()).collect();
    let made = dray(home, &add, &password).await?;
    let made = match made {
        Err(said) if said.contains("ACCOUNT_EXISTS") => {
            dray(home, &["user", "passwd", name], &password).await?
        }
        made => made,
    };
    made.map_err(|said| PortalError::Account { name: name.to_owned(), said })?;
    Ok(Account { by, name: name.to_owned(), password: Secret::new(password) })
}

/// Calls the program with the password on its standard input; the inner error is what it said.
async fn dray(
    home: &Home,
    arguments: &[&str],
    password: &str,
) -> Result<Result<(), String>, PortalError> {
    let program = home.program("dray");
    let failed = |error: std::io::Error| {
        PortalError::System(format!("{} {}: {error}", program.display(), arguments.join(" ")))
    };
    let mut command = Command::new(&program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(format!("{password}\n").as_bytes()).await.map_err(failed)?;
    }
    let output = child.wait_with_output().await.map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(if output.status.success() { Ok(()) } else { Err(said) })
}
