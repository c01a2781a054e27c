//! The HTTP side of a quickstart: accounts made for this run, a waybill to look at, and requests to copy.
//!
//! Passwords are random and new in every run. They are shown to a person and kept in files that only their
//! owner reads, never in JSON. Never here: what the shim answers with.

mod requests;

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contracts::{AccountName, AskIdentity, Hidden, IdentityAnswer, Merchant, Role};
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde_json::json;
use store::NONE;
use uuid::Uuid;

use self::requests::Requests;
use super::clean::DIRECTORY;
use crate::error::{CommandError, Exit, Result};
use crate::operator::Operator;
use crate::output::Output;
use crate::site::{Site, encoded};

const WAIT: Duration = Duration::from_secs(10);
const MERCHANT_ACCOUNT: &str = "sample-merchant";
const STAFF_ACCOUNT: &str = "sample-staff";
/// The merchant of the sample account where the run made no waybill.
const NO_MERCHANT: &str = "sample";

/// Where the shim is and how to get in.
#[derive(Debug, Serialize)]
pub(crate) struct Portal {
    /// Where it answers.
    url: String,
    /// Accounts made for this run.
    accounts: Vec<Sample>,
    /// A waybill of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    waybill_no: Option<String>,
    /// Where the public follows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<String>,
    /// Command lines to copy, in their order.
    curl: Vec<String>,
    /// Why they do not answer as they should; absent: they do.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
    #[serde(skip)]
    requests: Requests,
}

/// A sample account.
#[derive(Debug, Serialize)]
struct Sample {
    name: &'static str,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    merchant: Option<Merchant>,
    /// A file with name and password as signing in wants them; only its owner can read it.
    login_file: PathBuf,
    #[serde(skip)]
    password: Hidden,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    waybill_no: String,
    merchant: String,
    tracking_code: Option<String>,
}

/// A waybill with a place, if there is one, and with something to do for its merchant, if there is one.
const SAMPLE: &str = "SELECT w.waybill_no, w.merchant, w.tracking_code FROM waybill w \
     LEFT JOIN assignment a ON a.waybill_no = w.waybill_no AND a.state IN ('ASSIGNED', 'LOCKED') \
     WHERE w.exists_since IS NOT NULL AND w.merchant IS NOT NULL AND w.kind = 'FORWARD' \
     ORDER BY a.waybill_no IS NULL, w.fulfilled_by = 'merchant' DESC, w.waybill_no LIMIT 1";

/// Makes the accounts and finds something to show. The fleet has to run.
pub(super) async fn open(site: &Site) -> Result<Portal> {
    let database = site.database().await?;
    let row: Option<Row> = database.select(SAMPLE, &NONE).await?.pop();
    let merchant = row.as_ref().map_or(NO_MERCHANT, |row| row.merchant.as_str());
    let merchant = Merchant::new(merchant).map_err(|error| software(&error))?;
    let directory = site.directory(DIRECTORY)?;
    let accounts = vec![
        Sample::new(MERCHANT_ACCOUNT, Role::Merchant, Some(merchant), &directory),
        Sample::new(STAFF_ACCOUNT, Role::CsSupervisor, None, &directory),
    ];
    let mut operator = Operator::connect(site).await?;
    for account in &accounts {
        account.make(&mut operator).await?;
        account.write_down()?;
    }
    operator.close().await;
    let mut portal = Portal::new(url_of(site.portal_address(1)?), accounts, row);
    portal.check().await?;
    Ok(portal)
}

/// How a program on this machine reaches it.
fn url_of(address: SocketAddr) -> String {
    if address.ip().is_unspecified() {
        return format!("http://127.0.0.1:{}", address.port());
    }
    format!("http://{address}")
}

