//! A virtual host and a schema for one measurement, gone afterwards.

use sea_orm::sqlx::{Connection, Executor, MySqlConnection};
use sea_orm_migration::MigratorTrait;
use serde_json::json;

use super::BenchError;

/// Where a measurement happens.
pub(crate) struct Ground {
    /// Broker URL of the own virtual host.
    pub(crate) amqp_url: String,
    /// Database URL of the own schema.
    pub(crate) database_url: String,
    name: String,
    owner_url: String,
    management_url: String,
}

fn variable(name: &'static str) -> Result<String, BenchError> {
    settings::var(name).ok().flatten().ok_or(BenchError::Missing(name))
}

/// The same URL with another path (virtual host or schema).
fn with_path(url: &str, path: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (place, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q)));
    let host = place.rsplit_once('/').map_or(place, |(host, _)| host);
    match query {
        Some(query) => format!("{scheme}://{host}/{path}?{query}"),
        None => format!("{scheme}://{host}/{path}"),
    }
}

impl Ground {
    /// Makes both.
    pub(crate) async fn lay(tcp: bool) -> Result<Self, BenchError> {
        let name = format!("dray_bench_{}", uuid::Uuid::now_v7().simple());
        let owner_url = variable("DATABASE_OWNER_URL")?;
        let management_url = variable("AMQP_MANAGEMENT_URL")?;
        let amqp = variable("AMQP_URL")?;
        let ground = Self {
            amqp_url: with_path(&amqp, &name),
            database_url: over_tcp(&with_path(&owner_url, &name), tcp)?,
            owner_url,
            management_url,
            name,
        };
        ground.make_vhost(&amqp).await?;
        let create =
            format!("CREATE DATABASE {} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", ground.name);
        ground.as_owner(&create).await?;
        let database = sea_orm::Database::connect(ground.database_url.as_str()).await;
        let database = database.map_err(|error| BenchError::Database(error.to_string()))?;
        let migrated = migrations::Migrator::up(&database, None).await;
        migrated.map_err(|error| BenchError::Database(error.to_string()))?;
        Ok(ground)
    }

    /// Takes both away; what cannot be taken away is said and left.
    pub(crate) async fn clear(self) {
        if let Err(error) = self.as_owner(&format!("DROP DATABASE IF EXISTS {}", self.name)).await {
            eprintln!("loadtest: the schema {} stays: {error}", self.name);
        }
        let path = format!("vhosts/{}", self.name);
        if let Err(error) = self.manage("DELETE", &path, None).await {
            eprintln!("loadtest: the virtual host {} stays: {error}", self.name);
        }
    }

    async fn as_owner(&self, sql: &str) -> Result<(), BenchError> {
        let mut connection = MySqlConnection::connect(&self.owner_url).await?;
        connection.execute(sea_orm::sqlx::AssertSqlSafe(sql)).await?;
        Ok(())
    }

    async fn make_vhost(&self, amqp: &str) -> Result<(), BenchError> {
        self.manage("PUT", &format!("vhosts/{}", self.name), None).await?;
        let user = broker::Link::new(amqp, "").user().unwrap_or_default();
        let rights = json!({"configure": ".*", "write": ".*", "read": ".*"});
        self.manage("PUT", &format!("permissions/{}/{user}", self.name), Some(rights)).await
    }

    async fn manage(
        &self,
        method: &'static str,
        path: &str,
        body: Option<serde_json::Value>,
    ) -> Result<(), BenchError> {
        let url = format!("{}/api/{path}", self.management_url.trim_end_matches('/'));
        let called = tokio::task::spawn_blocking(move || match method {
            "DELETE" => ureq::delete(&url).call(),
            _ => ureq::put(&url).send_json(body.unwrap_or_else(|| json!({}))),
        });
        let failed = |error: String| BenchError::Broker(format!("management: {error}"));
        called.await.map_err(|e| failed(e.to_string()))?.map_err(|e| failed(e.to_string()))?;
        Ok(())
    }
}

/// Host and port of `DATABASE_TCP_URL` with everything else of `url`.
fn over_tcp(url: &str, tcp: bool) -> Result<String, BenchError> {
    if !tcp {
        return Ok(url.to_owned());
    }
    let tcp_url = variable("DATABASE_TCP_URL")?;
    let place = tcp_url.rsplit_once('@').map_or("", |(_, rest)| rest);
    let place = place.split('/').next().unwrap_or_default();
    let (login, rest) = url.rsplit_once('@').unwrap_or((url, ""));
    let path = rest.split_once('/').map_or("", |(_, path)| path);
    let path = path.split('?').next().unwrap_or_default();
    Ok(format!("{login}@{place}/{path}"))
}
