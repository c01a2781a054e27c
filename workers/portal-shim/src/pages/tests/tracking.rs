//! What the public is told, and that whatever it is made of stays text.

use chrono::NaiveDate;
use contracts::{
    DistrictCode, TimeslotCode, Timestamp, TrackingStep, TrackingView, WaybillKind, WaybillNo,
    WaybillStatus,
};

use super::super::form::Form;
use super::super::html::{Text, url_part};
use super::super::tracking::{Notice, form, result, upcoming, window};

fn at(time: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(time).unwrap().to_utc().into()
}

fn view(kind: WaybillKind, statuses: &[WaybillStatus]) -> TrackingView {
    let status = *statuses.last().unwrap();
    let steps = statuses.iter().map(|status| TrackingStep {
        status: *status,
        name: status.public_name(kind).to_owned(),
        at: at("2035-06-12T08:15:00Z"),
    });
    TrackingView {
        waybill_no: WaybillNo::new("shop-<b>1&2</b>-1").unwrap(),
        kind,
        status,
        name: status.public_name(kind).to_owned(),
        is_final: matches!(status, WaybillStatus::Delivered | WaybillStatus::Cancelled),
        district: Some(DistrictCode::new("D001").unwrap()),
        delivery_date: NaiveDate::from_ymd_opt(2035, 6, 13).unwrap(),
        timeslot: TimeslotCode::new("0900-1300").unwrap(),
        window_start: Some("09:00".to_owned()),
        window_end: Some("13:00".to_owned()),
        steps: steps.collect(),
        updated_at: at("2035-06-12T08:15:00Z"),
        version: 3,
    }
}

#[test]
fn a_waybill_is_told_with_what_happened_and_what_comes() {
    use WaybillStatus::{Created, Dispatched, Picked};
    let view = view(WaybillKind::Forward, &[Created, Picked, Dispatched]);
    let html = result(&view);
    assert!(html.contains("<h1>On its way</h1>"), "{html}");
    assert!(html.contains("Wednesday, 13 June 2035, 09:00 to 13:00"));
    assert!(
        html.contains("<time datetime=\"2035-06-12T08:15:00Z\">12 June 2035, 08:15 UTC</time>")
    );
    assert_eq!(html.matches("aria-current=\"step\"").count(), 1);
    assert_eq!(upcoming(&view), ["Out for delivery", "Delivered"]);
}

#[test]
fn what_usually_comes_depends_on_the_way_and_ends_with_it() {
    use WaybillStatus::{
        Cancelled, Created, Delivered, DeliveryFailed, Dispatched, OutForDelivery, Returning,
    };
    let upcoming_of = |kind, statuses: &[WaybillStatus]| upcoming(&view(kind, statuses));
    let forward = WaybillKind::Forward;
    assert_eq!(
        upcoming_of(forward, &[Created]),
        ["Being prepared", "On its way", "Out for delivery", "Delivered"]
    );
    let failed = [Created, Dispatched, OutForDelivery, DeliveryFailed];
    assert_eq!(upcoming_of(forward, &failed), ["Delivered"]);
    assert!(upcoming_of(forward, &[Created, Delivered]).is_empty());
    assert!(upcoming_of(forward, &[Created, Cancelled]).is_empty());
    assert!(upcoming_of(forward, &[Created, Dispatched, Returning]).is_empty());
    assert_eq!(
        upcoming_of(WaybillKind::Return, &[Created]),
        ["Out for collection", "Collected", "Received back"]
    );
}

#[test]
fn markup_stays_text() {
    use WaybillStatus::Created;
    let mut evil = view(WaybillKind::Forward, &[Created]);
    evil.name = "<script>alert('x')</script>".to_owned();
    evil.steps[0].name = "\"><img src=x onerror=alert(1)>".to_owned();
    evil.window_start = Some("<i>".to_owned());
    for html in [result(&evil), form("\"><script>", Some(Notice::Unknown))] {
        assert!(
            !html.contains("<script") && !html.contains("<img") && !html.contains("<i>"),
            "{html}"
        );
    }
    assert!(result(&evil).contains("shop-&lt;b&gt;1&amp;2&lt;/b&gt;-1"));
    assert_eq!(Text("a\u{0}\u{1b}b'\"").to_string(), "a\u{fffd}\u{fffd}b&#39;&quot;");
}

#[test]
fn a_window_without_times_is_told_by_its_code() {
    let mut view = view(WaybillKind::Forward, &[WaybillStatus::Created]);
    view.window_end = None;
    assert_eq!(window(&view), "Wednesday, 13 June 2035, 0900-1300");
}

#[test]
fn the_form_says_what_is_wrong_and_keeps_the_number_only() {
    let plain = form("", None);
    assert!(!plain.contains("role=\"alert\"") && !plain.contains("aria-invalid"));
    let again = form("shop-1-1", Some(Notice::Unknown));
    assert!(again.contains("value=\"shop-1-1\"") && again.contains("role=\"alert\""));
    assert_eq!(again.matches("aria-invalid=\"true\"").count(), 2);
    let later = form("shop-1-1", Some(Notice::Unavailable));
    assert!(later.contains("role=\"alert\"") && !later.contains("aria-invalid"), "{later}");
}

#[test]
fn forms_are_read_as_browsers_send_them() {
    let form = Form::read(b"number=shop-1%2F2-1&code=+ab+cd+&number=x&bad=%ff&flag&=y");
    assert_eq!(form.first("number"), "shop-1/2-1");
    assert_eq!(form.all("number").collect::<Vec<_>>(), ["shop-1/2-1", "x"]);
    assert_eq!(form.first("code"), "ab cd");
    assert_eq!((form.first("bad"), form.first("flag")), ("\u{fffd}", ""));
    assert_eq!(form.first("missing"), "");
    assert_eq!(url_part("shop-1/2 <\u{e9}>").to_string(), "shop-1%2F2%20%3C%C3%A9%3E");
}
