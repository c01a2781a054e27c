//! How many files are taken at a time, of one caller and of all.

use contracts::{Exchange, Role, UploadFile};

use super::bench::{Answer, Bench, applied, bearer};

/// Hands in a file and waits for its outcome.
async fn hand_in(bench: &Bench, token: &str, number: u32) -> Answer {
    let token = bearer(token);
    let headers = [
        ("authorization", token.as_str()),
        ("content-type", "text/tab-separated-values"),
        ("prefer", "wait=10"),
    ];
    let path = format!("/v1/uploads/m01/order-m01-{number:06}.tsv");
    bench.send("PUT", &path, &headers, Some("a file".to_owned())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_hands_in_two_files_at_a_time_and_others_have_their_places() {
    let bench = Bench::start().await;
    let mut tap = bench.stage.tap(Exchange::Commands, "hotfolder.upload").await;
    let (mia, otto) = (bench.merchant(), bench.token("otto", Role::Operator, None));
    let worker = async {
        let mut waiting = Vec::new();
        for _ in 0..2 {
            waiting.push(tap.next_of::<UploadFile>().await.0);
        }
        // both are on their way
        let third = hand_in(&bench, &mia, 3).await;
        assert_eq!(third.problem(429), "TOO_MANY_UPLOADS");
        assert_eq!(third.header("retry-after"), Some("1"));
        let settled = async {
            let (envelope, _) = tap.next_of::<UploadFile>().await;
            assert_eq!(envelope.actor.subject, "otto");
            bench.settle(&envelope, &applied(envelope.message_id, 1)).await;
        };
        let (others, ()) = tokio::join!(hand_in(&bench, &otto, 4), settled);
        assert_eq!(others.status, 201, "{others:?}");
        for envelope in &waiting {
            bench.settle(envelope, &applied(envelope.message_id, 1)).await;
        }
    };
    let (first, second, ()) =
        tokio::join!(hand_in(&bench, &mia, 1), hand_in(&bench, &mia, 2), worker);
    assert_eq!((first.status, second.status), (201, 201), "{first:?} {second:?}");
    let settled = async {
        let (envelope, _) = tap.next_of::<UploadFile>().await;
        bench.settle(&envelope, &applied(envelope.message_id, 1)).await;
    };
    let (again, ()) = tokio::join!(hand_in(&bench, &mia, 5), settled);
    assert_eq!(again.status, 201, "its places are given back: {again:?}");
    bench.stop().await;
}
