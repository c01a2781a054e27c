//! How much a batch holds, and how long a lane rests behind it.

use std::time::Duration;

use super::{BATCH_BYTES_MAX, REST_MAX, fitting, rest_after};

#[test]
fn a_batch_holds_what_fits_and_one_message_at_least() {
    let half = BATCH_BYTES_MAX / 2;
    for (sizes, expected) in [
        (vec![(1, 1); 3], 3),
        (vec![(1, 1); 200], 128),
        (vec![(1, 2); 128], 64),
        // the rest of a batch that was cut is the beginning of the next one
        (vec![(1, 100), (1, 28), (1, 1)], 2),
        (vec![(1, 100), (1, 29), (1, 1)], 1),
        (vec![(half, 1), (half, 1), (1, 1)], 2),
        // one that is too much by itself goes alone
        (vec![(1, 2_000), (1, 1)], 1),
        (vec![(2 * BATCH_BYTES_MAX, 1), (1, 1)], 1),
    ] {
        assert_eq!(fitting(sizes.iter().copied(), 128), expected, "{sizes:?}");
    }
}

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
