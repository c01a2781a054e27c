//! The broker's management API: virtual hosts, users and rights, which AMQP cannot make.

use std::time::Duration;

use serde_json::Value;
use ureq::http::StatusCode;

use crate::environment::required;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Blocking calls; use them on a thread that may block.
#[derive(Debug, Clone)]
pub(crate) struct Management {
    agent: ureq::Agent,
    /// `http://user:password@host:port`.
    base: String,
}

impl Management {
    pub(crate) fn from_environment() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .build();
        let base = required("AMQP_MANAGEMENT_URL");
        Self { agent: config.into(), base: base.trim_end_matches('/').to_owned() }
    }

    pub(crate) fn put(&self, path: &str, body: &Value) {
        let answer = self.agent.put(self.url(path)).send_json(body);
        let answer = answer.unwrap_or_else(|error| panic!("PUT /api/{path}: {error}"));
        assert!(answer.status().is_success(), "PUT /api/{path}: {}", answer.status());
    }

    /// Deletes; that it is gone already is as good.
    pub(crate) fn delete(&self, path: &str) -> Result<(), String> {
        let answer = self.agent.delete(self.url(path)).call();
        let status = answer.map_err(|error| format!("DELETE /api/{path}: {error}"))?.status();
        if status.is_success() || status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        Err(format!("DELETE /api/{path}: {status}"))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.agent.get(self.url(path)).call();
        let mut answer = answer.unwrap_or_else(|error| panic!("GET /api/{path}: {error}"));
        assert!(answer.status().is_success(), "GET /api/{path}: {}", answer.status());
        answer.body_mut().read_json().unwrap_or_else(|error| panic!("GET /api/{path}: {error}"))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/api/{path}", self.base)
    }
}
