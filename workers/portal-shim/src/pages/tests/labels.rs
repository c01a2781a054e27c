//! What stands on a label, and what does not.

use chrono::NaiveDate;
use contracts::{
    AssignmentStanding, DistrictCode, StatusNames, TimeslotCode, Timestamp, TrackingCode,
    WaybillKind, WaybillNo, WaybillStanding, WaybillStatus, WaybillView,
};

use super::super::label::{page, tracking_url};
use super::super::{assets, work};

fn view(number: &str) -> WaybillView {
    WaybillView {
        standing: WaybillStanding {
            waybill_no: WaybillNo::new(number).unwrap(),
            kind: WaybillKind::Forward,
            status: WaybillStatus::Acknowledged,
            held: false,
            failed_attempts: 0,
            gaps: Vec::new(),
            district: Some(DistrictCode::new("D001").unwrap()),
            delivery_date: NaiveDate::from_ymd_opt(2035, 6, 13).unwrap(),
            timeslot: TimeslotCode::new("0900-1300").unwrap(),
            updated_at: Timestamp::now(),
            version: 2,
        },
        names: StatusNames::default(),
        tracking_code: Some(TrackingCode::parse("0123456789").unwrap()),
        assignment: Some(AssignmentStanding {
            state: "ASSIGNED".to_owned(),
            reason: None,
            route_id: None,
            route_ref: Some("R-<1>".to_owned()),
            version: 1,
        }),
        sales_order: None,
    }
}

#[test]
fn a_label_says_where_the_parcel_goes_and_how_it_is_followed() {
    let html = page("http://here:1", Some("acme"), &[view("shop-<1>/2-1")], &[]);
    assert!(html.contains("<h2>shop-&lt;1&gt;/2-1</h2>"), "{html}");
    assert!(html.contains("aria-label=\"Barcode of shop-&lt;1&gt;/2-1\""));
    assert!(html.contains("http://here:1/track/shop-%3C1%3E%2F2-1?code=0123456789"));
    for text in
        ["acme", "D001", "Wednesday, 13 June 2035", "0900-1300", "R-&lt;1&gt;", "0123456789"]
    {
        assert!(html.contains(text), "{text} in {html}");
    }
}

#[test]
fn what_is_missing_is_said_and_not_printed() {
    let missing = WaybillNo::new("other-1-1").unwrap();
    let html = page("http://here:1", None, &[view("shop-1-1"), view("shop-1-2")], &[missing]);
    assert!(html.contains("<h1>2 labels</h1>"));
    assert_eq!(html.matches("<section class=\"label\"").count(), 2);
    assert!(html.contains("There is no waybill other-1-1 of yours."));
}

#[test]
fn a_waybill_from_before_there_were_codes_has_a_label_too() {
    let mut old = view("shop-1-1");
    (old.tracking_code, old.assignment, old.standing.district) = (None, None, None);
    let html = page("http://here:1", None, &[old], &[]);
    assert!(html.contains("<svg class=\"barcode\"") && !html.contains("/track/shop"), "{html}");
}

#[test]
fn a_link_leads_to_the_page_of_its_waybill() {
    let (number, code) =
        (WaybillNo::new("a b-1").unwrap(), TrackingCode::parse("zzzz-zzzz-zz").unwrap());
    let url = tracking_url("https://dray.example", &number, &code);
    assert_eq!(url, "https://dray.example/track/a%20b-1?code=ZZZZZZZZZZ");
}

#[test]
fn the_work_list_is_small_and_holds_no_script_of_its_own() {
    let html = work::page();
    let everything: usize = assets::FILES.iter().map(|(_, _, content)| content.len()).sum();
    assert!(html.len() + everything < 30 * 1024, "{} bytes", html.len() + everything);
    assert!(!html.contains("<script>") && !html.contains(" style=") && !html.contains(" onclick="));
    for (name, _, _) in assets::FILES.iter().filter(|(name, _, _)| *name == "work.js") {
        assert!(html.contains(&format!("src=\"/assets/{name}\"")));
    }
}