impl Portal {
    fn new(url: String, accounts: Vec<Sample>, row: Option<Row>) -> Self {
        let login_file = accounts.first().map(|account| account.login_file.clone());
        let waybill_no = row.as_ref().map(|row| row.waybill_no.clone());
        let code = row.and_then(|row| row.tracking_code);
        let requests = Requests::new(&url, login_file, waybill_no.clone(), code.clone());
        let tracking_url = waybill_no.as_ref().zip(code).map(|(number, code)| {
            format!("{url}/track/{}?code={}", encoded(number), encoded(&code))
        });
        let curl = requests.lines();
        Self { url, accounts, waybill_no, tracking_url, curl, trouble: None, requests }
    }

    /// Makes the requests that are printed, and notes it when one of them is not answered.
    async fn check(&mut self) -> Result<()> {
        let requests = self.requests.clone();
        let made = tokio::task::spawn_blocking(move || requests.make()).await?;
        self.trouble = made.err().map(|error| error.to_string());
        Ok(())
    }

    /// What is not as it should be.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// The page for a person.
    pub(super) fn text(&self, output: Output) -> String {
        let mut text = String::new();
        // writing to a String cannot fail
        let _ = writeln!(text, "the portal: {}", self.url);
        let _ = writeln!(text, "  {}/worklist    a merchant's work list", self.url);
        let _ = writeln!(text, "  {}/track       what a customer sees", self.url);
        let _ = writeln!(text, "  {}/docs        the interface for programs", self.url);
        if let Some(address) = &self.tracking_url {
            let _ = writeln!(text, "  {address}   one waybill of this run");
        }
        for account in &self.accounts {
            let whose = account
                .merchant
                .as_ref()
                .map_or_else(|| "staff".to_owned(), |merchant| format!("merchant {merchant}"));
            // a pipe or a file is no place for a password
            let password = if output.is_watched() {
                account.password.expose().to_owned()
            } else {
                format!("in {}", account.login_file.display())
            };
            let _ = writeln!(text, "  sign in as {} ({whose}), password {password}", account.name);
        }
        let _ = writeln!(text, "requests to copy:");
        for line in &self.curl {
            let _ = writeln!(text, "  {line}");
        }
        text
    }
}

impl Sample {
    fn new(name: &'static str, role: Role, merchant: Option<Merchant>, directory: &Path) -> Self {
        // 122 random bits
        let password = Hidden::new(Uuid::new_v4().simple().to_string());
        let login_file = directory.join(format!("login-{name}.json"));
        Self { name, role, merchant, login_file, password }
    }

    /// Makes the account. One that an earlier run left (--keep) gets role and password of this run.
    async fn make(&self, operator: &mut Operator) -> Result<()> {
        let name = AccountName::new(self.name).map_err(|error| software(&error))?;
        let (role, merchant) = (self.role, self.merchant.clone());
        let password = self.password.clone();
        let add = AskIdentity::AddAccount {
            name: name.clone(),
            password: password.clone(),
            role,
            merchant: merchant.clone(),
        };
        if let IdentityAnswer::Account(_) = ask(operator, &add).await? {
            return Ok(());
        }
        for change in [
            AskIdentity::SetRole { name: name.clone(), role, merchant },
            AskIdentity::SetPassword { name: name.clone(), password },
            AskIdentity::EnableAccount { name },
        ] {
            if let IdentityAnswer::Refused { refusal, .. } = ask(operator, &change).await? {
                let message = format!("{}: {}: {}", self.name, refusal.code, refusal.detail);
                return Err(CommandError::new(Exit::Unavailable, message));
            }
        }
        Ok(())
    }

    /// Puts name and password into a file of mode 600, made anew so that its mode is this one.
    fn write_down(&self) -> Result<()> {
        let path = &self.login_file;
        let failed = |error: std::io::Error| CommandError::file("write", path, &error);
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            Ok(()) | Err(_) => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        let login = json!({"login": self.name, "password": self.password.expose()});
        file.write_all(login.to_string().as_bytes()).map_err(failed)
    }
}

async fn ask(operator: &mut Operator, question: &AskIdentity) -> Result<IdentityAnswer> {
    operator.answer_of("identity", question, WAIT).await
}

fn software(error: &dyn std::error::Error) -> CommandError {
    CommandError::new(Exit::Software, format!("a sample account: {error}"))
}
