//! The open loop against a server that stalls: what waits behind the stall is late, and told to be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use hyper::Method;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::super::class::Class;
use super::super::client::{Ask, Target};
use super::super::drive::{Call, Drive, Offer};
use super::super::tokens::{By, Tokens};
use crate::dice::Dice;

const STALL: Duration = Duration::from_millis(400);
const DONE: &str = r#"{"operation":"0192f0c1-a2b3-7c4d-8e9f-0a1b2c3d4e5f","version":1}"#;

/// How a server misbehaves.
#[derive(Debug, Default)]
struct Habits {
    /// The first request is answered late.
    stalls: AtomicBool,
    /// So many requests are read and their connection cut.
    cuts: AtomicUsize,
}

async fn serve(tasks: &mut JoinSet<()>, habits: Habits) -> Arc<Target> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let habits = Arc::new(habits);
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            connections.spawn(connection(stream, Arc::clone(&habits)));
        }
    });
    Arc::new(Target::parse(&address).unwrap())
}

/// Answers every request of one connection with 200.
async fn connection(stream: TcpStream, habits: Arc<Habits>) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut length = 0;
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        stream.read_exact(&mut vec![0; length]).await.unwrap();
        let left = habits.cuts.load(Ordering::SeqCst);
        if left > 0 {
            habits.cuts.store(left - 1, Ordering::SeqCst);
            return;
        }
        if habits.stalls.swap(false, Ordering::SeqCst) {
            // the stall is what is measured, not waited for
            tokio::time::sleep(STALL).await;
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{DONE}", DONE.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn read() -> Option<Call> {
    let ask = Ask::get("/v1/waybills/shop-1-1".to_owned());
    Some(Call { class: Class::Read, by: By::Staff, ask, shows: None })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_behind_a_stall_is_counted_from_when_it_was_due() {
    let mut tasks = JoinSet::new();
    let habits = Habits { stalls: AtomicBool::new(true), ..Habits::default() };
    let target = serve(&mut tasks, habits).await;
    let tokens = Tokens::sign_in(&target, Vec::new()).await.unwrap();
    let mut drive = Drive::new(target, tokens, 1).unwrap();
    let offer = Offer { per_second: 200, seconds: 1 };
    drive.offer(offer, &mut Dice::new(1, "arrivals", 0), read).await;
    drive.settle().await;
    let rows = drive.take_samples().unwrap().rows().unwrap();
    let all = rows.last().unwrap();
    assert_eq!((all.served, drive.unsent()), (all.requests, 0));
    assert!((120..=280).contains(&all.requests), "{} of about 200", all.requests);
    // two of five were due during the stall; a closed loop would have seen one slow answer
    assert!(all.latency.p99_ms > 300.0, "{:?}", all.latency);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_answered_is_asked_for_again_under_its_key() {
    let mut tasks = JoinSet::new();
    let habits = Habits { cuts: AtomicUsize::new(2), ..Habits::default() };
    let target = serve(&mut tasks, habits).await;
    let tokens = Tokens::sign_in(&target, Vec::new()).await.unwrap();
    let mut drive = Drive::new(target, tokens, 1).unwrap();
    let mut number = 0;
    let change = || {
        number += 1;
        let ask = Ask {
            method: Method::POST,
            path: "/v1/orders".to_owned(),
            body: Some("{}".into()),
            idempotency_key: Some(format!("key-{number}")),
        };
        Some(Call { class: Class::OrderCreation, by: By::Staff, ask, shows: None })
    };
    let offer = Offer { per_second: 50, seconds: 1 };
    drive.offer(offer, &mut Dice::new(1, "arrivals", 0), change).await;
    let said = drive.answer_open().await;
    let rows = drive.take_samples().unwrap().rows().unwrap();
    assert!(rows.last().unwrap().unanswered.values().sum::<u64>() >= 2);
    assert_eq!(said.len(), number, "each change once, whatever it took");
    assert!(said.iter().all(|said| said.is_accepted()), "{said:?}");
}
