//! What holds of every page: nothing is wider than a phone, everything can be reached by keyboard and has a
//! name, texts can be read in the light and in the dark, and the headers keep the page to itself.

use std::collections::BTreeSet;

use serde_json::json;

use crate::browser::{Browser, TAB};
use crate::fleet::{Fleet, MERCHANT};

/// A phone and a desk, in pixels.
const WIDTHS: [u32; 2] = [360, 1_280];
/// Elements that somebody uses.
const CONTROLS: [&str; 6] = ["button", "link", "textbox", "combobox", "checkbox", "Date"];

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_for_everybody() {
    let fleet = Fleet::start().await;
    fleet.account("cleo").await;
    let long = "a-very-long-order-reference-without-any-place-to-break-it-1";
    let order = fleet.order(long).store_line(MERCHANT, "S1", "kettle", 1).build();
    let number = fleet.accept(order).await;
    let code = fleet.code(&number).await;
    let browser = Browser::start();
    let result = format!("/track/{number}?code={code}");
    for page in ["/track", result.as_str(), "/track/x?code=y", "/worklist"] {
        browser.open(&format!("{}{page}", fleet.portal));
        browser.wait_for("h1", "").await;
        check(&browser, page);
    }
    drop(browser);
    let browser = fleet.signed_in("cleo").await;
    browser.wait_for("#list li", &number).await;
    check(&browser, "the work list");
    browser.click("#list input");
    check(&browser, "the work list with a choice");
    browser.click("#list [data-label]");
    browser.to_new_window().await;
    browser.wait_for("h1", "1 label").await;
    check(&browser, "the label");
    drop(browser);
    fleet.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_keep_a_page_to_itself() {
    let fleet = Fleet::start().await;
    for page in ["/track", "/track/x?code=y", "/worklist", "/assets/work.js", "/assets/pages.css"] {
        let (status, headers, _) = fleet.get(page);
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(status, if page.contains("code") { 404 } else { 200 }, "{page}");
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"));
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-frame-options"), "DENY");
        let kept = header("cache-control");
        assert_eq!(kept == "no-store", !page.starts_with("/assets/"), "{page}: {kept}");
    }
    assert_eq!(fleet.get("/assets/nothing.js").0, 404);
    assert_eq!(fleet.get("/assets/..%2fCargo.toml").0, 404);
    fleet.close().await;
}

fn check(browser: &Browser, page: &str) {
    for width in WIDTHS {
        browser.set_width(width);
        let overflow = browser.script(OVERFLOW);
        assert_eq!(overflow, json!([]), "{page} at {width} pixels is wider than the screen");
        for scheme in ["light", "dark"] {
            browser.set_colours(scheme);
            let faint = browser.script(FAINT);
            assert_eq!(faint, json!([]), "{page} at {width} pixels, {scheme}: hard to read");
        }
    }
    every_control_has_a_name(browser, page);
    every_control_is_reached(browser, page);
}

fn every_control_has_a_name(browser: &Browser, page: &str) {
    browser.devtools("Accessibility.enable", &json!({}));
    let tree = browser.devtools("Accessibility.getFullAXTree", &json!({}));
    let nodes = tree["nodes"].as_array().unwrap().iter();
    let controls: Vec<_> = nodes
        .filter(|node| node["ignored"] == false)
        .filter(|node| CONTROLS.contains(&node["role"]["value"].as_str().unwrap_or_default()))
        .collect();
    assert!(!controls.is_empty(), "{page} has nothing to use");
    for control in &controls {
        let name = control["name"]["value"].as_str().unwrap_or_default();
        assert!(!name.trim().is_empty(), "{page}: a {} has no name", control["role"]["value"]);
    }
    let buttons: Vec<&str> = controls
        .iter()
        .filter(|control| control["role"]["value"] == "button")
        .filter_map(|control| control["name"]["value"].as_str())
        .collect();
    let different: BTreeSet<&str> = buttons.iter().copied().collect();
    assert_eq!(different.len(), buttons.len(), "{page}: two buttons have one name: {buttons:?}");
}

/// From the top of the page, the tabulator key comes to everything that can be used.
fn every_control_is_reached(browser: &Browser, page: &str) {
    browser.script(
        "document.activeElement.blur(); window.scrollTo(0, 0); window.reached = new Set();",
    );
    let wanted = browser.script(USABLE).as_u64().unwrap();
    // a date has several parts, and behind the last one the browser itself is reached
    for _ in 0..wanted * 4 + 8 {
        browser.press(TAB);
        browser.script("window.reached.add(document.activeElement)");
    }
    let missed = browser.script(MISSED);
    assert_eq!(missed, json!([]), "{page}: out of reach for a keyboard");
}

const OVERFLOW: &str = "
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= wide) { return []; }
    return [...document.body.querySelectorAll('*')]
        .filter((element) => element.getBoundingClientRect().right > wide + 0.5)
        .map((element) => element.outerHTML.slice(0, 80));";

/// Elements with a text of their own that has a contrast below 4.5 against what is behind it.
const FAINT: &str = "
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element) => {
        for (let at = element; at; at = at.parentElement) {
            const colour = parts(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) { return colour; }
        }
        return [255, 255, 255];
    };
    return [...document.body.querySelectorAll('*')]
        .filter((element) => element.checkVisibility() && !element.matches(':disabled'))
        .filter((element) => [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .filter((element) => {
            const [one, two] = [parts(getComputedStyle(element).color), behind(element)].map(light);
            return (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05) < 4.5;
        })
        .map((element) => element.outerHTML.slice(0, 80));";

const USABLE: &str = "
    window.usable = [...document.querySelectorAll('a[href], button, input, select')]
        .filter((element) => element.checkVisibility() && !element.disabled);
    return window.usable.length;";

const MISSED: &str = "
    return window.usable.filter((element) => !window.reached.has(element))
        .map((element) => element.outerHTML.slice(0, 80));";
