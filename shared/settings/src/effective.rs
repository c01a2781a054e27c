//! Which settings are in force and who set them, with the secrets masked.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory};
use serde::Serialize;

use crate::{load, url};

/// One setting as an operator sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Effective {
    /// The option without dashes: `batch-max`.
    pub name: String,
    /// The environment variable, where there is one.
    pub env: Option<String>,
    /// The value as text; masked for secrets, `None` when unset.
    pub value: Option<String>,
    /// Who set it.
    pub source: Source,
    /// What it means.
    pub help: String,
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An option.
    CommandLine,
    /// The environment variable.
    Environment,
    /// What the program does when nobody says otherwise.
    Default,
    /// Nobody: there is no value.
    Unset,
}

/// Lists the settings of `P`, given `args` (the program's name first), in the order of its help.
///
/// Required settings that are missing are listed as unset, so that a half-configured process can
/// be looked at.
///
/// # Errors
/// A value that cannot be parsed, with its variable.
pub fn effective<P: CommandFactory>(
    args: impl IntoIterator<Item = OsString>,
) -> Result<Vec<Effective>, clap::Error> {
    let mut command = P::command().mut_args(|arg| arg.required(false));
    let matches = command.try_get_matches_from_mut(args).map_err(load::explained::<P>)?;
    let settings = command.get_arguments().filter(|arg| is_setting(arg));
    Ok(settings.map(|arg| describe(arg, &matches)).collect())
}

fn is_setting(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Set | ArgAction::Append | ArgAction::SetTrue)
}

fn describe(arg: &Arg, matches: &ArgMatches) -> Effective {
    let id = arg.get_id().as_str();
    // clap hides the environment's value in its help exactly where this project marks a secret.
    let is_secret = arg.is_hide_env_values_set();
    let shown = |text: String| if is_secret { url::masked(&text) } else { text };
    let value = matches.get_raw(id).map(|values| {
        values
            .map(|value| shown(value.to_string_lossy().into_owned()))
            .collect::<Vec<_>>()
            .join(",")
    });
    Effective {
        name: arg.get_long().unwrap_or(id).to_owned(),
        env: arg.get_env().map(|name| name.to_string_lossy().into_owned()),
        value,
        source: source(matches.value_source(id)),
        help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
    }
}

const fn source(source: Option<ValueSource>) -> Source {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "clap's sources are non-exhaustive; an unknown one sets nothing we know of"
    )]
    match source {
        Some(ValueSource::CommandLine) => Source::CommandLine,
        Some(ValueSource::EnvVariable) => Source::Environment,
        Some(ValueSource::DefaultValue) => Source::Default,
        _ => Source::Unset,
    }
}
