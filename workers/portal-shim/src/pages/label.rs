//! Labels as HTML, A6 each: what a parcel says of itself to scanners, drivers and the customer.
//!
//! Pure. Never here: who may print one. A label holds no name and no address: the road has those from its
//! own lists, and a parcel lies about for everybody to read.

use std::fmt::Write as _;

use contracts::{TrackingCode, WaybillNo, WaybillView};

use super::barcode::Barcode;
use super::html::{Page, Text, url_part};
use super::tracking::day;

/// Most labels of one page.
pub(crate) const MAX_LABELS: usize = 50;

/// What the page needs beyond every page's own: its style, and the button that prints.
const HEAD: &str = "<link rel=\"stylesheet\" href=\"/assets/label.css\">\n\
     <script type=\"module\" src=\"/assets/label.js\"></script>\n";

/// The page with these labels. `base` is the shim's own address without a slash at its end, `sender` who
/// prints them, and `missing` what there is no label for.
pub(crate) fn page(
    base: &str,
    sender: Option<&str>,
    labels: &[WaybillView],
    missing: &[WaybillNo],
) -> String {
    let count = labels.len();
    let what = if count == 1 { "1 label".to_owned() } else { format!("{count} labels") };
    let mut main = format!(
        "<div class=\"screen\">\n<h1>{what}</h1>\n<p>Paper: A6, without margins, in its real size.</p>\n\
         <p><button id=\"print\" type=\"button\" class=\"main\" hidden>Print</button></p>\n"
    );
    for number in missing {
        let number = Text(number.as_str());
        push(
            &mut main,
            format_args!(
                "<p class=\"bad\" role=\"alert\">There is no waybill {number} of yours.</p>\n"
            ),
        );
    }
    main.push_str("</div>\n");
    for view in labels {
        label(&mut main, base, sender, view);
    }
    Page { title: &what, main: &main, head: HEAD }.render()
}

fn label(html: &mut String, base: &str, sender: Option<&str>, view: &WaybillView) {
    let standing = &view.standing;
    let number = standing.waybill_no.as_str();
    let name = Text(number);
    push(html, format_args!("<section class=\"label\" data-number=\"{name}\">\n<h2>{name}</h2>\n"));
    if let Some(barcode) = Barcode::of(number) {
        html.push_str(&barcode.svg(&format!("Barcode of {name}")));
    }
    html.push_str("\n<dl>\n");
    let mut row = |what: &str, text: &str| {
        push(html, format_args!("<dt>{what}</dt><dd>{}</dd>\n", Text(text)));
    };
    row("From", sender.unwrap_or("-"));
    row("District", standing.district.as_ref().map_or("-", |district| district.as_str()));
    row("Day", &day(standing.delivery_date));
    row("Window", standing.timeslot.as_str());
    row(
        "Route",
        view.assignment.as_ref().and_then(|place| place.route_ref.as_deref()).unwrap_or("-"),
    );
    html.push_str("</dl>\n");
    if let Some(code) = &view.tracking_code {
        let link = tracking_url(base, &standing.waybill_no, code);
        let (code, link) = (Text(code.as_str()), Text(&link));
        push(
            html,
            format_args!(
                "<p>Tracking code <span class=\"code\">{code}</span></p>\n\
                 <p class=\"link\">{link}</p>\n"
            ),
        );
    }
    html.push_str("</section>\n");
}

/// Where the public follows a waybill.
pub(crate) fn tracking_url(base: &str, number: &WaybillNo, code: &TrackingCode) -> String {
    format!("{base}/track/{}?code={}", url_part(number.as_str()), url_part(code.as_str()))
}

fn push(html: &mut String, part: std::fmt::Arguments<'_>) {
    // writing to a String cannot fail
    let _ = html.write_fmt(part);
}
