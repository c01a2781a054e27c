//! The statements of the hot folder. Each has a fixed text and one parameter: rows as JSON.
//!
//! Every join names its index: in a table of a few rows the optimizer prefers to scan, and a scan
//! that locks waits for the rows of other files.

macro_rules! place_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
           source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
           sequence BIGINT UNSIGNED PATH '$.sequence' ERROR ON ERROR, \
           repair INT UNSIGNED PATH '$.repair' ERROR ON ERROR)) r"
    };
}
// Where rows are locked, the rows sent are a table of their own below: MySQL locks no JSON_TABLE (3569).
macro_rules! at_place {
    () => {
        " STRAIGHT_JOIN import_file f FORCE INDEX (import_file_place) \
          ON f.kind = r.kind AND f.source = r.source AND f.sequence = r.sequence AND f.repair = r.repair"
    };
}
macro_rules! record_columns {
    () => {
        "SELECT HEX(f.id) id, HEX(f.file_hash) file_hash, f.state, f.lease_owner, \
         CAST(COALESCE(f.lease_until > UTC_TIMESTAMP(6), 0) AS SIGNED) leased, f.fence, \
         f.offset_bytes, f.offset_lines, f.lines_total, f.orders_accepted, f.orders_duplicate, \
         f.orders_rejected, f.detail, f.started_at, f.finished_at FROM "
    };
}
macro_rules! id_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
           fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR)) r"
    };
}
macro_rules! by_id {
    () => {
        " STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id)"
    };
}

pub(super) const FIND: &str = concat!(record_columns!(), place_rows!(), at_place!());
pub(super) const FIND_FOR_UPDATE: &str = concat!(
    record_columns!(),
    "(SELECT r.* FROM ",
    place_rows!(),
    ") r",
    at_place!(),
    " FOR UPDATE"
);
pub(super) const READ_FOR_UPDATE: &str =
    concat!(record_columns!(), "(SELECT r.* FROM ", id_rows!(), ") r", by_id!(), " FOR UPDATE");

pub(super) const INSERT: &str = "INSERT INTO import_file (id, kind, source, sequence, repair, file_name, \
       size_bytes, state, fence, offset_bytes, offset_lines, lines_total, orders_accepted, \
       orders_duplicate, orders_rejected, started_at, finished_at) \
     SELECT UNHEX(r.id), r.kind, r.source, r.sequence, r.repair, r.file_name, r.size_bytes, r.state, \
       0, 0, 0, 0, 0, 0, 0, UTC_TIMESTAMP(6), IF(r.state = 'RUNNING', NULL, UTC_TIMESTAMP(6)) \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       sequence BIGINT UNSIGNED PATH '$.sequence' ERROR ON ERROR, \
       repair INT UNSIGNED PATH '$.repair' ERROR ON ERROR, \
       file_name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.file_name' ERROR ON ERROR, \
       size_bytes BIGINT UNSIGNED PATH '$.size_bytes' ERROR ON ERROR, \
       state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.state' ERROR ON ERROR)) r";
pub(super) const LEASE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR, \
       owner VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.owner' ERROR ON ERROR, \
       seconds INT UNSIGNED PATH '$.seconds' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) \
     SET f.fence = r.fence, f.lease_owner = r.owner, \
       f.lease_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND";
pub(super) const RENEW: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR, \
       seconds INT UNSIGNED PATH '$.seconds' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) AND f.fence = r.fence \
     SET f.lease_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND";
pub(super) const RELEASE: &str = concat!(
    "UPDATE ",
    id_rows!(),
    by_id!(),
    " AND f.fence = r.fence SET f.lease_owner = NULL, f.lease_until = NULL"
);
pub(super) const SET_HASH: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR, \
       hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) AND f.fence = r.fence \
     SET f.file_hash = UNHEX(r.hash)";
pub(super) const SAME_CONTENT: &str = "SELECT f.file_name FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (import_file_hash) \
       ON f.source = r.source AND f.file_hash = UNHEX(r.hash) \
     WHERE f.id <> UNHEX(r.id) AND f.state IN ('RUNNING', 'DONE') ORDER BY f.started_at LIMIT 1";
