//! `dray adra explain`: every decision about a waybill's place, in sentences and a table.
//!
//! The record is adra-assigner's; here it is only worded. Never here: a judgement of its own.

mod words;

use std::collections::BTreeMap;

use clap::Args;
use contracts::{
    DecisionHistory, Query, QueryAnswer, RouteName, StoredDecision, Timestamp, WaybillNo,
};
use routing::explain::{Candidate, QuotaChange, RouteChange, Verdict};
use routing::{Explanation, Load};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use self::words::{chosen_words, limit_words, reason_words, rule_words, step_words};
use super::{Wait, absent, thousands, waybill_no};
use crate::error::Result;
use crate::operator::Operator;
use crate::output::{Output, Table, Tone, cell};
use crate::site::Site;

/// Most decisions that are fetched: a waybill that is tried again and again has many.
const DECISIONS_MAX: usize = 1_000;

/// Which waybill.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Its number
    #[arg(value_parser = waybill_no)]
    waybill_no: WaybillNo,
    #[command(flatten)]
    wait: Wait,
}

/// A decision with its explanation as a value.
#[derive(Debug, Serialize)]
struct Decision {
    version: u64,
    outcome: String,
    reason: Option<String>,
    route_ref: Option<String>,
    judged_at: Timestamp,
    decided_at: Timestamp,
    explanation: Value,
}

#[derive(Debug, Serialize)]
struct Shown {
    waybill_no: WaybillNo,
    decisions: Vec<Decision>,
    routes: Vec<RouteName>,
    /// True when there are more than are shown.
    cut: bool,
}

/// What an explanation may say beside what the engine looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Beside {
    by_hand: Option<ByHand>,
    planning: Option<Planning>,
    detail: Option<String>,
    left_at: Option<Timestamp>,
    service: Option<String>,
    expected: Option<Expected>,
}

/// What was still to come to its zone, by former days.
#[derive(Debug, Deserialize)]
struct Expected {
    days: u32,
    dry: u32,
    frozen: u32,
    mixed: u32,
}

#[derive(Debug, Deserialize)]
struct ByHand {
    step: String,
    by: String,
    role: String,
    why: Option<String>,
    #[serde(default)]
    override_cut_off: bool,
}

#[derive(Debug, Deserialize)]
struct Planning {
    from: Option<String>,
    to: Option<String>,
    moved_together: Option<u64>,
}

/// Runs it.
pub(crate) async fn run(args: &ExplainArgs, site: &Site, output: Output) -> Result<()> {
    let shown = fetch(args, site).await?;
    output.result(&shown, || text(&shown, output))
}

/// All decisions, some at a time.
async fn fetch(args: &ExplainArgs, site: &Site) -> Result<Shown> {
    let mut operator = Operator::connect(site).await?;
    let number = args.waybill_no.clone();
    let mut shown =
        Shown { waybill_no: number.clone(), decisions: Vec::new(), routes: Vec::new(), cut: false };
    let mut after_version = Some(0);
    while let Some(after) = after_version {
        let query = Query::Decisions { waybill_no: number.clone(), after_version: after };
        let answer = operator.question(&query, args.wait.duration()).await?;
        let QueryAnswer::Decisions(history) = answer else {
            let text = format!("adra-assigner has not heard of waybill {number} yet");
            return Err(absent(&answer, text));
        };
        let DecisionHistory { decisions, routes, next, .. } = *history;
        shown.decisions.extend(decisions.into_iter().map(Decision::from));
        shown.routes.extend(routes);
        shown.cut = next.is_some() && shown.decisions.len() >= DECISIONS_MAX;
        after_version = next.filter(|_| !shown.cut);
    }
    operator.close().await;
    shown.routes.sort_by(|a, b| a.route_ref.cmp(&b.route_ref));
    shown.routes.dedup();
    Ok(shown)
}

