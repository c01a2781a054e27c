//! How long a lane rests.

use std::time::Duration;

use super::{REST_MAX, rest_after};

#[test]
fn a_lane_rests_behind_small_batches_only_and_never_long() {
    let millis = Duration::from_millis;
    for (took, weight, batch_max, rest) in [
        (millis(7), 1, 128, millis(7)),
        (millis(7), 31, 128, millis(7)),
        (millis(7), 32, 128, Duration::ZERO),
        (millis(7), 128, 128, Duration::ZERO),
        // one message with more items than a batch has messages
        (millis(7), 2_000, 128, Duration::ZERO),
        (millis(500), 1, 128, REST_MAX),
        // where a batch is one message, more are always waiting
        (millis(7), 1, 1, Duration::ZERO),
    ] {
        assert_eq!(
            rest_after(took, weight, batch_max),
            rest,
            "{weight} of {batch_max} in {took:?}"
        );
    }
}
