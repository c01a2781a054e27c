//! From command line and environment to a settings struct, with errors that name the variable.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Parser};

/// Reads the settings of this process. Prints help or what is wrong and exits if it has to.
#[must_use]
pub fn load<P: Parser>() -> P {
    try_load(std::env::args_os()).unwrap_or_else(|error| error.exit())
}

/// Reads settings from `args` (the program's name first) and the environment.
///
/// # Errors
/// A request for help, or a message that names the variable and what it needs.
pub fn try_load<P: Parser>(args: impl IntoIterator<Item = OsString>) -> Result<P, clap::Error> {
    P::try_parse_from(args).map_err(explained::<P>)
}

/// Adds the variables to clap's message, which speaks of options only.
pub(crate) fn explained<P: CommandFactory>(error: clap::Error) -> clap::Error {
    let kind = error.kind();
    if !matches!(
        kind,
        ErrorKind::MissingRequiredArgument | ErrorKind::InvalidValue | ErrorKind::ValueValidation
    ) {
        return error;
    }
    let mut command = P::command();
    command.build();
    let advice: Vec<String> =
        arguments_in(&error).iter().filter_map(|arg| advice(&command, arg)).collect();
    if advice.is_empty() {
        return error;
    }
    let first_line = error.to_string();
    let first_line = first_line.lines().next().unwrap_or_default();
    let message = first_line.strip_prefix("error: ").unwrap_or(first_line);
    let message = format!("{message}\n{}\n", advice.join("\n"));
    command.error(kind, message)
}

/// The arguments that an error is about, as clap writes them: `--amqp-url <AMQP_URL>`.
fn arguments_in(error: &clap::Error) -> Vec<String> {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "clap's context values are non-exhaustive and the others hold no arguments"
    )]
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => vec![argument.clone()],
        Some(ContextValue::Strings(arguments)) => arguments.clone(),
        _ => Vec::new(),
    }
}

fn advice(command: &Command, written: &str) -> Option<String> {
    let arg = command.get_arguments().find(|arg| arg.to_string() == written)?;
    let variable = arg.get_env()?.to_string_lossy();
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    Some(format!("  set {variable} in the environment. {help}"))
}
