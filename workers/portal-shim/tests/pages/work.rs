//! What a merchant does.

use testkit::eventually;

use crate::browser::Browser;
use crate::fleet::{Fleet, MERCHANT, PASSWORD};
use crate::scanner::scanned;

/// The row of a waybill, by its number.
fn row(number: &str) -> String {
    format!("#list li[data-number='{number}']")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_signs_in_and_reports_what_is_done() {
    let fleet = Fleet::start().await;
    fleet.account("anna").await;
    let mut numbers = Vec::new();
    for order_ref in ["1", "2", "3"] {
        let order = fleet.order(order_ref).store_line(MERCHANT, "S1", "kettle", 1).build();
        numbers.push(fleet.accept(order).await);
    }
    let foreign = fleet.order("9").store_line("other", "S1", "kettle", 1).build();
    let foreign = fleet.accept(foreign).await;

    let browser = Browser::start();
    browser.open(&format!("{}/worklist", fleet.portal));
    browser.wait_for("#sign-in", "Sign in").await;
    assert_eq!(browser.complaints(), Vec::<String>::new(), "nobody is signed in: that is no error");
    browser.fill("#login", "anna");
    browser.fill("#password", "not the password");
    browser.click("#sign-in button");
    browser.wait_for("#alert", "password").await;
    browser.fill("#password", PASSWORD);
    browser.click("#sign-in button");
    browser.wait_for("#who", "anna (acme)").await;
    let _refused_once = browser.complaints();
    browser.wait_for("#status", "3 waybills are shown.").await;
    assert!(!browser.text("#list").contains(&foreign), "another merchant's goods");

    let (first, second) = (row(&numbers[0]), row(&numbers[1]));
    browser.click(&format!("{first} [data-report=ACKNOWLEDGED]"));
    browser.wait_for(&first, "Acknowledged").await;
    assert_eq!(fleet.status(&numbers[0]).await, "ACKNOWLEDGED");
    browser.click(&format!("{first} [data-report=PICKED]"));
    fleet.wait_for_status(&numbers[0], "PICKED").await;

    browser.click(&format!("{second} input"));
    browser.click(&format!("{} input", row(&numbers[2])));
    browser.wait_for("#count", "2 selected").await;
    browser.click("[data-many=PICKED]");
    for number in &numbers[1..] {
        fleet.wait_for_status(number, "PICKED").await;
    }
    // a session goes on where the page is opened again, and is over after signing out
    browser.open(&format!("{}/worklist", fleet.portal));
    browser.wait_for("#who", "anna").await;
    assert_eq!(browser.script("return document.cookie"), "", "no script sees the cookie");
    assert_eq!(browser.script("return localStorage.length + sessionStorage.length"), 0);
    browser.click("#sign-out");
    browser.wait_for("#status", "You are signed out.").await;
    browser.open(&format!("{}/worklist", fleet.portal));
    browser.wait_for("#sign-in", "Sign in").await;
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert!(!fleet.log().contains(PASSWORD), "the password stands in the log");
    drop(browser);
    fleet.close().await;
}

/// The page is refused a list, waits as it is told to, and asks again.
#[tokio::test(flavor = "multi_thread")]
async fn who_opens_the_list_again_and_again_sees_it() {
    let fleet = Fleet::with_lists_each_second(1).await;
    fleet.account("dora").await;
    let order = fleet.order("1").store_line(MERCHANT, "S1", "kettle", 1).build();
    let number = fleet.accept(order).await;
    let browser = fleet.signed_in("dora").await;
    eventually("the page is refused a list", async || {
        browser.open(&format!("{}/worklist", fleet.portal));
        browser.wait_for("#list", &number).await;
        assert_eq!(browser.text("#alert"), "");
        browser.complaints().iter().any(|it| it.contains("429")).then_some(())
    })
    .await;
    drop(browser);
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_work_arrives_and_its_label_can_be_scanned() {
    let fleet = Fleet::start().await;
    fleet.account("bert").await;
    let browser = fleet.signed_in("bert").await;
    browser.wait_for("#status", "Nothing to show").await;
    browser.wait_for("#live", "Updates arrive").await;
    // nobody presses anything
    let order = fleet.order("<s>7</s>").store_line(MERCHANT, "S1", "kettle", 1).build();
    let number = fleet.accept(order).await;
    let row = row(&number);
    browser.wait_for(&row, "Created").await;
    assert!(browser.text(&row).contains(&number), "{}", browser.text(&row));
    assert_eq!(browser.script("return document.querySelectorAll('#list s').length"), 0);

    browser.click(&format!("{row} [data-label]"));
    browser.to_new_window().await;
    browser.wait_for("h1", "1 label").await;
    assert!(browser.address().ends_with("/worklist/labels"), "{}", browser.address());
    let shown = browser.text(".label");
    let code = fleet.code(&number).await;
    for text in [number.as_str(), code.as_str(), "acme", "D001", "0900-1300", "/track/"] {
        assert!(shown.contains(text), "{text} in {shown}");
    }
    let bars = browser.script("return document.querySelector('.label .bars').getAttribute('d')");
    assert_eq!(scanned(&modules(bars.as_str().unwrap())), number);
    let box_of_bars = browser.script(
        "const r = document.querySelector('.label .barcode').getBoundingClientRect(); return [r.width, r.height]",
    );
    assert!(box_of_bars[0].as_f64().unwrap() > 300.0 && box_of_bars[1].as_f64().unwrap() > 90.0);
    let link = browser.text(".label .link");
    browser.open(&link);
    browser.wait_for("h1", "Order received").await;
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let log = fleet.log();
    assert!(!log.contains(&code) && !log.contains("eyJ"), "a code or a token stands in the log");
    drop(browser);
    fleet.close().await;
}

/// Black and white modules of the drawing: `M10 0h2v60h-2z` is a bar of two at ten.
fn modules(path: &str) -> String {
    let bar = |bar: &str| -> (usize, usize) {
        let (from, rest) = bar.split_once(" 0h").unwrap();
        (from.parse().unwrap(), rest.split_once('v').unwrap().0.parse().unwrap())
    };
    let bars: Vec<(usize, usize)> = path.split('M').filter(|it| !it.is_empty()).map(bar).collect();
    assert_eq!(bars[0].0, 10, "a quiet zone of ten modules");
    let mut modules = String::new();
    for (from, width) in bars {
        modules.push_str(&"0".repeat(from - 10 - modules.len()));
        modules.push_str(&"1".repeat(width));
    }
    modules
}
