//! The lifecycle as people read it: Markdown tables and Mermaid drawings, both made from the table in
//! [`contracts::Way`]. A test holds README.md equal to them. Nothing here decides anything.

use std::fmt::Write as _;

use contracts::{Level, Reporters, Role, StatusRow, Way};

/// The table of one way, one line a status, lowest position first.
pub(crate) fn markdown(way: Way) -> String {
    let mut text = String::from(
        "| status | position | who may report it | counts when one of these counts | unreported | ends | AfterShip | EasyPost | EPCIS bizStep |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    for row in way.rows() {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.status.as_str(),
            position(row),
            reporters(row.reporters),
            proofs(way, row),
            if row.expected { "gap" } else { "" },
            if row.terminal { "yes" } else { "" },
            row.names.aftership,
            row.names.easypost,
            row.names.epcis,
        );
    }
    text
}

/// The drawing of one way.
pub(crate) fn mermaid(way: Way) -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> CREATED\n");
    for (from, to) in way.edges() {
        let _ = writeln!(text, "    {} --> {}", from.as_str(), to.as_str());
    }
    for row in way.rows().iter().filter(|row| row.terminal) {
        let _ = writeln!(text, "    {} --> [*]", row.status.as_str());
    }
    text
}

fn position(row: &StatusRow) -> String {
    let level = match row.level {
        Level::Base => "0",
        Level::Attempt => "n",
        Level::Above => "above all",
    };
    format!("({level}, {})", row.rank)
}

fn proofs(way: Way, row: &StatusRow) -> String {
    if row.proofs.is_empty() {
        return "always".to_owned();
    }
    let of_any = |proof| way.row(proof).is_some_and(|proof| proof.level != row.level);
    let names: Vec<_> = row
        .proofs
        .iter()
        .map(|proof| match row.level {
            Level::Above if of_any(*proof) => format!("{} of any attempt", proof.as_str()),
            Level::Attempt => format!("{} of that attempt", proof.as_str()),
            Level::Above | Level::Base => proof.as_str().to_owned(),
        })
        .collect();
    names.join(", ")
}

fn reporters(reporters: Reporters) -> String {
    match reporters {
        Reporters::Roles(roles) => {
            let words: Vec<_> = roles.iter().map(|role| word(*role)).collect();
            words.join(", ")
        }
        Reporters::Packer => "fulfilled_by merchant: its merchant; warehouse: WMS".to_owned(),
        Reporters::Verdict => "nobody: sales-order's verdict".to_owned(),
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
