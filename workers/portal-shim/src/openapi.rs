//! The document of the interface: OpenAPI 3.1, made of the handlers, of the types of the messages and of the
//! rules, so that it says what is there. And the pages that show it, which load nothing from elsewhere.
//!
//! utoipa gathers paths and parameters from the handlers. Bodies are types that have a JSON Schema by
//! schemars already (JSON Schema 2020-12 is what OpenAPI 3.1 is made of); handlers name them by reference.

use std::sync::Arc;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::permit::{Does, Rule, Rules, Speaks, Who};
use crate::portal::Portal;
use crate::{problem, routes};

/// Where the document is.
pub(crate) const DOCUMENT: &str = "/openapi.json";
/// Where people read it.
pub(crate) const PAGES: &str = "/docs";

/// The types of bodies, by name.
#[derive(Debug)]
pub(crate) struct Schemas(SchemaGenerator);

impl Schemas {
    fn new() -> Self {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings.transforms.push(Box::new(RecursiveTransform(tell_greatest)));
        Self(settings.into_generator())
    }

    /// Adds a type and what it is made of: `#/components/schemas/{its name}`.
    pub(crate) fn add<T: JsonSchema>(&mut self) -> &mut Self {
        self.0.subschema_for::<T>();
        self
    }

    fn into_map(mut self) -> Map<String, Value> {
        self.0.take_definitions(true)
    }
}

/// The greatest number that a type holds: schemars tells it of the small types only.
fn tell_greatest(schema: &mut Schema) {
    let greatest = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => json!(u32::MAX),
        Some("uint64") => json!(u64::MAX),
        Some(_) | None => return,
    };
    if schema.get("maximum").is_none() {
        schema.insert("maximum".to_owned(), greatest);
    }
}

/// The routes of the interface, and the document about them.
pub(crate) fn assemble(rules: &Rules) -> (Router<Portal>, Arc<Value>) {
    let (router, gathered) = routes::router().split_for_parts();
    // a document of utoipa's own types: it always has a JSON form
    let gathered = serde_json::to_value(&gathered).unwrap_or_default();
    let mut schemas = Schemas::new();
    schemas.add::<problem::Shown>();
    routes::schemas(&mut schemas);
    (router, Arc::new(document(&gathered, schemas, rules)))
}

fn document(gathered: &Value, schemas: Schemas, rules: &Rules) -> Value {
    let mut paths = gathered.get("paths").cloned().unwrap_or_else(|| json!({}));
    for (path, item) in paths.as_object_mut().into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let rule = rules.iter().find(|rule| {
                rule.path == path && rule.method.as_str().eq_ignore_ascii_case(method)
            });
            if let (Some(rule), Some(operation)) = (rule, operation.as_object_mut()) {
                complete(operation, rule);
            }
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Dray portal",
            "version": env!("CARGO_PKG_VERSION"),
            "description": include_str!("openapi.md"),
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": routes::TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": paths,
        "components": {
            "schemas": schemas.into_map(),
            "parameters": parameters(),
            "responses": {"Problem": problem_response()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                           "description": "The access token of POST /v1/sessions"},
            },
        },
    })
}

/// What every operation of its kind has: who may ask, its headers, its problems.
fn complete(operation: &mut Map<String, Value>, rule: &Rule) {
    match rule.who {
        Who::Public => operation.insert("security".to_owned(), json!([])),
        Who::Roles(roles) => {
            operation.insert("x-roles".to_owned(), json!(roles));
            operation.insert("security".to_owned(), json!([{"bearer": []}]))
        }
    };
    operation.insert("x-class".to_owned(), json!(rule.class.word()));
    // a route that takes a body does nothing without one
    if let Some(body) = operation.get_mut("requestBody").and_then(Value::as_object_mut) {
        body.insert("required".to_owned(), json!(true));
    }
    let headers: &[(&str, &str)] = match rule.does {
        Does::Shows if rule.speaks == Speaks::Json => &[("IfNoneMatch", "If-None-Match")],
        Does::Commands => {
            &[("IdempotencyKey", "Idempotency-Key"), ("Prefer", "Prefer"), ("IfMatch", "If-Match")]
        }
        Does::Shows | Does::Other => &[],
    };
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(list) = parameters.as_array_mut() {
        // what a handler says of a header itself counts
        let is_own = |name: &str| list.iter().any(|it| it.get("name") == Some(&json!(name)));
        let missing: Vec<Value> = headers
            .iter()
            .filter(|(_, name)| !is_own(name))
            .map(|(component, _)| reference("parameters", component))
            .collect();
        list.extend(missing);
    }
    if let Some(responses) =
        operation.entry("responses").or_insert_with(|| json!({})).as_object_mut()
    {
        for status in problems_of(rule) {
            responses.entry(status.as_str()).or_insert_with(|| reference("responses", "Problem"));
        }
        responses.entry("default").or_insert_with(|| reference("responses", "Problem"));
        if rule.does == Does::Shows && rule.speaks == Speaks::Json {
            let same = json!({"description": "What If-None-Match names is what there is"});
            responses.entry("304").or_insert(same);
        }
    }
}

