//! The document holds together.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{openapi, routes};

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref") {
                found.insert(target.clone());
            }
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let (_, document) = openapi::assemble(&routes::rules());
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 20, "{found:?}");
    for target in found {
        let pointer = target.strip_prefix('#').unwrap_or_else(|| panic!("{target} is elsewhere"));
        assert!(document.pointer(pointer).is_some(), "{target} is not there");
    }
}

/// Two types of one name would be told apart by a number behind it.
#[test]
fn every_type_has_a_name_of_its_own() {
    let (_, document) = openapi::assemble(&routes::rules());
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let numbered = |name: &&String| {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        stem.len() < name.len() && schemas.contains_key(stem)
    };
    let twice: Vec<&String> = schemas.keys().filter(numbered).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn every_operation_has_a_name_a_summary_its_roles_and_its_problems() {
    let (_, document) = openapi::assemble(&routes::rules());
    assert_eq!(document["openapi"], "3.1.0");
    let tags: BTreeSet<&str> = routes::TAGS.iter().map(|(name, _)| *name).collect();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let at = format!("{method} {path}");
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{at}"));
            assert!(names.insert(name), "{at}: {name} is there twice");
            assert!(operation["summary"].as_str().is_some_and(|it| !it.is_empty()), "{at}");
            assert!(tags.contains(operation["tags"][0].as_str().unwrap()), "{at}");
            assert!(operation["responses"].get("default").is_some(), "{at}");
            assert!(operation.get("x-class").is_some(), "{at}");
            let is_public = operation["security"] == serde_json::json!([]);
            assert_eq!(is_public, operation.get("x-roles").is_none(), "{at}");
            assert_eq!(is_public, operation["responses"].get("403").is_none(), "{at}");
        }
    }
}

/// A number that its field cannot hold is refused, so the document says so.
#[test]
fn numbers_have_the_bounds_of_their_types() {
    let (_, document) = openapi::assemble(&routes::rules());
    let field = |pointer: &str| document.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
    assert_eq!(*field("/components/schemas/OrderLine/properties/line_no/maximum"), u32::MAX);
    assert_eq!(*field("/components/schemas/OrderLine/properties/quantity/maximum"), 9_999);
    let version = "/components/schemas/ReportStatus/properties/expected_version/maximum";
    assert_eq!(*field(version), u64::MAX);
}
