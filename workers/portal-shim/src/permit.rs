//! Who may do what: a rule for every route. What has no rule is refused, and fails a test.
//!
//! A rule says which roles may ask at all. Whose order or waybill it is, the fleet decides with every
//! message: the worker that owns it sees the actor.
//!
//! Never here: the rules themselves, which stand beside their handlers.

use std::collections::HashMap;

use axum::http::Method;
use contracts::Role;

use crate::throttle::Class;

/// People of the house: they see everything.
pub(crate) const STAFF: &[Role] = &[
    Role::CsAgent,
    Role::CsSupervisor,
    Role::Dispatcher,
    Role::Warehouse,
    Role::Operator,
    Role::Admin,
];

/// Customer service and those above it.
pub(crate) const SERVICE: &[Role] =
    &[Role::CsAgent, Role::CsSupervisor, Role::Operator, Role::Admin];

/// Everybody with an account.
pub(crate) const EVERYBODY: &[Role] = &Role::OF_ACCOUNTS;

/// Who may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    /// Everybody, without a token.
    Public,
    /// Those with a token of one of these roles.
    Roles(&'static [Role]),
}

/// What a route does, as far as its headers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Does {
    /// Shows something: takes If-None-Match where the answer has an ETag.
    Shows,
    /// Sends a command: takes Idempotency-Key, Prefer and If-Match.
    Commands,
    /// Neither.
    Other,
}

/// What a route answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// `application/json`.
    Json,
    /// `text/event-stream`.
    Events,
    /// Pages and their parts: whatever the browser takes.
    Pages,
}

/// The rule of one route.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The method.
    pub(crate) method: Method,
    /// The path as the router has it: `/v1/waybills/{waybill_no}`.
    pub(crate) path: &'static str,
    /// Who may ask.
    pub(crate) who: Who,
    /// How important it is when there is too much to do.
    pub(crate) class: Class,
    /// What it does.
    pub(crate) does: Does,
    /// What it answers with.
    pub(crate) speaks: Speaks,
}

impl Rule {
    const fn new(method: Method, path: &'static str, who: Who, class: Class, does: Does) -> Self {
        Self { method, path, who, class, does, speaks: Speaks::Json }
    }

    /// A GET that shows something to these roles.
    pub(crate) const fn shows(path: &'static str, roles: &'static [Role], class: Class) -> Self {
        Self::new(Method::GET, path, Who::Roles(roles), class, Does::Shows)
    }

    /// A method that sends a command for these roles.
    pub(crate) const fn commands(
        method: Method,
        path: &'static str,
        roles: &'static [Role],
        class: Class,
    ) -> Self {
        Self::new(method, path, Who::Roles(roles), class, Does::Commands)
    }

    /// A route that takes none of the headers of the others.
    pub(crate) const fn other(method: Method, path: &'static str, who: Who, class: Class) -> Self {
        Self::new(method, path, who, class, Does::Other)
    }

    /// A route for everybody, without a token.
    pub(crate) const fn public(method: Method, path: &'static str, class: Class) -> Self {
        Self::new(method, path, Who::Public, class, Does::Other)
    }

    /// The same with another kind of answer.
    pub(crate) const fn speaking(mut self, speaks: Speaks) -> Self {
        self.speaks = speaks;
        self
    }

    /// Whether somebody of this role may ask.
    pub(crate) fn permits(&self, role: Role) -> bool {
        match self.who {
            Who::Public => true,
            Who::Roles(roles) => roles.contains(&role),
        }
    }
}

/// All rules, by path and method.
#[derive(Debug)]
pub(crate) struct Rules(HashMap<&'static str, Vec<Rule>>);

impl Rules {
    /// Gathers them.
    pub(crate) fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut by_path: HashMap<&'static str, Vec<Rule>> = HashMap::new();
        for rule in rules {
            by_path.entry(rule.path).or_default().push(rule);
        }
        Self(by_path)
    }

    /// The rule of a route. HEAD is GET without the body.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<&Rule> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.0.get(path)?.iter().find(|rule| rule.method == *method)
    }

    /// Every rule.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.0.values().flatten()
    }
}
