//! Every route has a rule, and every rule a route.

use std::collections::BTreeSet;

use axum::http::Method;
use contracts::Role;

use crate::permit::Who;
use crate::throttle::Class;
use crate::{openapi, routes};

/// Method and path of everything in the document.
fn documented() -> BTreeSet<(String, String)> {
    let (_, document) = openapi::assemble(&routes::rules());
    let paths = document["paths"].as_object().unwrap();
    let operations = |(path, item): (&String, &serde_json::Value)| {
        let methods = item.as_object().unwrap().keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(operations).collect()
}

/// A handler without a rule would be refused; here it is found before anybody asks for it.
#[test]
fn every_route_of_the_interface_has_a_rule_and_every_rule_a_route() {
    let rules = routes::rules();
    let ruled: BTreeSet<(String, String)> = rules
        .iter()
        .filter(|rule| rule.path.starts_with("/v1/"))
        .map(|rule| (rule.method.to_string(), rule.path.to_owned()))
        .collect();
    assert_eq!(documented(), ruled);
}

#[test]
fn no_two_rules_are_about_the_same_route() {
    let rules = routes::rules();
    let mut seen = BTreeSet::new();
    for rule in rules.iter() {
        assert!(seen.insert((rule.method.to_string(), rule.path)), "{} {}", rule.method, rule.path);
    }
}

/// What needs no token is a short list: whoever adds to it does so here, too.
#[test]
fn the_public_routes_of_the_interface_are_these() {
    let rules = routes::rules();
    let public: BTreeSet<(&str, &str)> = rules
        .iter()
        .filter(|rule| rule.who == Who::Public && rule.path.starts_with("/v1/"))
        .map(|rule| (rule.method.as_str(), rule.path))
        .collect();
    let expected = BTreeSet::from([
        ("POST", "/v1/sessions"),
        ("DELETE", "/v1/sessions"),
        ("POST", "/v1/sessions/refresh"),
        ("GET", "/v1/tracking/{waybill_no}"),
        ("GET", "/v1/health"),
    ]);
    assert_eq!(public, expected);
}

#[test]
fn machines_have_no_accounts_and_so_no_routes() {
    for rule in routes::rules().iter() {
        if let Who::Roles(roles) = rule.who {
            assert!(!roles.is_empty(), "{}", rule.path);
            for machine in [Role::Worker, Role::Sorting, Role::Road, Role::Shop] {
                assert!(!roles.contains(&machine), "{} names {machine:?}", rule.path);
            }
        }
    }
}

#[test]
fn lists_have_low_priority_and_reports_come_first() {
    let rules = routes::rules();
    let class = |method: Method, path: &str| rules.find(&method, path).unwrap().class;
    assert_eq!(class(Method::GET, "/v1/waybills"), Class::Low);
    assert_eq!(class(Method::GET, "/v1/orders"), Class::Low);
    assert_eq!(class(Method::POST, "/v1/waybills/{waybill_no}/reports"), Class::First);
    assert_eq!(class(Method::POST, "/v1/reports"), Class::First);
    assert_eq!(class(Method::HEAD, "/v1/orders"), Class::Low, "HEAD is GET without its body");
}

/// Who asks the fleet without a token has places and a rate apart from everybody else.
#[test]
fn what_is_asked_without_a_token_is_rated_unless_it_is_the_same_for_everybody() {
    let rules = routes::rules();
    let public = || rules.iter().filter(|rule| rule.who == Who::Public);
    let same: BTreeSet<(&str, &str)> = public()
        .filter(|rule| rule.class != Class::Public)
        .map(|rule| (rule.method.as_str(), rule.path))
        .collect();
    let expected = BTreeSet::from([
        ("GET", "/v1/health"),
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/docs/"),
        ("GET", "/docs/{*rest}"),
        ("GET", "/track"),
        ("GET", "/worklist"),
        ("GET", "/assets/{file}"),
    ]);
    assert_eq!(same, expected);
    let mut rated = rules.iter().filter(|rule| rule.class == Class::Public);
    assert!(rated.all(|rule| rule.who == Who::Public));
}
