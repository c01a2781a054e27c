#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use super::run;
use crate::adra_day::DayArgs;

#[test]
fn a_disturbed_small_day_is_repaired_without_touching_what_must_stay() {
    let args = DayArgs { regime: 55.0, seed: 2, waybills: 12_000, seconds: 0.3, json: true };
    let report = run(&args).unwrap();
    assert_eq!(report.repaired.len(), 2);
    for repaired in report.repaired {
        assert!(repaired.affected > 0, "{repaired:?}");
        assert_eq!(repaired.locked_or_pinned_moved, 0, "{repaired:?}");
        assert!(repaired.kept_percent >= 97.0, "{repaired:?}");
    }
}
