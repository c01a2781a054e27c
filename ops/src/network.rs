//! `dray network load DIR`: reads the tables of a delivery network and sends them to delivery-network.
//!
//! Never here: whether the rows make sense together; the worker and its readers judge that.

mod commands;
mod degrees;
mod rows;
#[cfg(test)]
mod tests;
mod tsv;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use contracts::{FieldError, Reply};
use serde::Serialize;

use self::commands::Chunk;
use crate::error::{CommandError, Exit, Result};
use crate::operator::Operator;
use crate::output::{Output, Table};
use crate::site::Site;

/// What to do with the network.
#[derive(Debug, Subcommand)]
pub(crate) enum NetworkCommand {
    /// Insert or replace the rows of every table found in a directory
    Load(LoadArgs),
}

/// Arguments of `load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArgs {
    /// Directory with depots.tsv, zones.tsv, districts.tsv and so on
    directory: PathBuf,
    /// Seconds to wait for each answer of delivery-network
    #[arg(long, default_value_t = 30)]
    wait: u64,
}

/// What was loaded.
#[derive(Debug, Serialize)]
pub(crate) struct Loaded {
    tables: Vec<LoadedTable>,
    commands: usize,
    /// Revision of the network afterwards.
    revision: Option<u64>,
}

#[derive(Debug, Serialize)]
struct LoadedTable {
    table: &'static str,
    rows: usize,
}

/// Runs the command.
pub(crate) async fn run(command: NetworkCommand, site: &Site, output: Output) -> Result<()> {
    let NetworkCommand::Load(args) = command;
    let loaded = load(&args.directory, Duration::from_secs(args.wait), site).await?;
    output.result(&loaded, || text(&loaded, output))
}

/// Reads, sends and waits until every command is answered.
pub(crate) async fn load(directory: &Path, wait: Duration, site: &Site) -> Result<Loaded> {
    let pieces = rows::read_directory(directory)?;
    let mut tables: Vec<LoadedTable> = Vec::new();
    for piece in &pieces {
        let (table, rows) = (piece.rows.table(), piece.rows.len());
        match tables.iter_mut().find(|known| known.table == table) {
            Some(known) => known.rows += rows,
            None => tables.push(LoadedTable { table, rows }),
        }
    }
    let chunks = commands::pack(pieces)?;
    let mut operator = Operator::connect(site).await?;
    let mut revision = None;
    for chunk in &chunks {
        let reply = operator.ask(&chunk.command(), wait).await?;
        if let Some(error) = refused(chunk, &reply, directory) {
            return Err(error);
        }
        revision = reply.version.max(revision);
    }
    operator.close().await;
    Ok(Loaded { tables, commands: chunks.len(), revision })
}

/// The worker counts rows of a table as they were sent; the operator wants the line of the file.
fn refused(chunk: &Chunk, reply: &Reply, directory: &Path) -> Option<CommandError> {
    let refusal = reply.refusal.as_ref()?;
    let mut message = format!("{}: {}", refusal.code, refusal.detail);
    for error in &refusal.errors {
        message.push_str(&format!("\n  {}", located(chunk, error, directory)));
    }
    Some(CommandError::new(Exit::Data, message))
}

fn located(chunk: &Chunk, error: &FieldError, directory: &Path) -> String {
    let (table, column) =
        error.field.as_deref().and_then(|f| f.split_once('.')).unwrap_or(("", ""));
    match error.line_no.and_then(|row| chunk.line(table, row)) {
        Some(line) => {
            let file = directory.join(format!("{table}.tsv"));
            format!("{}:{line}: {column}: {} ({})", file.display(), error.message, error.code)
        }
        None => format!("{} ({})", error.message, error.code),
    }
}

fn text(loaded: &Loaded, output: Output) -> String {
    let mut table = Table::new(&["table", "rows"]);
    for loaded in &loaded.tables {
        table.row([loaded.table.to_owned(), loaded.rows.to_string()]);
    }
    let revision =
        loaded.revision.map_or(String::new(), |number| format!("network revision {number}\n"));
    format!("{}{revision}", table.render(output))
}
