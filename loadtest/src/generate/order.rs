//! One order as rows of a file. Each order depends on the seed and its own number only.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::prelude::ToPrimitive;

use super::catalogue::Catalogue;
use super::day::Day;
use super::mess::Planted;
use super::promise::{Promise, Promises};
use crate::dice::{Dice, Weighted, fixed_hash, whole};
use crate::hotfolder::OrderRow;
use crate::network::{District, Network};

/// Share of orders without an account.
const GUEST_SHARE: f64 = 0.06;

const GIVEN_NAMES: [&str; 12] = [
    "Ada", "Mert", "Lena", "Omar", "Ines", "Tomas", "Elif", "Jonas", "Maya", "Ravi", "Nora", "Luca",
];
const FAMILY_NAMES: [&str; 12] = [
    "Kaya", "Berg", "Silva", "Novak", "Demir", "Hale", "Moreau", "Rossi", "Lind", "Costa", "Weber",
    "Aydin",
];
const STREETS: [&str; 12] = [
    "Harbour Street",
    "Mill Lane",
    "Station Road",
    "Garden Row",
    "Hill Street",
    "Market Square",
    "River Walk",
    "Orchard Road",
    "Castle Street",
    "Bridge Street",
    "Linden Avenue",
    "School Lane",
];

/// Everything that orders are made from.
#[derive(Debug)]
pub(crate) struct OrderMaker {
    /// The seed of the day.
    pub(crate) seed: u64,
    /// Number of orders of the day.
    pub(crate) orders: u64,
    /// Number of customers they come from.
    pub(crate) customers: u64,
    /// When orders come in.
    pub(crate) day: Day,
    /// Which windows are offered.
    pub(crate) promises: Promises,
    /// Where customers live and what a truck carries.
    pub(crate) network: Network,
    /// What they buy.
    pub(crate) catalogue: Catalogue,
    /// Which shop an order comes from: index into the sources.
    pub(crate) shops: Weighted<usize>,
    /// Currency of every price.
    pub(crate) currency: String,
    /// Share of orders that carry planted mess.
    pub(crate) mess_rate: f64,
    /// Day in the order numbers.
    pub(crate) numbered_by: NaiveDate,
}

/// One order, ready to be written.
#[derive(Debug, Clone)]
pub(crate) struct GeneratedOrder {
    /// Index of its shop.
    pub(crate) shop: usize,
    /// What is special about it.
    pub(crate) planted: Planted,
    /// Number of different merchants: the waybills of the ordinary split.
    pub(crate) waybills: u64,
    /// Its rows.
    pub(crate) rows: Vec<OrderRow>,
}

struct Customer {
    reference: String,
    recipient: String,
    postcode: String,
    address: String,
    district: District,
}

impl OrderMaker {
    /// The n-th order of the day, in order of time.
    pub(crate) fn order(&self, number: u64) -> GeneratedOrder {
        let mut dice = Dice::new(self.seed, "order", number);
        let shop = *self.shops.draw(&mut dice);
        let ordered_at = self.arrival(&mut dice, number);
        let customer = self.customer(&mut dice, number);
        let planted = Planted::draw(&mut dice, self.mess_rate);
        let zone = customer.district.timezone;
        let promise = if planted == Planted::Late {
            Promises::late(&self.network, ordered_at, zone)
        } else {
            self.promises.draw(&mut dice, &self.network, ordered_at, zone)
        };
        let head = self.head(number, ordered_at, customer, promise);
        let merchants = self.catalogue.draw_merchants(&mut dice);
        let mut rows = self.lines(&mut dice, &head, &merchants);
        let planted = planted.plant(&mut rows, &mut dice, self.network.heaviest_truck_kg);
        let waybills = u64::try_from(merchants.len()).unwrap_or(u64::MAX);
        GeneratedOrder { shop, planted, waybills, rows }
    }

    /// The n-th of N arrivals lies in the n-th N-th of the day's curve: in order, yet not even.
    fn arrival(&self, dice: &mut Dice, number: u64) -> DateTime<Utc> {
        let position = number.to_f64().unwrap_or(0.0) + dice.unit();
        self.day.moment(position / self.orders.to_f64().unwrap_or(1.0))
    }

    /// Some customers order again and again on one day; they live where they live.
    fn customer(&self, dice: &mut Dice, number: u64) -> Customer {
        if dice.chance(GUEST_SHARE) {
            let mut own = Dice::new(self.seed, "guest", number);
            return self.person(&mut own, String::new());
        }
        let skewed = dice.unit().powf(1.7) * self.customers.to_f64().unwrap_or(1.0);
        let customer = skewed.to_u64().unwrap_or(0);
        let mut own = Dice::new(self.seed, "customer", customer);
        self.person(&mut own, format!("C{:07}", customer + 1))
    }

    fn person(&self, dice: &mut Dice, reference: String) -> Customer {
        let district = self.network.districts.draw(dice).clone();
        let recipient = format!("{} {}", dice.word(&GIVEN_NAMES), dice.word(&FAMILY_NAMES));
        let address = format!("{} {}", dice.below(220) + 1, dice.word(&STREETS));
        let postcode =
            format!("{:05}", 10_000 + fixed_hash(&district.code) % 80_000 + dice.below(90));
        Customer { reference, recipient, postcode, address, district }
    }

    fn head(
        &self,
        number: u64,
        ordered_at: DateTime<Utc>,
        customer: Customer,
        promise: Promise,
    ) -> OrderRow {
        // Two seeds of one day must not use the same order numbers.
        let day = fixed_hash(&self.seed.to_string()) & 0xFFFF;
        OrderRow {
            order_ref: format!("{}-{day:04x}-{:07}", self.numbered_by.format("%y%m%d"), number + 1),
            ordered_at: ordered_at.to_rfc3339_opts(SecondsFormat::Secs, true),
            customer_ref: customer.reference,
            district: customer.district.code,
            delivery_date: promise.date.to_string(),
            timeslot: promise.timeslot,
            currency: self.currency.clone(),
            recipient: customer.recipient,
            postcode: customer.postcode,
            address: customer.address,
            ..OrderRow::default()
        }
    }

    fn lines(&self, dice: &mut Dice, head: &OrderRow, merchants: &[u64]) -> Vec<OrderRow> {
        let mut rows = Vec::new();
        for &merchant in merchants {
            for article in self.catalogue.draw_articles(dice, merchant) {
                let quantity = whole(dice.log_normal(1.3, 0.75), 1, 48);
                rows.push(OrderRow {
                    line_no: (rows.len() + 1).to_string(),
                    merchant: Catalogue::merchant_code(merchant),
                    sku: article.sku,
                    description: article.description,
                    quantity: quantity.to_string(),
                    unit_price: format!(
                        "{}.{:02}",
                        article.price_cents / 100,
                        article.price_cents % 100
                    ),
                    sku_type: if article.cold { "frozen" } else { "dry" }.to_owned(),
                    volume_ml: article.volume_ml.to_string(),
                    weight_g: article.weight_g.to_string(),
                    ..head.clone()
                });
            }
        }
        rows
    }
}
