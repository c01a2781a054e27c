//! What failed attempts and goods that come back need of waybills and orders.

super::changes! {
    // Bit n-1: the failure of the n-th attempt counts. It follows from `lifecycle`, for readers.
    "ALTER TABLE waybill ADD COLUMN failed_places INT UNSIGNED NOT NULL DEFAULT 0"
    undone by "ALTER TABLE waybill DROP COLUMN failed_places",
    "UPDATE waybill SET failed_places = 1 << (attempt - 1)
        WHERE status IN ('DELIVERY_FAILED', 'PICKUP_FAILED') AND attempt BETWEEN 1 AND 32"
    undone by "UPDATE waybill SET failed_places = 0",
    // The door of the order, as in `order.accepted`: empty where the order named no address.
    "ALTER TABLE orders
        ADD COLUMN address_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''"
    undone by "ALTER TABLE orders DROP COLUMN address_key",
}
