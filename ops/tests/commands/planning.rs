//! What is asked of planning, as adra-assigner hears it.

use contracts::{Broken, Exchange, PlanDay, Recalculate, ReportBreakdown};
use testkit::Stage;

use crate::places::answer;
use crate::run::Operator;

#[tokio::test(flavor = "multi_thread")]
async fn planning_is_asked_for_by_depot_day_and_window() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let mut heard = operator.stage.tap(Exchange::Commands, "#").await;
    let plan = ["adra", "day-plan", "NORTH", "2035-06-13", "--slot", "0900-1300", "--seconds", "7"];
    let (said, asked) =
        tokio::join!(operator.ok(&plan), answer::<PlanDay>(&operator.stage, &mut heard, None));
    assert_eq!(said["outcome"], "applied");
    assert_eq!((asked.depot.as_str(), asked.seconds), ("NORTH", 7));
    assert_eq!(asked.timeslot.unwrap().as_str(), "0900-1300");

    let compare = ["adra", "recalculate", "--zone", "Z01"];
    let (_, asked) = tokio::join!(
        operator.ok(&compare),
        answer::<Recalculate>(&operator.stage, &mut heard, None)
    );
    assert_eq!(asked.zone.unwrap().as_str(), "Z01");
    assert_eq!((asked.delivery_date, asked.timeslot), (None, None));
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breakdown_names_trucks_or_a_route() {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let mut heard = operator.stage.tap(Exchange::Commands, "#").await;
    let of_route = ["adra", "breakdown", "--route", "NORTH-1", "--reason", "gearbox"];
    let (_, asked) = tokio::join!(
        operator.ok(&of_route),
        answer::<ReportBreakdown>(&operator.stage, &mut heard, None)
    );
    assert_eq!(asked.broken, Broken::TruckOf { route_ref: "NORTH-1".to_owned() });
    assert_eq!(asked.reason.as_deref(), Some("gearbox"));

    let trucks = ["adra", "breakdown", "--depot", "NORTH", "--date", "2035-06-13", "--slot"];
    let trucks =
        [&trucks[..], &["0900-1300", "--truck-type", "VAN", "--out-of-order", "2"]].concat();
    let (_, asked) = tokio::join!(
        operator.ok(&trucks),
        answer::<ReportBreakdown>(&operator.stage, &mut heard, None)
    );
    assert!(matches!(asked.broken, Broken::Trucks { out_of_order: 2, .. }), "{asked:?}");

    for wrong in [
        vec!["adra", "breakdown"],
        vec!["adra", "breakdown", "--depot", "NORTH"],
        vec!["adra", "breakdown", "--route", "NORTH-1", "--depot", "NORTH"],
        vec!["adra", "breakdown", "--route", "two words"],
    ] {
        let called = operator.dray(&wrong).await;
        assert!(called.exit == 2 || called.exit == 64, "{wrong:?}: {called:?}");
    }
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_planning_are_shown_with_those_of_its_worker() {
    let operator = Operator::on(Stage::new(&[]).await);
    let shown = operator.dray(&["config", "show", "adra-assigner"]).await;
    let of = |shown: &serde_json::Value, env: &str| {
        let all = shown["settings"].as_array().cloned().unwrap_or_default();
        all.into_iter()
            .find(|setting| setting["env"] == env)
            .map(|setting| setting["value"].clone())
    };
    assert_eq!(of(&shown.json, "DRAY_PLANNING_SECONDS").unwrap(), "2", "{}", shown.said);
    assert_eq!(of(&shown.json, "DRAY_PLANNING").unwrap(), "on");
    operator.stage.close().await;
}
