//! What the worker runtime itself keeps: inbox, outbox, live settings, heartbeats, leases.

super::tables! {
    // Every worker writes its own rows: which messages had their effect, and how it ended.
    "inbox" => "CREATE TABLE inbox (
        consumer VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_id BINARY(16) NOT NULL,
        body_hash BINARY(32) NOT NULL,
        outcome VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        aggregate VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
        version BIGINT UNSIGNED NULL,
        refusal MEDIUMTEXT NULL,
        settled_at DATETIME(6) NOT NULL,
        PRIMARY KEY (consumer, sender, message_id),
        KEY inbox_settled_at (settled_at)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // Every worker writes its own rows: what it still has to publish.
    "outbox" => "CREATE TABLE outbox (
        message_id BINARY(16) NOT NULL PRIMARY KEY,
        worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        exchange VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        routing_key VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        seq BIGINT UNSIGNED NULL,
        correlation_id VARCHAR(128) NULL,
        actor TEXT NULL,
        traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        body MEDIUMTEXT NOT NULL,
        created_at DATETIME(6) NOT NULL,
        claimed_until DATETIME(6) NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // dray (CLI): live settings of a worker kind; the version is what tells a stale command.
    "worker_setting" => "CREATE TABLE worker_setting (
        worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        version BIGINT UNSIGNED NOT NULL,
        settings TEXT NOT NULL,
        updated_by VARCHAR(64) NOT NULL,
        updated_at DATETIME(6) NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // Every instance writes its own row: alive, and what it runs.
    "worker_instance" => "CREATE TABLE worker_instance (
        worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        instance VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        report TEXT NOT NULL,
        admin_addr VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
        started_at DATETIME(6) NOT NULL,
        seen_at DATETIME(6) NOT NULL,
        PRIMARY KEY (worker, instance)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
    // Whoever holds it: one name, one owner, by the database's clock.
    "lease" => "CREATE TABLE lease (
        name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        owner VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        fence BIGINT UNSIGNED NOT NULL,
        held_until DATETIME(6) NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
}
