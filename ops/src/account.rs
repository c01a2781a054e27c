//! `dray user`, `dray token` and `dray keys`: accounts, tokens and signing keys, all by asking identity.
//!
//! Passwords are typed unseen or read from standard input, never taken as an argument: arguments stand in
//! process lists and shell histories. Never here: what a good password is.

use std::io::{IsTerminal as _, Read as _};
use std::time::Duration;

use clap::{Args, Subcommand};
use contracts::{
    AccountName, AccountStanding, AskIdentity, Hidden, IdentityAnswer, Merchant, PublicKey, Role,
};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;

use crate::error::{CommandError, Exit, Result};
use crate::operator::Operator;
use crate::output::{Output, Table, cell};
use crate::site::Site;

/// No password is longer, in bytes.
const INPUT_MAX_BYTES: u64 = 4_096;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account; its password is asked for, or read from standard input
    Add(AddArgs),
    /// All accounts
    List(Wait),
    /// End an account's sessions and let it begin no more
    Disable(WhichUser),
    /// Let an account sign in again
    Enable(WhichUser),
    /// Give an account another password; asked for, or read from standard input
    Passwd(WhichUser),
    /// Give an account another role
    Role(RoleArgs),
    /// End an account's sessions
    Revoke(WhichUser),
}

/// What to do with signing keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// The public keys that tokens are verified with
    List(Wait),
    /// Sign with a new key; tokens of the old one stay good until they expire
    Rotate(RotateArgs),
}

/// How long to wait for the answer.
#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Seconds to wait for the answer
    #[arg(long, default_value_t = 10)]
    wait: u64,
}

/// Which account.
#[derive(Debug, Args)]
pub(crate) struct WhichUser {
    /// Its name
    #[arg(value_parser = |text: &str| AccountName::new(text).map_err(|error| error.to_string()))]
    name: AccountName,
    #[command(flatten)]
    wait: Wait,
}

/// Arguments of `role`.
#[derive(Debug, Args)]
pub(crate) struct RoleArgs {
    #[command(flatten)]
    which: WhichUser,
    #[command(flatten)]
    role: Permitted,
}

/// Arguments of `add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    #[command(flatten)]
    which: WhichUser,
    #[command(flatten)]
    role: Permitted,
}

/// What an account may do.
#[derive(Debug, Args)]
pub(crate) struct Permitted {
    /// customer, merchant, cs_agent, cs_supervisor, dispatcher, warehouse, operator or admin
    #[arg(long, value_parser = role)]
    role: Role,
    /// With the role merchant: whose goods alone it may touch
    #[arg(long, value_parser = |text: &str| Merchant::new(text).map_err(|error| error.to_string()))]
    merchant: Option<Merchant>,
}

/// Arguments of `keys rotate`.
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    /// Void all tokens of older keys at once: for a key that leaked
    #[arg(long)]
    at_once: bool,
    #[command(flatten)]
    wait: Wait,
}

fn role(text: &str) -> std::result::Result<Role, serde::de::value::Error> {
    Role::deserialize(text.into_deserializer())
}

/// Runs `dray user`.
pub(crate) async fn user(command: UserCommand, site: &Site, output: Output) -> Result<()> {
    let (ask, wait) = match command {
        UserCommand::List(wait) => return list(&wait, site, output).await,
        UserCommand::Add(AddArgs { which, role }) => {
            let WhichUser { name, wait } = which;
            let Permitted { role, merchant } = role;
            (AskIdentity::AddAccount { name, password: password()?, role, merchant }, wait)
        }
        UserCommand::Disable(WhichUser { name, wait }) => {
            (AskIdentity::DisableAccount { name }, wait)
        }
        UserCommand::Enable(WhichUser { name, wait }) => {
            (AskIdentity::EnableAccount { name }, wait)
        }
        UserCommand::Passwd(WhichUser { name, wait }) => {
            (AskIdentity::SetPassword { name, password: password()? }, wait)
        }
        UserCommand::Role(RoleArgs { which: WhichUser { name, wait }, role }) => {
            let Permitted { role, merchant } = role;
            (AskIdentity::SetRole { name, role, merchant }, wait)
        }
        UserCommand::Revoke(WhichUser { name, wait }) => {
            (AskIdentity::RevokeSessions { name }, wait)
        }
    };
    let answer = asked(&ask, &wait, site).await?;
    let IdentityAnswer::Account(account) = answer else {
        return Err(unexpected());
    };
    output.result(&account, || {
        let state = if account.disabled { "disabled" } else { "enabled" };
        format!("{} is {state}, version {}\n", account.name.as_str(), account.version)
    })
}