impl From<StoredDecision> for Decision {
    fn from(stored: StoredDecision) -> Self {
        let explanation = serde_json::from_str(&stored.explanation);
        Self {
            version: stored.version,
            outcome: stored.outcome,
            reason: stored.reason,
            route_ref: stored.route_ref,
            judged_at: stored.judged_at,
            decided_at: stored.decided_at,
            explanation: explanation.unwrap_or(Value::String(stored.explanation)),
        }
    }
}

/// Names of routes by their ids.
type Names<'a> = BTreeMap<Uuid, &'a str>;

fn text(shown: &Shown, output: Output) -> String {
    if shown.decisions.is_empty() {
        return format!("nothing was decided about waybill {} yet", shown.waybill_no);
    }
    let names: Names<'_> =
        shown.routes.iter().map(|name| (name.route_id.0, name.route_ref.as_str())).collect();
    let mut text = format!("waybill {}\n", shown.waybill_no);
    for decision in &shown.decisions {
        text.push('\n');
        text.push_str(&decision_text(decision, &names, output));
    }
    if shown.cut {
        text.push_str("\nthere are more decisions than are shown\n");
    }
    text
}

fn decision_text(decision: &Decision, names: &Names<'_>, output: Output) -> String {
    let tone = if decision.reason.is_none() { Tone::Good } else { Tone::Bad };
    let outcome = match (&decision.reason, &decision.route_ref) {
        (Some(reason), _) => format!("{} ({reason})", decision.outcome),
        (None, Some(route)) => format!("{} to {route}", decision.outcome),
        (None, None) => decision.outcome.clone(),
    };
    let head = format!("version {}, {}: {outcome}", decision.version, decision.decided_at);
    let mut text = format!("{}\n", output.paint(tone, &head));
    let mut say = |sentence: String| text.push_str(&format!("  {sentence}\n"));
    let beside = Beside::deserialize(&decision.explanation).unwrap_or_default();
    let explanation = Explanation::deserialize(&decision.explanation).ok();
    let is_told = beside.by_hand.is_some() || beside.planning.is_some() || beside.detail.is_some();
    if explanation.is_none() && !is_told && beside.left_at.is_none() {
        say(format!("It says: {}", decision.explanation));
    }
    beside_sentences(&beside).into_iter().for_each(&mut say);
    if let Some(explanation) = explanation {
        sentences(&explanation, names).into_iter().for_each(&mut say);
        text.push_str(&table(&explanation, names, output));
    }
    text
}

fn beside_sentences(beside: &Beside) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(ByHand { step, by, role, why, override_cut_off }) = &beside.by_hand {
        let done = match step.as_str() {
            "pin" => "pinned it to its route",
            "unpin" => "let planning move it again",
            _ => "moved it to this route and pinned it there",
        };
        let why = why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        said.push(format!("By hand: {by} ({role}) {done}{why}."));
        if *override_cut_off {
            said.push("The cut-off was overridden.".to_owned());
        }
    }
    if let Some(Planning { from, to, moved_together }) = &beside.planning {
        let (from, to) = (cell(from.as_ref()), cell(to.as_ref()));
        let together = cell(*moved_together);
        said.push(format!("Planning moved it from {from} to {to}, one of {together} at once."));
    }
    said.extend(beside.detail.as_ref().map(|detail| format!("It says: {detail}.")));
    said.extend(beside.left_at.map(|at| format!("Its route left without it at {at}.")));
    if beside.service.as_deref() == Some("pickup") {
        said.push("It is fetched: it takes the room that it needs on the way back.".to_owned());
    }
    if let Some(Expected { days, dry, frozen, mixed }) = &beside.expected {
        said.push(format!(
            "Expected after it in its zone, as on {days} former days of the week: {dry} dry, {frozen} frozen, {mixed} mixed."
        ));
    }
    said
}

