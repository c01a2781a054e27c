//! The lifecycle of an order as people read it: a Markdown table and a Mermaid drawing, both made from
//! [`contracts::ORDER_STATES`]. A test holds README.md equal to them. Nothing here decides anything.

use std::fmt::Write as _;

use contracts::{ORDER_STATES, OrderReached, OrderWay};

/// The table, one line a status.
pub(crate) fn markdown() -> String {
    let mut text =
        String::from("| status | means | reached by | cancel | amend |\n|---|---|---|---|---|\n");
    for row in ORDER_STATES {
        let mut ways: Vec<&str> = row.reached.iter().map(word).collect();
        ways.dedup();
        let (cancel, amend) = (mark(row.may_cancel), mark(row.may_amend));
        let (status, ways) = (row.status.as_str(), ways.join(", "));
        let _ = writeln!(text, "| {status} | {} | {ways} | {cancel} | {amend} |", row.means);
    }
    text
}

/// The drawing.
pub(crate) fn mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n");
    for row in ORDER_STATES {
        for way in row.reached {
            let from = way.0.map_or("[*]", |from| from.as_str());
            let _ = writeln!(text, "    {from} --> {}: {}", row.status.as_str(), word(way));
        }
    }
    text
}

const fn word(way: &OrderWay) -> &'static str {
    match way.1 {
        OrderReached::Taken => "order.create",
        OrderReached::Counted => "its units",
        OrderReached::Saga(event) => event,
    }
}

const fn mark(yes: bool) -> &'static str {
    if yes { "yes" } else { "" }
}
