//! The document, read as a client reads it: operations, who may use them, what they take and answer.
//!
//! Never here: a request.

use contracts::Role;
use serde_json::Value;

/// The whole document.
pub(crate) struct Document(Value);

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) is_required: bool,
    pub(crate) schema: Value,
}

/// One method of one path.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// `None`: everybody, without a token.
    pub(crate) roles: Option<Vec<Role>>,
    pub(crate) parameters: Vec<Parameter>,
    /// The media type and the schema of its body.
    pub(crate) body: Option<(String, Value)>,
    /// Statuses with the media types that they come in.
    pub(crate) responses: Vec<(String, Vec<String>)>,
}

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Document {
    pub(crate) fn new(text: &str) -> Self {
        Self(serde_json::from_str(text).expect("the document is JSON"))
    }

    /// What a reference stands for, and what it stands for, to the end.
    pub(crate) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let pointer = reference.strip_prefix('#').expect("a reference into the document");
                let found = self.0.pointer(pointer);
                self.resolve(found.unwrap_or_else(|| panic!("{reference} leads nowhere")))
            }
            None => value,
        }
    }

    /// Every operation.
    pub(crate) fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().expect("paths") {
            for (method, operation) in item.as_object().expect("operations of a path") {
                assert!(METHODS.contains(&method.as_str()), "{path} has {method}");
                operations.push(self.operation(method, path, operation));
            }
        }
        operations
    }

    fn operation(&self, method: &str, path: &str, operation: &Value) -> Operation {
        let name = format!("{method} {path}");
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let body = operation.get("requestBody").map(|body| {
            let content = self.resolve(body)["content"].as_object().expect("content of a body");
            let (media_type, content) = content.iter().next().expect("a media type");
            (media_type.clone(), content["schema"].clone())
        });
        let responses = operation["responses"].as_object();
        let responses = responses.unwrap_or_else(|| panic!("{name} answers nothing"));
        Operation {
            method: method.to_ascii_uppercase(),
            path: path.to_owned(),
            roles: roles(&name, operation),
            parameters: parameters.map(|it| parameter(&name, self.resolve(it))).collect(),
            body,
            responses: responses
                .iter()
                .map(|(status, response)| (status.clone(), media_types(self.resolve(response))))
                .collect(),
        }
    }
}

/// Who may use it. Neither a token nor the word that none is needed: the test fails.
fn roles(name: &str, operation: &Value) -> Option<Vec<Role>> {
    let security = operation["security"].as_array();
    let security = security.unwrap_or_else(|| panic!("{name} declares no permission"));
    if security.is_empty() {
        return None;
    }
    let roles: Vec<Role> = serde_json::from_value(operation["x-roles"].clone())
        .unwrap_or_else(|error| panic!("{name} does not say for which roles it is: {error}"));
    assert!(!roles.is_empty(), "{name} is for nobody");
    Some(roles)
}

fn parameter(operation: &str, parameter: &Value) -> Parameter {
    let name = parameter["name"].as_str().expect("the name of a parameter").to_owned();
    let place = match parameter["in"].as_str() {
        Some("path") => Place::Path,
        Some("query") => Place::Query,
        Some("header") => Place::Header,
        other => panic!("{operation}: {name} is in {other:?}"),
    };
    let is_required = parameter["required"].as_bool().unwrap_or(false);
    Parameter { name, place, is_required, schema: parameter["schema"].clone() }
}

fn media_types(response: &Value) -> Vec<String> {
    response["content"].as_object().map(|it| it.keys().cloned().collect()).unwrap_or_default()
}

impl Operation {
    /// For people.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// True when it changes something.
    pub(crate) fn is_command(&self) -> bool {
        self.method != "GET"
    }

    /// The names in its path.
    pub(crate) fn names(&self) -> Vec<&str> {
        let in_path = self.parameters.iter().filter(|it| it.place == Place::Path);
        in_path.map(|parameter| parameter.name.as_str()).collect()
    }

    /// The media types of this very status; `None`: the document does not name it.
    pub(crate) fn declared(&self, status: u16) -> Option<&[String]> {
        self.of(&status.to_string())
    }

    /// The media types of this status, or of all that have no entry of their own.
    pub(crate) fn answers(&self, status: u16) -> Option<&[String]> {
        self.declared(status).or_else(|| self.of("default"))
    }

    fn of(&self, status: &str) -> Option<&[String]> {
        let found = self.responses.iter().find(|(known, _)| known == status);
        found.map(|(_, media_types)| media_types.as_slice())
    }

    /// True when its answer has no end.
    pub(crate) fn is_stream(&self) -> bool {
        self.declared(200).is_some_and(|it| it.iter().any(|media| media == "text/event-stream"))
    }
}
