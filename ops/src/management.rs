//! The broker's management API: the few calls that AMQP has no words for (users, rights, listings,
//! unbinding and deleting).
//!
//! Never here: what the calls are for.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{CommandError, Exit, Result};
use crate::site::{decoded, encoded};

const TIMEOUT: Duration = Duration::from_secs(20);
/// The definitions of a large broker are some megabytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A client of one broker's management API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Management {
    agent: ureq::Agent,
    /// `http://host:port`, without user and password.
    base: String,
    authorization: String,
}

impl std::fmt::Debug for Management {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Management({})", self.base)
    }
}

#[derive(Debug, Clone, Copy)]
enum Method {
    Get,
    Put,
    Post,
    Delete,
}

impl Management {
    /// `url` is `http(s)://user:password@host:port`.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let wrong = || {
            let message = "AMQP_MANAGEMENT_URL does not look like http://user:password@host:15672: correct it";
            CommandError::new(Exit::Config, message)
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (login, place) = rest.rsplit_once('@').ok_or_else(wrong)?;
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Ok(Self {
            agent: config.new_agent(),
            base: format!("{scheme}://{}", place.trim_end_matches('/')),
            authorization: format!("Basic {}", base64(decoded(login).as_bytes())),
        })
    }

    /// Reads a resource; `path` is what follows `/api/`.
    pub(crate) async fn get<T: DeserializeOwned + Send + 'static>(&self, path: &str) -> Result<T> {
        let text = self.call(Method::Get, path, None).await?;
        serde_json::from_str(&text).map_err(|error| {
            let message = format!(
                "the management API answers {path} in a form that is not understood: {error}"
            );
            CommandError::new(Exit::Unavailable, message)
        })
    }

    /// Reads a resource that need not be there.
    pub(crate) async fn find<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
    ) -> Result<Option<T>> {
        match self.get(path).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.exit() == Exit::NoInput => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates or replaces a resource.
    pub(crate) async fn put(&self, path: &str, body: Value) -> Result<()> {
        self.call(Method::Put, path, Some(body)).await.map(|_| ())
    }

    /// Adds to a collection.
    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<()> {
        self.call(Method::Post, path, Some(body)).await.map(|_| ())
    }

    /// Deletes a resource; one that is gone already is as good.
    pub(crate) async fn delete(&self, path: &str) -> Result<()> {
        match self.call(Method::Delete, path, None).await {
            Ok(_) => Ok(()),
            Err(error) if error.exit() == Exit::NoInput => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<String> {
        let this = self.clone();
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || this.call_blocking(method, &path, body)).await?
    }

    fn call_blocking(&self, method: Method, path: &str, body: Option<Value>) -> Result<String> {
        let url = format!("{}/api/{path}", self.base);
        let login = self.authorization.as_str();
        let sent = match method {
            Method::Get => self.agent.get(&url).header("authorization", login).call(),
            Method::Delete => self.agent.delete(&url).header("authorization", login).call(),
            Method::Put => self.agent.put(&url).header("authorization", login).send_json(body),
            Method::Post => self.agent.post(&url).header("authorization", login).send_json(body),
        };
        let unreachable = |error: ureq::Error| {
            let advice = "check AMQP_MANAGEMENT_URL and that the management plugin is enabled";
            CommandError::new(
                Exit::Unavailable,
                format!("cannot reach {}: {error}; {advice}", self.base),
            )
        };
        let mut answer = sent.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let text = text.map_err(unreachable)?;
        match status {
            200..300 => Ok(text),
            _ => Err(self.refused(status, path, &text)),
        }
    }

    fn refused(&self, status: u16, path: &str, text: &str) -> CommandError {
        let (exit, advice) = match status {
            401 => (Exit::NoPermission, "check user and password in AMQP_MANAGEMENT_URL"),
            403 => (Exit::NoPermission, "that user needs the tag administrator"),
            404 => (Exit::NoInput, "there is no such thing on this broker"),
            _ => (Exit::Unavailable, "see the broker's log"),
        };
        let said: String = text.chars().take(300).collect();
        CommandError::new(
            exit,
            format!("{} answers {status} to {path}: {said}; {advice}", self.base),
        )
    }
}

/// A path of the API from its parts, each encoded.
pub(crate) fn path(parts: &[&str]) -> String {
    parts.iter().map(|part| encoded(part)).collect::<Vec<_>>().join("/")
}

/// Base64 with padding, for the `Authorization` header.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for digit in 0..4_usize {
            let shift = 18 - 6 * digit;
            let value = usize::try_from((bits >> shift) & 63).unwrap_or(0);
            let letter = ALPHABET.get(value).copied().unwrap_or(b'=');
            text.push(if digit <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_as_in_rfc_4648() {
        let pairs =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, expected) in pairs {
            assert_eq!(super::base64(plain.as_bytes()), expected);
        }
    }
}
