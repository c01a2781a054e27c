//! Writes `snapshots/*.json`, the committed form of every message on the wire. Run it by hand for a
//! new message; a difference in an old file means that a contract was changed in place.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool that a person runs and reads")]

#[path = "../tests/samples/mod.rs"]
mod samples;

use std::path::Path;

use contracts::Contract;
use samples::{Visitor, visit_all};
use serde_json::{Value, json};

struct Writer;

impl Writer {
    fn write(name: &str, value: &Value) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
        let text = format!("{}\n", serde_json::to_string_pretty(value).unwrap());
        std::fs::write(folder.join(format!("{name}.json")), text).unwrap();
    }
}

impl Visitor for Writer {
    fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C) {
        let value = json!({"type": C::TYPE, "exchange": C::EXCHANGE.name(),
                           "routing_key": message.routing_key().as_str(), "body": message});
        Self::write(name, &value);
    }

    fn visit_answer<T: serde::Serialize>(&mut self, name: &str, answer: T) {
        Self::write(name, &json!({ "body": answer }));
    }
}

fn main() {
    visit_all(&mut Writer);
}
