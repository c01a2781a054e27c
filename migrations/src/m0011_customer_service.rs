//! Returns, replacements and cases (writer: customer-service), and the verdicts of the rows of files
//! (writer: hotfolder-ingest).

super::changes! {
    // returns without an order number are looked for among the customer's orders
    "ALTER TABLE orders ADD KEY orders_customer (source, customer_ref)"
    undone by "ALTER TABLE orders DROP KEY orders_customer",
    // `complete`: nothing more of it is awaited.
    "CREATE TABLE customer_return (
        id BINARY(16) NOT NULL PRIMARY KEY,
        source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        return_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        content_hash BINARY(32) NOT NULL,
        status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        customer_ref VARCHAR(64) NULL,
        reason VARCHAR(500) NULL,
        complete TINYINT UNSIGNED NOT NULL,
        requested_at DATETIME(6) NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        created_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        UNIQUE KEY customer_return_reference (source, return_ref),
        KEY customer_return_status (status, updated_at)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS customer_return",
    "CREATE TABLE customer_return_line (
        return_id BINARY(16) NOT NULL,
        line_no INT UNSIGNED NOT NULL,
        sku VARCHAR(64) NOT NULL,
        description TEXT NULL,
        quantity INT UNSIGNED NOT NULL,
        unit_price DECIMAL(28,6) NULL,
        reason TEXT NULL,
        verdict VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        received INT UNSIGNED NOT NULL,
        damaged INT UNSIGNED NOT NULL,
        restocked INT UNSIGNED NOT NULL,
        written_off INT UNSIGNED NOT NULL,
        refused INT UNSIGNED NOT NULL,
        PRIMARY KEY (return_id, line_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS customer_return_line",
    // From which delivered order lines the units of a return's line come.
    "CREATE TABLE customer_return_part (
        return_id BINARY(16) NOT NULL,
        line_no INT UNSIGNED NOT NULL,
        order_id BINARY(16) NOT NULL,
        order_line_no INT UNSIGNED NOT NULL,
        order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        quantity INT UNSIGNED NOT NULL,
        PRIMARY KEY (return_id, line_no, order_id, order_line_no),
        KEY customer_return_part_order (order_id, order_line_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS customer_return_part",
    // One RETURN waybill a (return, order): numbered with the request, made with the approval.
    "CREATE TABLE customer_return_waybill (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        return_id BINARY(16) NOT NULL,
        order_id BINARY(16) NOT NULL,
        KEY customer_return_waybill_return (return_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS customer_return_waybill",
    // Who changed a return, when, from what to what.
    "CREATE TABLE customer_return_event (
        return_id BINARY(16) NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        from_status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL,
        to_status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_id BINARY(16) NOT NULL,
        actor TEXT NOT NULL,
        at DATETIME(6) NOT NULL,
        PRIMARY KEY (return_id, version)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS customer_return_event",
    // One row a delivered order line that somebody looked at: what returns and replacements have of it.
    // Locked by every decision about the line.
    "CREATE TABLE return_claim (
        order_id BINARY(16) NOT NULL,
        line_no INT UNSIGNED NOT NULL,
        claimed INT UNSIGNED NOT NULL,
        replaced INT UNSIGNED NOT NULL,
        PRIMARY KEY (order_id, line_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS return_claim",
    // How many returns and replacement waybills an order has had: their numbers.
    "CREATE TABLE return_order (
        order_id BINARY(16) NOT NULL PRIMARY KEY,
        returns INT UNSIGNED NOT NULL,
        replacements INT UNSIGNED NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS return_order",
    // `state`: WAITING (for its return), SENT, CANCELLED.
    "CREATE TABLE replacement (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        order_id BINARY(16) NOT NULL,
        return_id BINARY(16) NULL,
        state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        reason VARCHAR(500) NULL,
        message_id BINARY(16) NOT NULL,
        created_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        KEY replacement_return (return_id),
        KEY replacement_order (order_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS replacement",
    "CREATE TABLE replacement_line (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        line_no INT UNSIGNED NOT NULL,
        quantity INT UNSIGNED NOT NULL,
        PRIMARY KEY (waybill_no, line_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS replacement_line",
    // `live` is 1 for the open case of a subject and kind and NULL for its predecessors.
    "CREATE TABLE service_case (
        id BINARY(16) NOT NULL PRIMARY KEY,
        subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        live TINYINT UNSIGNED NULL,
        assigned_to VARCHAR(128) NULL,
        version BIGINT UNSIGNED NOT NULL,
        created_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        UNIQUE KEY service_case_open (subject, kind, live),
        KEY service_case_list (live, updated_at)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS service_case",
    // The story of a case, numbered by its version.
    "CREATE TABLE service_case_entry (
        case_id BINARY(16) NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        step VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        text TEXT NOT NULL,
        by_whom VARCHAR(128) NOT NULL,
        message_id BINARY(16) NOT NULL,
        at DATETIME(6) NOT NULL,
        PRIMARY KEY (case_id, version)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS service_case_entry",
    // What became of each row of a file whose rows are told apart (cancel, return).
    "CREATE TABLE import_verdict (
        file_id BINARY(16) NOT NULL,
        line BIGINT UNSIGNED NOT NULL,
        reference VARCHAR(255) NULL,
        verdict VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        detail TEXT NULL,
        PRIMARY KEY (file_id, line)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS import_verdict",
}
