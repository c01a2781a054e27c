//! Files of the hot folder. Writer: hotfolder-ingest.

super::tables! {
    // Where a (kind, source) stands: the next sequence number that may run.
    "import_sequence" => "CREATE TABLE import_sequence (
        kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        first_sequence BIGINT UNSIGNED NOT NULL,
        next_sequence BIGINT UNSIGNED NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        PRIMARY KEY (kind, source)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // `state`: RUNNING, DONE, DUPLICATE_FILE, CONFLICT, FAILED, SKIPPED. `repair` 0 is the file itself, N its N-th repair.
    // `offset_bytes`, `offset_lines`: everything before is answered (in bytes of the plain text).
    "import_file" => "CREATE TABLE import_file (
        id BINARY(16) NOT NULL PRIMARY KEY,
        kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sequence BIGINT UNSIGNED NOT NULL,
        repair INT UNSIGNED NOT NULL,
        file_name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        file_hash BINARY(32) NULL,
        size_bytes BIGINT UNSIGNED NOT NULL,
        state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        lease_owner VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL,
        lease_until DATETIME(6) NULL,
        fence BIGINT UNSIGNED NOT NULL,
        offset_bytes BIGINT UNSIGNED NOT NULL,
        offset_lines BIGINT UNSIGNED NOT NULL,
        lines_total BIGINT UNSIGNED NOT NULL,
        orders_accepted BIGINT UNSIGNED NOT NULL,
        orders_duplicate BIGINT UNSIGNED NOT NULL,
        orders_rejected BIGINT UNSIGNED NOT NULL,
        detail TEXT NULL,
        started_at DATETIME(6) NOT NULL,
        finished_at DATETIME(6) NULL,
        UNIQUE KEY import_file_place (kind, source, sequence, repair),
        KEY import_file_hash (source, file_hash)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // One row an error of a rejected order (or file).
    "import_line" => "CREATE TABLE import_line (
        file_id BINARY(16) NOT NULL,
        line BIGINT UNSIGNED NOT NULL,
        entry INT UNSIGNED NOT NULL,
        order_ref VARCHAR(255) NULL,
        column_name VARCHAR(64) NULL,
        code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message TEXT NOT NULL,
        first_line BIGINT UNSIGNED NOT NULL,
        last_line BIGINT UNSIGNED NOT NULL,
        offset_bytes BIGINT UNSIGNED NOT NULL,
        length_bytes BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (file_id, line, entry)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
