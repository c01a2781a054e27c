//! What planning whole slot days needs: who improves which of them, trucks that are out of order, the order of
//! stops and where places lie.

super::changes! {
    // `improved_version`, `improved_revision`: the slot day and the network as they were when there was
    // nothing left to improve. `planner`: the process that improves it until `planner_until`, by the
    // database's clock.
    "ALTER TABLE slot_day
        ADD COLUMN improved_version BIGINT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN improved_revision BIGINT UNSIGNED NOT NULL DEFAULT 0,
        ADD COLUMN improved_at DATETIME(6) NULL,
        ADD COLUMN planner VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NULL,
        ADD COLUMN planner_until DATETIME(6) NULL"
    undone by "ALTER TABLE slot_day DROP COLUMN improved_version, DROP COLUMN improved_revision,
        DROP COLUMN improved_at, DROP COLUMN planner, DROP COLUMN planner_until",
    // Writer: adra-assigner. Trucks of `truck_pool` that cannot drive on one day: the pool of that slot day
    // is so much smaller. Guarded by the slot day's row.
    "CREATE TABLE truck_outage (
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        trucks INT UNSIGNED NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        PRIMARY KEY (depot, delivery_date, timeslot, truck_type)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS truck_outage",
    // `to_sequence`: its stops want an order, since it was locked or changed after that.
    "ALTER TABLE route
        ADD COLUMN to_sequence TINYINT(1) NOT NULL DEFAULT 0,
        ADD KEY route_to_sequence (to_sequence)"
    undone by "ALTER TABLE route DROP KEY route_to_sequence, DROP COLUMN to_sequence",
    // The stop's place in the order of driving, from 1; NULL until the route is locked and sequenced.
    "ALTER TABLE route_stop ADD COLUMN seq INT UNSIGNED NULL"
    undone by "ALTER TABLE route_stop DROP COLUMN seq",
    // Writer: delivery-network. Where depots and districts lie, in millionths of a degree; `kind` is DEPOT
    // or DISTRICT. Places without a row lie nobody knows where.
    "CREATE TABLE coordinates (
        kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        code VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        lat_e6 INT NOT NULL,
        lon_e6 INT NOT NULL,
        PRIMARY KEY (kind, code)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS coordinates",
}
