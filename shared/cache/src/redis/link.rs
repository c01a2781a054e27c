//! One connection to Redis that knows whether it can be used again.
//!
//! bb8-redis calls no connection broken and relies on a ping before each use. Here a connection
//! counts as broken from the moment a command is sent until its reply is there, so one that hangs,
//! dies or is abandoned by a cancelled caller does not return to the pool.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bb8_redis::bb8::ManageConnection;
use bb8_redis::redis::aio::MultiplexedConnection;
use bb8_redis::redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError,
    ServerErrorKind,
};

/// A connection may take longer than an operation: it is made in the background.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Never reached: the caller's own timeout is shorter. It keeps the library from waiting forever.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug, Clone)]
pub(crate) struct LinkManager {
    client: Client,
    last_failure: LastFailure,
}

/// Why the last attempt to connect failed. The pool tries again behind its callers' backs and tells them
/// "no answer in time" only; a wrong certificate would never be heard of.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastFailure(Arc<Mutex<Option<String>>>);

impl LastFailure {
    /// The cause in words, without the URL; `None` when the last attempt succeeded.
    pub(crate) fn cause(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, cause: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = cause;
    }
}

impl LinkManager {
    pub(crate) fn new(url: &str) -> Result<Self, RedisError> {
        Ok(Self { client: Client::open(url)?, last_failure: LastFailure::default() })
    }

    pub(crate) fn last_failure(&self) -> LastFailure {
        self.last_failure.clone()
    }
}

impl ManageConnection for LinkManager {
    type Connection = Link;
    type Error = RedisError;

    async fn connect(&self) -> Result<Link, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let connected = self.client.get_multiplexed_async_connection_with_config(&config).await;
        self.last_failure.note(connected.as_ref().err().map(ToString::to_string));
        Ok(Link { connection: connected?, usable: true })
    }

    async fn is_valid(&self, link: &mut Link) -> Result<(), RedisError> {
        link.query(&bb8_redis::redis::cmd("PING")).await
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        !link.usable
    }
}

pub(crate) struct Link {
    connection: MultiplexedConnection,
    usable: bool,
}

impl Link {
    pub(crate) async fn query<T: FromRedisValue>(
        &mut self,
        command: &Cmd,
    ) -> Result<T, RedisError> {
        self.usable = false;
        let result = command.query_async(&mut self.connection).await;
        self.answered(result)
    }

    pub(crate) async fn query_pipeline<T: FromRedisValue>(
        &mut self,
        pipeline: &Pipeline,
    ) -> Result<T, RedisError> {
        self.usable = false;
        let result = pipeline.query_async(&mut self.connection).await;
        self.answered(result)
    }

    fn answered<T>(&mut self, result: Result<T, RedisError>) -> Result<T, RedisError> {
        self.usable = result.as_ref().err().is_none_or(is_reply);
        result
    }
}

/// Whether the error is an answer of a Redis that can do its work, such as a wrong type. One that
/// is still loading its data, or has lost its master, counts as not there.
pub(crate) fn is_reply(error: &RedisError) -> bool {
    let unable = [
        ErrorKind::Server(ServerErrorKind::BusyLoading),
        ErrorKind::Server(ServerErrorKind::MasterDown),
        ErrorKind::Server(ServerErrorKind::ReadOnly),
        ErrorKind::Server(ServerErrorKind::ClusterDown),
    ];
    error.code().is_some() && !unable.contains(&error.kind())
}

pub(crate) fn is_unknown_script(error: &RedisError) -> bool {
    error.code() == Some("NOSCRIPT")
}
