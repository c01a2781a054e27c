//! One order while its lines come in.

use std::io;

use contracts::{
    Contract as _, CreateOrder, CustomerRef, DistrictCode, MAX_MESSAGE_BYTES, MAX_ORDER_LINES,
    Merchant, OrderLine, OrderRef, Sku, Source, Store, TimeslotCode,
};

use super::{OrderColumn, ParsedOrder, SoundOrder};
use crate::fault::{Code, LineError, excerpt};
use crate::fields::{self, Fields};
use crate::tsv::{Column as _, Record};

/// Of one unit, when the file says nothing.
const VOLUME_ML_DEFAULT: u32 = 1_500;
const WEIGHT_G_DEFAULT: u32 = 700;

/// A control character becomes six bytes.
const JSON_GROWTH: u64 = 6;
/// Field names and punctuation of one line, or of the head.
const JSON_LINE_BYTES: u64 = 600;

/// Lengths in characters; what the exchange keeps (personal fields share one column).
const NAME_CHARACTERS_MAX: usize = 200;
const CODE_CHARACTERS_MAX: usize = 64;
const ADDRESS_CHARACTERS_MAX: usize = 1_000;
const NOTE_CHARACTERS_MAX: usize = 2_000;
const PROMOTION_CHARACTERS_MAX: usize = 500;
const DESCRIPTION_CHARACTERS_MAX: usize = 4_000;

/// The lines of one order number that stand together.
#[derive(Debug)]
pub(super) struct Group {
    reference: Option<Vec<u8>>,
    first_line: u64,
    last_line: u64,
    start: u64,
    end: u64,
    lines_seen: u64,
    head: Option<Head>,
    lines: Vec<OrderLine>,
    file_lines: Vec<u64>,
    /// `line_no` of each line with its line in the file.
    numbers: Vec<(u32, u64)>,
    text_bytes: usize,
    errors: Vec<LineError>,
}

/// What the first readable line says about the whole order.
#[derive(Debug)]
struct Head {
    line: u64,
    /// The fields of [`OrderColumn::OF_THE_ORDER`], joined by tabs (no field holds one).
    raw: Vec<u8>,
    /// The order without lines; `None` when the head has an error.
    order: Option<Box<CreateOrder>>,
}

impl Group {
    /// An order that begins with `record`.
    pub(super) fn of(reference: &[u8], record: &Record<'_, OrderColumn>) -> Self {
        Self { reference: Some(reference.to_vec()), ..Self::stray(record) }
    }

    /// Lines without an order number, beginning with `record`.
    pub(super) fn stray(record: &Record<'_, OrderColumn>) -> Self {
        Self {
            reference: None,
            first_line: record.line,
            last_line: record.line,
            start: record.start,
            end: record.end,
            lines_seen: 0,
            head: None,
            lines: Vec::new(),
            file_lines: Vec::new(),
            numbers: Vec::new(),
            text_bytes: 0,
            errors: Vec::new(),
        }
    }

    pub(super) fn is(&self, reference: &[u8]) -> bool {
        self.reference.as_deref() == Some(reference)
    }

    /// Takes stray lines in that turned out to stand in the middle of this order.
    pub(super) fn absorb(&mut self, stray: Self) {
        self.lines_seen += stray.lines_seen;
        self.last_line = stray.last_line;
        self.end = stray.end;
        self.errors.extend(stray.errors);
    }

    /// Adds one line. Lines beyond the limit are counted and not looked at.
    pub(super) fn add(&mut self, record: &Record<'_, OrderColumn>, source: &Source) {
        self.lines_seen += 1;
        self.last_line = record.line;
        self.end = record.end;
        if self.is_too_large() {
            self.lines = Vec::new();
            return;
        }
        self.errors.extend(record.shape_errors());
        if record.is_shifted() {
            return;
        }
        match &self.head {
            Some(head) => head.compare(record, &mut self.errors),
            None => self.read_head(record, source),
        }
        if let Some(line) = self.read_line(record) {
            self.text_bytes += text_bytes(&line);
            self.lines.push(line);
            self.file_lines.push(record.line);
        }
    }

    fn is_too_large(&self) -> bool {
        usize::try_from(self.lines_seen).map_or(true, |lines| lines > MAX_ORDER_LINES)
            || self.text_bytes > MAX_MESSAGE_BYTES
    }

    fn read_head(&mut self, record: &Record<'_, OrderColumn>, source: &Source) {
        let order = read_head(&mut Fields { record, errors: &mut self.errors }, source);
        // Stray lines may belong to different orders: nothing is compared with the first.
        if self.reference.is_some() {
            let raw = OrderColumn::OF_THE_ORDER.iter().map(|column| record.raw(*column));
            let raw: Vec<&[u8]> = raw.map(Option::unwrap_or_default).collect();
            self.head = Some(Head { line: record.line, raw: raw.join(&b'\t'), order });
        }
    }

