//! Temporary.
use crate::bench::{Bench, acts};
use crate::probe::Behave;
use contracts::Exchange;

#[tokio::test(flavor = "multi_thread")]
async fn hand_flow() {
    let bench = Bench::new().await;
    let mut tap = bench.stage.tap(Exchange::Events, "#").await;
    let running = bench.start(&["--concurrency", "3"]).await;
    let count = 40_000;
    let begun = std::time::Instant::now();
    let mut last = (0, std::time::Instant::now());
    let watching = async {
        loop {
            let now = bench.effects().await;
            let ready = bench.is_ready().await;
            eprintln!("{:?} effects {now} ready {ready:?}", begun.elapsed());
            if now > last.0 {
                last = (now, std::time::Instant::now());
            }
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    };
    tokio::select! {
        _ = bench.say_all(acts(Behave::Announce, count)) => {}
        () = watching => {}
    }
    eprintln!("{:?} said", begun.elapsed());
    bench.effects_become(count.into()).await;
    eprintln!("{:?} effects", begun.elapsed());
    bench.outbox_is_empty().await;
    let told = tap.so_far(&bench.stage).await;
    let ids: std::collections::BTreeSet<_> = told.iter().map(|e| e.envelope.message_id).collect();
    eprintln!("told {} distinct {}", told.len(), ids.len());
    assert_eq!(ids.len(), count as usize);
    running.stop().await.unwrap();
    bench.close().await;
}
