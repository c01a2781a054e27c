//! Files that came as messages. Writer: hotfolder-ingest.

super::tables! {
    // `state`: RECEIVING (parts are missing), STORED (whole, in the folder for good). `sha256`, `size_bytes`: of the
    // file as it was sent. `kind`, `sequence`, `repair` say where `import_file` has what became of it.
    "upload" => "CREATE TABLE upload (
        id BINARY(16) NOT NULL PRIMARY KEY,
        source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        file_name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sequence BIGINT UNSIGNED NOT NULL,
        repair INT UNSIGNED NOT NULL,
        state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sha256 BINARY(32) NOT NULL,
        size_bytes BIGINT UNSIGNED NOT NULL,
        parts INT UNSIGNED NOT NULL,
        received INT UNSIGNED NOT NULL,
        uploaded_by VARCHAR(128) NOT NULL,
        merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        version BIGINT UNSIGNED NOT NULL,
        started_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        stored_at DATETIME(6) NULL,
        UNIQUE KEY upload_name (source, file_name),
        KEY upload_source (source, id),
        KEY upload_merchant (merchant, id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
