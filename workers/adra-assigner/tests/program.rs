//! The program itself: what it says before it has anything to connect to. `loadtest adra-storm` runs it as it is
//! built for this.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::process::Command;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_adra-assigner"));
    command.env_remove("AMQP_URL").env_remove("DATABASE_URL");
    command
}

#[test]
fn it_says_who_it_is() {
    let said = program().arg("--version").output().unwrap();
    assert!(said.status.success());
    assert!(String::from_utf8(said.stdout).unwrap().starts_with("adra-assigner "));
}

#[test]
fn without_a_broker_it_names_the_setting_that_is_missing() {
    let said = program().output().unwrap();
    assert!(!said.status.success());
    let (error, out) = (String::from_utf8(said.stderr).unwrap(), said.stdout);
    assert!(
        error.contains("AMQP_URL") || String::from_utf8(out).unwrap().contains("AMQP_URL"),
        "{error}"
    );
}
