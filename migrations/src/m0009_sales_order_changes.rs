//! What cancellations and amendments need of sales orders: rows without a place, the questions that whoever
//! picks was asked, the amendments that were decided. Writer: sales-order.

super::changes! {
    // `reached` ends with the last question for cancellation. `delivery_date` NULL: it never had a place,
    // because it was cancelled before one was found, or the merchant picks.
    "ALTER TABLE sales_order
        MODIFY reached VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        MODIFY delivery_date DATE NULL"
    undone by "ALTER TABLE sales_order
        MODIFY reached VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        MODIFY delivery_date DATE NOT NULL",
    // One row a question, numbered from 1 for each waybill. `verdict` NULL: it is open.
    // `overdue_at`: when others were told that nobody answers.
    "CREATE TABLE sales_order_question (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        question INT UNSIGNED NOT NULL,
        asked_by VARCHAR(128) NOT NULL,
        reason VARCHAR(500) NULL,
        asked_at DATETIME(6) NOT NULL,
        verdict VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
        decided_by VARCHAR(128) NULL,
        decided_reason VARCHAR(500) NULL,
        decided_at DATETIME(6) NULL,
        overdue_at DATETIME(6) NULL,
        PRIMARY KEY (waybill_no, question),
        KEY sales_order_question_open (verdict, asked_at)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE sales_order_question",
    // `refused` NULL: its lines are those of the sales order, unless a later one was taken over.
    "CREATE TABLE sales_order_amendment (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        amendment_id BINARY(16) NOT NULL,
        refused VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
        decided_at DATETIME(6) NOT NULL,
        PRIMARY KEY (waybill_no, amendment_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE sales_order_amendment",
}