pub(super) const ADVANCE_FILE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       seconds INT UNSIGNED PATH '$.seconds' ERROR ON ERROR, \
       offset_bytes BIGINT UNSIGNED PATH '$.offset_bytes' ERROR ON ERROR, \
       offset_lines BIGINT UNSIGNED PATH '$.offset_lines' ERROR ON ERROR, \
       lines_total BIGINT UNSIGNED PATH '$.lines_total' ERROR ON ERROR, \
       accepted BIGINT UNSIGNED PATH '$.accepted' ERROR ON ERROR, \
       duplicate BIGINT UNSIGNED PATH '$.duplicate' ERROR ON ERROR, \
       rejected BIGINT UNSIGNED PATH '$.rejected' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) \
     SET f.offset_bytes = r.offset_bytes, f.offset_lines = r.offset_lines, \
       f.lines_total = r.lines_total, f.orders_accepted = r.accepted, \
       f.orders_duplicate = r.duplicate, f.orders_rejected = r.rejected, \
       f.lease_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND";
pub(super) const FINISH: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.state' ERROR ON ERROR, \
       detail TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.detail' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) \
     SET f.state = r.state, f.detail = r.detail, f.finished_at = UTC_TIMESTAMP(6)";
pub(super) const INSERT_LINES: &str = "INSERT INTO import_line (file_id, line, entry, order_ref, column_name, \
       code, message, first_line, last_line, offset_bytes, length_bytes) \
     SELECT UNHEX(r.file_id), r.line, r.entry, r.order_ref, r.column_name, r.code, r.message, \
       r.first_line, r.last_line, r.offset_bytes, r.length_bytes FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       file_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.file_id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR, \
       entry INT UNSIGNED PATH '$.entry' ERROR ON ERROR, \
       order_ref VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.order_ref' ERROR ON ERROR, \
       column_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.column_name' ERROR ON ERROR, \
       code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code' ERROR ON ERROR, \
       message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.message' ERROR ON ERROR, \
       first_line BIGINT UNSIGNED PATH '$.first_line' ERROR ON ERROR, \
       last_line BIGINT UNSIGNED PATH '$.last_line' ERROR ON ERROR, \
       offset_bytes BIGINT UNSIGNED PATH '$.offset_bytes' ERROR ON ERROR, \
       length_bytes BIGINT UNSIGNED PATH '$.length_bytes' ERROR ON ERROR)) r";
pub(super) const ERRORS_AFTER: &str = "SELECT l.line, l.entry, l.order_ref, l.column_name, l.code, l.message \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR, \
       entry INT UNSIGNED PATH '$.entry' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_line l FORCE INDEX (PRIMARY) ON l.file_id = UNHEX(r.id) AND l.line >= r.line \
     WHERE l.line > r.line OR l.entry > r.entry ORDER BY l.line, l.entry LIMIT 1000";
pub(super) const ROWS_AFTER: &str = "SELECT DISTINCT l.first_line, l.offset_bytes, l.length_bytes \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_line l FORCE INDEX (PRIMARY) ON l.file_id = UNHEX(r.id) AND l.line >= r.line \
     WHERE l.first_line > r.line AND l.length_bytes > 0 ORDER BY l.offset_bytes LIMIT 1000";

macro_rules! sequence_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
           source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
           sequence BIGINT UNSIGNED PATH '$.sequence' ERROR ON ERROR)) r"
    };
}
macro_rules! read_sequence {
    () => {
        concat!(
            "SELECT s.first_sequence, s.next_sequence FROM (SELECT r.* FROM ",
            sequence_rows!(),
            ") r STRAIGHT_JOIN import_sequence s FORCE INDEX (PRIMARY) ON s.kind = r.kind AND s.source = r.source"
        )
    };
}
pub(super) const READ_SEQUENCE: &str = read_sequence!();
pub(super) const LOCK_SEQUENCE: &str = concat!(read_sequence!(), " FOR UPDATE");
/// Whoever is first says where the sequence begins.
pub(super) const OPEN_SEQUENCE: &str = concat!(
    "INSERT INTO import_sequence (kind, source, first_sequence, next_sequence, updated_at) \
     SELECT r.kind, r.source, r.sequence, r.sequence, UTC_TIMESTAMP(6) FROM ",
    sequence_rows!(),
    " ON DUPLICATE KEY UPDATE next_sequence = next_sequence"
);
pub(super) const PASS_SEQUENCE: &str = concat!(
    "UPDATE ",
    sequence_rows!(),
    " STRAIGHT_JOIN import_sequence s FORCE INDEX (PRIMARY) ON s.kind = r.kind AND s.source = r.source \
     SET s.next_sequence = GREATEST(s.next_sequence, r.sequence + 1), s.updated_at = UTC_TIMESTAMP(6)"
);
