//! Accounts, their sessions, and the keys that tokens are signed with.

super::changes! {
    // Writer: identity. `password_hash` is argon2id in the PHC form. The row's lock is the lock of
    // everything about the account's sessions. `message_id`: the change that made this version.
    "CREATE TABLE account (
        name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
        password_hash VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        disabled TINYINT UNSIGNED NOT NULL,
        version BIGINT UNSIGNED NOT NULL,
        message_id BINARY(16) NOT NULL,
        changed_by VARCHAR(200) NOT NULL,
        created_at DATETIME(6) NOT NULL,
        updated_at DATETIME(6) NOT NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS account",
    // Writer: identity. `sealed` is the private key, encrypted with a key that is not in the database. The
    // newest signs; an older one verifies until
    // `retires_at`. Rows stay, so that no name is given twice.
    "CREATE TABLE account_key (
        kid VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
        public_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        sealed VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        message_id BINARY(16) NOT NULL,
        created_at DATETIME(6) NOT NULL,
        retires_at DATETIME(6) NULL
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS account_key",
    // Writer: identity. The hash of a token, never the token. `family`: one session. `rotated_by`: the
    // message that exchanged it for the next one.
    "CREATE TABLE refresh_token (
        token_hash BINARY(32) NOT NULL PRIMARY KEY,
        family BINARY(16) NOT NULL,
        account VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        issued_at DATETIME(6) NOT NULL,
        expires_at DATETIME(6) NOT NULL,
        session_ends_at DATETIME(6) NOT NULL,
        rotated_at DATETIME(6) NULL,
        rotated_by BINARY(16) NULL,
        revoked_at DATETIME(6) NULL,
        KEY refresh_token_family (family),
        KEY refresh_token_account (account),
        KEY refresh_token_end (session_ends_at)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS refresh_token",
    // Writer: identity. Attempts to sign in that were not good, by a keyed hash of the name or address.
    "CREATE TABLE login_attempt (
        bucket BINARY(32) NOT NULL,
        id BINARY(16) NOT NULL,
        at DATETIME(6) NOT NULL,
        PRIMARY KEY (bucket, id),
        KEY login_attempt_age (at)
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"
    undone by "DROP TABLE IF EXISTS login_attempt",
}
