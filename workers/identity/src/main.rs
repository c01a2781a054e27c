//! identity: accounts, sessions and the keys that access tokens are signed with.
//!
//! See README.md for what it is asked. What lives here: who somebody is and with which role. What never
//! does: what a role may do (each worker decides that for itself), and any password or token in the clear.

mod accounts;
mod decide;
mod error;
mod keys;
mod password;
mod policy;
mod sessions;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod vault;
mod worker;

use std::process::ExitCode;

use crate::settings::Settings;
use crate::worker::Identity;

fn main() -> ExitCode {
    runtime::run_responder(async |settings: Settings, context: runtime::Context| {
        Identity::new(&settings, context.database).await
    })
}
