//! Every route of the document, for everybody, about what is theirs, what is somebody else's and what is not there:
//! generated from the document that the portal serves, with the real fleet behind it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "tests fail by panicking"
)]

mod asking;
mod expecting;
mod fleet;
mod operations;
mod people;
mod sample;
mod service;
mod things;
mod versions;

use contracts::Role;

use self::asking::{Client, agent};
use self::expecting::{Expected, about, expected, fault, silent_about, undeclared};
use self::fleet::Fleet;
use self::operations::{Document, Operation};
use self::people::{Person, Signer};
use self::things::{Things, Whose};

/// Fewer than this, and something was not gathered.
const OPERATIONS_AT_LEAST: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn every_route_answers_everybody_as_its_document_says() {
    let stage = Fleet::stage().await;
    let signer = Signer::publish(&stage).await;
    let fleet = Fleet::start(stage).await;
    let things = Things::make(&fleet).await;
    let document = document(&fleet.portal);
    let operations = document.operations();
    assert!(operations.len() >= OPERATIONS_AT_LEAST, "{} operations", operations.len());
    let client = Client::new(&fleet.portal, &document, &things);

    let mut faults = undocumented(&operations);
    faults.extend(wrong_methods(&client, &operations, &signer));
    for operation in &operations {
        faults.extend(named_in_bodies(&client, operation, &signer));
        faults.extend(unreadable(&client, operation, &signer));
        faults.extend(strangers_and_roles(&client, operation, &signer));
    }
    assert!(faults.is_empty(), "{}\n{}", faults.join("\n"), fleet.log());
    versions::of_two_one_wins(&fleet, &signer).await;
    fleet.close().await;
}

fn document(portal: &str) -> Document {
    let mut answer = agent().get(format!("{portal}/openapi.json")).call().unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    Document::new(&answer.body_mut().read_to_string().unwrap())
}

/// Operations that do not name every problem that they have.
fn undocumented(operations: &[Operation]) -> Vec<String> {
    let silent = operations.iter().map(|operation| (operation.name(), silent_about(operation)));
    let silent = silent.filter(|(_, problems)| !problems.is_empty());
    silent.map(|(name, problems)| format!("{name} documents no problem for {problems:?}")).collect()
}

/// Each person about each thing.
fn strangers_and_roles(client: &Client<'_>, operation: &Operation, signer: &Signer) -> Vec<String> {
    let mut faults = Vec::new();
    for person in Person::all() {
        let token = signer.token(person);
        let mut gists = Vec::new();
        for whose in about(operation) {
            let expected = expected(operation, person, *whose);
            let answer = client.ask(operation, *whose, token.as_deref());
            if let Some(fault) = fault(operation, expected, &answer) {
                faults.push(format!("{} by {person:?}, {whose:?}: {fault}", operation.name()));
            }
            let may = expected != Expected::Forbidden;
            if *whose != Whose::Own && person.owns_a_part() && may {
                gists.push(answer.gist(client.things, *whose));
            }
        }
        faults.extend(told_apart(operation, person, &gists));
    }
    faults
}

/// Where a body names what it is about, those who own a part hear the same of what is foreign and of what is missing.
fn named_in_bodies(client: &Client<'_>, operation: &Operation, signer: &Signer) -> Vec<String> {
    if operation.body.is_none() || !operation.names().is_empty() {
        return Vec::new();
    }
    let owners = [Person::With(Role::Customer), Person::With(Role::Merchant)];
    let may = |person: &Person| expected(operation, *person, Whose::Own) == Expected::Served;
    let compared = owners.into_iter().filter(may).filter_map(|person| {
        let token = signer.token(person);
        let gist =
            |whose| client.ask(operation, whose, token.as_deref()).gist(client.things, whose);
        told_apart(operation, person, &[gist(Whose::Foreign), gist(Whose::Missing)])
    });
    compared.collect()
}

/// What is somebody else's must look like what is not there.
fn told_apart(operation: &Operation, person: Person, gists: &[String]) -> Option<String> {
    let pair = gists.windows(2).find(|pair| pair[0] != pair[1])?;
    let name = operation.name();
    Some(format!("{name} by {person:?} tells what is foreign from what is missing: {pair:?}"))
}

const NOT_TAKEN: (&str, &str, u16) = ("image/png", "hello", 415);
const NO_JSON: (&str, &str, u16) = ("application/json", "{\"never\": ", 400);
const TOO_DEEP: (&str, &str, u16) =
    ("application/json", "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", 400);

/// Bodies that are none, for somebody who may.
fn unreadable(client: &Client<'_>, operation: &Operation, signer: &Signer) -> Vec<String> {
    let bodies: &[(&str, &str, u16)] = match &operation.body {
        Some((media_type, _)) if media_type == "application/json" => {
            &[NOT_TAKEN, NO_JSON, TOO_DEEP]
        }
        Some(_) => &[NOT_TAKEN],
        None => &[],
    };
    let token = permitted(operation, signer);
    let mut faults = Vec::new();
    for (media_type, body, status) in bodies {
        let answer = client.ask_with(operation, token.as_deref(), (media_type, body));
        let wrong = (answer.status != *status).then(|| format!("{} for {body}", answer.status));
        let said = wrong.or_else(|| undeclared(operation, &answer));
        faults.extend(said.map(|said| format!("{} with {media_type}: {said}", operation.name())));
    }
    faults
}

/// A token with which it may be used.
fn permitted(operation: &Operation, signer: &Signer) -> Option<String> {
    let roles = operation.roles.as_deref()?;
    let role = if roles.contains(&Role::Admin) { Role::Admin } else { roles[0] };
    signer.token(Person::With(role))
}

/// Methods that a path does not have: 405, with those that it has.
fn wrong_methods(client: &Client<'_>, operations: &[Operation], signer: &Signer) -> Vec<String> {
    let token = signer.token(Person::With(Role::Admin)).unwrap();
    let mut faults = Vec::new();
    for operation in operations {
        let has = |method: &str| {
            operations.iter().any(|it| it.path == operation.path && it.method == method)
        };
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter().filter(|it| !has(it)) {
            let answer = client.ask_by(method, operation, &token);
            let allowed = answer.headers.get("allow").and_then(|value| value.to_str().ok());
            let says = allowed.is_some_and(|allowed| allowed.contains(&operation.method));
            if answer.status != 405 || !says || answer.media_type() != "application/problem+json" {
                let name = &operation.path;
                faults.push(format!("{method} {name}: {} with Allow {allowed:?}", answer.status));
            }
        }
    }
    faults
}
