//! What is true of every message: its form on the wire is the committed one, it reads back as itself,
//! and unknown fields are refused or ignored as its exchange asks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

mod samples;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use contracts::{Catalogue, Contract, Exchange, RoutingKey, decode_body, split_version};
use samples::{Visitor, visit_all};
use serde_json::{Value, json};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Compares with the committed snapshots.
#[derive(Default)]
struct Snapshots {
    seen: BTreeSet<String>,
}

impl Snapshots {
    fn compare(&mut self, name: &str, now: &Value) {
        let file = folder("snapshots").join(format!("{name}.json"));
        let text = std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}; {HOW}", file.display()));
        let committed: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            *now, committed,
            "{name} has another form on the wire than the committed one; {HOW}"
        );
        assert!(self.seen.insert(name.to_owned()), "{name} is sampled twice");
    }
}

const HOW: &str = "a change of a contract needs a new version beside the old one. For a new message \
     run `cargo run -p contracts --example write_snapshots` and commit the file";

impl Visitor for Snapshots {
    fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C) {
        assert!(name.starts_with(C::TYPE), "{name} samples {}", C::TYPE);
        self.compare(name, &samples_value(&message));
    }

    fn visit_answer<T: serde::Serialize>(&mut self, name: &str, answer: T) {
        self.compare(name, &json!({ "body": answer }));
    }
}

fn samples_value<C: Contract>(message: &C) -> Value {
    json!({"type": C::TYPE, "exchange": C::EXCHANGE.name(),
           "routing_key": message.routing_key().as_str(), "body": message})
}

#[test]
fn every_message_has_its_committed_form() {
    let mut snapshots = Snapshots::default();
    visit_all(&mut snapshots);
    let committed: BTreeSet<String> = std::fs::read_dir(folder("snapshots"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(snapshots.seen, committed, "a snapshot without a message: was a contract removed?");
}

/// There is no list of all contracts to ask, so the sources are.
#[test]
fn no_message_is_without_a_snapshot() {
    let mut snapshots = Snapshots::default();
    visit_all(&mut snapshots);
    let entries = std::fs::read_dir(folder("src")).unwrap().map(|entry| entry.unwrap().path());
    for source in entries.filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(source).unwrap();
        for piece in text.split("const TYPE: &'static str = \"").skip(1) {
            let wire_name = piece.split('"').next().unwrap();
            assert!(snapshots.seen.contains(wire_name), "{wire_name} is missing in tests/samples");
        }
    }
}

#[test]
fn wire_names_and_keys_have_the_agreed_shape() {
    struct Names;
    impl Visitor for Names {
        fn visit<C: Contract + PartialEq>(&mut self, _name: &str, message: C) {
            let (name, version) = split_version(C::TYPE).unwrap();
            assert!(version >= 1);
            assert_eq!(name.split('.').count(), 2, "{name}: context and verb or fact");
            let allowed = |c: char| c.is_ascii_lowercase() || c == '-' || c == '.';
            assert!(name.chars().all(allowed), "{name}");
            let key = message.routing_key();
            if C::EXCHANGE != Exchange::Control {
                let of_type = RoutingKey::of_type(C::TYPE);
                let rest = key.as_str().strip_prefix(of_type.as_str()).unwrap();
                assert!(rest.is_empty() || rest.starts_with('.'), "{key}");
            }
            assert!(key.as_str().len() <= 200, "fits outbox.routing_key");
        }
        fn visit_answer<T>(&mut self, _name: &str, _answer: T) {}
    }
    visit_all(&mut Names);
}

#[test]
fn every_message_reads_back_as_itself() {
    struct RoundTrip;
    impl Visitor for RoundTrip {
        fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C) {
            let body = serde_json::to_vec(&message).unwrap();
            assert_eq!(decode_body::<C>(&body), Ok(message), "{name}");
        }
        fn visit_answer<T>(&mut self, name: &str, answer: T)
        where
            T: serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug + PartialEq,
        {
            let body = serde_json::to_vec(&answer).unwrap();
            assert_eq!(serde_json::from_slice::<T>(&body).unwrap(), answer, "{name}");
        }
    }
    visit_all(&mut RoundTrip);
}

