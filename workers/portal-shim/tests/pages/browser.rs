//! A headless Chromium, driven by the W3C WebDriver protocol through chromedriver: the few of its calls that
//! the tests need. What chromedriver adds (the console, the DevTools protocol) shows what a page is to others.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use testkit::eventually;
use tokio::task::block_in_place;

/// The same as in `ops/services.d/browser.sh`, which installs them.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const DRIVERS: [&str; 1] = ["chromedriver"];
/// How the protocol names the id of an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
pub(crate) const TAB: &str = "\u{e004}";

/// A browser with one window.
pub(crate) struct Browser {
    agent: ureq::Agent,
    driver: Child,
    session: String,
    /// Kept open: the driver writes to it.
    _said: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts a driver on a free port, and a browser with it.
    pub(crate) fn start() -> Self {
        let (binary, chromedriver) =
            (program("DRAY_CHROMIUM", &BROWSERS), program("DRAY_CHROMEDRIVER", &DRIVERS));
        let mut driver = Command::new(chromedriver)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let port = block_in_place(|| port(&mut said));
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .new_agent();
        let root = format!("http://127.0.0.1:{port}/session");
        let mut browser = Self { agent, driver, session: root.clone(), _said: said };
        // a container has no user namespaces and little shared memory
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--lang=en",
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": binary, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let session = browser.post("", &wanted);
        browser.session = format!("{root}/{}", session["sessionId"].as_str().unwrap());
        browser
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.call(path, Some(body)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn get(&self, path: &str) -> Value {
        self.call(path, None).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// One call; its `value`, or what went wrong.
    fn call(&self, path: &str, body: Option<&Value>) -> Result<Value, String> {
        let url = format!("{}{path}", self.session);
        let answer = block_in_place(|| match body {
            Some(body) => self.agent.post(&url).send_json(body),
            None => self.agent.get(&url).call(),
        });
        let mut answer = answer.map_err(|error| error.to_string())?;
        let is_good = answer.status().is_success();
        let text = block_in_place(|| answer.body_mut().read_to_string()).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
        if is_good {
            Ok(value["value"].clone())
        } else {
            Err(value["value"]["message"].to_string())
        }
    }

    /// Opens a page and waits until it is loaded.
    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        self.get("/url").as_str().unwrap().to_owned()
    }

    fn find(&self, css: &str) -> Result<String, String> {
        let found = self.call("/element", Some(&json!({"using": "css selector", "value": css})))?;
        Ok(found[ELEMENT].as_str().unwrap().to_owned())
    }

    /// Clicks as a person does: what is not to be seen cannot be clicked.
    pub(crate) fn click(&self, css: &str) {
        let id = self.find(css).unwrap_or_else(|error| panic!("{css}: {error}"));
        self.post(&format!("/element/{id}/click"), &json!({}));
    }

    /// Types into a field.
    pub(crate) fn fill(&self, css: &str, text: &str) {
        let id = self.find(css).unwrap_or_else(|error| panic!("{css}: {error}"));
        self.post(&format!("/element/{id}/clear"), &json!({}));
        self.post(&format!("/element/{id}/value"), &json!({"text": text}));
    }

    /// The visible text of an element.
    pub(crate) fn text(&self, css: &str) -> String {
        let id = self.find(css).unwrap_or_else(|error| panic!("{css}: {error}"));
        self.get(&format!("/element/{id}/text")).as_str().unwrap().to_owned()
    }

    /// Waits until an element is there whose visible text contains this.
    pub(crate) async fn wait_for(&self, css: &str, text: &str) {
        let what = format!("{text:?} in {css}");
        eventually(&what, async || {
            let id = self.find(css).ok()?;
            let shown = self.call(&format!("/element/{id}/text"), None).ok()?;
            shown.as_str()?.contains(text).then_some(())
        })
        .await;
    }

    /// Presses and releases a key.
    pub(crate) fn press(&self, key: &str) {
        let keys =
            [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})];
        self.post(
            "/actions",
            &json!({"actions": [{"type": "key", "id": "keys", "actions": keys}]}),
        );
    }

    /// What a script returns.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// A command of the DevTools protocol.
    pub(crate) fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// As on a screen that is so wide.
    pub(crate) fn set_width(&self, pixels: u32) {
        let metrics =
            json!({"width": pixels, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Light or dark, as a person has set it.
    pub(crate) fn set_colours(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &features);
    }

    /// Everything that the console got since the last question, from warnings on.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({"type": "browser"}));
        let entries = entries.as_array().unwrap().iter();
        entries
            .filter(|entry| ["WARNING", "SEVERE"].contains(&entry["level"].as_str().unwrap()))
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Goes to the window that was opened last, once there is a second one.
    pub(crate) async fn to_new_window(&self) {
        let first = self.get("/window");
        let other = eventually("a second window", async || {
            let all = self.get("/window/handles");
            all.as_array()?.iter().find(|handle| **handle != first).cloned()
        })
        .await;
        self.post("/window", &json!({"handle": other}));
    }
}

impl Drop for Browser {
    /// The driver ends the browser with the session, also when a test fails.
    fn drop(&mut self) {
        let _ended = block_in_place(|| self.agent.delete(&self.session).call());
        let _gone = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}

/// The port that the driver says it took.
fn port(said: &mut BufReader<ChildStdout>) -> u16 {
    let mut all = String::new();
    while said.read_line(&mut all).unwrap() > 0 {
        let line = all.lines().last().unwrap_or_default();
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end_matches(['.', ' ']).parse().unwrap();
        }
    }
    panic!("chromedriver does not say its port: {all}")
}

fn program(variable: &str, names: &[&str]) -> PathBuf {
    if let Some(stated) = settings::var(variable).unwrap() {
        return stated.into();
    }
    let path = settings::var("PATH").unwrap().unwrap_or_default();
    let all =
        names.iter().flat_map(|name| path.split(':').map(move |at| PathBuf::from(at).join(name)));
    let mut there = all.filter(|program| program.is_file());
    there.next().unwrap_or_else(|| {
        panic!("there is no {}: run ops/services browser, or set {variable}", names[0])
    })
}
