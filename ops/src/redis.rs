//! The few words of Redis's protocol that the CLI needs. The cache of the workers is `shared/cache`.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::error::{CommandError, Exit, Result};
use crate::site::decoded;

const TIMEOUT: Duration = Duration::from_secs(3);

/// A `redis://` address taken apart.
#[derive(Clone)]
pub(crate) struct Redis {
    /// Host and port.
    pub(crate) place: String,
    user: String,
    password: String,
    database: String,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Redis({}/{})", self.place, self.database)
    }
}

impl Redis {
    /// Takes `redis://user:password@host:port/db` apart; `None` for what this program cannot speak
    /// (TLS, Unix sockets).
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("redis://")?;
        let (login, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = login.split_once(':').unwrap_or(("", login));
        let (place, database) = place.split_once('/').unwrap_or((place, "0"));
        let place = if place.contains(':') { place.to_owned() } else { format!("{place}:6379") };
        let database =
            database.split('?').next().filter(|number| !number.is_empty()).unwrap_or("0");
        Some(Self {
            place,
            user: decoded(user),
            password: decoded(password),
            database: database.to_owned(),
        })
    }

    /// Is it there, and does it let us in?
    pub(crate) async fn ping(&self) -> Result<()> {
        self.run(&["PING"]).await.map(|_| ())
    }

    /// Forgets everything in this database.
    pub(crate) async fn flush(&self) -> Result<()> {
        self.run(&["FLUSHDB"]).await.map(|_| ())
    }

    /// What the server says about itself.
    pub(crate) async fn info(&self) -> Result<String> {
        self.run(&["INFO", "server"]).await
    }

    async fn run(&self, words: &[&str]) -> Result<String> {
        let failed = |detail: String| {
            let message = format!("Redis at {}: {detail}; check REDIS_URL", self.place);
            CommandError::new(Exit::Unavailable, message)
        };
        match tokio::time::timeout(TIMEOUT, self.exchange(words)).await {
            Ok(Ok(answer)) if answer.lines().any(|line| line.starts_with('-')) => {
                let said = answer.lines().find(|line| line.starts_with('-')).unwrap_or_default();
                Err(failed(said.to_owned()))
            }
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_elapsed) => Err(failed(format!("no answer within {} s", TIMEOUT.as_secs()))),
        }
    }

    /// Logs in, chooses the database, runs one command, says goodbye; gives all answers.
    async fn exchange(&self, words: &[&str]) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(&self.place).await?;
        let mut request = String::new();
        match (self.user.as_str(), self.password.as_str()) {
            (_, "") => {}
            ("", password) => request.push_str(&command(&["AUTH", password])),
            (user, password) => request.push_str(&command(&["AUTH", user, password])),
        }
        request.push_str(&command(&["SELECT", &self.database]));
        request.push_str(&command(words));
        request.push_str(&command(&["QUIT"]));
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

fn command(words: &[&str]) -> String {
    let words_encoded = words.iter().map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), words_encoded.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::Redis;

    #[test]
    fn an_address_is_taken_apart() {
        let redis = Redis::parse("redis://default:s%3Ae@10.0.0.1/3").unwrap();
        assert_eq!((redis.place.as_str(), redis.user.as_str()), ("10.0.0.1:6379", "default"));
        assert_eq!((redis.password.as_str(), redis.database.as_str()), ("s:e", "3"));
        let bare = Redis::parse("redis://h:1").unwrap();
        assert_eq!(
            (bare.place.as_str(), bare.password.as_str(), bare.database.as_str()),
            ("h:1", "", "0")
        );
        assert!(Redis::parse("rediss://h").is_none());
    }
}
