//! The lifecycle as people read it: a Markdown table and a Mermaid drawing, both made from the table in
//! [`crate::lifecycle`]. A test holds README.md equal to them. Nothing here decides anything.

use std::fmt::Write as _;

use contracts::{Role, WaybillStatus};

use crate::lifecycle::{Level, Reporters, Row, row, statuses_of};

/// All statuses, lowest position first.
fn in_order() -> impl Iterator<Item = (WaybillStatus, &'static Row)> {
    [Level::Base, Level::Attempt, Level::Above]
        .into_iter()
        .flat_map(statuses_of)
        .map(|status| (*status, row(*status)))
}

/// The table, one line a status.
pub(crate) fn markdown() -> String {
    let mut text = String::from(
        "| status | position | who may report it | counts when one of these counts | ends | AfterShip | EasyPost | EPCIS bizStep |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (status, row) in in_order() {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            status.as_str(),
            position(row),
            reporters(row.reporters),
            proofs(row),
            if row.terminal { "yes" } else { "" },
            row.aftership,
            row.easypost,
            row.epcis,
        );
    }
    text
}

/// The drawing: an arrow from each proof to what it proves, and along the expected way.
pub(crate) fn mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> CREATED\n");
    let mut before = WaybillStatus::Created;
    for (status, row) in in_order().skip(1) {
        if row.proofs.is_empty() {
            let from = if row.anywhere { WaybillStatus::Created } else { before };
            let _ = writeln!(text, "    {} --> {}", from.as_str(), status.as_str());
        }
        for proof in row.proofs {
            let _ = writeln!(text, "    {} --> {}", proof.as_str(), status.as_str());
        }
        if row.terminal {
            let _ = writeln!(text, "    {} --> [*]", status.as_str());
        }
        if row.expected {
            before = status;
        }
    }
    text
}

fn position(row: &Row) -> String {
    let level = match row.level {
        Level::Base => "0",
        Level::Attempt => "n",
        Level::Above => "above all",
    };
    format!("({level}, {})", row.rank)
}

fn proofs(row: &Row) -> String {
    if row.proofs.is_empty() {
        return "always".to_owned();
    }
    let names: Vec<_> = row.proofs.iter().map(|proof| proof.as_str()).collect();
    let whose = if row.level == Level::Attempt { "of that attempt" } else { "of any attempt" };
    format!("{} {whose}", names.join(", "))
}

fn reporters(reporters: Reporters) -> String {
    match reporters {
        Reporters::Always(roles) => {
            let words: Vec<_> = roles.iter().map(|role| word(*role)).collect();
            words.join(", ")
        }
        Reporters::Packer => "fulfilled_by merchant: its merchant; warehouse: WMS".to_owned(),
        Reporters::Verdict => "sales-order's verdict only".to_owned(),
    }
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Customer => "customer",
        Role::Merchant => "merchant",
        Role::CsAgent => "CS",
        Role::CsSupervisor => "CS supervisor",
        Role::Dispatcher => "dispatcher",
        Role::Warehouse => "WMS",
        Role::Sorting => "PSS",
        Role::Road => "ODS",
        Role::Shop => "shop",
        Role::Worker => "intake",
        Role::Operator => "operator",
        Role::Admin => "administrator",
    }
}
