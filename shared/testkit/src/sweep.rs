//! Names of stages, and clearing away what tests left behind that were killed.

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use store::Database;
use uuid::Uuid;

use crate::environment::required;
use crate::management::Management;
use crate::schema;

const VHOST_PREFIX: &str = "dray-test-";
const SCHEMA_PREFIX: &str = "dray_test_";
/// No test runs for so long.
const LEFT_BEHIND_SECONDS: u64 = 3_600;

/// The virtual host of a stage.
pub(crate) fn vhost(stage: Uuid) -> String {
    format!("{VHOST_PREFIX}{}", stage.simple())
}

/// The schema of a stage.
pub(crate) fn schema_name(stage: Uuid) -> String {
    format!("{SCHEMA_PREFIX}{}", stage.simple())
}

/// Deletes virtual hosts and schemas of stages that began more than an hour ago. A stage's id is a
/// version 7 UUID, so its name tells when it began. Best effort: what cannot be deleted stays for the
/// next start.
pub(crate) async fn sweep(management: &Management, now: Uuid) {
    sweep_named(management, VHOST_PREFIX, SCHEMA_PREFIX, now).await;
}

/// The same for names that begin otherwise.
pub(crate) async fn sweep_named(
    management: &Management,
    vhosts: &'static str,
    schemas: &str,
    now: Uuid,
) {
    let api = management.clone();
    let swept = tokio::task::spawn_blocking(move || sweep_vhosts(&api, vhosts, now)).await;
    swept.unwrap_or_else(|error| panic!("sweeping virtual hosts: {error}"));
    let Ok(owner) = Database::connect(&required("DATABASE_OWNER_URL"), 1).await else {
        return;
    };
    let question = Statement::from_string(DbBackend::MySql, "SHOW DATABASES");
    let rows = owner.connection().query_all_raw(question).await.unwrap_or_default();
    schema::close(owner).await;
    let names = rows.iter().filter_map(|row| row.try_get_by_index::<String>(0).ok());
    let old: Vec<String> = names.filter(|name| is_left_behind(name, schemas, now)).collect();
    if !old.is_empty() {
        // another process may be sweeping the same ones
        let _ = schema::drop_all(&old).await;
    }
}

fn sweep_vhosts(management: &Management, prefix: &str, now: Uuid) {
    let vhosts = management.get("vhosts?columns=name");
    let names = vhosts.as_array().into_iter().flatten().filter_map(|vhost| vhost["name"].as_str());
    for name in names.filter(|name| is_left_behind(name, prefix, now)) {
        // another process may be sweeping the same ones
        let _ = management.delete(&format!("vhosts/{name}"));
    }
}

fn is_left_behind(name: &str, prefix: &str, now: Uuid) -> bool {
    let began = name.strip_prefix(prefix).and_then(|id| Uuid::try_parse(id).ok());
    let seconds = |id: Uuid| id.get_timestamp().map(|time| time.to_unix().0);
    match (began.and_then(seconds), seconds(now)) {
        (Some(began), Some(now)) => began + LEFT_BEHIND_SECONDS < now,
        _ => false,
    }
}
