//! Three digests of an order: the hash of its content, the key of its address, its personal fields.
//! Never here: anything that depends on the order of columns, lines or digits after a price.

use std::fmt::Display;

use contracts::{CreateOrder, OrderLine, Personal};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// SHA-256 of what an order says.
pub(crate) type ContentHash = [u8; 32];

/// Bytes of an address key.
const ADDRESS_KEY_BYTES: usize = 16;

/// The same for two commands that say the same, however they are written: lines count in the
/// order of their numbers, and `1.50` is `1.5`. An absent field leaves no trace, so that a field
/// that a later version adds does not change the hash of older orders.
pub(crate) fn content_hash(order: &CreateOrder) -> ContentHash {
    let mut digest = FieldDigest::default();
    digest.field("source", &order.source);
    digest.field("order_ref", &order.order_ref);
    digest.field("ordered_at", order.ordered_at);
    digest.optional("customer_ref", order.customer_ref.as_ref());
    digest.field("district", &order.district);
    digest.field("delivery_date", order.delivery_date);
    digest.field("timeslot", &order.timeslot);
    digest.field("currency", order.currency);
    digest.optional("country", order.country.as_ref());
    digest.optional("promotion_codes", order.promotion_codes.as_ref());
    for (name, value) in personal_fields(order) {
        digest.optional(name, value.map(Personal::expose));
    }
    let mut lines: Vec<&OrderLine> = order.lines.iter().collect();
    lines.sort_by_key(|line| line.line_no);
    lines.into_iter().for_each(|line| digest.line(line));
    digest.0.finalize().into()
}

/// A digest over named fields. Each part is preceded by its length, so that no text can pass for
/// the end of one field and the beginning of the next.
#[derive(Default)]
struct FieldDigest(Sha256);

impl FieldDigest {
    fn line(&mut self, line: &OrderLine) {
        self.field("line_no", line.line_no);
        self.field("merchant", &line.merchant);
        self.optional("store", line.store.as_ref());
        self.field("sku", &line.sku);
        self.optional("description", line.description.as_ref());
        self.field("quantity", line.quantity);
        self.field("unit_price", line.unit_price.as_decimal().normalize());
        self.field("sku_type", line.sku_type.as_str());
        self.field("volume_ml", line.volume_ml);
        self.field("weight_g", line.weight_g);
        self.field("fulfilled_by", line.fulfilled_by.as_str());
    }

    fn optional(&mut self, name: &'static str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.field(name, value);
        }
    }

    fn field(&mut self, name: &'static str, value: impl Display) {
        self.part(name);
        self.part(&value.to_string());
    }

    fn part(&mut self, text: &str) {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.0.update(length.to_be_bytes());
        self.0.update(text);
    }
}

/// What tells one door from another within a district: hexadecimal, the same for addresses that
/// differ in case or in spaces around them only, empty when the order names none.
pub(crate) fn address_key(order: &CreateOrder) -> String {
    let text = |text: &Option<Personal>| text.as_ref().map(|text| text.expose().to_owned());
    door_key(text(&order.address), text(&order.postcode))
}

/// The same of stored personal fields.
pub(crate) fn address_key_of(personal: Option<&str>) -> String {
    let fields = personal_of(personal);
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    door_key(text("address"), text("postcode"))
}

/// Stored personal fields by name; what does not read holds none.
pub(super) fn personal_of(json: Option<&str>) -> Map<String, Value> {
    json.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
}

fn door_key(address: Option<String>, postcode: Option<String>) -> String {
    let plain = |text: Option<String>| text.unwrap_or_default().trim().to_lowercase();
    let (address, postcode) = (plain(address), plain(postcode));
    if address.is_empty() && postcode.is_empty() {
        return String::new();
    }
    let mut digest = FieldDigest::default();
    digest.part(&address);
    digest.part(&postcode);
    let bytes = digest.0.finalize();
    bytes.iter().take(ADDRESS_KEY_BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// The personal fields that are there, as a JSON object; `None` when there are none.
pub(super) fn personal_json(order: &CreateOrder) -> Option<String> {
    let present = personal_fields(order).into_iter().filter_map(|(name, value)| {
        value.map(|value| (name.to_owned(), Value::from(value.expose())))
    });
    let fields: Map<String, Value> = present.collect();
    (!fields.is_empty()).then(|| Value::Object(fields).to_string())
}

fn personal_fields(order: &CreateOrder) -> [(&'static str, Option<&Personal>); 6] {
    [
        ("recipient", order.recipient.as_ref()),
        ("phone", order.phone.as_ref()),
        ("postcode", order.postcode.as_ref()),
        ("address", order.address.as_ref()),
        ("notes", order.notes.as_ref()),
        ("delivery_instructions", order.delivery_instructions.as_ref()),
    ]
}
