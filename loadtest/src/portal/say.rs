//! What is asked for next, by seed and by what the tables hold. The same dice over the same world ask alike.
//!
//! What lives here: paths and bodies. What never does: when it is asked, what comes back.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use contracts::Timestamp;
use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::class::{Class, Mix};
use super::client::Ask;
use super::drive::Call;
use super::seen::Subject;
use super::tokens::By;
use super::world::{SeenOrder, SeenWaybill, World};
use crate::dice::Dice;

/// Where sessions begin.
pub(crate) const SIGN_IN: &str = "/v1/sessions";
/// Who sends the orders of a load.
const SOURCE: &str = "loadtest";
/// The way of a parcel, as it is reported.
pub(super) const WAY: [&str; 8] = [
    "CREATED",
    "ACKNOWLEDGED",
    "PICKED",
    "PACKED",
    "LOADED",
    "DISPATCHED",
    "OUT_FOR_DELIVERY",
    "DELIVERED",
];
/// The steps of it that belong to a place on a route.
const ON_A_ROUTE: [&str; 3] = ["DISPATCHED", "OUT_FOR_DELIVERY", "DELIVERED"];
/// So many parcels are looked at for one that is not delivered yet.
const LOOKED_AT: usize = 100;
const HOLD_REASONS: [&str; 3] = ["CUSTOMER_REQUEST", "INCORRECT_ADDRESS", "OTHER"];

/// Somebody who always wants something.
pub(crate) struct Speaker {
    mix: Mix,
    dice: Dice,
    world: watch::Receiver<Arc<World>>,
    /// In every key and reference: runs over the same tables do not meet.
    run: String,
    number: u64,
    /// The parcel that is reported next.
    parcel: usize,
    /// How far each was reported, as a step of [`WAY`].
    reported: HashMap<String, usize>,
    /// Holds to release: waybill and handle.
    held: Vec<(String, String)>,
}

impl Speaker {
    pub(crate) fn new(seed: u64, mix: Mix, world: watch::Receiver<Arc<World>>) -> Self {
        let run = uuid::Uuid::now_v7().simple().to_string();
        Self {
            mix,
            dice: Dice::new(seed, "portal", 0),
            world,
            run,
            number: 0,
            parcel: 0,
            reported: HashMap::new(),
            held: Vec::new(),
        }
    }

    /// The next request; nothing when there is nobody to ask about.
    pub(crate) fn next(&mut self) -> Option<Call> {
        let world = Arc::clone(&self.world.borrow_and_update());
        self.number += 1;
        let class = self.mix.at(self.dice.below(self.mix.total()));
        match class {
            Class::StatusReport => self.report(&world),
            Class::OrderCreation => self.create(&world),
            Class::Command => self.hold_or_release(&world),
            Class::Read => self.read(&world),
            Class::Reschedule => self.reschedule(&world),
            Class::SlotQuestion => self.ask_for_slots(&world),
            Class::SalesOrder => self.cancel(&world),
            Class::MerchantList => self.list(&world),
            Class::CustomerService => self.give_back(&world),
        }
    }

    fn change(&self, class: Class, path: String, body: &Value) -> Call {
        let ask = Ask {
            method: Method::POST,
            path,
            body: Some(Bytes::from(body.to_string())),
            idempotency_key: Some(format!("{}-{}", self.run, self.number)),
        };
        Call { class, by: By::Staff, ask, shows: None }
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let index = self.dice.below(u64::try_from(all.len()).unwrap_or(0));
        all.get(usize::try_from(index).ok()?)
    }

