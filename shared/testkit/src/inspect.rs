//! What a test looks at: queues and rows.

use broker::{Delivery, Rejected, Subscription};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, QueryResult, Statement, TryGetable};
use serde_json::Value;
use tokio::time::timeout;

use crate::{DEADLINE, Stage, eventually};

impl Stage {
    /// Ready messages of a queue, now. A quorum queue shows a message a moment after its publisher was
    /// confirmed or another queue got it: who expects some waits with [`Stage::wait_for_depth`].
    ///
    /// # Panics
    /// When there is no such queue.
    pub async fn depth(&self, queue: &str) -> u32 {
        let depth = self.connection.depth(queue).await;
        depth.unwrap_or_else(|error| panic!("depth of {queue}: {error}"))
    }

    /// Takes everything that is ready in a queue now.
    ///
    /// # Panics
    /// When there is no such queue, or it holds what is no message of ours ([`Stage::received`]).
    pub async fn messages(&self, queue: &str) -> Vec<Delivery> {
        let received = self.received(queue).await.into_iter();
        received
            .map(|delivery| {
                delivery.unwrap_or_else(|rejected| panic!("in {queue}: {}", rejected.error))
            })
            .collect()
    }

    /// Waits until a queue has exactly this many ready.
    ///
    /// # Panics
    /// When it never has.
    pub async fn wait_for_depth(&self, queue: &str, count: u32) {
        let what = format!("{count} ready in {queue}");
        eventually(&what, async || (self.depth(queue).await == count).then_some(())).await;
    }

    /// Waits until a queue holds this many, then takes all.
    ///
    /// # Panics
    /// When they do not come.
    pub async fn wait_for_messages(&self, queue: &str, count: u32) -> Vec<Delivery> {
        let what = format!("{count} messages in {queue}");
        eventually(&what, async || (self.depth(queue).await >= count).then_some(())).await;
        self.messages(queue).await
    }

    /// Takes everything that is ready in a queue now, also what is no message of ours.
    ///
    /// # Panics
    /// When there is no such queue.
    pub async fn received(&self, queue: &str) -> Vec<Result<Delivery, Box<Rejected>>> {
        let ready = self.depth(queue).await;
        let mut received = Vec::new();
        if ready == 0 {
            return received;
        }
        // exactly what is there: nothing that comes meanwhile is taken along
        let prefetch = u16::try_from(ready).expect("a test has at most 65,535 messages");
        let opened =
            Subscription::open(&self.connection, queue, prefetch, self.admin.clone()).await;
        let mut subscription = opened.unwrap_or_else(|error| panic!("consuming {queue}: {error}"));
        while received.len() < usize::from(prefetch) {
            let next = timeout(DEADLINE, subscription.next()).await;
            let next = next.unwrap_or_else(|_elapsed| panic!("{queue} held {ready} and gave less"));
            received.push(next.expect("the consumer lives").expect("the channel lives"));
        }
        let tags: Vec<u64> = received
            .iter()
            .map(|delivery| match delivery {
                Ok(delivery) => delivery.tag,
                Err(rejected) => rejected.tag,
            })
            .collect();
        let settler = subscription.settler();
        settler.settle(&tags).await;
        // closing waits for an answer, so the acknowledgements before it have arrived
        settler.close().await;
        received
    }

    /// Every row of a SELECT, as JSON objects by column name; a `BINARY(16)` shows as a UUID.
    ///
    /// # Panics
    /// When the statement fails.
    pub async fn rows(&self, sql: &str) -> Vec<Value> {
        let rows = self.query(sql).await;
        let read = rows.iter().map(|row| Value::from_query_result(row, ""));
        read.collect::<Result<_, _>>().unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The one row of a SELECT.
    ///
    /// # Panics
    /// When the statement fails, or there is not exactly one row, or it does not read as `T`.
    pub async fn query_one<T: FromQueryResult>(&self, sql: &str) -> T {
        let row = self.one_row(sql).await;
        T::from_query_result(&row, "").unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The one value of a SELECT, for example of a `COUNT(*)` (an `i64`).
    ///
    /// # Panics
    /// When the statement fails, or there is not exactly one row, or it does not read as `T`.
    pub async fn scalar<T: TryGetable>(&self, sql: &str) -> T {
        let row = self.one_row(sql).await;
        row.try_get_by_index(0).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
    }

    /// Runs a statement.
    ///
    /// # Panics
    /// When it fails.
    pub async fn run_sql(&self, sql: &str) {
        let done = self.database.connection().execute_unprepared(sql).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// Runs a statement that may fail, for example of a lock; true when it did not.
    pub async fn succeeds(&self, sql: &str) -> bool {
        self.database.connection().execute_unprepared(sql).await.is_ok()
    }

    async fn one_row(&self, sql: &str) -> QueryResult {
        let mut rows = self.query(sql).await;
        assert_eq!(rows.len(), 1, "one row is expected of: {sql}");
        rows.remove(0)
    }

    async fn query(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(DbBackend::MySql, sql);
        let rows = self.database.connection().query_all_raw(statement).await;
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }
}
