//! What settings mean.

use clap::Parser;

use crate::settings::Settings;

#[test]
fn an_address_that_is_set_but_empty_is_none() {
    let cases = [
        (None, None),
        (Some(""), None),
        (Some(" "), None),
        (Some("/"), None),
        (Some("https://portal.example"), Some("https://portal.example")),
        (Some("https://portal.example/"), Some("https://portal.example")),
    ];
    for (given, expected) in cases {
        let option = given.map(|url| format!("--portal-url={url}"));
        let own = ["portal-shim", "--amqp-url=amqp://u:p@127.0.0.1:5672/v"].map(str::to_owned);
        let settings = Settings::parse_from(own.into_iter().chain(option));
        assert_eq!(settings.portal.url(), expected, "{given:?}");
    }
}
