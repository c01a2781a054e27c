//! What resubmitted and transferred sales orders need, and who changed each of them. Writer: sales-order.

super::changes! {
    // `predecessor`, `successor`: the numbers of the sales orders before and after it (resubmitted or
    // transferred); one with a successor is not in force (`live` NULL). `next_warehouse`, `next_pick_flow`:
    // who gets it when the warehouse that has it says yes to a transfer.
    "ALTER TABLE sales_order
        ADD COLUMN predecessor VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL,
        ADD COLUMN successor VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL,
        ADD COLUMN next_warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        ADD COLUMN next_pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL"
    undone by "ALTER TABLE sales_order DROP COLUMN predecessor, DROP COLUMN successor,
        DROP COLUMN next_warehouse, DROP COLUMN next_pick_flow",
    // `purpose`: CANCEL or TRANSFER, what a yes leads to. `correlation_id`: the conversation of who asked.
    "ALTER TABLE sales_order_question
        ADD COLUMN purpose VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'CANCEL',
        ADD COLUMN correlation_id VARCHAR(128) NULL"
    undone by "ALTER TABLE sales_order_question DROP COLUMN purpose, DROP COLUMN correlation_id",
    // Every version of every sales order: who made it, when, from which status to which, and in which
    // conversation. `from_status` NULL: it was made then.
    "CREATE TABLE sales_order_change (
        sales_order_no VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        at DATETIME(6) NOT NULL,
        message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        from_status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
        to_status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        who VARCHAR(128) NOT NULL,
        role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        origin VARCHAR(255) NULL,
        sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_id BINARY(16) NOT NULL,
        correlation_id VARCHAR(128) NULL,
        PRIMARY KEY (sales_order_no, version)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS sales_order_change",
}
