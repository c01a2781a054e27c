//! `dray doctor`: looks at everything the fleet depends on and says what is wrong and what to do.
//!
//! Changes nothing. Never here: a repair.

mod broker;
mod database;
mod machine;

use serde::Serialize;

use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table, Tone};
use crate::site::Site;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Ok,
    /// Works, but look at it.
    Warning,
    /// Does not work.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    area: &'static str,
    /// What was found.
    found: String,
    /// What to do about it.
    advice: Option<String>,
}

/// Gathers findings.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, area: &'static str, found: impl Into<String>) {
        self.0.push(Finding { level: Level::Ok, area, found: found.into(), advice: None });
    }

    fn warn(&mut self, area: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        let (found, advice) = (found.into(), Some(advice.into()));
        self.0.push(Finding { level: Level::Warning, area, found, advice });
    }

    fn wrong(&mut self, area: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        let (found, advice) = (found.into(), Some(advice.into()));
        self.0.push(Finding { level: Level::Wrong, area, found, advice });
    }

    /// A check that could not be made: the error says what to do.
    fn failed(&mut self, area: &'static str, error: &CommandError) {
        self.0.push(Finding { level: Level::Wrong, area, found: error.to_string(), advice: None });
    }
}

/// Runs the command.
pub(crate) async fn run(site: &Site, output: Output) -> Result<()> {
    let mut findings = Findings::default();
    machine::look(site, &mut findings);
    broker::look(site, &mut findings).await;
    database::look(site, &mut findings).await;
    machine::redis(&mut findings).await;
    output.result(&findings, || text(&findings, output))?;
    match findings.0.iter().filter(|finding| finding.level == Level::Wrong).count() {
        0 => Ok(()),
        count => Err(CommandError::new(Exit::NotAsItShouldBe, format!("{count} things are wrong"))),
    }
}

fn text(findings: &Findings, output: Output) -> String {
    let mut table = Table::new(&["area", "verdict", "found"]);
    for finding in &findings.0 {
        let (tone, word) = match finding.level {
            Level::Ok => (Tone::Good, "ok     "),
            Level::Warning => (Tone::Strong, "look   "),
            Level::Wrong => (Tone::Bad, "wrong  "),
        };
        table.row([finding.area.to_owned(), output.paint(tone, word), finding.found.clone()]);
        if let Some(advice) = &finding.advice {
            table.row([String::new(), String::new(), format!("-> {advice}")]);
        }
    }
    table.render(output)
}