/// The problems that everything of its kind may have, whatever its handler does.
fn problems_of(rule: &Rule) -> Vec<StatusCode> {
    let mut statuses = vec![
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::NOT_ACCEPTABLE,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    if rule.who != Who::Public {
        statuses.extend([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN]);
    }
    match rule.does {
        Does::Commands => statuses.extend([
            StatusCode::CONFLICT,
            StatusCode::PRECONDITION_FAILED,
            StatusCode::REQUEST_TIMEOUT,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::UNPROCESSABLE_ENTITY,
        ]),
        Does::Shows => statuses.push(StatusCode::GATEWAY_TIMEOUT),
        Does::Other => {}
    }
    statuses
}

fn reference(kind: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{kind}/{name}")})
}

fn problem_response() -> Value {
    json!({
        "description": "A problem (RFC 9457): `code` is for programs, `detail` for people",
        "content": {"application/problem+json": {"schema": reference("schemas", "Problem")}},
    })
}

/// Printable ASCII but the empty text in quotes.
const KEY: &str = r#"^([!#-~][!-~]*|"([!#-~][!-~]*)?|""[!-~]+)$"#;

fn parameters() -> Value {
    let header = |name: &str, description: &str, schema: Value| {
        json!({"name": name, "in": "header", "required": false, "description": description,
               "schema": schema})
    };
    json!({
        "IdempotencyKey": header("Idempotency-Key",
            "Of your own making, for this command alone: sent again with the same body it has one effect \
             and the same answer; with another body it is refused (422 KEY_REUSED); while the first is in \
             progress it is refused (409 IN_PROGRESS).",
            json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": KEY})),
        "Prefer": header("Prefer",
            "`wait=N`: how many seconds to wait for the outcome, 0 to 10 (2 when absent). Later it is found \
             at the address in `Location`. What is not understood is passed over.",
            json!({"type": "string"})),
        "IfMatch": header("If-Match",
            "The ETag of what you have seen: refused (412) when it has changed.",
            json!({"anyOf": [
                {"type": "string", "enum": ["*"]},
                {"type": "string", "pattern": r#"^"[0-9]{1,18}(-[0-9a-f]{16})?"$"#},
            ]})),
        "IfNoneMatch": header("If-None-Match",
            "The ETag of what you have: 304 when it is the same.", json!({"type": "string"})),
    })
}

/// The document itself, and the pages.
pub(crate) fn pages(document: &Arc<Value>) -> Router<Portal> {
    let text: Arc<str> = document.to_string().into();
    let show = move || {
        let text = Arc::clone(&text);
        async move {
            let json = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, json)], text.to_string()).into_response()
        }
    };
    let config = Config::from(DOCUMENT).validator_url("none").persist_authorization(false);
    let pages: Router<Portal> = SwaggerUi::new(PAGES).config(config).into();
    Router::new().route(DOCUMENT, get(show)).merge(pages)
}

/// Everybody may read it.
pub(crate) fn rules() -> Vec<Rule> {
    use axum::http::Method;

    use crate::throttle::Class;
    let page = |path| Rule::public(Method::GET, path, Class::Normal).speaking(Speaks::Pages);
    vec![page(DOCUMENT), page(PAGES), page("/docs/"), page("/docs/{*rest}")]
}
