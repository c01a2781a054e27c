//! The sample requests, once as lines for a shell and once as they are made here: what is printed is what was
//! tried.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::error::{CommandError, Exit, Result};
use crate::site::encoded;

const TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Signing in, and what is to be seen then.
#[derive(Debug, Clone)]
pub(super) struct Requests {
    url: String,
    login_file: Option<PathBuf>,
    waybill_no: Option<String>,
    /// What the public tracks it with.
    code: Option<String>,
}

impl Requests {
    /// About this waybill, if there is one.
    pub(super) fn new(
        url: &str,
        login_file: Option<PathBuf>,
        waybill_no: Option<String>,
        code: Option<String>,
    ) -> Self {
        Self { url: url.to_owned(), login_file, waybill_no, code }
    }

    fn sign_in(&self) -> String {
        format!("{}/v1/sessions", self.url)
    }

    /// The waybill, or a list where there is none.
    fn show(&self) -> String {
        match &self.waybill_no {
            Some(number) => format!("{}/v1/waybills/{}", self.url, encoded(number)),
            None => format!("{}/v1/waybills?limit=1", self.url),
        }
    }

    /// Without a token: the code on the label is enough.
    fn track(&self) -> Option<(String, &str)> {
        let (number, code) = (self.waybill_no.as_ref()?, self.code.as_ref()?);
        Some((format!("{}/v1/tracking/{}", self.url, encoded(number)), code))
    }

    /// For a shell, in this order.
    pub(super) fn lines(&self) -> Vec<String> {
        let file = self.login_file.as_ref().map(|file| file.display().to_string());
        let file = quoted(&format!("@{}", file.unwrap_or_default()));
        let mut lines = vec![
            format!(
                "TOKEN=$(curl -fsS -H 'content-type: application/json' -d {file} {} | \
                 sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')",
                quoted(&self.sign_in())
            ),
            format!("curl -fsS -H \"authorization: Bearer $TOKEN\" {}", quoted(&self.show())),
        ];
        lines.extend(self.track().map(|(url, code)| {
            format!("curl -fsS -H {} {}", quoted(&format!("tracking-code: {code}")), quoted(&url))
        }));
        lines
    }

    /// Makes them. Each has to answer 2xx with JSON.
    pub(super) fn make(&self) -> Result<()> {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        let agent = config.new_agent();
        let login = self.login_file.clone().unwrap_or_default();
        let body = std::fs::read_to_string(&login)
            .map_err(|error| CommandError::file("read", &login, &error))?;
        let url = self.sign_in();
        let sent = agent.post(&url).header("content-type", "application/json").send(body.as_str());
        let session = answered(&url, sent)?;
        let token = session.get("access_token").and_then(Value::as_str).unwrap_or_default();
        let url = self.show();
        let sent = agent.get(&url).header("authorization", &format!("Bearer {token}")).call();
        answered(&url, sent)?;
        if let Some((url, code)) = self.track() {
            answered(&url, agent.get(&url).header("tracking-code", code).call())?;
        }
        Ok(())
    }
}

fn answered(
    url: &str,
    sent: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>,
) -> Result<Value> {
    let failed = |detail: String| {
        let message = format!("the portal does not answer {url} as it should: {detail}");
        CommandError::new(Exit::NotAsItShouldBe, message)
    };
    let mut answer = sent.map_err(|error| failed(error.to_string()))?;
    let status = answer.status();
    let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
    let text = text.map_err(|error| failed(error.to_string()))?;
    if !status.is_success() {
        let said: String = text.chars().take(300).collect();
        return Err(failed(format!("{status}: {said}")));
    }
    serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
}

/// One word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::{Requests, quoted};

    #[test]
    fn the_lines_can_be_copied_into_a_shell() {
        let requests = Requests::new(
            "http://127.0.0.1:8480",
            Some("/a dir/login.json".into()),
            Some("shop-<1>/2-1".to_owned()),
            Some("ABCDEFGH12".to_owned()),
        );
        let lines = requests.lines();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].contains("-d '@/a dir/login.json' 'http://127.0.0.1:8480/v1/sessions'"));
        assert!(lines[1].ends_with(" 'http://127.0.0.1:8480/v1/waybills/shop-%3C1%3E%2F2-1'"));
        assert!(lines[2].contains("'tracking-code: ABCDEFGH12'"), "{}", lines[2]);
        let shell = std::process::Command::new("sh").args(["-n", "-c", &lines.join("\n")]).status();
        assert!(shell.unwrap().success());
    }

    #[test]
    fn a_run_without_waybills_shows_a_list() {
        let lines = Requests::new("http://h:1", Some("/l".into()), None, None).lines();
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with("'http://h:1/v1/waybills?limit=1'"));
    }

    #[test]
    fn a_quote_in_a_word_stays_in_the_word() {
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
