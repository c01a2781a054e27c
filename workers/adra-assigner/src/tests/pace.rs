//! When improving has its turn.

use std::time::Duration;

use crate::activity::{Activity, LastTurn, Turn, turn};

const BUDGET: Duration = Duration::from_secs(4);

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

#[test]
fn improving_waits_for_a_pause_or_takes_no_more_than_its_share() {
    let whole = Some(Turn { budget: BUDGET, yields: true });
    let short = Some(Turn { budget: seconds(1.0), yields: false });
    // quiet for, the last turn took, and ended so long ago, percent
    let cases = [
        (0.5, 4.0, 0.0, 5, whole),
        (60.0, 4.0, 0.0, 0, whole),
        (0.4, 0.0, 18.9, 5, None),
        (0.4, 0.0, 19.0, 5, short),
        (0.0, 0.0, 19.0, 5, short),
        (0.0, 2.0, 19.0, 5, None),
        (0.0, 2.0, 38.0, 5, short),
        (0.0, 1.0, 1.0, 50, short),
        (0.0, 1.0, 0.9, 50, None),
        (0.0, 1.0, 1e6, 0, None),
    ];
    for (quiet, took, ago, percent, expected) in cases {
        let last = LastTurn { took: seconds(took), ago: seconds(ago) };
        let given = turn(seconds(quiet), last, percent, BUDGET);
        assert_eq!(given, expected, "quiet {quiet}, took {took}, ago {ago}, {percent} %");
    }
    let last = LastTurn { took: Duration::ZERO, ago: Duration::from_secs(3_600) };
    let tiny = seconds(0.2);
    let given = turn(Duration::ZERO, last, 5, tiny);
    assert_eq!(given, Some(Turn { budget: tiny, yields: false }));
}

#[test]
fn a_process_is_busy_until_its_last_batch_has_ended() {
    let activity = Activity::new();
    let (one, two) = (activity.begin(), activity.begin());
    assert!(activity.is_busy());
    drop(one);
    assert!(activity.is_busy());
    assert_eq!(activity.quiet_for(), Duration::ZERO);
    drop(two);
    assert!(!activity.is_busy());
    assert!(activity.quiet_for() < Duration::from_secs(60));
}
