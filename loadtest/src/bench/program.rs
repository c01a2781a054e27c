//! Where the fleet's programs are. Never here: how one is started.

use std::path::PathBuf;

use super::BenchError;

/// The program of this name that was built with this one: in its folder, or, for a test, in the folder above.
///
/// # Errors
/// [`BenchError::Worker`] when there is none.
pub(crate) fn beside_us(name: &str) -> Result<PathBuf, BenchError> {
    let own = std::env::current_exe().map_err(|error| BenchError::Worker(error.to_string()))?;
    let folders = own.ancestors().skip(1).take(2).map(|folder| folder.join(name));
    folders.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        let path = own.with_file_name(name);
        BenchError::Worker(format!("{} is missing: cargo build --release", path.display()))
    })
}
