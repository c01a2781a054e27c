//! Money: totals in minor units of a currency, unit prices as exact decimals.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is no price or currency.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidMoney {
    /// Not three capital letters.
    #[error("{0:?} is no ISO 4217 currency: three capital letters, for example GBP")]
    Currency(String),
    /// Negative, too precise or not a number.
    #[error("{0:?} is no unit price: a decimal of 0 or more with at most 6 places")]
    UnitPrice(String),
    /// Quantity times price does not fit.
    #[error("the total of {quantity} times {price} does not fit into 64 bits of minor units")]
    TooLarge {
        /// Number of units.
        quantity: u64,
        /// Price of one.
        price: Decimal,
    },
}

/// ISO 4217 alphabetic code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl JsonSchema for Currency {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$" })
    }
}

impl Currency {
    /// Checks and wraps a code of three capital letters.
    ///
    /// # Errors
    /// [`InvalidMoney::Currency`] for anything else.
    pub fn new(code: &str) -> Result<Self, InvalidMoney> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(bytes) if bytes.iter().all(u8::is_ascii_uppercase) => Ok(Self(bytes)),
            _ => Err(InvalidMoney::Currency(code.to_owned())),
        }
    }

    /// How many decimal places a minor unit has (ISO 4217).
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = InvalidMoney;
    fn try_from(code: String) -> Result<Self, InvalidMoney> {
        Self::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.to_string()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.0).unwrap_or("???"))
    }
}

/// The price of one unit: at least 0, at most 6 decimal places, kept exactly; JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Decimal", into = "Decimal")]
pub struct UnitPrice(Decimal);

impl JsonSchema for UnitPrice {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "UnitPrice".into()
    }

    /// 22 digits before the point: with six behind it the 96 bits of a decimal always hold them.
    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": r"^[0-9]{1,22}(\.[0-9]{1,6})?$" })
    }
}

impl UnitPrice {
    /// Checks and wraps a decimal.
    ///
    /// # Errors
    /// [`InvalidMoney::UnitPrice`] when negative or with more than 6 places.
    pub fn new(price: Decimal) -> Result<Self, InvalidMoney> {
        if price.is_sign_negative() && !price.is_zero() || price.normalize().scale() > 6 {
            return Err(InvalidMoney::UnitPrice(price.to_string()));
        }
        Ok(Self(price.abs()))
    }

    /// The decimal itself.
    #[must_use]
    pub fn as_decimal(self) -> Decimal {
        self.0
    }

    /// Price times quantity in minor units, rounded half to even.
    ///
    /// # Errors
    /// [`InvalidMoney::TooLarge`] when the total does not fit.
    pub fn times(self, quantity: u32, currency: Currency) -> Result<Money, InvalidMoney> {
        let too_large = || InvalidMoney::TooLarge { quantity: quantity.into(), price: self.0 };
        let minor = Decimal::from(10_u32.pow(currency.minor_digits()));
        let total = self.0.checked_mul(Decimal::from(quantity)).ok_or_else(too_large)?;
        let total = total.checked_mul(minor).ok_or_else(too_large)?;
        let minor_units = total.round_dp(0).to_i64().ok_or_else(too_large)?;
        Ok(Money { minor_units, currency })
    }
}

impl TryFrom<Decimal> for UnitPrice {
    type Error = InvalidMoney;
    fn try_from(price: Decimal) -> Result<Self, InvalidMoney> {
        Self::new(price)
    }
}

impl From<UnitPrice> for Decimal {
    fn from(price: UnitPrice) -> Self {
        price.0
    }
}

/// A total: minor units (cents, pence) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// Amount in the currency's smallest unit.
    pub minor_units: i64,
    /// Its currency.
    pub currency: Currency,
}
