//! What planning works with: proposals that are forgotten in time, and how long drives take.

super::changes! {
    // For forgetting those that expired long ago.
    "ALTER TABLE adra_proposal ADD KEY adra_proposal_end (expires_at)"
    undone by "ALTER TABLE adra_proposal DROP KEY adra_proposal_end",
    // Writer: delivery-network. Minutes of driving, one way; the kinds are DEPOT, DISTRICT and ZONE. Of pairs
    // without a row nobody knows.
    "CREATE TABLE travel_time (
        from_kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        from_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        to_kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        to_code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        minutes INT UNSIGNED NOT NULL,
        PRIMARY KEY (from_kind, from_code, to_kind, to_code)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS travel_time",
}
