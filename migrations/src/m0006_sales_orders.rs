//! Sales orders (writer: sales-order) and what was exchanged with partners (writer: the partner's adapter).

super::tables! {
    // `live` is 1 for the one sales order in force of a waybill and NULL for its predecessors.
    "sales_order" => "CREATE TABLE sales_order (
        id BINARY(16) NOT NULL PRIMARY KEY,
        sales_order_no VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        live TINYINT NULL,
        revision INT UNSIGNED NOT NULL,
        warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        reached VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        reason VARCHAR(500) NULL,
        route_ref VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        created_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        UNIQUE KEY sales_order_number (sales_order_no),
        UNIQUE KEY sales_order_live (waybill_no, live)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "sales_order_line" => "CREATE TABLE sales_order_line (
        sales_order_id BINARY(16) NOT NULL,
        line_no INT UNSIGNED NOT NULL,
        sku VARCHAR(64) NOT NULL,
        quantity INT UNSIGNED NOT NULL,
        sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        PRIMARY KEY (sales_order_id, line_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // `direction`: out (we told them) or in (they told us); `step` is the partner's own word.
    "partner_delivery" => "CREATE TABLE partner_delivery (
        partner VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        reference VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        direction VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        step VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_id BINARY(16) NOT NULL,
        at DATETIME(6) NOT NULL,
        PRIMARY KEY (partner, reference, direction, step)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
