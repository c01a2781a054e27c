//! The report as one page that stands alone: tables, and bars for latency and memory. Never here: a script, anything
//! from another place.

use std::fmt::Write as _;
use std::path::Path;

use super::samples::Row;
use super::{PortalError, Report, print};

/// Width of the longest bar.
const BAR_PX: f64 = 420.0;
const ROW_PX: f64 = 22.0;
const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;\
    color:#1b1f24;background:#fff}table{border-collapse:collapse;margin:1rem 0}\
    th,td{padding:.25rem .75rem;text-align:right;border-bottom:1px solid #d8dee4}\
    th:first-child,td:first-child{text-align:left}.ok{color:#11632b}.bad{color:#a40e26;font-weight:600}\
    svg text{font:13px system-ui,sans-serif;fill:currentColor}\
    @media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#30363d}\
    .ok{color:#3fb950}.bad{color:#ff7b72}}";

/// Writes the page.
pub(crate) fn write(report: &Report, path: &Path) -> Result<(), PortalError> {
    std::fs::write(path, page(report))
        .map_err(|error| PortalError::System(format!("cannot write {}: {error}", path.display())))
}

pub(super) fn page(report: &Report) -> String {
    let title = format!("Portal under load: {}", report.regime.label());
    let verdict = match report.holds {
        true => "<p class=ok>Nothing lost, doubled or false.</p>",
        false => "<p class=bad>The reconciliation found faults.</p>",
    };
    [
        "<!doctype html><html lang=en><meta charset=utf-8>".to_owned(),
        "<meta name=viewport content=\"width=device-width\">".to_owned(),
        format!("<title>{}</title><style>{STYLE}</style>", escape(&title)),
        format!("<h1>{}</h1>", escape(&title)),
        format!(
            "<p>{} requests/s offered for {} s, seed {}; times are counted from the moment at which a request was \
             due.</p>",
            report.offered_per_second, report.seconds, report.seed
        ),
        verdict.to_owned(),
        beside(report),
        "<h2>Requests</h2>".to_owned(),
        requests(&report.rows),
        chart("p99 in milliseconds", report.rows.iter().map(|r| (r.class.clone(), r.latency.p99_ms))),
        steps(report),
        "<h2>Processes</h2>".to_owned(),
        processes(report),
        chart(
            "most resident memory in MiB",
            report.processes.iter().map(|used| (used.process.clone(), used.resident_mib_most)),
        ),
        "<h2>Reconciliation</h2>".to_owned(),
        truth(report),
    ]
    .join("\n")
}

fn beside(report: &Report) -> String {
    let item = |beside| {
        let class = if super::Beside::is_met(beside) { "ok" } else { "bad" };
        format!("<li class={class}>{}</li>", escape(&print::line(beside)))
    };
    format!("<ul>{}</ul>", report.beside.iter().map(item).collect::<String>())
}

fn requests(rows: &[Row]) -> String {
    let heads =
        ["class", "requests", "served", "p50 ms", "p99 ms", "p99.9 ms", "turned away", "answers"];
    let cells = rows.iter().map(|row| {
        vec![
            row.class.clone(),
            row.requests.to_string(),
            row.served.to_string(),
            format!("{:.1}", row.latency.p50_ms),
            format!("{:.1}", row.latency.p99_ms),
            format!("{:.1}", row.latency.p999_ms),
            row.turned_away.to_string(),
            print::answers(row),
        ]
    });
    table(&heads, cells)
}

fn steps(report: &Report) -> String {
    if report.steps.is_empty() {
        return String::new();
    }
    let cells = report.steps.iter().map(|step| {
        vec![step.offered.to_string(), format!("{:.0}", step.served), format!("{:.1}", step.p99_ms)]
    });
    let search = table(&["offered/s", "served/s", "p99 ms"], cells);
    let goodput = report.goodput.map(|goodput| {
        format!(
            "<p>Peak {:.0}/s; of {}/s offered {:.0}/s were served, {:.1} % of the peak.</p>",
            goodput.peak, goodput.offered, goodput.served, goodput.percent_of_peak
        )
    });
    format!("<h2>The peak, and beyond</h2>{search}{}", goodput.unwrap_or_default())
}

fn processes(report: &Report) -> String {
    let cells = report.processes.iter().map(|used| {
        vec![
            used.process.clone(),
            format!("{:.1}", used.resident_mib_before),
            format!("{:.1}", used.resident_mib_most),
            format!("{:.1}", used.resident_mib_after),
            format!("{:.2}", used.cores),
        ]
    });
    table(&["process", "MiB before", "most", "after", "cores"], cells)
}

fn truth(report: &Report) -> String {
    let truth = &report.truth;
    let counts = [
        ("changes", truth.changes),
        ("accepted", truth.accepted),
        ("settled", truth.settled),
        ("never answered", truth.unanswered),
        ("states compared", truth.shown),
    ];
    let counts = counts.map(|(what, count)| vec![what.to_owned(), count.to_string()]);
    let faults =
        print::kinds(truth).map(|(what, faults)| vec![what.to_owned(), faults.count.to_string()]);
    let named = print::kinds(truth).into_iter().flat_map(|(_, faults)| &faults.named);
    let named: String = named.map(|fault| format!("<li>{}</li>", escape(fault))).collect();
    format!(
        "{}<ul class=bad>{named}</ul>",
        table(&["what", "how many"], counts.into_iter().chain(faults))
    )
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let heads: String = heads.iter().map(|head| format!("<th>{}</th>", escape(head))).collect();
    let mut body = String::new();
    for row in rows {
        let cells: String = row.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        let _infallible = write!(body, "<tr>{cells}</tr>");
    }
    format!("<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>")
}

/// Horizontal bars, the longest as long as there is room.
fn chart(title: &str, bars: impl Iterator<Item = (String, f64)>) -> String {
    let bars: Vec<(String, f64)> = bars.collect();
    let longest = bars.iter().map(|(_, value)| *value).fold(1e-9, f64::max);
    let mut body = String::new();
    let mut top = 0.0;
    for (label, value) in &bars {
        let width = BAR_PX * value / longest;
        let _infallible = write!(
            body,
            "<text x=0 y={:.0}>{}</text><rect x=160 y={:.0} width={width:.1} height=14 fill=#2f6fab />\
             <text x={:.0} y={:.0}>{value:.1}</text>",
            top + 15.0,
            escape(label),
            top + 4.0,
            width + 168.0,
            top + 15.0
        );
        top += ROW_PX;
    }
    let title = escape(title);
    format!(
        "<figure><figcaption>{title}</figcaption><svg width=680 height={top:.0} role=img aria-label=\"{title}\">\
         {body}</svg></figure>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
