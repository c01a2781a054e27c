//! A request that the document allows, sent, and its answer.
//!
//! Never here: what the answer should be.

use serde_json::{Map, Value};
use tokio::task::block_in_place;
use ureq::http::{HeaderMap, Request};

use crate::operations::{Document, Operation, Parameter, Place};
use crate::sample;
use crate::things::{Things, Whose};

/// Long enough for a busy machine; what a worker says later would be answered 202.
const PREFER: &str = "wait=10";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// Its media type, without parameters.
    pub(crate) fn media_type(&self) -> String {
        let value = self.headers.get("content-type").and_then(|value| value.to_str().ok());
        value.unwrap_or_default().split(';').next().unwrap_or_default().to_owned()
    }

    /// What it says, but for which request and which thing it was about.
    pub(crate) fn gist(&self, things: &Things, whose: Whose) -> String {
        let mut body = self.body.clone();
        for of_the_request in ["instance", "request_id", "operation"] {
            body.as_object_mut().and_then(|fields| fields.remove(of_the_request));
        }
        let mut text = format!("{} {body}", self.status);
        for name in Things::NAMES {
            text = text.replace(things.value(name, whose).unwrap_or_default(), "...");
        }
        text
    }
}

/// A client of the portal.
pub(crate) struct Client<'a> {
    pub(crate) document: &'a Document,
    pub(crate) things: &'a Things,
    portal: String,
    agent: ureq::Agent,
}

impl<'a> Client<'a> {
    pub(crate) fn new(portal: &str, document: &'a Document, things: &'a Things) -> Self {
        let agent = agent();
        Self { document, things, portal: portal.to_owned(), agent }
    }

    /// One operation about one thing, with a body that the document allows.
    pub(crate) fn ask(&self, operation: &Operation, whose: Whose, token: Option<&str>) -> Answer {
        let body = operation.body.as_ref().map(|(media_type, schema)| {
            let body = self.body(schema, whose);
            let is_json = media_type == "application/json";
            (media_type.as_str(), if is_json { body.to_string() } else { text(&body) })
        });
        let method = operation.method.as_str();
        self.send(method, &self.address(operation, whose), operation, token, body)
    }

    /// The same with something else for a body.
    pub(crate) fn ask_with(
        &self,
        operation: &Operation,
        token: Option<&str>,
        (media_type, body): (&str, &str),
    ) -> Answer {
        let body = Some((media_type, body.to_owned()));
        let address = self.address(operation, Whose::Own);
        self.send(&operation.method, &address, operation, token, body)
    }

    /// A method that the path may not have.
    pub(crate) fn ask_by(&self, method: &str, operation: &Operation, token: &str) -> Answer {
        let address = self.address(operation, Whose::Own);
        self.send(method, &address, operation, Some(token), None)
    }

    fn send(
        &self,
        method: &str,
        address: &str,
        operation: &Operation,
        token: Option<&str>,
        body: Option<(&str, String)>,
    ) -> Answer {
        let mut request =
            Request::builder().method(method).uri(format!("{}{address}", self.portal));
        request = request.header("prefer", PREFER);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for parameter in operation.parameters.iter().filter(|it| it.place == Place::Header) {
            let is_said_below = parameter.name.eq_ignore_ascii_case("if-match");
            if parameter.is_required && !is_said_below {
                request =
                    request.header(&parameter.name, text(&self.parameter(parameter, Whose::Own)));
            }
        }
        if operation.declared(428).is_some() {
            request = request.header("if-match", "\"1\"");
        }
        if let Some((media_type, _)) = &body {
            request = request.header("content-type", *media_type);
        }
        let body = body.map(|(_, text)| text).unwrap_or_default();
        let sent = block_in_place(|| self.agent.run(request.body(body).unwrap()));
        let mut answer = sent.unwrap_or_else(|error| panic!("{method} {address}: {error}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let is_stream = status == 200 && operation.is_stream();
        let body = if is_stream {
            Value::Null
        } else {
            let text = block_in_place(|| answer.body_mut().read_to_string()).unwrap();
            serde_json::from_str(&text).unwrap_or(Value::Null)
        };
        Answer { status, headers, body }
    }

    /// Path and query.
    fn address(&self, operation: &Operation, whose: Whose) -> String {
        let mut path = operation.path.clone();
        let mut query = Vec::new();
        for parameter in &operation.parameters {
            let value = || percent_encoded(&text(&self.parameter(parameter, whose)));
            match parameter.place {
                Place::Path => path = path.replace(&format!("{{{}}}", parameter.name), &value()),
                Place::Query if parameter.is_required => {
                    query.push(format!("{}={}", parameter.name, value()));
                }
                Place::Query | Place::Header => {}
            }
        }
        assert!(!path.contains('{'), "{path} names no parameter of {}", operation.name());
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    fn parameter(&self, parameter: &Parameter, whose: Whose) -> Value {
        let named = self.things.value(&parameter.name, whose).map(Value::from);
        named.unwrap_or_else(|| sample::value(self.document, &parameter.name, &parameter.schema))
    }

    /// A sample; what it names is the thing.
    fn body(&self, schema: &Value, whose: Whose) -> Value {
        let mut body = sample::value(self.document, "", schema);
        self.name_things(&mut body, whose);
        body
    }

    fn name_things(&self, body: &mut Value, whose: Whose) {
        match body {
            Value::Object(fields) => self.name_fields(fields, whose),
            Value::Array(items) => items.iter_mut().for_each(|item| self.name_things(item, whose)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn name_fields(&self, fields: &mut Map<String, Value>, whose: Whose) {
        for (name, field) in fields {
            match self.things.value_in_body(name, whose) {
                Some(value) if field.is_string() => *field = Value::from(value),
                Some(_) | None => self.name_things(field, whose),
            }
        }
    }
}

/// A client that takes every status for an answer.
pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
