//! Broker users: one a worker kind, each with exactly the rights it needs.

use contracts::Exchange;
use serde::Serialize;

use crate::topology::{DLX, WMS_OUTBOUND_QUEUE};
use crate::worker::WorkerKind;

/// What a user may write to and read from a topic exchange: regular expressions on routing keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TopicPermission {
    /// The exchange.
    pub exchange: &'static str,
    /// Keys it may publish with.
    pub write: String,
    /// Keys it may bind with.
    pub read: String,
}

/// A broker user and its rights on the fleet's virtual host (regular expressions on names).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// Its name.
    pub name: String,
    /// What it may declare and delete.
    pub configure: String,
    /// What it may publish to, and the queues it may bind.
    pub write: String,
    /// What it may consume, and the exchanges it may bind to.
    pub read: String,
    /// Rights on topic exchanges. An exchange that is not named here allows nothing.
    pub topics: Vec<TopicPermission>,
}

/// Every user of the fleet and of its partners.
#[must_use]
pub fn users() -> Vec<User> {
    let mut users: Vec<User> = WorkerKind::ALL.into_iter().map(worker_user).collect();
    users.push(operator());
    users.push(wms_partner());
    users.push(reporter("partner-pss", &[]));
    users.push(reporter("partner-ods", &["route.lock", "route.dispatch"]));
    users
}

const NOTHING: &str = "^$";

fn escape(text: &str) -> String {
    text.replace('.', "\\.").replace('*', "[^.]+")
}

/// A topic pattern as a regular expression on routing keys.
fn key_expression(pattern: &str) -> String {
    match pattern.strip_suffix(".#") {
        Some(prefix) => format!("{}\\..+", escape(prefix)),
        None => escape(pattern),
    }
}

fn any_of<S: AsRef<str>>(expressions: impl IntoIterator<Item = S>) -> String {
    let all: Vec<String> = expressions.into_iter().map(|e| e.as_ref().to_owned()).collect();
    if all.is_empty() { NOTHING.to_owned() } else { format!("^({})$", all.join("|")) }
}

fn own_queues(kind: &str) -> [String; 2] {
    [format!("dray\\.control\\.{kind}\\.[a-z0-9-]+"), format!("dray\\.reply\\.{kind}\\.[a-z0-9-]+")]
}

/// Topic rights on every topic exchange: what is not listed is forbidden.
fn topics(write: &[(Exchange, String)], read: &[(Exchange, String)]) -> Vec<TopicPermission> {
    let expression = |rights: &[(Exchange, String)], exchange: Exchange| {
        any_of(rights.iter().filter(|(e, _)| *e == exchange).map(|(_, key)| key_expression(key)))
    };
    [
        Exchange::Commands,
        Exchange::Events,
        Exchange::Queries,
        Exchange::Control,
        Exchange::WmsIn,
        Exchange::WmsOut,
    ]
    .into_iter()
    .map(|exchange| TopicPermission {
        exchange: exchange.name(),
        write: expression(write, exchange),
        read: expression(read, exchange),
    })
    .collect()
}

/// Work queues whose depth somebody asks for. Brokers from 4.2.6 on tell it only to who has some right to the
/// queue; the right to write is the least: it binds a queue to what one may read, and neither publishes nor
/// consumes.
fn depths_of(kinds: impl IntoIterator<Item = WorkerKind>) -> Vec<String> {
    let queues = |kind: WorkerKind| kind.work_queues().iter().map(move |queue| kind.queue(*queue));
    kinds.into_iter().flat_map(queues).map(|name| escape(&name)).collect()
}

fn worker_user(kind: WorkerKind) -> User {
    let own = own_queues(kind.name());
    let publishes = kind.publishes();
    let mut write: Vec<String> = own.to_vec();
    write.extend(publishes.iter().map(|(exchange, _)| escape(exchange.name())));
    write.push(escape(Exchange::Replies.name()));
    if kind.settles_messages() {
        write.push(escape(DLX));
    }
    if kind == WorkerKind::HotfolderIngest {
        // it paces itself by what is behind it
        write.extend(depths_of(WorkerKind::ALL));
    }
    let mut read: Vec<String> = own.to_vec();
    read.extend(kind.work_queues().iter().map(|queue| escape(&kind.queue(*queue))));
    read.push(escape(Exchange::Control.name()));
    read.push(escape(Exchange::Replies.name()));
    let mut may_bind = vec![(Exchange::Control, kind.control_key().as_str().to_owned())];
    for (exchange, pattern) in kind.listens_to() {
        if !read.contains(&escape(exchange.name())) {
            read.push(escape(exchange.name()));
        }
        may_bind.push((*exchange, (*pattern).to_owned()));
    }
    let keys: Vec<(Exchange, String)> = publishes
        .into_iter()
        .flat_map(|(exchange, keys)| keys.iter().map(move |key| (exchange, (*key).to_owned())))
        .collect();
    User {
        name: kind.user(),
        configure: any_of(&own),
        write: any_of(write),
        read: any_of(read),
        topics: topics(&keys, &may_bind),
    }
}

/// Who the `dray` CLI logs in as.
fn operator() -> User {
    let own = own_queues("operator");
    let exchanges =
        [Exchange::Commands, Exchange::Control, Exchange::Queries].map(|e| escape(e.name()));
    let dead_letters = ".+\\.dlq".to_owned();
    let mut write: Vec<String> =
        own.iter().cloned().chain(exchanges).chain([escape("dray.return"), escape(DLX)]).collect();
    write.extend(depths_of(WorkerKind::ALL));
    let read: Vec<String> =
        own.iter().cloned().chain([escape(Exchange::Replies.name()), dead_letters]).collect();
    let everything = [Exchange::Commands, Exchange::Control, Exchange::Queries];
    let topics = everything
        .into_iter()
        .map(|exchange| TopicPermission {
            exchange: exchange.name(),
            write: "^.+$".to_owned(),
            read: NOTHING.to_owned(),
        })
        .collect();
    User {
        name: "dray-operator".to_owned(),
        configure: any_of(&own),
        write: any_of(write),
        read: any_of(read),
        topics,
    }
}

/// A partner that reports what it does with waybills, in our own words: the sorting station (PSS) and the
/// road (ODS). The road also says of routes what it does with them.
fn reporter(name: &str, more: &[&str]) -> User {
    let reports = ["waybill.report-status", "waybill.report-statuses"];
    let keys: Vec<_> =
        reports.iter().chain(more).map(|key| (Exchange::Commands, (*key).to_owned())).collect();
    User {
        name: name.to_owned(),
        configure: NOTHING.to_owned(),
        write: any_of([escape(Exchange::Commands.name())]),
        read: NOTHING.to_owned(),
        topics: topics(&keys, &[]),
    }
}

/// The warehouse management system.
fn wms_partner() -> User {
    User {
        name: "partner-wms".to_owned(),
        configure: NOTHING.to_owned(),
        write: any_of([escape(Exchange::WmsIn.name())]),
        read: any_of([escape(WMS_OUTBOUND_QUEUE)]),
        topics: topics(&[(Exchange::WmsIn, "wms.#".to_owned())], &[]),
    }
}
