//! What reading needs: the code that the public tracks a waybill with, and the indexes behind lists.

super::changes! {
    // Writer: waybill-status, with the waybill. 50 random bits as ten digits of Crockford's base 32.
    // NULL: a stub.
    "ALTER TABLE waybill ADD COLUMN tracking_code CHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL"
    undone by "ALTER TABLE waybill DROP COLUMN tracking_code",
    // RANDOM_BYTES is random for each row and cannot be predicted; RAND() can
    "UPDATE waybill SET tracking_code = CONCAT(
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1),
        SUBSTRING('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + (ASCII(RANDOM_BYTES(1)) & 31), 1))
        WHERE exists_since IS NOT NULL"
    undone by "UPDATE waybill SET tracking_code = NULL",
    // Lists are ordered by `id`, which every index ends with: the newest first, from any place on.
    // `waybill_work` changes with the status; the others never do.
    "ALTER TABLE waybill
        ADD KEY waybill_merchant (merchant),
        ADD KEY waybill_work (merchant, status),
        ADD KEY waybill_customer (customer_ref),
        ADD KEY waybill_day (delivery_date)"
    undone by "ALTER TABLE waybill DROP KEY waybill_merchant, DROP KEY waybill_work,
        DROP KEY waybill_customer, DROP KEY waybill_day",
    "ALTER TABLE orders
        ADD KEY orders_of_customer (customer_ref),
        ADD KEY orders_day (delivery_date)"
    undone by "ALTER TABLE orders DROP KEY orders_of_customer, DROP KEY orders_day",
    "ALTER TABLE order_line ADD KEY order_line_merchant (merchant)"
    undone by "ALTER TABLE order_line DROP KEY order_line_merchant",
}
