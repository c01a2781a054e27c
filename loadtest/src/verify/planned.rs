//! A generated day's manifest against what the exchange made of the day: the one check that notices
//! when an order vanished with every trace of it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Finding;
use crate::database::{ReadError, Snapshot};
use crate::generate::Manifest;

/// Why a manifest could not be compared.
#[derive(Debug, Error)]
pub(crate) enum ManifestError {
    /// It cannot be read.
    #[error("cannot read the manifest {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said, or what is no manifest in it.
        source: io::Error,
    },
    /// The database cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// How many figures the manifest has, and which of them are others in the database.
///
/// # Errors
/// [`ManifestError`] when the manifest or the database cannot be read.
pub(crate) async fn check(
    path: &Path,
    snapshot: &mut Snapshot,
) -> Result<(u64, Vec<Finding>), ManifestError> {
    let failed = |source| ManifestError::Io { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(failed)?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(io::Error::from).map_err(failed)?;
    let figures = figures(&manifest);
    let examined = u64::try_from(figures.len()).unwrap_or(u64::MAX);
    let mut findings = Vec::new();
    for (name, expected, sql) in figures {
        let found = snapshot.number("the manifest's figures", &sql).await?;
        if found != expected {
            let detail = format!("{expected} expected, {found} found");
            findings.push(Finding { subject: name.to_owned(), detail });
        }
    }
    Ok((examined, findings))
}

/// Each figure with the statement that counts it in the database.
fn figures(manifest: &Manifest) -> [(&'static str, u64, String); 5] {
    // Generated names; written as hexadecimal text, so that no name can be read as SQL.
    let name = |source: &String| {
        let digits: String = source.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("x'{digits}'")
    };
    let sources: Vec<String> = manifest.sources.keys().map(name).collect();
    let sources = format!("source IN ({})", sources.join(", "));
    let expected = &manifest.expected;
    let of_orders = format!("FROM orders WHERE {sources}");
    let of_waybills = format!("FROM waybill w WHERE w.exists_since IS NOT NULL AND w.{sources}");
    [
        ("orders accepted", expected.accepted_orders, format!("SELECT COUNT(*) {of_orders}")),
        (
            "lines of accepted orders",
            expected.accepted_lines,
            format!("SELECT CAST(COALESCE(SUM(line_count), 0) AS SIGNED) {of_orders}"),
        ),
        (
            "orders rejected",
            expected.rejected_orders,
            format!(
                "SELECT CAST(COALESCE(SUM(orders_rejected), 0) AS SIGNED) FROM import_file \
                 WHERE kind = 'order' AND repair = 0 AND {sources}"
            ),
        ),
        ("waybills", expected.waybills, format!("SELECT COUNT(*) {of_waybills}")),
        (
            "waybills that can have no place",
            expected.waybills_without_place,
            format!(
                "SELECT COUNT(*) {of_waybills} AND EXISTS (SELECT 1 FROM assignment a \
                 WHERE a.waybill_no = w.waybill_no AND a.state = 'UNASSIGNABLE' \
                 AND a.reason IN ('DATE_PAST', 'CUT_OFF_PASSED', 'EXCEEDS_LARGEST_TRUCK'))"
            ),
        ),
    ]
}
