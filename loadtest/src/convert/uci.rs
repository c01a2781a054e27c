//! The UCI Online Retail export: its columns, its invoices, and the rows they become.

use std::collections::HashSet;
use std::io::BufRead;

use chrono::{DateTime, SecondsFormat, Utc};

use super::ConvertError;
use super::csv::{CsvReader, Record};
use super::dates::DateOrder;
use super::derive;
use crate::hotfolder::OrderRow;

/// Columns of a return file, in the order in which [`ReturnRow::fields`] gives them.
pub(crate) const RETURN_COLUMNS: [&str; 9] = [
    "return_ref",
    "line_no",
    "requested_at",
    "customer_ref",
    "sku",
    "description",
    "quantity",
    "unit_price",
    "currency",
];

/// Where each column of the export is; both published header rows are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns {
    invoice: usize,
    stock_code: usize,
    description: usize,
    quantity: usize,
    date: usize,
    price: usize,
    customer: usize,
}

impl Columns {
    /// Finds the columns by name, in any order, upper or lower case.
    ///
    /// # Errors
    /// [`ConvertError::Column`] with the names that would have fitted.
    pub(crate) fn find(header: &[String]) -> Result<Self, ConvertError> {
        let find = |names: &'static [&'static str]| {
            let fits = |column: &String| {
                let column = column.trim_start_matches('\u{feff}').trim();
                names.iter().any(|name| column.eq_ignore_ascii_case(name))
            };
            header.iter().position(fits).ok_or_else(|| ConvertError::Column {
                names: names.join(" or "),
                header: header.join(", "),
            })
        };
        Ok(Self {
            invoice: find(&["InvoiceNo", "Invoice"])?,
            stock_code: find(&["StockCode"])?,
            description: find(&["Description"])?,
            quantity: find(&["Quantity"])?,
            date: find(&["InvoiceDate"])?,
            price: find(&["UnitPrice", "Price"])?,
            customer: find(&["CustomerID", "Customer ID"])?,
        })
    }

    /// The date of a record as written.
    pub(crate) fn date(self, record: &Record) -> &str {
        record.fields.get(self.date).map_or("", String::as_str)
    }
}

/// One row of the export.
#[derive(Debug, Clone)]
pub(crate) struct Sale {
    invoice: String,
    stock_code: String,
    description: String,
    quantity: String,
    at: DateTime<Utc>,
    price: String,
    customer: String,
    /// True when a tab or line break had to give way to a blank.
    pub(crate) cleaned: bool,
}

/// An export separated by semicolons writes decimals with a comma.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decimals {
    /// 2.55
    Point,
    /// 2,55
    Comma,
}

impl Sale {
    /// `None` when the row has no invoice, no stock code or no readable date.
    pub(crate) fn read(
        columns: Columns,
        record: &Record,
        dates: DateOrder,
        decimals: Decimals,
    ) -> Option<Self> {
        let mut cleaned = false;
        let mut field = |index: usize| {
            let raw = record.fields.get(index).map_or("", String::as_str);
            cleaned |= raw.contains(['\t', '\r', '\n']);
            raw.replace(['\t', '\r', '\n'], " ").trim().to_owned()
        };
        let (invoice, stock_code) = (field(columns.invoice), field(columns.stock_code));
        let price = field(columns.price);
        let price = if decimals == Decimals::Comma { price.replace(',', ".") } else { price };
        let customer = field(columns.customer);
        // Spreadsheets and data frames turn customer numbers into decimals.
        let customer = customer.strip_suffix(".0").unwrap_or(&customer).to_owned();
        let sale = Self {
            description: field(columns.description),
            quantity: field(columns.quantity),
            at: dates.parse(columns.date(record))?,
            invoice,
            stock_code,
            price,
            customer,
            cleaned,
        };
        (!sale.invoice.is_empty() && !sale.stock_code.is_empty()).then_some(sale)
    }

    /// The invoice's number.
    pub(crate) fn invoice(&self) -> &str {
        &self.invoice
    }

