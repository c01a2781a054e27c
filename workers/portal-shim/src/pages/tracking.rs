//! The public tracking pages as HTML: the form, and what became of one waybill. They need no script.
//!
//! Pure. Never here: who asks, and where the answer comes from.

use std::fmt::Write as _;

use chrono::NaiveDate;
use contracts::{Timestamp, TrackingView, Way, WaybillKind, WaybillStatus};

use super::html::{Page, Text};

/// The way that most parcels go, in the public's words.
const OUT: [WaybillStatus; 5] = [
    WaybillStatus::Created,
    WaybillStatus::Packed,
    WaybillStatus::Dispatched,
    WaybillStatus::OutForDelivery,
    WaybillStatus::Delivered,
];
/// The way back from a customer.
const BACK: [WaybillStatus; 4] = [
    WaybillStatus::Created,
    WaybillStatus::OutForPickup,
    WaybillStatus::Collected,
    WaybillStatus::ReturnedToOrigin,
];

/// Why the form is shown again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// Number and code do not belong together, or one of them is nobody's.
    Unknown,
    /// Nobody answers.
    Unavailable,
}

impl Notice {
    const fn text(self) -> &'static str {
        match self {
            Self::Unknown => {
                "We do not know a delivery with this number and code. Both stand on the label and in the \
                 message about your order: please compare them."
            }
            Self::Unavailable => {
                "We cannot look it up at this moment. Please try again in a minute."
            }
        }
    }
}

/// The form, with the number that was typed before and why it is shown again. The code is never shown again.
pub(crate) fn form(number: &str, notice: Option<Notice>) -> String {
    let alert = notice.map_or_else(String::new, |notice| {
        format!("<p class=\"bad\" role=\"alert\" id=\"notice\">{}</p>\n", notice.text())
    });
    let invalid = match notice {
        Some(Notice::Unknown) => " aria-invalid=\"true\" aria-describedby=\"notice\"",
        Some(Notice::Unavailable) | None => "",
    };
    let number = Text(number);
    let main = format!(
        "<h1>Track a delivery</h1>\n{alert}<form class=\"fields\" method=\"post\" action=\"/track\">\n\
         <div><label for=\"number\">Number of the waybill</label>\n\
         <input id=\"number\" name=\"number\" value=\"{number}\" required maxlength=\"112\" autocomplete=\"off\" \
         autocapitalize=\"none\" spellcheck=\"false\"{invalid}></div>\n\
         <div><label for=\"code\">Tracking code</label>\n\
         <input id=\"code\" name=\"code\" required maxlength=\"20\" autocomplete=\"off\" \
         autocapitalize=\"characters\" spellcheck=\"false\" aria-describedby=\"code-hint{described}\"{is_invalid}>\n\
         <span class=\"hint\" id=\"code-hint\">10 letters and digits, from the label or the message about your \
         order.</span></div>\n\
         <div><button class=\"main\">Track</button></div>\n</form>\n",
        described = if invalid.is_empty() { "" } else { " notice" },
        is_invalid = if invalid.is_empty() { "" } else { " aria-invalid=\"true\"" },
    );
    Page { title: "Track a delivery", main: &main, head: "" }.render()
}

/// How far a waybill is.
pub(crate) fn result(view: &TrackingView) -> String {
    let mut main = format!(
        "<h1>{name}</h1>\n<dl>\n<dt>Waybill</dt><dd>{number}</dd>\n<dt>{promised}</dt><dd>{window}</dd>\n",
        name = Text(&view.name),
        number = Text(view.waybill_no.as_str()),
        promised = match Way::of(view.kind) {
            Way::Outbound => "Delivery",
            Way::Return => "Collection",
        },
        window = Text(&window(view)),
    );
    if let Some(district) = &view.district {
        push(&mut main, format_args!("<dt>District</dt><dd>{}</dd>\n", Text(district.as_str())));
    }
    push(
        &mut main,
        format_args!(
            "<dt>Last change</dt><dd>{}</dd>\n</dl>\n<h2>What happened</h2>\n<ol class=\"steps\">\n",
            moment(view.updated_at)
        ),
    );
    steps(&mut main, view);
    main.push_str("</ol>\n<p><a href=\"/track\">Track another delivery</a></p>\n");
    let title = format!("{}: {}", view.waybill_no, view.name);
    Page { title: &title, main: &main, head: "" }.render()
}

fn push(html: &mut String, part: std::fmt::Arguments<'_>) {
    // writing to a String cannot fail
    let _ = html.write_fmt(part);
}

/// What happened, then what usually comes.
fn steps(html: &mut String, view: &TrackingView) {
    let last = view.steps.len().saturating_sub(1);
    for (place, step) in view.steps.iter().enumerate() {
        let current = if place == last { " aria-current=\"step\"" } else { "" };
        let class = if is_failure(step.status) { "failed" } else { "done" };
        let (name, at) = (Text(&step.name), moment(step.at));
        push(
            html,
            format_args!("<li class=\"{class}\"{current}><strong>{name}</strong> {at}</li>\n"),
        );
    }
    for name in upcoming(view) {
        let name = Text(name);
        push(html, format_args!("<li>{name} <span class=\"unseen\">(still to come)</span></li>\n"));
    }
}

const fn is_failure(status: WaybillStatus) -> bool {
    matches!(
        status,
        WaybillStatus::DeliveryFailed
            | WaybillStatus::PickupFailed
            | WaybillStatus::Lost
            | WaybillStatus::Damaged
            | WaybillStatus::Cancelled
    )
}

/// The names of what usually comes after what happened; nothing where it goes back or has ended.
pub(crate) fn upcoming(view: &TrackingView) -> Vec<&'static str> {
    let goes_back =
        matches!(view.status, WaybillStatus::Returning) && view.kind != WaybillKind::Return;
    if view.is_final || goes_back {
        return Vec::new();
    }
    let way: &[WaybillStatus] = match Way::of(view.kind) {
        Way::Outbound => &OUT,
        Way::Return => &BACK,
    };
    let name = |status: &WaybillStatus| status.public_name(view.kind);
    let happened = |status| view.steps.iter().any(|step| step.name == name(status));
    let next = way.iter().rposition(happened).map_or(0, |place| place + 1);
    way.iter().skip(next).map(name).collect()
}

/// Day and window: "Wednesday, 13 June 2035, 09:00 to 13:00".
pub(crate) fn window(view: &TrackingView) -> String {
    let day = day(view.delivery_date);
    match (&view.window_start, &view.window_end) {
        (Some(start), Some(end)) => format!("{day}, {start} to {end}"),
        (Some(_) | None, Some(_) | None) => format!("{day}, {}", view.timeslot),
    }
}

/// A day as people write it.
pub(crate) fn day(date: NaiveDate) -> String {
    date.format("%A, %-d %B %Y").to_string()
}

/// A time for people and programs. The page is the same everywhere, so it names its zone.
fn moment(at: Timestamp) -> String {
    let shown = at.as_datetime().format("%-d %B %Y, %H:%M UTC");
    format!("<time datetime=\"{at}\">{shown}</time>")
}