    fn read_line(&mut self, record: &Record<'_, OrderColumn>) -> Option<OrderLine> {
        let mut fields = Fields { record, errors: &mut self.errors };
        let line_no = fields.required(OrderColumn::LineNo, fields::whole);
        self.numbers.extend(line_no.map(|number| (number, record.line)));
        let merchant = fields.required(OrderColumn::Merchant, fields::id(Merchant::new));
        let store = fields.optional(OrderColumn::Store, fields::id(Store::new));
        let sku = fields.required(OrderColumn::Sku, fields::id(Sku::new));
        let description =
            fields.optional(OrderColumn::Description, fields::text(DESCRIPTION_CHARACTERS_MAX));
        let quantity = fields.required(OrderColumn::Quantity, fields::quantity);
        let unit_price = fields.required(OrderColumn::UnitPrice, fields::price);
        let sku_type = fields.required(OrderColumn::SkuType, fields::sku_type);
        let volume_ml = fields.optional(OrderColumn::VolumeMl, fields::whole);
        let weight_g = fields.optional(OrderColumn::WeightG, fields::whole);
        let fulfilled_by = fields.optional(OrderColumn::FulfilledBy, fields::fulfilled_by);
        Some(OrderLine {
            line_no: line_no?,
            merchant: merchant?,
            store: store?,
            sku: sku?,
            description: description?,
            quantity: quantity?,
            unit_price: unit_price?,
            sku_type: sku_type?,
            volume_ml: volume_ml?.unwrap_or(VOLUME_ML_DEFAULT),
            weight_g: weight_g?.unwrap_or(WEIGHT_G_DEFAULT),
            fulfilled_by: fulfilled_by?.unwrap_or_default(),
        })
    }

    /// Closes the order.
    pub(super) fn finish(mut self) -> ParsedOrder {
        self.find_doubled_numbers();
        let command = self.assemble();
        self.errors.sort_by_key(|error| error.line);
        let file_lines = std::mem::take(&mut self.file_lines);
        let result = match command {
            Some(command) if self.errors.is_empty() => Ok(SoundOrder { command, file_lines }),
            Some(_) | None => Err(self.errors),
        };
        let reference = self.reference.map(|raw| String::from_utf8_lossy(&raw).into_owned());
        ParsedOrder {
            reference,
            first_line: self.first_line,
            last_line: self.last_line,
            start: self.start,
            end: self.end,
            lines: self.lines_seen,
            result,
        }
    }

    fn find_doubled_numbers(&mut self) {
        self.numbers.sort_unstable();
        for pair in self.numbers.windows(2) {
            if let [(first, at), (second, line)] = pair
                && first == second
            {
                let message = format!("line_no {second} stands on line {at} already");
                let column = OrderColumn::LineNo.name();
                let error = LineError::of_field(*line, column, Code::DuplicateLineNo, message);
                self.errors.push(error);
            }
        }
    }

    /// The command of an order without errors; notes what only the whole order can show.
    fn assemble(&mut self) -> Option<Box<CreateOrder>> {
        if self.is_too_large() {
            let message = format!(
                "the order has {} lines; at most {MAX_ORDER_LINES} lines and 1 MiB are allowed, \
                 send it as several orders",
                self.lines_seen
            );
            self.wrong(Code::OrderTooLarge, message);
            return None;
        }
        if !self.errors.is_empty() {
            return None;
        }
        let mut order = self.head.take()?.order?;
        order.lines = std::mem::take(&mut self.lines);
        let has_total =
            order.lines.iter().zip(&self.file_lines).try_fold(0_i64, |sum, (line, at)| {
                let total =
                    line.unit_price.times(line.quantity, order.currency).map(|m| m.minor_units);
                total.ok().and_then(|total| sum.checked_add(total)).ok_or(*at)
            });
        if let Err(at) = has_total {
            let message = "quantity times unit_price, summed up to this line, is too large";
            let column = OrderColumn::UnitPrice.name();
            self.errors.push(LineError::of_field(at, column, Code::TotalTooLarge, message));
            return None;
        }
        self.check_contract(&order).then_some(order)
    }

    fn check_contract(&mut self, order: &CreateOrder) -> bool {
        if let Err(message) = order.validate() {
            self.wrong(Code::InvalidOrder, message);
            return false;
        }
        if self.surely_fits() {
            return true;
        }
        let mut bytes = Counted::default();
        if let Err(error) = serde_json::to_writer(&mut bytes, order) {
            self.wrong(Code::InvalidOrder, format!("the order cannot be encoded: {error}"));
            return false;
        }
        if bytes.0 > MAX_MESSAGE_BYTES {
            let message =
                format!("the order takes {} bytes as a message, 1 MiB is the limit", bytes.0);
            self.wrong(Code::OrderTooLarge, message);
            return false;
        }
        true
    }

