//! The smallest request that the document allows, with names and dates that the fleet of the test knows.
//!
//! Never here: what is asked for on purpose; a test puts that over the sample.

use contracts::Timestamp;
use serde_json::{Map, Value, json};

use crate::operations::Document;

/// What stands in a field or parameter of this name, whatever its schema says; `None`: its schema says enough.
fn known(name: &str) -> Option<Value> {
    Some(match name {
        "occurred_at" | "ordered_at" | "requested_at" | "received_at" | "inspected_at" | "at" => {
            json!(Timestamp::now())
        }
        "delivery_date" => json!(testkit::fixtures::delivery_date()),
        "timeslot" => json!("0900-1300"),
        "district" => json!("D001"),
        "depot" => json!("NORTH"),
        "zone" => json!("Z01"),
        "truck_type" => json!("VAN"),
        "currency" => json!("GBP"),
        "unit_price" => json!("2.55"),
        "sku" => json!("SKU-1"),
        "merchant" => json!("acme"),
        "status" => json!("ACKNOWLEDGED"),
        // what a line says together has to be something, which no schema can say
        "restocked" => json!(1),
        "quantity" | "line_no" | "pieces" | "waybills" | "waybill_count" => json!(1),
        _ => return None,
    })
}

/// Optional properties without which an object says nothing.
const TOGETHER: [&str; 2] = ["lines", "restocked"];

/// A value of this schema: what is required, and nothing else.
pub(crate) fn value(document: &Document, name: &str, schema: &Value) -> Value {
    let schema = document.resolve(schema);
    // another schema of the same name is of something else
    let is_one = !matches!(schema["type"].as_str(), Some("array" | "object"));
    let is_of_it = |known: &Value| schema["enum"].as_array().is_none_or(|all| all.contains(known));
    if let Some(known) = known(name).filter(|known| is_one && is_of_it(known)) {
        return known;
    }
    let default = schema.get("default").filter(|_| !TOGETHER.contains(&name));
    if let Some(value) = schema.get("const").or(default) {
        return value.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|all| all.first()) {
        return first.clone();
    }
    for several in ["oneOf", "anyOf"] {
        let choices = schema[several].as_array().into_iter().flatten();
        let mut real = choices.filter(|choice| choice["type"] != "null");
        if let Some(choice) = real.next() {
            return merged(document, name, schema, choice);
        }
    }
    if let Some(all) = schema["allOf"].as_array() {
        return all.iter().fold(object(document, schema), |whole, part| {
            over(whole, value(document, name, part))
        });
    }
    of_type(document, name, schema)
}

/// A choice of a schema that has properties of its own.
fn merged(document: &Document, name: &str, schema: &Value, choice: &Value) -> Value {
    let own = object(document, schema);
    over(own, value(document, name, choice))
}

fn over(below: Value, above: Value) -> Value {
    match (below, above) {
        (Value::Object(mut below), Value::Object(above)) => {
            below.extend(above);
            Value::Object(below)
        }
        (_, above) => above,
    }
}

fn object(document: &Document, schema: &Value) -> Value {
    let mut object = Map::new();
    let required = schema["required"].as_array().into_iter().flatten();
    let required = required.map(|name| name.as_str().expect("the name of a property"));
    let is_there = |name: &&str| schema["properties"].get(*name).is_some();
    for name in required.chain(TOGETHER.into_iter().filter(is_there)) {
        object.insert(name.to_owned(), value(document, name, &schema["properties"][name]));
    }
    Value::Object(object)
}

fn of_type(document: &Document, name: &str, schema: &Value) -> Value {
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| **kind != "null").and_then(Value::as_str),
        one => one.as_str(),
    };
    match kind {
        Some("object") => object(document, schema),
        Some("array") => {
            let least = schema["minItems"].as_u64().unwrap_or(0).max(1);
            (0..least).map(|_| value(document, name, &schema["items"])).collect()
        }
        Some("integer" | "number") => {
            json!(schema["minimum"].as_i64().unwrap_or(1).max(1))
        }
        Some("boolean") => json!(false),
        Some("string") | None => text(schema),
        Some(other) => panic!("{name} is of type {other}"),
    }
}

fn text(schema: &Value) -> Value {
    match schema["format"].as_str() {
        Some("date-time") => json!(Timestamp::now()),
        Some("date") => json!(testkit::fixtures::delivery_date()),
        Some("uuid") => json!(uuid::Uuid::new_v4()),
        _ => {
            let least = schema["minLength"].as_u64().unwrap_or(0).max(6);
            json!("a".repeat(usize::try_from(least).expect("a length")))
        }
    }
}
