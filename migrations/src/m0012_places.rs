//! What rescheduled, returned and amended waybills need of ADRA.

super::changes! {
    // Why the waybill exists: a RETURN is fetched, so that no truck leaves without it.
    "ALTER TABLE assignment
        ADD COLUMN kind VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'FORWARD'"
    undone by "ALTER TABLE assignment DROP COLUMN kind",
    // Writer: adra-assigner. Every amendment of a waybill that was asked about, so that none counts twice.
    // `state`: RESERVED (the place holds the larger of both loads), APPLIED, REFUSED (`code` says why).
    // Guarded by the waybill's row of `assignment`.
    "CREATE TABLE assignment_amendment (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        amendment_id BINARY(16) NOT NULL,
        kind VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        sku_type_before VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        dry_ml_before BIGINT UNSIGNED NOT NULL,
        frozen_ml_before BIGINT UNSIGNED NOT NULL,
        weight_g_before BIGINT UNSIGNED NOT NULL,
        sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        dry_ml BIGINT UNSIGNED NOT NULL,
        frozen_ml BIGINT UNSIGNED NOT NULL,
        weight_g BIGINT UNSIGNED NOT NULL,
        requested_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        PRIMARY KEY (waybill_no, amendment_id)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS assignment_amendment",
}
