//! What complete waybill lifecycles need: answers by item, who sent what and why, several holds of one handle.

super::changes! {
    // What became of each item of a message with several, as JSON.
    "ALTER TABLE inbox ADD COLUMN items MEDIUMTEXT NULL"
    undone by "ALTER TABLE inbox DROP COLUMN items",
    // `sender`: the broker user that published; `actor` says on whose behalf. `detail`: the reason given.
    // `batch_id`: the message with several items that `message_id` is one of.
    "ALTER TABLE waybill_event
        ADD COLUMN sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        ADD COLUMN detail VARCHAR(500) NULL,
        ADD COLUMN batch_id BINARY(16) NULL"
    undone by "ALTER TABLE waybill_event DROP COLUMN sender, DROP COLUMN detail, DROP COLUMN batch_id",
    "ALTER TABLE waybill_hold
        ADD COLUMN instance INT UNSIGNED NOT NULL DEFAULT 1 AFTER handle,
        DROP PRIMARY KEY, ADD PRIMARY KEY (waybill_id, owner, handle, instance)"
    undone by "ALTER TABLE waybill_hold DROP PRIMARY KEY, DROP COLUMN instance,
        ADD PRIMARY KEY (waybill_id, owner, handle)",
}
