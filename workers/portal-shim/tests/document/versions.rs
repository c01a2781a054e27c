//! Two who saw the same version and change it at the same moment: one has its effect and the other is told 412.
//! The workers decide that, under the locks of their rows; what the portal is shown may be older.
//!
//! Never here: what a single command answers.

use std::thread;

use contracts::Role;
use serde_json::{Value, json};
use testkit::eventually;
use testkit::fixtures::order;
use tokio::task::block_in_place;
use ureq::http::Request;

use crate::asking::agent;
use crate::fleet::Fleet;
use crate::people::{CUSTOMER, MERCHANT, Person, Signer};
use crate::things::source_of;

/// How often two hold the same waybill.
const ROUNDS: usize = 8;
const AT: &str = "2035-06-12T09:00:00Z";

/// Races for a waybill and for an order that are made for it.
pub(crate) async fn of_two_one_wins(fleet: &Fleet, signer: &Signer) {
    let source = source_of(&fleet.stage);
    let order_ref = format!("raced-{source}");
    let raced = order(&source, &order_ref).customer(Some(CUSTOMER)).line(MERCHANT, "SKU-1", 2);
    let waybills = fleet.accept(raced.build(), 1).await;
    let waybill_no = &waybills[0].0;
    // the last that happens to it unless somebody asks for something
    let heard = format!(
        "SELECT COUNT(*) FROM waybill_event e JOIN waybill w ON w.id = e.waybill_id \
         WHERE w.waybill_no = '{waybill_no}' AND e.message_type = 'assignment.assigned.v1'"
    );
    eventually("its place is known", async || {
        (fleet.stage.scalar::<i64>(&heard).await == 1).then_some(())
    })
    .await;
    let desk = Desk {
        portal: &fleet.portal,
        token: signer.token(Person::With(Role::CsSupervisor)).expect("a token"),
    };
    block_in_place(|| desk.holds(waybill_no));
    block_in_place(|| desk.cancellations(&format!("/v1/orders/{source}/{order_ref}/cancel")));
}

/// Somebody of customer service, at several screens.
struct Desk<'a> {
    portal: &'a str,
    token: String,
}

/// What a change came to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    status: u16,
    code: Option<String>,
    etag: Option<String>,
}

impl Desk<'_> {
    fn holds(&self, waybill_no: &str) {
        let path = format!("/v1/waybills/{waybill_no}/holds");
        let hold = |handle: &str| json!({"handle": handle, "reason": "OTHER", "occurred_at": AT});
        let mut seen = self.send(&path, ("before", None), &hold("before")).etag.expect("an ETag");
        for round in 0..ROUNDS {
            let [one, other] = ["one", "other"].map(|who| format!("{who}-{round}"));
            let bodies = [(one.as_str(), hold(&one)), (other.as_str(), hold(&other))];
            let (winner, told) = self.race(&path, &seen, &bodies);
            // the same again is the same command, and not another one that comes too late
            let again = self.send(&path, (bodies[winner].0, Some(&seen)), &bodies[winner].1);
            assert_eq!(again, told, "round {round}");
            seen = told.etag.expect("an ETag");
        }
    }

    fn cancellations(&self, path: &str) {
        let whole = json!({"reason": "ordered twice", "occurred_at": AT});
        let line = json!({"line_no": 1, "occurred_at": AT});
        self.race(path, "\"1\"", &[("whole", whole), ("line", line)]);
    }

    /// Sends two changes at once that were made for the same version: which one won, and what it was told.
    fn race(&self, path: &str, seen: &str, bodies: &[(&str, Value); 2]) -> (usize, Told) {
        let [first, second] = bodies;
        let send = |(key, body): &(&str, Value)| self.send(path, (*key, Some(seen)), body);
        let (one, other) = thread::scope(|scope| {
            let other = scope.spawn(|| send(second));
            (send(first), other.join().expect("an answer"))
        });
        let (winner, won, lost) = if one.status == 200 { (0, one, other) } else { (1, other, one) };
        assert_eq!(won.status, 200, "nobody won: {won:?} and {lost:?}");
        let conflict = (412, Some("VERSION_CONFLICT"));
        assert_eq!((lost.status, lost.code.as_deref()), conflict, "beside {won:?}");
        (winner, won)
    }

    fn send(&self, path: &str, (key, seen): (&str, Option<&str>), body: &Value) -> Told {
        let mut request = Request::builder()
            .method("POST")
            .uri(format!("{}{path}", self.portal))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .header("prefer", "wait=10")
            .header("idempotency-key", key);
        if let Some(seen) = seen {
            request = request.header("if-match", seen);
        }
        let mut answer = agent().run(request.body(body.to_string()).unwrap()).unwrap();
        let etag = answer.headers().get("etag").map(|tag| tag.to_str().unwrap().to_owned());
        let text = answer.body_mut().read_to_string().unwrap();
        let said: Value = serde_json::from_str(&text).unwrap();
        let code = said["code"].as_str().map(str::to_owned);
        Told { status: answer.status().as_u16(), code, etag }
    }
}
