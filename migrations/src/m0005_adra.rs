//! Routes, places, quotas and why each decision was taken. Writer: adra-assigner.

super::tables! {
    // One row a (depot, date, slot): locked by every decision in it, so that decisions of one slot
    // are taken one after the other, however many lanes and processes there are.
    "slot_day" => "CREATE TABLE slot_day (
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        routes_opened INT UNSIGNED NOT NULL,
        PRIMARY KEY (depot, delivery_date, timeslot)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "route" => "CREATE TABLE route (
        id BINARY(16) NOT NULL PRIMARY KEY,
        route_ref VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        template VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sku_class VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        waybills INT UNSIGNED NOT NULL,
        dry_ml BIGINT UNSIGNED NOT NULL,
        frozen_ml BIGINT UNSIGNED NOT NULL,
        weight_g BIGINT UNSIGNED NOT NULL,
        stops INT UNSIGNED NOT NULL,
        created_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        UNIQUE KEY route_reference (route_ref),
        KEY route_slot (depot, delivery_date, timeslot, zone)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // A stop is a distinct (customer, district, address); its key is a hash of them.
    "route_stop" => "CREATE TABLE route_stop (
        route_id BINARY(16) NOT NULL,
        stop_key BINARY(16) NOT NULL,
        waybills INT UNSIGNED NOT NULL,
        PRIMARY KEY (route_id, stop_key)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // One row a waybill: at most one live place. `state`: UNASSIGNED, ASSIGNED, LOCKED, UNASSIGNABLE.
    "assignment" => "CREATE TABLE assignment (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        state VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        reason VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
        route_id BINARY(16) NULL,
        place_no SMALLINT UNSIGNED NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        waybill_version BIGINT UNSIGNED NOT NULL,
        held TINYINT(1) NOT NULL,
        pinned TINYINT(1) NOT NULL,
        order_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        stop_key BINARY(16) NOT NULL,
        district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        fulfilled_by VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        dry_ml BIGINT UNSIGNED NOT NULL,
        frozen_ml BIGINT UNSIGNED NOT NULL,
        weight_g BIGINT UNSIGNED NOT NULL,
        ordered_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL,
        KEY assignment_route (route_id),
        KEY assignment_retry (state, delivery_date, zone)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "quota_bucket" => "CREATE TABLE quota_bucket (
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        waybills INT UNSIGNED NOT NULL,
        dry_ml BIGINT UNSIGNED NOT NULL,
        frozen_ml BIGINT UNSIGNED NOT NULL,
        weight_g BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (zone, delivery_date, timeslot)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // Every change of a bucket, numbered by the bucket's version: every prefix can be checked.
    // Amounts are signed: positive reserves, negative releases.
    "quota_ledger" => "CREATE TABLE quota_ledger (
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        route_id BINARY(16) NOT NULL,
        waybills INT NOT NULL,
        dry_ml BIGINT NOT NULL,
        frozen_ml BIGINT NOT NULL,
        weight_g BIGINT NOT NULL,
        at DATETIME(6) NOT NULL,
        PRIMARY KEY (zone, delivery_date, timeslot, version)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "truck_use" => "CREATE TABLE truck_use (
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        delivery_date DATE NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        used INT UNSIGNED NOT NULL,
        PRIMARY KEY (depot, delivery_date, timeslot, truck_type)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "adra_decision" => "CREATE TABLE adra_decision (
        waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        outcome VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        reason VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
        route_id BINARY(16) NULL,
        explanation MEDIUMTEXT NOT NULL,
        judged_at DATETIME(6) NOT NULL,
        decided_at DATETIME(6) NOT NULL,
        PRIMARY KEY (waybill_no, version)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
