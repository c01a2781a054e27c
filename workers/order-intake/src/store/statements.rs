//! The texts of the statements about orders that are there. Each takes one JSON array of rows; the rows are
//! structs in [`super::rows`], what comes back is in [`super::stored`]. Text types equal those of the tables:
//! otherwise no index is used.

/// Reads and locks orders, one after another in the order of the rows sent.
pub(super) const LOCK: &str = "SELECT HEX(o.id) id, o.source, o.order_ref, o.content_hash, o.version, o.status, \
       o.return_status, o.ordered_at, o.customer_ref, o.district, o.delivery_date, o.timeslot, o.currency, o.total_minor, \
       o.personal, HEX(o.open_amendment) open_amendment, o.amended_at \
     FROM (SELECT r.* FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR)) r) r \
     STRAIGHT_JOIN orders o FORCE INDEX (orders_reference) \
       ON o.source = r.source AND o.order_ref = r.order_ref FOR UPDATE";

macro_rules! of_orders {
    ($columns:literal, $table:literal) => {
        concat!(
            "SELECT HEX(t.order_id) order_id, ",
            $columns,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r STRAIGHT_JOIN ",
            $table,
            " t FORCE INDEX (PRIMARY) ON t.order_id = UNHEX(r.id)"
        )
    };
}

/// The lines of locked orders.
pub(super) const LINES: &str = of_orders!(
    "t.line_no, t.merchant, t.sku, t.quantity, t.unit_price, t.sku_type, t.volume_ml, t.weight_g, t.waybill_no, \
       t.removed, t.cancelled, t.shipped, t.delivered, t.returned_to_origin, t.lost, t.returned",
    "order_line"
);

/// What was heard of their waybills.
pub(super) const PARCELS: &str =
    of_orders!("t.waybill_no, t.status, t.attempt, t.seq", "order_waybill");

/// What their amendments ask.
pub(super) const ASKED: &str = of_orders!(
    "HEX(t.amendment_id) amendment_id, t.waybill_no, t.kind, t.personal, t.decided, t.asked_at",
    "order_amendment"
);

/// What returns took of them.
pub(super) const RETURNS: &str =
    of_orders!("HEX(t.return_id) return_id, t.seq, t.taken", "order_return");

/// What changes of an order that this transaction has locked.
pub(super) const UPDATE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
       status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR, \
       return_status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_status' ERROR ON ERROR, \
       district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.district' ERROR ON ERROR, \
       address_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.address_key' ERROR ON ERROR, \
       delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR, \
       timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
       total_minor BIGINT PATH '$.total_minor' ERROR ON ERROR, \
       personal TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.personal' ERROR ON ERROR, \
       open_amendment CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.open_amendment' ERROR ON ERROR, \
       amended_at DATETIME(6) PATH '$.amended_at' ERROR ON ERROR, \
       updated_at DATETIME(6) PATH '$.updated_at' ERROR ON ERROR)) r \
     STRAIGHT_JOIN orders o FORCE INDEX (PRIMARY) ON o.id = UNHEX(r.id) \
     SET o.version = r.version, o.status = r.status, o.return_status = r.return_status, o.district = r.district, \
       o.address_key = r.address_key, o.delivery_date = r.delivery_date, o.timeslot = r.timeslot, o.total_minor = r.total_minor, \
       o.personal = r.personal, o.open_amendment = UNHEX(r.open_amendment), o.amended_at = r.amended_at, \
       o.updated_at = r.updated_at";

/// What changes of their lines.
pub(super) const UPDATE_LINES: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
       line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR, \
       quantity INT UNSIGNED PATH '$.quantity' ERROR ON ERROR, \
       waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, \
       removed TINYINT UNSIGNED PATH '$.removed' ERROR ON ERROR, \
       cancelled INT UNSIGNED PATH '$.cancelled' ERROR ON ERROR, \
       shipped INT UNSIGNED PATH '$.shipped' ERROR ON ERROR, \
       delivered INT UNSIGNED PATH '$.delivered' ERROR ON ERROR, \
       returned_to_origin INT UNSIGNED PATH '$.returned_to_origin' ERROR ON ERROR, \
       lost INT UNSIGNED PATH '$.lost' ERROR ON ERROR, \
       returned INT UNSIGNED PATH '$.returned' ERROR ON ERROR)) r \
     STRAIGHT_JOIN order_line l FORCE INDEX (PRIMARY) ON l.order_id = UNHEX(r.order_id) AND l.line_no = r.line_no \
     SET l.quantity = r.quantity, l.waybill_no = r.waybill_no, l.removed = r.removed, l.cancelled = r.cancelled, \
       l.shipped = r.shipped, l.delivered = r.delivered, l.returned_to_origin = r.returned_to_origin, \
       l.lost = r.lost, l.returned = r.returned";

/// The newest of their waybills.
pub(super) const KEEP_PARCELS: &str = "INSERT INTO order_waybill (order_id, waybill_no, status, attempt, seq, updated_at) \
     SELECT UNHEX(r.order_id), r.waybill_no, r.status, r.attempt, r.seq, r.updated_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
       waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, \
       status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR, \
       attempt SMALLINT UNSIGNED PATH '$.attempt' ERROR ON ERROR, \
       seq BIGINT UNSIGNED PATH '$.seq' ERROR ON ERROR, \
       updated_at DATETIME(6) PATH '$.updated_at' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE status = VALUES(status), attempt = VALUES(attempt), seq = VALUES(seq), \
       updated_at = VALUES(updated_at)";

/// What is asked of their waybills, and what was decided.
pub(super) const KEEP_ASKED: &str = "INSERT INTO order_amendment (order_id, amendment_id, waybill_no, kind, personal, decided, \
       asked_at) \
     SELECT UNHEX(r.order_id), UNHEX(r.amendment_id), r.waybill_no, r.kind, r.personal, r.decided, r.asked_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
       amendment_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.amendment_id' ERROR ON ERROR, \
       waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, \
       kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
       personal TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.personal' ERROR ON ERROR, \
       decided VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.decided' ERROR ON ERROR, \
       asked_at DATETIME(6) PATH '$.asked_at' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE personal = VALUES(personal), decided = VALUES(decided)";

/// What returns took of them.
pub(super) const KEEP_RETURNS: &str = "INSERT INTO order_return (order_id, return_id, seq, taken) \
     SELECT UNHEX(r.order_id), UNHEX(r.return_id), r.seq, r.taken \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
       return_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.return_id' ERROR ON ERROR, \
       seq BIGINT UNSIGNED PATH '$.seq' ERROR ON ERROR, \
       taken TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.taken' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE seq = VALUES(seq), taken = VALUES(taken)";

/// Who changed what.
pub(super) const LOG: &str = "INSERT INTO order_change (order_id, version, at, what, waybill_no, from_value, to_value, reason, \
       who, role, origin, sender, message_id, correlation_id) \
     SELECT UNHEX(r.order_id), r.version, r.at, r.what, r.waybill_no, r.from_value, r.to_value, r.reason, r.who, \
       r.role, r.origin, r.sender, UNHEX(r.message_id), r.correlation_id \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
       at DATETIME(6) PATH '$.at' ERROR ON ERROR, \
       what VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.what' ERROR ON ERROR, \
       waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, \
       from_value TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.from_value' ERROR ON ERROR, \
       to_value TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.to_value' ERROR ON ERROR, \
       reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR, \
       who VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.who' ERROR ON ERROR, \
       role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.role' ERROR ON ERROR, \
       origin VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.origin' ERROR ON ERROR, \
       sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR, \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
       correlation_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.correlation_id' ERROR ON ERROR)) r";
