//! The delivery network. Writer: delivery-network. Readers: order-intake, adra-assigner, sales-order.

super::tables! {
    "network_revision" => "CREATE TABLE network_revision (
        id TINYINT NOT NULL PRIMARY KEY,
        revision BIGINT UNSIGNED NOT NULL,
        updated_at DATETIME(6) NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "depot" => "CREATE TABLE depot (
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        name VARCHAR(200) NOT NULL,
        timezone VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "zone" => "CREATE TABLE zone (
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        name VARCHAR(200) NOT NULL,
        neighbours TEXT NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "district" => "CREATE TABLE district (
        district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        valid_from DATE NOT NULL,
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        PRIMARY KEY (district, valid_from)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "timeslot" => "CREATE TABLE timeslot (
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        start_time VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        end_time VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        cutoff VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "truck_type" => "CREATE TABLE truck_type (
        truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        max_weight_kg INT UNSIGNED NOT NULL,
        max_stops INT UNSIGNED NOT NULL,
        cost INT UNSIGNED NOT NULL,
        profiles VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "truck_upgrade" => "CREATE TABLE truck_upgrade (
        from_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        to_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        PRIMARY KEY (from_type, to_type)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "truck_pool" => "CREATE TABLE truck_pool (
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        trucks INT UNSIGNED NOT NULL,
        PRIMARY KEY (depot, timeslot, truck_type)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "route_template" => "CREATE TABLE route_template (
        template VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sku_class VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        default_truck_type VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        waybill_quota INT UNSIGNED NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "zone_quota" => "CREATE TABLE zone_quota (
        zone VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        waybills INT UNSIGNED NOT NULL,
        dry_l BIGINT UNSIGNED NOT NULL,
        frozen_l BIGINT UNSIGNED NOT NULL,
        weight_kg BIGINT UNSIGNED NOT NULL,
        PRIMARY KEY (zone, timeslot)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "warehouse" => "CREATE TABLE warehouse (
        warehouse VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        depot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        name VARCHAR(200) NOT NULL,
        keeps VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    "pick_flow" => "CREATE TABLE pick_flow (
        priority INT UNSIGNED NOT NULL PRIMARY KEY,
        sku_class VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        min_lines INT UNSIGNED NOT NULL,
        max_lines INT UNSIGNED NULL,
        pick_flow VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
