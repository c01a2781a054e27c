//! What a customer sees.

use contracts::{ReportStatus, Timestamp, WaybillNo, WaybillStatus};
use testkit::{PublishAs, eventually};

use crate::browser::Browser;
use crate::fleet::{Fleet, MERCHANT};

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_follows_a_delivery() {
    let fleet = Fleet::start().await;
    let order = fleet.order("100").store_line(MERCHANT, "S1", "kettle", 1).build();
    let number = fleet.accept(order).await;
    let code = fleet.code(&number).await;
    let browser = Browser::start();
    browser.open(&format!("{}/track", fleet.portal));
    browser.fill("#number", &number);
    // as people type it
    browser.fill("#code", &format!("{}-{}", code[..5].to_lowercase(), &code[5..]));
    browser.click("form button");
    browser.wait_for("h1", "Order received").await;
    assert!(!browser.address().contains(&code), "{}", browser.address());
    let facts = browser.text("dl");
    assert!(facts.contains(&number) && facts.contains("Wednesday, 13 June 2035"), "{facts}");
    assert!(facts.contains("09:00 to 13:00"), "{facts}");
    assert_eq!(browser.text(".steps [aria-current] strong"), "Order received");
    let steps = browser.text(".steps");
    assert!(steps.contains("Being prepared") && steps.contains("Delivered"), "{steps}");

    report(&fleet, &number, WaybillStatus::Picked).await;
    fleet.wait_for_status(&number, "PICKED").await;
    let link = format!("{}/track/{number}?code={code}", fleet.portal);
    eventually("the page tells it", async || {
        browser.open(&link);
        (browser.text("h1") == "Being prepared").then_some(())
    })
    .await;
    assert_eq!(browser.script("return document.querySelectorAll('script').length"), 0);
    // an address with the code in it is told to nobody
    browser.click("main a[href='/track']");
    browser.wait_for("h1", "Track a delivery").await;
    assert_eq!(browser.script("return document.referrer"), "");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert!(!fleet.log().contains(&code), "the code stands in the log");
    drop(browser);
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_shows_nothing_and_markup_stays_text() {
    let fleet = Fleet::start().await;
    let order = fleet.order("<i>&\"7").store_line(MERCHANT, "S1", "kettle", 1).build();
    let number = fleet.accept(order).await;
    let code = fleet.code(&number).await;
    let browser = Browser::start();
    for (typed, with) in
        [(number.as_str(), "0000000000"), ("nobody-1-1", code.as_str()), ("<b>x</b>", "x")]
    {
        browser.open(&format!("{}/track", fleet.portal));
        browser.fill("#number", typed);
        browser.fill("#code", with);
        browser.click("form button");
        browser.wait_for("[role=alert]", "We do not know a delivery").await;
        assert_eq!(browser.script("return document.getElementById('number').value"), typed);
        assert_eq!(browser.script("return document.getElementById('code').value"), "");
    }
    // a page that is not found is a line in the console, and nothing else is
    let others = browser.complaints().into_iter().filter(|line| !line.contains("404"));
    assert_eq!(others.collect::<Vec<_>>(), Vec::<String>::new());

    browser.open(&format!("{}/track", fleet.portal));
    browser.fill("#number", &number);
    browser.fill("#code", &code);
    browser.click("form button");
    browser.wait_for("h1", "Order received").await;
    assert!(browser.text("dl").contains(&number), "{}", browser.text("dl"));
    assert_eq!(browser.script("return document.querySelectorAll('main i, main b').length"), 0);
    drop(browser);
    fleet.close().await;
}

async fn report(fleet: &Fleet, number: &str, status: WaybillStatus) {
    let report = ReportStatus {
        waybill_no: WaybillNo::new(number).unwrap(),
        status,
        attempt: None,
        route_ref: None,
        expected_version: None,
        occurred_at: Timestamp::now(),
        reason: None,
    };
    fleet.stage.publish(PublishAs::default(), &report).await.unwrap();
}
