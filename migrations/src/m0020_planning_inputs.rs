//! What planning works with: proposals that are forgotten in time, how long drives take, and how former days came in.

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
    // `demand_noted`: the day is over, and how its waybills came in stands in `demand_history`.
    "ALTER TABLE slot_day
        ADD COLUMN demand_noted TINYINT(1) NOT NULL DEFAULT 0,
        ADD KEY slot_day_to_note (demand_noted, delivery_date)"
    undone by "ALTER TABLE slot_day DROP KEY slot_day_to_note, DROP COLUMN demand_noted",
    // Writer: adra-assigner. Waybills of past slot days by whole hours before the cut-off at which they came,
    // less those that gave their place back then; 48 stands for all earlier hours. `goods`: dry, frozen, mixed.
    "CREATE TABLE demand_history (
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        goods VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        hours_left TINYINT UNSIGNED NOT NULL,
        waybills INT NOT NULL,
        dry_ml BIGINT NOT NULL,
        frozen_ml BIGINT NOT NULL,
        weight_g BIGINT NOT NULL,
        PRIMARY KEY (depot, timeslot, delivery_date, zone, goods, hours_left),
        KEY demand_history_age (delivery_date)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS demand_history",
}