    /// True when no order of so many bytes and lines can pass the limit: in JSON a byte grows to
    /// six at most, and field names take a few hundred bytes a line. Spares encoding it twice.
    fn surely_fits(&self) -> bool {
        let worst = (self.end - self.start)
            .saturating_mul(JSON_GROWTH)
            .saturating_add((self.lines_seen + 1).saturating_mul(JSON_LINE_BYTES));
        usize::try_from(worst).is_ok_and(|bytes| bytes <= MAX_MESSAGE_BYTES)
    }

    fn wrong(&mut self, code: Code, message: String) {
        self.errors.push(LineError::of_line(self.first_line, code, message));
    }
}

impl Head {
    /// A later line repeats the head. Only `ordered_at` may differ: the first one holds.
    fn compare(&self, record: &Record<'_, OrderColumn>, errors: &mut Vec<LineError>) {
        let firsts = self.raw.split(|byte| *byte == b'\t');
        for (column, first) in OrderColumn::OF_THE_ORDER.iter().copied().zip(firsts) {
            let Some(here) = record.raw(column).filter(|here| *here != first) else {
                continue;
            };
            let mut fields = Fields { record, errors: &mut *errors };
            if column == OrderColumn::OrderedAt {
                fields.required(column, fields::time);
            } else {
                fields.wrong(
                    column,
                    Code::DiffersWithinOrder,
                    self.difference(column, first, here),
                );
            }
        }
    }

    fn difference(&self, column: OrderColumn, first: &[u8], here: &[u8]) -> String {
        let (name, line) = (column.name(), self.line);
        if !column.may_be_shown() {
            return format!("{name} differs from line {line} of the same order");
        }
        let [first, here] = [first, here].map(|raw| excerpt(&String::from_utf8_lossy(raw)));
        format!("{name} is {here} here and {first} on line {line} of the same order")
    }
}

fn read_head(
    fields: &mut Fields<'_, '_, OrderColumn>,
    source: &Source,
) -> Option<Box<CreateOrder>> {
    use OrderColumn as C;
    let order_ref = fields.required(C::OrderRef, fields::id(OrderRef::new));
    let ordered_at = fields.required(C::OrderedAt, fields::time);
    let customer_ref = fields.optional(C::CustomerRef, fields::id(CustomerRef::new));
    let district = fields.required(C::District, fields::id(DistrictCode::new));
    let delivery_date = fields.required(C::DeliveryDate, fields::date);
    let timeslot = fields.required(C::Timeslot, fields::id(TimeslotCode::new));
    let currency = fields.required(C::Currency, fields::currency);
    let recipient = fields.optional(C::Recipient, fields::personal(NAME_CHARACTERS_MAX));
    let phone = fields.optional(C::Phone, fields::personal(CODE_CHARACTERS_MAX));
    let postcode = fields.optional(C::Postcode, fields::personal(CODE_CHARACTERS_MAX));
    let address = fields.optional(C::Address, fields::personal(ADDRESS_CHARACTERS_MAX));
    let country = fields.optional(C::Country, fields::text(CODE_CHARACTERS_MAX));
    let promotion_codes =
        fields.optional(C::PromotionCodes, fields::text(PROMOTION_CHARACTERS_MAX));
    let notes = fields.optional(C::Notes, fields::personal(NOTE_CHARACTERS_MAX));
    let delivery_instructions =
        fields.optional(C::DeliveryInstructions, fields::personal(NOTE_CHARACTERS_MAX));
    Some(Box::new(CreateOrder {
        source: source.clone(),
        order_ref: order_ref?,
        ordered_at: ordered_at?,
        customer_ref: customer_ref?,
        district: district?,
        delivery_date: delivery_date?,
        timeslot: timeslot?,
        currency: currency?,
        recipient: recipient?,
        phone: phone?,
        postcode: postcode?,
        address: address?,
        country: country?,
        promotion_codes: promotion_codes?,
        notes: notes?,
        delivery_instructions: delivery_instructions?,
        lines: Vec::new(),
    }))
}

/// What a line surely takes in a message; the exact size is measured once the order is complete.
fn text_bytes(line: &OrderLine) -> usize {
    line.sku.as_str().len()
        + line.merchant.as_str().len()
        + line.description.as_ref().map_or(0, String::len)
}

/// Counts what is written to it.
#[derive(Default)]
struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
