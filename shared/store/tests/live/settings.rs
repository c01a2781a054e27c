//! Live settings: every change is a new version, and no change is lost.

use std::collections::BTreeSet;
use std::num::{NonZeroU16, NonZeroU32};

use contracts::LaneSettings;
use store::settings::{StoredSettings, change, read};
use testkit::Stage;

#[tokio::test]
async fn a_change_is_stored_with_the_next_version() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    assert_eq!(read(&database, "order-intake").await.unwrap(), None);
    let paused =
        change(&database, "order-intake", "ann", |settings| settings.paused = true).await.unwrap();
    let settings = LaneSettings { paused: true, ..LaneSettings::default() };
    assert_eq!(paused, StoredSettings { version: 1, settings });
    let both = change(&database, "order-intake", "Zoë", |settings| {
        settings.concurrency = NonZeroU16::new(4);
    });
    let both = both.await.unwrap();
    assert_eq!((both.version, both.settings.paused), (2, true), "the earlier change is kept");
    assert_eq!(read(&database, "order-intake").await.unwrap(), Some(both));
    assert_eq!(read(&database, "waybill-status").await.unwrap(), None, "each kind has its own");
    let by: String = stage.scalar("SELECT updated_by FROM worker_setting").await;
    assert_eq!(by, "Zoë");
    stage.close().await;
}

/// Also the first: there is no row yet that could be locked.
#[tokio::test]
async fn changes_at_the_same_time_are_all_kept_and_have_different_versions() {
    let stage = Stage::new(&[]).await;
    let mut changes = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let database = stage.database();
        changes.spawn(async move {
            let one_more = |settings: &mut LaneSettings| {
                let now = settings.rate_per_second.map_or(0, NonZeroU32::get);
                settings.rate_per_second = NonZeroU32::new(now + 1);
            };
            change(&database, "order-intake", "ann", one_more).await.unwrap().version
        });
    }
    let versions: BTreeSet<u64> = changes.join_all().await.into_iter().collect();
    assert_eq!(versions, (1..=12).collect::<BTreeSet<u64>>());
    let stored = read(&stage.database(), "order-intake").await.unwrap().unwrap();
    assert_eq!(stored.version, 12);
    assert_eq!(stored.settings.rate_per_second.map(NonZeroU32::get), Some(12), "none was lost");
    stage.close().await;
}
