//! Runs the hot folder, and beside it the consumer of its own commands.

use std::process::ExitCode;

use hotfolder_ingest::commands::CommandDesk;
use hotfolder_ingest::folder::FolderError;
use hotfolder_ingest::ingest;
use hotfolder_ingest::settings::Settings;
use hotfolder_ingest::upload::Uploads;
use runtime::{Context, run_worker};

fn main() -> ExitCode {
    run_worker(async |settings: Settings, context: Context| {
        let uploads = Uploads::open(&settings.folder)?;
        ingest::start(settings.folder, &context)?;
        Ok::<_, FolderError>(CommandDesk::new(uploads))
    })
}