    /// One that somebody would ask about: the newest most.
    fn recent<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let rank = self.dice.zipf_rank(u64::try_from(all.len()).unwrap_or(0));
        all.get(usize::try_from(rank).ok()?)
    }

    fn read(&mut self, world: &World) -> Option<Call> {
        let subject = if self.dice.chance(0.7) {
            Subject::Waybill(self.recent(&world.waybills)?.waybill_no.clone())
        } else {
            let order = self.recent(&world.orders)?;
            Subject::Order(order.source.clone(), order.order_ref.clone())
        };
        let ask = show(&subject);
        Some(Call { class: Class::Read, by: By::Staff, ask, shows: Some(subject) })
    }

    /// The next step of the next parcel that is not at its door yet.
    fn report(&mut self, world: &World) -> Option<Call> {
        let mut parcel = self.next_parcel(world)?;
        let mut step = self.next_step(parcel);
        for _ in 0..LOOKED_AT {
            if step < WAY.len() {
                break;
            }
            parcel = self.next_parcel(world)?;
            step = self.next_step(parcel);
        }
        let step = step.min(WAY.len() - 1);
        let status = WAY.get(step).copied()?;
        self.reported.insert(parcel.waybill_no.clone(), step);
        let mut body = json!({"status": status, "occurred_at": Timestamp::now()});
        if ON_A_ROUTE.contains(&status)
            && let Some(body) = body.as_object_mut()
        {
            body.insert("attempt".to_owned(), json!(parcel.attempt.max(1)));
        }
        let path = format!("/v1/waybills/{}/reports", encode(&parcel.waybill_no));
        Some(self.change(Class::StatusReport, path, &body))
    }

    fn next_parcel<'a>(&mut self, world: &'a World) -> Option<&'a SeenWaybill> {
        self.parcel = (self.parcel + 1) % world.waybills.len().max(1);
        world.waybills.get(self.parcel)
    }

    /// Past the end: it is delivered, or will never be.
    fn next_step(&self, parcel: &SeenWaybill) -> usize {
        let Some(seen) = parcel.step.filter(|seen| seen + 1 < WAY.len()) else {
            return WAY.len();
        };
        let reported = self.reported.get(&parcel.waybill_no).copied();
        seen.max(reported.unwrap_or(0)) + 1
    }

    fn create(&mut self, world: &World) -> Option<Call> {
        let district = self.one(&world.districts)?.clone();
        let timeslot = self.one(&world.timeslots)?.clone();
        let mut lines = Vec::new();
        for line_no in 1..=self.dice.below(4) + 1 {
            lines.push(json!({
                "line_no": line_no,
                "merchant": self.one(&world.merchants)?,
                "sku": format!("LOAD-{}", self.dice.below(500)),
                "quantity": self.dice.below(3) + 1,
                "unit_price": "4.90",
                "sku_type": if self.dice.chance(0.2) { "frozen" } else { "dry" },
                "volume_ml": 500 + self.dice.below(1_500),
                "weight_g": 200 + self.dice.below(800),
            }));
        }
        let body = json!({
            "source": SOURCE,
            "order_ref": format!("{}-{}", self.run, self.number),
            "ordered_at": Timestamp::now(),
            "customer_ref": format!("C{}", self.dice.below(5_000)),
            "district": district,
            "delivery_date": self.a_day_soon(),
            "timeslot": timeslot,
            "currency": "EUR",
            "lines": lines,
        });
        Some(self.change(Class::OrderCreation, "/v1/orders".to_owned(), &body))
    }

    /// One to three days from now.
    fn a_day_soon(&mut self) -> NaiveDate {
        let today = Timestamp::now().as_datetime().date_naive();
        today.checked_add_days(Days::new(self.dice.below(3) + 1)).unwrap_or(today)
    }

    fn hold_or_release(&mut self, world: &World) -> Option<Call> {
        if self.dice.chance(0.5)
            && let Some((waybill_no, handle)) = self.held.pop()
        {
            let path = format!("/v1/waybills/{}/holds/release", encode(&waybill_no));
            let body = json!({"handle": handle, "occurred_at": Timestamp::now()});
            return Some(self.change(Class::Command, path, &body));
        }
        let waybill_no = self.one(&world.waybills)?.waybill_no.clone();
        let handle = format!("load-{}", self.number);
        let reason = self.dice.word(&HOLD_REASONS);
        let path = format!("/v1/waybills/{}/holds", encode(&waybill_no));
        let body = json!({"handle": handle, "reason": reason, "occurred_at": Timestamp::now()});
        self.held.push((waybill_no, handle));
        Some(self.change(Class::Command, path, &body))
    }

    fn reschedule(&mut self, world: &World) -> Option<Call> {
        let seen = self.one(&world.waybills)?.clone();
        let later = seen.delivery_date.checked_add_days(Days::new(self.dice.below(3)))?;
        let timeslot = self.one(&world.timeslots)?.clone();
        let body = json!({
            "delivery_date": later,
            "timeslot": timeslot,
            "reason": "the customer is away",
            "occurred_at": Timestamp::now(),
        });
        let path = format!("/v1/waybills/{}/reschedule", encode(&seen.waybill_no));
        Some(self.change(Class::Reschedule, path, &body))
    }

    fn ask_for_slots(&mut self, world: &World) -> Option<Call> {
        let district = self.one(&world.districts)?;
        let pieces = self.dice.below(5) + 1;
        let ask = Ask::get(format!("/v1/slots?district={}&dry_pieces={pieces}", encode(district)));
        Some(Call { class: Class::SlotQuestion, by: By::Staff, ask, shows: None })
    }

    fn cancel(&mut self, world: &World) -> Option<Call> {
        let waybill_no = self.one(&world.waybills)?.waybill_no.clone();
        let body = json!({"reason": "not wanted any more", "occurred_at": Timestamp::now()});
        let path = format!("/v1/waybills/{}/cancel", encode(&waybill_no));
        Some(self.change(Class::SalesOrder, path, &body))
    }

    /// Each merchant in turn looks at what it has to do.
    fn list(&mut self, world: &World) -> Option<Call> {
        let merchants = u64::try_from(world.merchants.len()).unwrap_or(0);
        let by = By::Merchant(usize::try_from(self.dice.below(merchants)).ok()?);
        let ask = Ask::get("/v1/waybills?work=true&limit=50".to_owned());
        Some(Call { class: Class::MerchantList, by, ask, shows: None })
    }

    fn give_back(&mut self, world: &World) -> Option<Call> {
        let SeenOrder { source, order_ref, sku, quantity } = self.one(&world.orders)?.clone();
        let body = json!({
            "source": source,
            "return_ref": format!("R{}-{}", self.run, self.number),
            "requested_at": Timestamp::now(),
            "order_ref": order_ref,
            "lines": [{"line_no": 1, "sku": sku, "quantity": quantity.max(1), "reason": "broken"}],
        });
        Some(self.change(Class::CustomerService, "/v1/returns".to_owned(), &body))
    }
}

/// The question for the state of something.
pub(crate) fn show(subject: &Subject) -> Ask {
    Ask::get(match subject {
        Subject::Waybill(waybill_no) => format!("/v1/waybills/{}", encode(waybill_no)),
        Subject::Order(source, order_ref) => {
            format!("/v1/orders/{}/{}", encode(source), encode(order_ref))
        }
    })
}

/// As one segment of a path.
fn encode(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    for byte in segment.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