    /// Invoices that begin with C are cancellations: returns of goods.
    pub(crate) fn is_return(&self) -> bool {
        self.invoice.starts_with(['C', 'c'])
    }

    /// True when both belong to one invoice.
    pub(crate) fn same_invoice(&self, other: &Self) -> bool {
        self.invoice == other.invoice
    }

    fn time(&self) -> String {
        self.at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

/// Gives every run of rows of an invoice a number of its own: an invoice that comes up again later in
/// the file (its lines do not stand together) continues as `<invoice>.2`.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    used: HashSet<String>,
}

impl Numbers {
    /// The reference, and true when the invoice had been there before.
    pub(crate) fn next(&mut self, invoice: &str) -> (String, bool) {
        if self.used.insert(invoice.to_owned()) {
            return (invoice.to_owned(), false);
        }
        let mut part = 2_u32;
        loop {
            let reference = format!("{invoice}.{part}");
            if self.used.insert(reference.clone()) {
                return (reference, true);
            }
            part += 1;
        }
    }
}

/// Where converted orders go to.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// Codes of the districts.
    pub(crate) districts: Vec<String>,
    /// Codes of the windows.
    pub(crate) timeslots: Vec<String>,
}

/// The rows of one order.
pub(crate) fn order_rows(sales: &[Sale], order_ref: &str, places: &Places) -> Vec<OrderRow> {
    let Some(first) = sales.first() else {
        return Vec::new();
    };
    let home = if first.customer.is_empty() { &first.invoice } else { &first.customer };
    let head = OrderRow {
        order_ref: order_ref.to_owned(),
        customer_ref: first.customer.clone(),
        district: derive::one_of(&places.districts, "district", home).to_owned(),
        delivery_date: derive::delivery_date(&first.invoice, first.at).to_string(),
        timeslot: derive::one_of(&places.timeslots, "timeslot", &first.invoice).to_owned(),
        currency: "GBP".to_owned(),
        sku_type: "dry".to_owned(),
        ..OrderRow::default()
    };
    let row = |(number, sale): (usize, &Sale)| {
        let (volume_ml, weight_g) = derive::measures(&sale.stock_code);
        OrderRow {
            line_no: number.to_string(),
            ordered_at: sale.time(),
            merchant: derive::merchant(&sale.stock_code),
            sku: sale.stock_code.clone(),
            description: sale.description.clone(),
            quantity: sale.quantity.clone(),
            unit_price: sale.price.clone(),
            volume_ml: volume_ml.to_string(),
            weight_g: weight_g.to_string(),
            ..head.clone()
        }
    };
    (1..).zip(sales).map(row).collect()
}

/// One line of a return file.
#[derive(Debug, Clone)]
pub(crate) struct ReturnRow([String; 9]);

impl ReturnRow {
    /// The fields in the order of [`RETURN_COLUMNS`].
    pub(crate) fn fields(&self) -> [&str; 9] {
        self.0.each_ref().map(String::as_str)
    }
}

/// The rows of one return.
pub(crate) fn return_rows(sales: &[Sale], return_ref: &str) -> Vec<ReturnRow> {
    let row = |(number, sale): (usize, &Sale)| {
        ReturnRow([
            return_ref.to_owned(),
            number.to_string(),
            sale.time(),
            sale.customer.clone(),
            sale.stock_code.clone(),
            sale.description.clone(),
            sale.quantity.clone(),
            sale.price.clone(),
            "GBP".to_owned(),
        ])
    };
    (1..).zip(sales).map(row).collect()
}

/// Reads on until a date proves the order of day and month.
///
/// # Errors
/// [`ConvertError::Csv`] when the file cannot be read.
pub(crate) fn prove_date_order<R: BufRead>(
    records: &mut CsvReader<R>,
    columns: Columns,
) -> Result<Option<DateOrder>, ConvertError> {
    while let Some(record) = records.next_record()? {
        if let Some(order) = DateOrder::proven_by(columns.date(&record)) {
            return Ok(Some(order));
        }
    }
    Ok(None)
}
