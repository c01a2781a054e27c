//! What becomes of an order after it was taken: counters, amendments, returns, and who changed what.
//! Writer: order-intake.

super::changes! {
    // `open_amendment`: the amendment that is not decided yet; `amended_at`: when the last one was asked for.
    // `sender`, `correlation_id`: the message that the order came in.
    "ALTER TABLE orders
        ADD COLUMN return_status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'NONE',
        ADD COLUMN open_amendment BINARY(16) NULL,
        ADD COLUMN amended_at DATETIME(6) NULL,
        ADD COLUMN sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        ADD COLUMN correlation_id VARCHAR(128) NULL"
    undone by "ALTER TABLE orders DROP COLUMN return_status, DROP COLUMN open_amendment, DROP COLUMN amended_at,
        DROP COLUMN sender, DROP COLUMN correlation_id",
    // Units of `quantity`. `removed`: taken off its waybill by an amendment, for good.
    "ALTER TABLE order_line
        ADD COLUMN removed TINYINT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN cancelled INT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN shipped INT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN delivered INT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN returned_to_origin INT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN lost INT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN returned INT UNSIGNED NOT NULL DEFAULT 0"
    undone by "ALTER TABLE order_line DROP COLUMN removed, DROP COLUMN cancelled, DROP COLUMN shipped,
        DROP COLUMN delivered, DROP COLUMN returned_to_origin, DROP COLUMN lost, DROP COLUMN returned",
    // The newest that was heard of a waybill of the order; `seq` is the waybill's version then.
    "CREATE TABLE order_waybill (
        order_id BINARY(16) NOT NULL,
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        attempt SMALLINT UNSIGNED NOT NULL,
        seq BIGINT UNSIGNED NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        PRIMARY KEY (order_id, waybill_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS order_waybill",
    // An amendment asks each waybill by itself. `decided` NULL: not yet; DONE; else why not.
    // `personal`: the new personal fields, gone once it is decided.
    "CREATE TABLE order_amendment (
        order_id BINARY(16) NOT NULL,
        amendment_id BINARY(16) NOT NULL,
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        personal TEXT NULL,
        decided VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        asked_at DATETIME(6) NOT NULL,
        PRIMARY KEY (order_id, amendment_id, waybill_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS order_amendment",
    // What a return took of the order, as JSON: units by line number. `seq` is the return's version.
    "CREATE TABLE order_return (
        order_id BINARY(16) NOT NULL,
        return_id BINARY(16) NOT NULL,
        seq BIGINT UNSIGNED NOT NULL,
        taken TEXT NOT NULL,
        PRIMARY KEY (order_id, return_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS order_return",
    // Every change after the first version, which the order's own row tells of. No personal data.
    "CREATE TABLE order_change (
        order_id BINARY(16) NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        at DATETIME(6) NOT NULL,
        what VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NULL,
        from_value TEXT NULL,
        to_value TEXT NULL,
        reason VARCHAR(500) NULL,
        who VARCHAR(128) NOT NULL,
        role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        origin VARCHAR(255) NULL,
        sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_id BINARY(16) NOT NULL,
        correlation_id VARCHAR(128) NULL,
        PRIMARY KEY (order_id, version)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS order_change",
}