async fn list(wait: &Wait, site: &Site, output: Output) -> Result<()> {
    let IdentityAnswer::Accounts { accounts } =
        asked(&AskIdentity::Accounts {}, wait, site).await?
    else {
        return Err(unexpected());
    };
    output.result(&accounts, || {
        let mut table = Table::new(&["name", "role", "merchant", "state", "changed"]);
        for account in &accounts {
            table.row(cells(account));
        }
        let none = "no accounts: `dray user add NAME --role admin` makes the first\n";
        if table.is_empty() { none.to_owned() } else { table.render(output) }
    })
}

fn cells(account: &AccountStanding) -> [String; 5] {
    let role = serde_json::to_value(account.role).ok();
    [
        account.name.as_str().to_owned(),
        cell(role.as_ref().and_then(|role| role.as_str())),
        cell(account.merchant.as_ref().map(|merchant| merchant.as_str())),
        if account.disabled { "disabled" } else { "enabled" }.to_owned(),
        account.updated_at.as_datetime().format("%F %T").to_string(),
    ]
}

/// Runs `dray token`.
pub(crate) async fn token(args: WhichUser, site: &Site, output: Output) -> Result<()> {
    let WhichUser { name, wait } = args;
    let answer = asked(&AskIdentity::IssueToken { name }, &wait, site).await?;
    let IdentityAnswer::Token { access_token, .. } = &answer else {
        return Err(unexpected());
    };
    output.result(&answer, || access_token.expose().to_owned())
}

/// Runs `dray keys`.
pub(crate) async fn keys(command: KeysCommand, site: &Site, output: Output) -> Result<()> {
    let (ask, wait) = match command {
        KeysCommand::List(wait) => (AskIdentity::PublicKeys {}, wait),
        KeysCommand::Rotate(RotateArgs { at_once, wait }) => {
            (AskIdentity::RotateKeys { at_once }, wait)
        }
    };
    let IdentityAnswer::PublicKeys { keys, .. } = asked(&ask, &wait, site).await? else {
        return Err(unexpected());
    };
    output.result(&keys, || {
        let mut table = Table::new(&["key", "does", "public"]);
        for (place, PublicKey { kid, x, .. }) in keys.iter().enumerate() {
            let does = if place == 0 { "signs" } else { "verifies" };
            table.row([kid.clone(), does.to_owned(), x.clone()]);
        }
        table.render(output)
    })
}

/// Asks identity; its "no" is an error.
async fn asked(ask: &AskIdentity, wait: &Wait, site: &Site) -> Result<IdentityAnswer> {
    let mut operator = Operator::connect(site).await?;
    let wait = Duration::from_secs(wait.wait);
    let answer: IdentityAnswer = operator.answer_of("identity", ask, wait).await?;
    operator.close().await;
    let IdentityAnswer::Refused { refusal, retry_after_s } = answer else {
        return Ok(answer);
    };
    let mut message = format!("{}: {}", refusal.code, refusal.detail);
    if let Some(seconds) = retry_after_s {
        message.push_str(&format!(" (again in {seconds} s)"));
    }
    let exit = if refusal.code == "FORBIDDEN" { Exit::NoPermission } else { Exit::Data };
    Err(CommandError::new(exit, message))
}

fn unexpected() -> CommandError {
    CommandError::new(Exit::Software, "identity answers something else than what was asked")
}

/// The password: typed twice and unseen at a terminal, else the first line of standard input.
fn password() -> Result<Hidden> {
    if std::io::stdin().is_terminal() {
        return typed();
    }
    let mut text = String::new();
    let read = std::io::stdin().lock().take(INPUT_MAX_BYTES).read_to_string(&mut text);
    read.map_err(|error| {
        CommandError::new(Exit::NoInput, format!("cannot read the password: {error}"))
    })?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Hidden::new(line)),
        Some(_) | None => {
            let message =
                "no password on standard input: write it there, or call this at a terminal";
            Err(CommandError::new(Exit::NoInput, message))
        }
    }
}

fn typed() -> Result<Hidden> {
    let terminal = console::Term::stderr();
    let ask = |prompt: &str| {
        let shown = terminal.write_str(prompt);
        shown.and_then(|()| terminal.read_secure_line()).map_err(|error| {
            CommandError::new(Exit::NoInput, format!("cannot read the password: {error}"))
        })
    };
    let first = ask("password: ")?;
    if ask("once more: ")? != first {
        return Err(CommandError::new(Exit::Data, "the two are not the same: nothing was changed"));
    }
    Ok(Hidden::new(first))
}
