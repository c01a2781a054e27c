//! What dispatchers need: changes that are reviewed before they are made, and routes found by their day.

super::changes! {
    // Writer: adra-assigner. Moves and pins of one slot day, with what they would come to. `state`: OPEN,
    // COMMITTED, DISCARDED; an open one counts until `expires_at`. `steps` and `evaluation` are JSON.
    // Guarded by its own row, locked before everything else.
    "CREATE TABLE adra_proposal (
        id BINARY(16) NOT NULL PRIMARY KEY,
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        proposed_by VARCHAR(200) NOT NULL,
        note VARCHAR(500) NULL,
        settled_by VARCHAR(200) NULL,
        steps MEDIUMTEXT NOT NULL,
        evaluation MEDIUMTEXT NOT NULL,
        created_at DATETIME(6) NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS adra_proposal",
    "ALTER TABLE route ADD KEY route_day (delivery_date, route_ref)"
    undone by "ALTER TABLE route DROP KEY route_day",
}
