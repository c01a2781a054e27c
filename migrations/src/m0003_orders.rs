//! Orders and their lines. Writer: order-intake.

super::tables! {
    "orders" => "CREATE TABLE orders (
        id BINARY(16) NOT NULL PRIMARY KEY,
        source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        content_hash BINARY(32) NOT NULL,
        status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        ordered_at DATETIME(6) NOT NULL,
        customer_ref VARCHAR(64) NULL,
        district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        total_minor BIGINT NOT NULL,
        line_count INT UNSIGNED NOT NULL,
        waybill_count INT UNSIGNED NOT NULL,
        personal TEXT NULL,
        country VARCHAR(64) NULL,
        promotion_codes VARCHAR(500) NULL,
        actor TEXT NOT NULL,
        created_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        UNIQUE KEY orders_reference (source, order_ref)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "order_line" => "CREATE TABLE order_line (
        order_id BINARY(16) NOT NULL,
        line_no INT UNSIGNED NOT NULL,
        merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        sku VARCHAR(64) NOT NULL,
        description TEXT NULL,
        quantity INT UNSIGNED NOT NULL,
        unit_price DECIMAL(28,6) NOT NULL,
        sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        volume_ml INT UNSIGNED NOT NULL,
        weight_g INT UNSIGNED NOT NULL,
        fulfilled_by VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NULL,
        PRIMARY KEY (order_id, line_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
