//! Precedence, redaction, sample secrets and messages.
//!
//! A process cannot change its environment safely, so tests that need variables run themselves
//! again in a child that has them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    clippy::disallowed_methods,
    reason = "tests fail by panicking, and these are about the environment"
)]

use std::ffi::OsString;
use std::process::Command;

use clap::Parser;

use crate::{
    BrokerSettings, CacheSettings, ClockMode, DatabaseSettings, InstanceName, Secret,
    SettingsError, Source, WorkerSettings, effective, try_load, var,
};

const CHILD: &str = "SETTINGS_TEST_CHILD";
const URLS: [(&str, &str); 2] = [
    ("AMQP_URL", "amqp://worker:s3cr3t-canary@127.0.0.1:5671/dray"),
    ("DATABASE_URL", "mysql://worker:s3cr3t-canary@127.0.0.1/dray?socket=/run/canary.sock"),
];

/// A worker's parser, as each worker has one.
#[derive(Debug, Parser)]
struct Worker {
    #[command(flatten)]
    common: WorkerSettings,

    /// A setting of this worker alone
    #[arg(long, env = "DRAY_TEST_OWN", default_value_t = 7)]
    own: u8,
}

/// Runs `body` in a child whose environment is exactly `vars`.
fn with_environment(test: &str, vars: &[(&str, &str)], body: impl FnOnce()) {
    if std::env::var_os(CHILD).is_some() {
        return body();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("tests::{test}"), "--nocapture"])
        .env_clear()
        .envs(vars.iter().copied())
        .env(CHILD, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
    assert!(text.contains("1 passed"), "the child ran no test named {test}: {text}");
}

fn args(options: &[&str]) -> Vec<OsString> {
    std::iter::once("worker").chain(options.iter().copied()).map(OsString::from).collect()
}

fn with(extra: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    URLS.into_iter().chain(extra.iter().copied()).collect()
}

#[test]
fn defaults_hold_when_nobody_says_otherwise() {
    with_environment("defaults_hold_when_nobody_says_otherwise", &URLS, || {
        let worker: Worker = try_load(args(&[])).unwrap();
        let lanes = &worker.common.lanes;
        assert_eq!((lanes.concurrency, lanes.batch_max, lanes.drain_seconds), (1, 128, 10));
        assert_eq!(lanes.prefetch(), 256);
        assert_eq!((lanes.rate, lanes.kill_switch_percent), (None, 50));
        assert_eq!(worker.own, 7);
        assert_eq!(worker.common.clock.clock, ClockMode::Wall);
        assert_eq!(worker.common.database.pool_size(2), 4);
        assert_eq!(worker.common.admin.admin_addr.to_string(), "127.0.0.1:0");
        assert!(worker.common.cache.redis_url.is_none());
        assert!(!worker.common.log.is_json());
        worker.common.check().unwrap();
    });
}

#[test]
fn an_option_wins_over_the_environment() {
    let vars =
        with(&[("DRAY_CONCURRENCY", "8"), ("DRAY_BATCH_MAX", "10"), ("DRAY_CLOCK", "replay")]);
    with_environment("an_option_wins_over_the_environment", &vars, || {
        let worker: Worker = try_load(args(&["--concurrency", "16"])).unwrap();
        assert_eq!(worker.common.lanes.concurrency, 16);
        assert_eq!(worker.common.lanes.batch_max, 10);
        assert_eq!(worker.common.clock.clock, ClockMode::Replay);
    });
}

#[test]
fn effective_tells_the_source_and_masks_secrets() {
    let vars = with(&[("DRAY_CONCURRENCY", "8")]);
    with_environment("effective_tells_the_source_and_masks_secrets", &vars, || {
        let listed = effective::<Worker>(args(&["--batch-max", "9"])).unwrap();
        let find = |name: &str| listed.iter().find(|setting| setting.name == name).unwrap();

        assert_eq!(find("concurrency").source, Source::Environment);
        assert_eq!(find("concurrency").value.as_deref(), Some("8"));
        assert_eq!(find("concurrency").env.as_deref(), Some("DRAY_CONCURRENCY"));
        assert_eq!(find("batch-max").source, Source::CommandLine);
        assert_eq!(find("drain-seconds").source, Source::Default);
        assert_eq!(find("drain-seconds").value.as_deref(), Some("10"));
        assert_eq!(find("redis-url").source, Source::Unset);
        assert_eq!(find("own").help, "A setting of this worker alone");

        let amqp = find("amqp-url").value.as_deref();
        assert_eq!(amqp, Some("amqp://worker:***@127.0.0.1:5671/dray"));
        assert!(!format!("{listed:?}").contains("canary"));
    });
}

#[test]
fn effective_lists_what_is_missing() {
    with_environment("effective_lists_what_is_missing", &[], || {
        let listed = effective::<Worker>(args(&[])).unwrap();
        let amqp = listed.iter().find(|setting| setting.name == "amqp-url").unwrap();
        assert_eq!((amqp.source, amqp.value.as_deref()), (Source::Unset, None));
        assert!(!listed.iter().any(|setting| setting.name == "help"));
    });
}

#[test]
fn a_missing_variable_is_named_with_what_it_needs() {
    with_environment("a_missing_variable_is_named_with_what_it_needs", &[], || {
        let error = try_load::<Worker>(args(&[])).unwrap_err().to_string();
        assert!(error.contains("set AMQP_URL in the environment"), "{error}");
        assert!(error.contains("set DATABASE_URL in the environment"), "{error}");
        assert!(error.contains("amqp(s)://user:password@host"), "{error}");
    });
}

