//! The columns of an order file.

use crate::tsv::Column;

/// A column of an order file. The declaration order is the one of `ALL`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the columns")]
pub enum OrderColumn {
    OrderRef,
    LineNo,
    OrderedAt,
    CustomerRef,
    District,
    DeliveryDate,
    Timeslot,
    Merchant,
    Sku,
    Description,
    Quantity,
    UnitPrice,
    Currency,
    SkuType,
    VolumeMl,
    WeightG,
    Recipient,
    Phone,
    Postcode,
    Address,
    Country,
    Store,
    PromotionCodes,
    Notes,
    DeliveryInstructions,
    FulfilledBy,
}

impl OrderColumn {
    /// The columns that speak of the order as a whole: every line repeats the first one's value.
    pub(super) const OF_THE_ORDER: &'static [Self] = &[
        Self::OrderedAt,
        Self::CustomerRef,
        Self::District,
        Self::DeliveryDate,
        Self::Timeslot,
        Self::Currency,
        Self::Recipient,
        Self::Phone,
        Self::Postcode,
        Self::Address,
        Self::Country,
        Self::PromotionCodes,
        Self::Notes,
        Self::DeliveryInstructions,
    ];

    /// False for what identifies a person: no message shows it.
    pub(super) const fn may_be_shown(self) -> bool {
        !matches!(
            self,
            Self::CustomerRef
                | Self::Recipient
                | Self::Phone
                | Self::Postcode
                | Self::Address
                | Self::Notes
                | Self::DeliveryInstructions
        )
    }
}

impl Column for OrderColumn {
    const ALL: &'static [Self] = &[
        Self::OrderRef,
        Self::LineNo,
        Self::OrderedAt,
        Self::CustomerRef,
        Self::District,
        Self::DeliveryDate,
        Self::Timeslot,
        Self::Merchant,
        Self::Sku,
        Self::Description,
        Self::Quantity,
        Self::UnitPrice,
        Self::Currency,
        Self::SkuType,
        Self::VolumeMl,
        Self::WeightG,
        Self::Recipient,
        Self::Phone,
        Self::Postcode,
        Self::Address,
        Self::Country,
        Self::Store,
        Self::PromotionCodes,
        Self::Notes,
        Self::DeliveryInstructions,
        Self::FulfilledBy,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::OrderRef => "order_ref",
            Self::LineNo => "line_no",
            Self::OrderedAt => "ordered_at",
            Self::CustomerRef => "customer_ref",
            Self::District => "district",
            Self::DeliveryDate => "delivery_date",
            Self::Timeslot => "timeslot",
            Self::Merchant => "merchant",
            Self::Sku => "sku",
            Self::Description => "description",
            Self::Quantity => "quantity",
            Self::UnitPrice => "unit_price",
            Self::Currency => "currency",
            Self::SkuType => "sku_type",
            Self::VolumeMl => "volume_ml",
            Self::WeightG => "weight_g",
            Self::Recipient => "recipient",
            Self::Phone => "phone",
            Self::Postcode => "postcode",
            Self::Address => "address",
            Self::Country => "country",
            Self::Store => "store",
            Self::PromotionCodes => "promotion_codes",
            Self::Notes => "notes",
            Self::DeliveryInstructions => "delivery_instructions",
            Self::FulfilledBy => "fulfilled_by",
        }
    }

    fn is_required(self) -> bool {
        matches!(
            self,
            Self::OrderRef
                | Self::LineNo
                | Self::OrderedAt
                | Self::District
                | Self::DeliveryDate
                | Self::Timeslot
                | Self::Merchant
                | Self::Sku
                | Self::Quantity
                | Self::UnitPrice
                | Self::Currency
                | Self::SkuType
        )
    }

    #[allow(clippy::as_conversions, reason = "the discriminant of a fieldless enum is its index")]
    fn index(self) -> usize {
        self as usize
    }
}
