//! Waybills, their lines, holds and the log of everything reported. Writer: waybill-status.

super::tables! {
    // `exists_since` NULL: a stub that keeps reports for a waybill that is not there yet.
    // `lifecycle` is the fact set and the list of decisions in the compact text form of waybill-status.
    "waybill" => "CREATE TABLE waybill (
        id BINARY(16) NOT NULL PRIMARY KEY,
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        attempt SMALLINT UNSIGNED NOT NULL,
        failed_attempts SMALLINT UNSIGNED NOT NULL,
        open_holds SMALLINT UNSIGNED NOT NULL,
        parked SMALLINT UNSIGNED NOT NULL,
        parked_since DATETIME(6) NULL,
        lifecycle TEXT NOT NULL,
        kind VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        order_id BINARY(16) NULL,
        source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
        fulfilled_by VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL,
        customer_ref VARCHAR(64) NULL,
        district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        delivery_date DATE NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        dry_ml BIGINT UNSIGNED NOT NULL DEFAULT 0,
        frozen_ml BIGINT UNSIGNED NOT NULL DEFAULT 0,
        weight_g BIGINT UNSIGNED NOT NULL DEFAULT 0,
        line_count INT UNSIGNED NOT NULL DEFAULT 0,
        exists_since DATETIME(6) NULL,
        first_seen_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        UNIQUE KEY waybill_number (waybill_no),
        KEY waybill_order (order_id),
        KEY waybill_parked (parked_since)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "waybill_line" => "CREATE TABLE waybill_line (
        waybill_id BINARY(16) NOT NULL,
        line_no INT UNSIGNED NOT NULL,
        sku VARCHAR(64) NOT NULL,
        quantity INT UNSIGNED NOT NULL,
        sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        PRIMARY KEY (waybill_id, line_no)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // What arrived, in the order of arrival, with what became of it: a log, never the state.
    // `version` is the waybill's version after this entry, so that a history has no gap.
    "waybill_event" => "CREATE TABLE waybill_event (
        waybill_id BINARY(16) NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        message_id BINARY(16) NOT NULL,
        message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        fact VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
        attempt SMALLINT UNSIGNED NULL,
        outcome VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        actor TEXT NOT NULL,
        correlation_id VARCHAR(128) NULL,
        occurred_at DATETIME(6) NOT NULL,
        received_at DATETIME(6) NOT NULL,
        PRIMARY KEY (waybill_id, version)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "waybill_hold" => "CREATE TABLE waybill_hold (
        waybill_id BINARY(16) NOT NULL,
        owner VARCHAR(128) NOT NULL,
        handle VARCHAR(64) NOT NULL,
        reason VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
        placed_at DATETIME(6) NULL,
        released_at DATETIME(6) NULL,
        PRIMARY KEY (waybill_id, owner, handle)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
