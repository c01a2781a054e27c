//! The lifecycle as people read it: a Markdown table and a Mermaid drawing, both made from the table in
//! `lifecycle.rs`. A test holds README.md equal to them. Nothing here decides anything.

use std::fmt::Write as _;

use contracts::{ReturnStatus, Role};

use crate::lifecycle::Step;

/// The table, one line a step.
pub(crate) fn markdown() -> String {
    let mut text = String::from("| step | from | to | who |\n|---|---|---|---|\n");
    for step in Step::ALL {
        let row = step.row();
        let from: Vec<&str> = row.from.iter().map(|status| status.as_str()).collect();
        let who: Vec<&str> = row.roles.iter().map(|role| word(*role)).collect();
        let who = if who.is_empty() { "its waybills".to_owned() } else { who.join(", ") };
        let _ =
            writeln!(text, "| {} | {} | {} | {who} |", row.name, from.join(", "), row.to.as_str());
    }
    text
}

/// The drawing.
pub(crate) fn mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n");
    for step in Step::ALL {
        let row = step.row();
        if row.from.is_empty() {
            let _ = writeln!(text, "    [*] --> {}: {}", row.to.as_str(), row.name);
        }
        for from in row.from {
            let _ = writeln!(text, "    {} --> {}: {}", from.as_str(), row.to.as_str(), row.name);
        }
    }
    for status in ends() {
        let _ = writeln!(text, "    {} --> [*]", status.as_str());
    }
    text
}

/// The states that no step leaves.
fn ends() -> impl Iterator<Item = ReturnStatus> {
    let is_left = |status| Step::ALL.into_iter().any(|step| step.row().from.contains(&status));
    ReturnStatus::ALL.into_iter().filter(move |status| !is_left(*status))
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Merchant => "merchant",
        Role::CsAgent => "CS",
        Role::CsSupervisor => "CS supervisor",
        Role::Dispatcher => "dispatcher",
        Role::Warehouse => "warehouse",
        Role::Sorting => "PSS",
        Role::Road => "ODS",
        Role::Shop => "shop",
        Role::Worker => "worker",
        Role::Operator => "operator",
        Role::Admin => "administrator",
    }
}