fn sentences(explanation: &Explanation, names: &Names<'_>) -> Vec<String> {
    let cut_off = Timestamp::from(explanation.cut_off);
    let judged = Timestamp::from(explanation.judged_at);
    let mut said = vec![format!("Judged at {judged}; the cut-off is {cut_off}.")];
    if let Some(reason) = explanation.reason {
        said.push(reason_words(reason).to_owned());
    }
    let limits = |of: &[routing::Reason], glue: &str| {
        of.iter().map(|limit| limit_words(*limit)).collect::<Vec<_>>().join(glue)
    };
    if !explanation.blocked_by.is_empty() {
        let together = limits(&explanation.blocked_by, " and ");
        said.push(format!("To get a place it takes {together}."));
    }
    if !explanation.or_else.is_empty() {
        said.push(format!("Instead of that would do {}.", limits(&explanation.or_else, ", or ")));
    }
    if let Some(chosen) = &explanation.chosen {
        let truck = cell(chosen.truck_type.as_ref());
        said.push(format!("{} Truck: {truck}, zone {}.", chosen_words(chosen.step), chosen.zone));
    }
    said.extend(explanation.quota.as_ref().map(quota_sentence));
    said.extend(explanation.route.as_ref().map(|change| route_sentence(change, names)));
    said
}

fn load_text(load: Load) -> String {
    let Load { waybills, dry_ml, frozen_ml, weight_g } = load;
    let [dry, frozen, kilograms] = [dry_ml, frozen_ml, weight_g].map(thousands);
    format!("{waybills} waybills, {dry} l dry, {frozen} l cold, {kilograms} kg")
}

fn quota_sentence(quota: &QuotaChange) -> String {
    let (limit, before) = (load_text(quota.limit), load_text(quota.before));
    if quota.before == quota.after {
        return format!("Zone {} used {before} of its quota of {limit}.", quota.zone);
    }
    let after = load_text(quota.after);
    format!("Zone {} used {before} and uses {after} of its quota of {limit}.", quota.zone)
}

fn route_sentence(change: &RouteChange, names: &Names<'_>) -> String {
    let name = names.get(&change.route.0).copied().unwrap_or("The route");
    let truck = match &change.truck_type_before {
        Some(before) if *before == change.truck_type_after => format!("its {before}"),
        Some(before) => format!("a {} instead of its {before}", change.truck_type_after),
        None => format!("a new {}", change.truck_type_after),
    };
    format!(
        "{name} carried {} to {} doors and carries {} to {} doors, on {truck}.",
        load_text(change.load_before),
        change.stops_before,
        load_text(change.load_after),
        change.stops_after
    )
}

fn table(explanation: &Explanation, names: &Names<'_>, output: Output) -> String {
    if explanation.candidates.is_empty() {
        return String::new();
    }
    let heads = ["step", "zone", "route", "truck", "verdict", "spare", "price", "for"];
    let mut table = Table::new(&heads);
    for candidate in &explanation.candidates {
        table.row(row(candidate, names));
    }
    let omitted = match explanation.omitted {
        0 => String::new(),
        more => format!("{more} candidates more were looked at\n"),
    };
    let all = format!("{}{omitted}", table.render(output));
    all.lines().map(|line| format!("    {line}\n")).collect()
}

fn row(candidate: &Candidate, names: &Names<'_>) -> [String; 8] {
    let name = |id: Uuid| names.get(&id).map_or_else(|| id.to_string(), |name| (*name).to_owned());
    let verdict = match candidate.verdict {
        Verdict::Feasible => "possible".to_owned(),
        Verdict::Rejected(rule) => rule_words(rule).to_owned(),
    };
    [
        step_words(candidate.step).to_owned(),
        candidate.zone.to_string(),
        cell(candidate.route.map(|route| name(route.0))),
        cell(candidate.truck_type.as_ref()),
        verdict,
        cell(candidate.spare_milli.map(waybills)),
        cell(candidate.price.map(|price| price.cost)),
        cell(candidate.price.map(|price| waybills(price.units_milli))),
    ]
}

/// Thousandths of a typical waybill, as waybills with one decimal; what never runs out is `any`.
fn waybills(milli: u64) -> String {
    if milli > 1_000_000_000 {
        return "any".to_owned();
    }
    format!("{}.{}", milli / 1_000, milli % 1_000 / 100)
}

#[cfg(test)]
mod tests;
