//! What is in force, by defaults and by what an operator stored; and which lane a message goes through.

use std::num::{NonZeroU16, NonZeroU32};

use contracts::LaneSettings;

use crate::LaneKey;
use crate::core::InForce;

fn defaults() -> settings::LaneSettings {
    settings::LaneSettings {
        concurrency: 2,
        batch_max: 256,
        prefetch: None,
        rate: None,
        drain_seconds: 10,
        kill_switch_percent: 50,
    }
}

fn sixteen(number: u16) -> Option<NonZeroU16> {
    NonZeroU16::new(number)
}

#[test]
fn nothing_stored_means_the_defaults() {
    let in_force = InForce::resolve(&defaults(), 0, LaneSettings::default());
    let expected = InForce {
        version: 0,
        lanes: 2,
        batch_max: 256,
        prefetch: 1_024,
        rate_per_second: None,
        paused: false,
    };
    assert_eq!(in_force, expected);
}

#[test]
fn what_is_stored_wins_field_by_field() {
    let own =
        settings::LaneSettings { prefetch: Some(700), rate: NonZeroU32::new(50), ..defaults() };
    let stored = LaneSettings { concurrency: sixteen(8), paused: true, ..LaneSettings::default() };
    let in_force = InForce::resolve(&own, 7, stored);
    assert_eq!((in_force.version, in_force.lanes, in_force.batch_max), (7, 8, 256));
    assert_eq!((in_force.prefetch, in_force.rate_per_second), (700, NonZeroU32::new(50)));
    assert!(in_force.paused);

    let stored = LaneSettings {
        batch_max: sixteen(10),
        prefetch: sixteen(33),
        rate_per_second: NonZeroU32::new(9),
        ..LaneSettings::default()
    };
    let in_force = InForce::resolve(&own, 8, stored);
    assert_eq!((in_force.lanes, in_force.batch_max, in_force.prefetch), (2, 10, 33));
    assert_eq!(in_force.rate_per_second, NonZeroU32::new(9));
}

#[test]
fn prefetch_follows_the_lanes_and_stays_in_its_type() {
    let prefetch = |concurrency, batch_max| {
        let stored = LaneSettings {
            concurrency: sixteen(concurrency),
            batch_max: sixteen(batch_max),
            ..LaneSettings::default()
        };
        InForce::resolve(&defaults(), 1, stored).prefetch
    };
    assert_eq!(prefetch(1, 1), 2);
    assert_eq!(prefetch(8, 100), 1_600);
    assert_eq!(prefetch(64, 2_000), u16::MAX);
}

#[test]
fn only_lanes_prefetch_and_pause_need_other_channels() {
    let now = InForce::resolve(&defaults(), 1, LaneSettings::default());
    let changed = |edit: fn(&mut InForce)| {
        let mut wanted = now;
        edit(&mut wanted);
        now.needs_other_channels(&wanted)
    };
    assert!(!changed(|wanted| wanted.version += 1));
    assert!(!changed(|wanted| wanted.rate_per_second = NonZeroU32::new(1)));
    assert!(!changed(|wanted| wanted.batch_max += 1));
    assert!(changed(|wanted| wanted.lanes += 1));
    assert!(changed(|wanted| wanted.prefetch += 1));
    assert!(changed(|wanted| wanted.paused = true));
}

/// Instances and releases must agree on the lane: a key that moved would run beside itself.
#[test]
fn lane_keys_never_change() {
    let lanes = |text: &str| [1, 2, 8, 64].map(|lanes| LaneKey::of(text).lane(lanes));
    assert_eq!(lanes("uci-536365"), LANES_OF_AN_ORDER);
    assert_eq!(lanes(""), LANES_OF_NOTHING);
    assert_eq!(LaneKey::of("a"), LaneKey::of(String::from("a")));
    assert_ne!(LaneKey::of(("a", "bc")), LaneKey::of(("ab", "c")));
}

const LANES_OF_AN_ORDER: [usize; 4] = [0, 1, 3, 51];
const LANES_OF_NOTHING: [usize; 4] = [0, 0, 2, 50];

#[test]
fn lanes_share_the_keys() {
    let mut taken = [0_u32; 8];
    for number in 0..8_000 {
        taken[LaneKey::of(number).lane(8)] += 1;
    }
    assert!(taken.iter().all(|count| (800..1_200).contains(count)), "{taken:?}");
    assert_eq!(LaneKey::of("a").lane(0), 0, "no lanes is one lane");
}
