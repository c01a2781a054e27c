//! The stage of one test: a virtual host with its part of the topology, and a migrated schema.

use broker::{Connection, Link};
use contracts::UserId;
use queue_topology::{Topology, WorkerKind};
use serde_json::json;
use store::Database;
use uuid::Uuid;

use crate::cleanup::Cleanup;
use crate::environment::{login, required, with_login, with_path};
use crate::management::Management;
use crate::publish::Publishers;
use crate::{schema, sweep, users};

/// A virtual host and a schema of its own; both are gone when it is closed or dropped.
///
/// The test itself, and a worker started with [`Stage::amqp_url`], log in as the broker's
/// administrator, who may do everything and speak for anybody. Where rights are the subject, use
/// [`Stage::with_users`] and [`Stage::amqp_url_as`].
#[derive(Debug)]
pub struct Stage {
    pub(crate) id: Uuid,
    pub(crate) admin: UserId,
    pub(crate) connection: Connection,
    pub(crate) database: Database,
    pub(crate) publishers: Publishers,
    pub(crate) has_users: bool,
    amqp_url: String,
    /// The last field: dropped after everything that uses what it deletes.
    cleanup: Cleanup,
}

impl Stage {
    /// A stage with the exchanges and the queues of these worker kinds.
    ///
    /// # Panics
    /// When a variable is missing or a server does not do what it is asked.
    pub async fn new(kinds: &[WorkerKind]) -> Self {
        Self::build(kinds, false).await
    }

    /// The same, and the real broker users of these kinds, the operator and the partners, each with
    /// exactly its rights on this stage.
    ///
    /// # Panics
    /// When a variable is missing or a server does not do what it is asked.
    pub async fn with_users(kinds: &[WorkerKind]) -> Self {
        Self::build(kinds, true).await
    }

    async fn build(kinds: &[WorkerKind], has_users: bool) -> Self {
        let id = Uuid::now_v7();
        let vhost = sweep::vhost(id);
        let amqp_url = with_path(&required("AMQP_URL"), &vhost);
        let management = Management::from_environment();
        sweep::sweep(&management, id).await;
        // armed before anything is made: a panic on the way leaves nothing behind
        let cleanup = Cleanup::of(id, &management);
        let admin = login(&amqp_url).0;
        let (user, host) = (admin.clone(), vhost.clone());
        let prepared = tokio::task::spawn_blocking(move || {
            create_vhost(&management, &host, &user);
        });
        let schema = sweep::schema_name(id);
        let (prepared, database) = tokio::join!(prepared, schema::create(&schema));
        prepared.unwrap_or_else(|error| panic!("making the virtual host: {error}"));
        let connection = Link::new(&amqp_url, "test").connect("stage").await;
        let connection = connection.unwrap_or_else(|error| panic!("AMQP_URL: {error}"));
        let declared = broker::declare(&connection, &Topology::of(kinds)).await;
        declared.unwrap_or_else(|error| panic!("declaring the topology: {error}"));
        if has_users {
            grant(vhost, kinds.to_vec()).await;
        }
        let admin = UserId::new(admin).unwrap_or_else(|error| panic!("user of AMQP_URL: {error}"));
        let publishers = Publishers::default();
        Self { id, admin, connection, database, publishers, has_users, amqp_url, cleanup }
    }

    /// Where a worker under test connects, as the administrator.
    #[must_use]
    pub fn amqp_url(&self) -> String {
        self.amqp_url.clone()
    }

    /// Where a fleet user connects (`dray-order-intake`); it exists on a stage [`Stage::with_users`].
    #[must_use]
    pub fn amqp_url_as(&self, user: &str) -> String {
        with_login(&self.amqp_url, user, &users::password(user))
    }

    /// The schema, by the quickest way (a socket where there is one).
    #[must_use]
    pub fn database_url(&self) -> String {
        schema::url(&sweep::schema_name(self.id))
    }

    /// The schema over TCP: what a [`crate::Proxy`] can stand in front of.
    #[must_use]
    pub fn database_tcp_url(&self) -> String {
        let tcp = with_path(&required("DATABASE_TCP_URL"), &sweep::schema_name(self.id));
        let (user, password) = login(&required("DATABASE_OWNER_URL"));
        with_login(&tcp, &user, &password)
    }

    /// The cache. All stages share it: use order numbers of your own.
    #[must_use]
    pub fn redis_url(&self) -> String {
        required("REDIS_URL")
    }

    /// The schema's pool.
    #[must_use]
    pub fn database(&self) -> Database {
        self.database.clone()
    }

    /// A name that no other test has.
    #[must_use]
    pub fn name(&self) -> String {
        self.id.simple().to_string()
    }

    /// Deletes the virtual host and the schema, and says so if that fails.
    ///
    /// # Panics
    /// When something is left behind.
    pub async fn close(self) {
        self.connection.close().await;
        schema::close(self.database).await;
        let mut cleanup = self.cleanup;
        let done = tokio::task::spawn_blocking(move || cleanup.run()).await;
        done.unwrap_or_else(|error| Err(error.to_string()))
            .unwrap_or_else(|error| panic!("closing the stage: {error}"));
    }
}

/// After the exchanges are there: newer brokers give no rights to the keys of a missing one.
async fn grant(vhost: String, kinds: Vec<WorkerKind>) {
    let granted = tokio::task::spawn_blocking(move || {
        users::grant(&Management::from_environment(), &vhost, &kinds);
    });
    granted.await.unwrap_or_else(|error| panic!("making the users: {error}"));
}

fn create_vhost(management: &Management, vhost: &str, admin: &str) {
    let description = json!({"description": "one test of dray", "default_queue_type": "quorum"});
    management.put(&format!("vhosts/{vhost}"), &description);
    let rights = json!({"configure": ".*", "write": ".*", "read": ".*"});
    management.put(&format!("permissions/{vhost}/{admin}"), &rights);
}
