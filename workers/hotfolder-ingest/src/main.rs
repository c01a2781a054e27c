//! Runs the hot folder, and beside it the consumer of its own commands.

use std::process::ExitCode;

use hotfolder_ingest::folder::FolderError;
use hotfolder_ingest::ingest;
use hotfolder_ingest::settings::Settings;
use hotfolder_ingest::skip::SkipDesk;
use runtime::{Context, run_worker};

fn main() -> ExitCode {
    run_worker(async |settings: Settings, context: Context| {
        ingest::start(settings.folder, &context)?;
        Ok::<_, FolderError>(SkipDesk)
    })
}