#[test]
fn a_bad_number_is_refused_with_its_variable() {
    let vars = with(&[("DRAY_CONCURRENCY", "65")]);
    with_environment("a_bad_number_is_refused_with_its_variable", &vars, || {
        let error = try_load::<Worker>(args(&[])).unwrap_err().to_string();
        assert!(error.contains("65") && error.contains("1..=64"), "{error}");
        assert!(error.contains("set DRAY_CONCURRENCY"), "{error}");
        assert!(!error.contains("canary"), "{error}");
    });
}

#[test]
fn help_shows_no_secret() {
    with_environment("help_shows_no_secret", &URLS, || {
        let help = try_load::<Worker>(args(&["--help"])).unwrap_err().to_string();
        assert!(help.contains("DRAY_CONCURRENCY") && help.contains("AMQP_URL"), "{help}");
        assert!(!help.contains("canary"), "{help}");
    });
}

#[test]
fn an_empty_variable_counts_as_unset() {
    let vars = [("DRAY_TEST_EMPTY", ""), ("DRAY_TEST_FULL", "full")];
    with_environment("an_empty_variable_counts_as_unset", &vars, || {
        assert_eq!(var("DRAY_TEST_EMPTY"), Ok(None));
        assert_eq!(var("DRAY_TEST_ABSENT"), Ok(None));
        assert_eq!(var("DRAY_TEST_FULL"), Ok(Some("full".to_owned())));
    });
}

#[test]
fn secrets_do_not_print() {
    let secret = Secret::new("s3cr3t-canary");
    assert_eq!(format!("{secret} {secret:?} {secret:#?}"), "*** Secret(***) Secret(***)");
    assert_eq!(secret.expose(), "s3cr3t-canary");
    let group = BrokerSettings { amqp_url: secret };
    assert!(!format!("{group:?}").contains("canary"));
}

#[test]
fn masking_keeps_the_place_and_drops_the_rest() {
    let cases = [
        ("amqp://u:p@h:5672/v", "amqp://u:***@h:5672/v"),
        ("mysql://u:p@q@h/db?ssl-key=k#f", "mysql://u:***@h/db"),
        ("redis://h:6379/0", "redis://h:6379/0"),
        ("redis://:p@[::1]:6379", "redis://:***@[::1]:6379"),
        ("token", "***"),
        ("", "***"),
    ];
    for (text, expected) in cases {
        assert_eq!(Secret::new(text).masked(), expected);
    }
}

fn amqp(url: &str) -> Result<(), SettingsError> {
    BrokerSettings { amqp_url: Secret::new(url) }.check()
}

#[test]
fn sample_passwords_are_refused() {
    let variable = "AMQP_URL";
    let weak = Err(SettingsError::WeakSecret { variable });
    let sample = Err(SettingsError::SampleSecret { variable });
    let cases = [
        ("amqp://guest:guest@127.0.0.1:5672", Ok(())),
        ("amqp://guest:guest@localhost/v", Ok(())),
        ("amqp://guest:guest@[::1]:5672/v", Ok(())),
        ("amqp://guest:guest@rabbit:5672/v", weak.clone()),
        ("amqps://guest:%67uest@10.0.0.7/v", weak.clone()),
        ("amqp://rabbit:5672/v", weak.clone()),
        ("amqp://localhost@rabbit/v", weak),
        ("amqp://worker:ChangeMe@localhost/v", sample.clone()),
        ("amqp://worker:change%2Dme@rabbit/v", sample),
        ("amqp://worker:7hn-4kd@rabbit/v", Ok(())),
    ];
    for (url, expected) in cases {
        assert_eq!(amqp(url), expected, "{url}");
    }
}

#[test]
fn a_url_of_another_kind_is_refused_without_quoting_it() {
    for url in ["", "localhost", "http://u:canary@h/", "amqp:/u:canary@h"] {
        let error = amqp(url).unwrap_err().to_string();
        assert!(error.contains("AMQP_URL") && error.contains("amqp://user:password@host"));
        assert!(!error.contains("canary"), "{error}");
    }
    let mysql = DatabaseSettings { database_url: Secret::new("postgres://h/db"), pool_max: None };
    assert!(matches!(mysql.check(), Err(SettingsError::NotAUrl { variable: "DATABASE_URL", .. })));
}

#[test]
fn redis_may_go_without_a_password() {
    let cache = |url: &str| CacheSettings { redis_url: Some(Secret::new(url)) }.check();
    assert_eq!(cache("redis://cache:6379/0"), Ok(()));
    assert_eq!(cache("unix:///run/redis.sock"), Ok(()));
    assert_eq!(
        cache("redis://:redis@cache:6379"),
        Err(SettingsError::WeakSecret { variable: "REDIS_URL" })
    );
}

#[test]
fn a_prefetch_below_one_batch_is_refused() {
    with_environment(
        "a_prefetch_below_one_batch_is_refused",
        &with(&[("DRAY_PREFETCH", "5")]),
        || {
            let worker: Worker = try_load(args(&[])).unwrap();
            let error = worker.common.check().unwrap_err().to_string();
            assert!(
                error.contains("DRAY_PREFETCH is 5") && error.contains("DRAY_BATCH_MAX"),
                "{error}"
            );
        },
    );
}

#[test]
fn generated_names_are_valid_and_differ() {
    let (one, two) = (InstanceName::generate(), InstanceName::generate());
    assert_ne!(one, two);
    assert_eq!(one.as_str().parse(), Ok(one.clone()));
    for bad in ["", "Upper", "dot.ted", "sp ace", "ümlaut", &"x".repeat(65)] {
        assert!(bad.parse::<InstanceName>().is_err(), "{bad}");
    }
}