/// Every copy of `value` with one unknown field more, in each of its objects.
fn with_unknown_field(value: &Value) -> Vec<Value> {
    let mut copies = Vec::new();
    match value {
        Value::Object(fields) => {
            let mut more = fields.clone();
            more.insert("of_a_later_version".to_owned(), json!(1));
            copies.push(Value::Object(more));
            for (key, field) in fields {
                for changed in with_unknown_field(field) {
                    let mut copy = fields.clone();
                    copy.insert(key.clone(), changed);
                    copies.push(Value::Object(copy));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for changed in with_unknown_field(item) {
                    let mut copy = items.clone();
                    copy[index] = changed;
                    copies.push(Value::Array(copy));
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    copies
}

#[test]
fn unknown_fields_are_refused_in_commands_and_ignored_elsewhere() {
    struct Unknown;
    impl Visitor for Unknown {
        fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C) {
            for copy in with_unknown_field(&serde_json::to_value(&message).unwrap()) {
                let read = decode_body::<C>(copy.to_string().as_bytes());
                match C::EXCHANGE {
                    Exchange::Commands | Exchange::Queries => {
                        assert_eq!(read.unwrap_err().code(), "MALFORMED", "{name}: {copy}");
                    }
                    Exchange::Events | Exchange::Control | Exchange::WmsIn | Exchange::WmsOut => {
                        assert_eq!(read.as_ref(), Ok(&message), "{name}: {copy}");
                    }
                    Exchange::Replies => panic!("{name}: answers are no contracts"),
                }
            }
        }
        fn visit_answer<T>(&mut self, name: &str, answer: T)
        where
            T: serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug + PartialEq,
        {
            for copy in with_unknown_field(&serde_json::to_value(&answer).unwrap()) {
                assert_eq!(serde_json::from_value::<T>(copy).unwrap(), answer, "{name}");
            }
        }
    }
    visit_all(&mut Unknown);
}

#[test]
fn the_catalogue_has_every_message_with_its_key() {
    #[derive(Default)]
    struct Keys(BTreeSet<&'static str>);
    impl Visitor for Keys {
        fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C) {
            self.0.insert(C::TYPE);
            let (form, key) = (C::key_form(), message.routing_key());
            let fits = match form.split_once('{') {
                None => form == key.as_str(),
                Some((stem, _)) => key.as_str().strip_prefix(stem).is_some_and(|w| !w.is_empty()),
            };
            assert!(fits, "{name}: {key} has not the form {form}");
        }
        fn visit_answer<T>(&mut self, _name: &str, _answer: T) {}
    }
    let mut keys = Keys::default();
    visit_all(&mut keys);
    let catalogue = Catalogue::all();
    let listed: Vec<_> = catalogue.messages.iter().map(|message| message.name).collect();
    let set: BTreeSet<_> = listed.iter().copied().collect();
    assert_eq!(set.len(), listed.len(), "a message is listed twice");
    assert_eq!(set, keys.0, "a contract is missing in Catalogue::all");
    for message in catalogue.messages.iter().chain(&catalogue.answers) {
        let reference = message.payload.get("$ref").and_then(Value::as_str).unwrap();
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(catalogue.schemas.contains_key(name), "{name}");
    }
}

/// Whatever a log line shows of a message with `Debug`, no personal text is in it.
#[test]
fn debug_shows_no_personal_text() {
    struct Canary;
    impl Visitor for Canary {
        fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C) {
            let shown = format!("{message:?} {message:#?}");
            for personal in
                ["Zoë", "Müller", "7946", "N1 9GU", "Test Street", "a gift", "ring twice"]
            {
                assert!(!shown.contains(personal), "{name} shows {personal}");
            }
        }
        fn visit_answer<T>(&mut self, _name: &str, _answer: T) {}
    }
    visit_all(&mut Canary);
}

/// The generated schemas are what other languages validate with: each accepts the words it should.
#[test]
fn every_contract_has_a_schema_with_its_fields() {
    struct Schemas;
    impl Visitor for Schemas {
        fn visit<C: Contract + PartialEq>(&mut self, name: &str, message: C) {
            let schema = serde_json::to_value(schemars::schema_for!(C)).unwrap();
            let text = schema.to_string();
            for field in serde_json::to_value(&message).unwrap().as_object().unwrap().keys() {
                assert!(text.contains(&format!("{field:?}")), "{name}: {field}");
            }
        }
        fn visit_answer<T>(&mut self, _name: &str, _answer: T) {}
    }
    visit_all(&mut Schemas);
}
