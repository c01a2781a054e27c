//! `loadtest digest`: one fingerprint of what an exchange made of its input, to compare two runs. What
//! may differ between two right runs (ids, times, route numbers, trucks, versions) is not in it.

use clap::Args;
use sea_orm::sqlx;
use serde::Serialize;
use settings::Secret;
use sha2::{Digest, Sha256};

use crate::database::{ReadError, Snapshot, text};

/// Arguments of `loadtest digest`.
#[derive(Debug, Clone, Args)]
pub(crate) struct DigestArgs {
    /// Database: mysql://user:password@host/schema, or ?socket=PATH
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Secret,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A part of the state: its name, and a statement that gives it line by line in one fixed order.
const SECTIONS: [(&str, &str); 5] = [
    (
        "orders",
        "SELECT CONCAT_WS('\\t', source, order_ref, status, HEX(content_hash), line_count, \
           waybill_count) \
         FROM orders ORDER BY source, order_ref",
    ),
    (
        "order_lines",
        "SELECT CONCAT_WS('\\t', o.source, o.order_ref, l.line_no, l.sku, l.quantity, \
           COALESCE(l.waybill_no, '')) \
         FROM orders o JOIN order_line l ON l.order_id = o.id \
         ORDER BY o.source, o.order_ref, l.line_no",
    ),
    (
        "waybills",
        "SELECT CONCAT_WS('\\t', w.waybill_no, w.status, w.line_count, \
           CASE WHEN a.state IN ('ASSIGNED', 'LOCKED') THEN 'ASSIGNED' \
                WHEN a.state = 'UNASSIGNABLE' THEN COALESCE(a.reason, '?') \
                ELSE COALESCE(a.state, '') END) \
         FROM waybill w LEFT JOIN assignment a ON a.waybill_no = w.waybill_no \
         WHERE w.exists_since IS NOT NULL ORDER BY w.waybill_no",
    ),
    (
        "waybill_lines",
        "SELECT CONCAT_WS('\\t', w.waybill_no, l.line_no, l.sku, l.quantity) \
         FROM waybill w JOIN waybill_line l ON l.waybill_id = w.id \
         WHERE w.exists_since IS NOT NULL ORDER BY w.waybill_no, l.line_no",
    ),
    (
        "used_quota",
        "SELECT CONCAT_WS('\\t', zone, delivery_date, timeslot, waybills, dry_ml, frozen_ml, weight_g) \
         FROM quota_bucket WHERE waybills > 0 ORDER BY zone, delivery_date, timeslot",
    ),
];

/// The fingerprint of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Section {
    /// Its name.
    pub(crate) name: &'static str,
    /// Lines in it.
    pub(crate) rows: u64,
    /// SHA-256 of its lines, hexadecimal.
    pub(crate) sha256: String,
}

/// The fingerprint of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fingerprint {
    /// SHA-256 over the fingerprints of the parts: equal means that all parts are.
    pub(crate) sha256: String,
    /// The parts, so that a difference can be found.
    pub(crate) sections: Vec<Section>,
}

/// Takes the fingerprint of one snapshot.
///
/// # Errors
/// [`ReadError`] when the database cannot be read.
pub(crate) async fn run(args: &DigestArgs) -> Result<Fingerprint, ReadError> {
    fingerprint(&mut Snapshot::open(&args.database_url).await?).await
}

/// The same over a snapshot that is open already.
///
/// # Errors
/// [`ReadError`] when the database cannot be read.
pub(crate) async fn fingerprint(snapshot: &mut Snapshot) -> Result<Fingerprint, ReadError> {
    let mut total = Sha256::new();
    let mut sections = Vec::new();
    for (name, sql) in SECTIONS {
        let mut hash = Sha256::new();
        let mut rows = 0;
        snapshot
            .each(name, sql, |row| {
                let line = text(row, 0)?;
                hash.update(line.as_bytes());
                hash.update(b"\n");
                rows += 1;
                Ok::<(), sqlx::Error>(())
            })
            .await?;
        let sha256 = hexadecimal(&hash.finalize());
        total.update(sha256.as_bytes());
        sections.push(Section { name, rows, sha256 });
    }
    Ok(Fingerprint { sha256: hexadecimal(&total.finalize()), sections })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The fingerprint for people.
pub(crate) fn print(fingerprint: &Fingerprint) {
    for Section { name, rows, sha256 } in &fingerprint.sections {
        println!("{name:<14} {rows:>9} rows  {sha256}");
    }
    println!("{:<14} {:>14}  {}", "total", "", fingerprint.sha256);
}
