//! Leases: one owner at a time.

use store::ErrorClass;
use store::lease::take;
use testkit::Stage;

#[tokio::test]
async fn one_has_it_until_it_lets_it_run_out() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    assert_eq!(take(&database, "outbox:a", "one", 30).await.unwrap(), Some(1));
    assert_eq!(take(&database, "outbox:a", "two", 30).await.unwrap(), None);
    assert_eq!(take(&database, "outbox:b", "two", 30).await.unwrap(), Some(1), "another name");
    assert_eq!(take(&database, "outbox:a", "one", 30).await.unwrap(), Some(1), "renewed");

    stage.run_sql("UPDATE lease SET held_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND").await;
    assert_eq!(take(&database, "outbox:a", "two", 30).await.unwrap(), Some(2), "a new owner");
    assert_eq!(
        take(&database, "outbox:a", "one", 30).await.unwrap(),
        None,
        "the old one is too late"
    );
    let stored: u64 = stage.scalar("SELECT fence FROM lease WHERE name = 'outbox:a'").await;
    assert_eq!(stored, 2, "what the new owner was told");
    stage.close().await;
}

/// Its own lease that ran out and that nobody took: nobody else had it, so the fence may stay.
#[tokio::test]
async fn who_comes_back_to_a_lease_that_nobody_took_goes_on() {
    let stage = Stage::new(&[]).await;
    let database = stage.database();
    assert_eq!(take(&database, "l", "one", 0).await.unwrap(), Some(1));
    assert_eq!(take(&database, "l", "one", 30).await.unwrap(), Some(1));
    assert_eq!(take(&database, "l", "two", 30).await.unwrap(), None);
    stage.close().await;
}

#[tokio::test]
async fn of_many_at_once_one_gets_it() {
    let stage = Stage::new(&[]).await;
    for round in ["new", "left"] {
        let mut racers = tokio::task::JoinSet::new();
        for racer in 0..8 {
            let database = stage.database();
            racers.spawn(async move {
                let owner = format!("{round}-{racer}");
                match take(&database, "contested", &owner, 30).await {
                    Ok(fence) => fence,
                    Err(error) => {
                        assert_eq!(error.class(), ErrorClass::Retry, "{error}");
                        None
                    }
                }
            });
        }
        let fences: Vec<u64> = racers.join_all().await.into_iter().flatten().collect();
        assert_eq!(fences.len(), 1, "{round}: {fences:?}");
        stage.run_sql("UPDATE lease SET held_until = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND").await;
    }
    assert_eq!(stage.scalar::<u64>("SELECT fence FROM lease").await, 2);
    stage.close().await;
}
