//! The texts of the statements. Each takes one JSON array of rows; the rows are structs of the same names
//! in [`super::rows`]. Text types equal those of the tables: otherwise no index is used.

/// Reads and locks waybills, one after another in the order of the rows sent.
pub(super) const LOCK: &str = "SELECT HEX(w.id) id, w.waybill_no, w.version, w.parked_since, w.lifecycle, w.kind, \
       w.source, w.merchant, w.fulfilled_by, w.customer_ref, w.exists_since, w.district, w.delivery_date, w.timeslot, \
       w.tracking_code \
     FROM (SELECT r.waybill_no FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r) r \
     STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no FOR UPDATE";

/// The columns of a waybill's state.
macro_rules! state {
    () => {
        "version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
         status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR, \
         attempt SMALLINT UNSIGNED PATH '$.attempt' ERROR ON ERROR, \
         failed_attempts SMALLINT UNSIGNED PATH '$.failed_attempts' ERROR ON ERROR, \
         failed_places INT UNSIGNED PATH '$.failed_places' ERROR ON ERROR, \
         open_holds SMALLINT UNSIGNED PATH '$.open_holds' ERROR ON ERROR, \
         parked SMALLINT UNSIGNED PATH '$.parked' ERROR ON ERROR, \
         parked_since DATETIME(6) PATH '$.parked_since' ERROR ON ERROR, \
         lifecycle TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.lifecycle' ERROR ON ERROR, \
         updated_at DATETIME(6) PATH '$.updated_at' ERROR ON ERROR"
    };
}

/// The columns of what a waybill is besides its state.
macro_rules! details {
    () => {
        "kind VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
         order_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_id' ERROR ON ERROR, \
         source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
         order_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.order_ref' ERROR ON ERROR, \
         merchant VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.merchant' ERROR ON ERROR, \
         store VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.store' ERROR ON ERROR, \
         sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sku_type' ERROR ON ERROR, \
         fulfilled_by VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.fulfilled_by' ERROR ON ERROR, \
         customer_ref VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.customer_ref' ERROR ON ERROR, \
         district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.district' ERROR ON ERROR, \
         delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR, \
         timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
         dry_ml BIGINT UNSIGNED PATH '$.dry_ml' ERROR ON ERROR, \
         frozen_ml BIGINT UNSIGNED PATH '$.frozen_ml' ERROR ON ERROR, \
         weight_g BIGINT UNSIGNED PATH '$.weight_g' ERROR ON ERROR, \
         line_count INT UNSIGNED PATH '$.line_count' ERROR ON ERROR, \
         tracking_code CHAR(10) CHARACTER SET ascii COLLATE ascii_bin PATH '$.tracking_code' ERROR ON ERROR, \
         exists_since DATETIME(6) PATH '$.exists_since' ERROR ON ERROR"
    };
}

/// New numbers: waybills, or stubs without details.
pub(super) const INSERT: &str = concat!(
    "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, \
       failed_places, open_holds, parked, parked_since, lifecycle, kind, order_id, source, order_ref, merchant, store, \
       sku_type, fulfilled_by, customer_ref, district, delivery_date, timeslot, dry_ml, frozen_ml, weight_g, \
       line_count, tracking_code, exists_since, first_seen_at, updated_at) \
     SELECT UNHEX(r.id), r.waybill_no, r.version, r.status, r.attempt, r.failed_attempts, r.failed_places, \
       r.open_holds, r.parked, r.parked_since, r.lifecycle, COALESCE(r.kind, 'FORWARD'), UNHEX(r.order_id), r.source, \
       r.order_ref, r.merchant, r.store, r.sku_type, r.fulfilled_by, r.customer_ref, r.district, \
       r.delivery_date, r.timeslot, COALESCE(r.dry_ml, 0), COALESCE(r.frozen_ml, 0), \
       COALESCE(r.weight_g, 0), COALESCE(r.line_count, 0), r.tracking_code, r.exists_since, r.updated_at, r.updated_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR, ",
    state!(),
    ", ",
    details!(),
    ")) r"
);

/// What changes of a waybill that this transaction has locked.
pub(super) const UPDATE: &str = concat!(
    "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, ",
    state!(),
    ")) r \
     STRAIGHT_JOIN waybill w FORCE INDEX (PRIMARY) ON w.id = UNHEX(r.id) \
     SET w.version = r.version, w.status = r.status, w.attempt = r.attempt, \
       w.failed_attempts = r.failed_attempts, w.failed_places = r.failed_places, \
       w.open_holds = r.open_holds, w.parked = r.parked, \
       w.parked_since = r.parked_since, w.lifecycle = r.lifecycle, w.updated_at = r.updated_at"
);

/// The details of a stub that became a waybill.
pub(super) const FILL: &str = concat!(
    "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, ",
    details!(),
    ")) r \
     STRAIGHT_JOIN waybill w FORCE INDEX (PRIMARY) ON w.id = UNHEX(r.id) \
     SET w.kind = r.kind, w.order_id = UNHEX(r.order_id), w.source = r.source, w.order_ref = r.order_ref, \
       w.merchant = r.merchant, w.store = r.store, w.sku_type = r.sku_type, w.fulfilled_by = r.fulfilled_by, \
       w.customer_ref = r.customer_ref, w.district = r.district, w.delivery_date = r.delivery_date, \
       w.timeslot = r.timeslot, w.dry_ml = r.dry_ml, w.frozen_ml = r.frozen_ml, w.weight_g = r.weight_g, \
       w.line_count = r.line_count, w.tracking_code = r.tracking_code, w.exists_since = r.exists_since"
);

/// What changes of the details of a waybill.
pub(super) const SET: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       district VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.district' ERROR ON ERROR, \
       delivery_date DATE PATH '$.delivery_date' ERROR ON ERROR, \
       timeslot VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.timeslot' ERROR ON ERROR, \
       sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sku_type' ERROR ON ERROR, \
       dry_ml BIGINT UNSIGNED PATH '$.dry_ml' ERROR ON ERROR, \
       frozen_ml BIGINT UNSIGNED PATH '$.frozen_ml' ERROR ON ERROR, \
       weight_g BIGINT UNSIGNED PATH '$.weight_g' ERROR ON ERROR, \
       line_count INT UNSIGNED PATH '$.line_count' ERROR ON ERROR)) r \
     STRAIGHT_JOIN waybill w FORCE INDEX (PRIMARY) ON w.id = UNHEX(r.id) \
     SET w.district = COALESCE(r.district, w.district), w.delivery_date = COALESCE(r.delivery_date, w.delivery_date), \
       w.timeslot = COALESCE(r.timeslot, w.timeslot), w.sku_type = COALESCE(r.sku_type, w.sku_type), \
       w.dry_ml = COALESCE(r.dry_ml, w.dry_ml), w.frozen_ml = COALESCE(r.frozen_ml, w.frozen_ml), \
       w.weight_g = COALESCE(r.weight_g, w.weight_g), w.line_count = COALESCE(r.line_count, w.line_count)";

/// Takes the lines of a waybill away, before it gets others.
pub(super) const EMPTY: &str = "DELETE l FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN waybill_line l FORCE INDEX (PRIMARY) ON l.waybill_id = UNHEX(r.id)";

/// What is in the parcel.
pub(super) const LINES: &str = "INSERT INTO waybill_line (waybill_id, line_no, sku, quantity, sku_type) \
     SELECT UNHEX(r.waybill_id), r.line_no, r.sku, r.quantity, r.sku_type \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       waybill_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_id' ERROR ON ERROR, \
       line_no INT UNSIGNED PATH '$.line_no' ERROR ON ERROR, \
       sku VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.sku' ERROR ON ERROR, \
       quantity INT UNSIGNED PATH '$.quantity' ERROR ON ERROR, \
       sku_type VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sku_type' ERROR ON ERROR)) r";

/// What arrived and what became of it.
pub(super) const LOG: &str = "INSERT INTO waybill_event (waybill_id, version, message_id, batch_id, message_type, fact, \
       attempt, outcome, code, status, sender, actor, correlation_id, detail, occurred_at, received_at) \
     SELECT UNHEX(r.waybill_id), r.version, UNHEX(r.message_id), UNHEX(r.batch_id), r.message_type, r.fact, r.attempt, \
       r.outcome, r.code, r.status, r.sender, r.actor, r.correlation_id, r.detail, r.occurred_at, \
       r.received_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       waybill_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_id' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
       batch_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.batch_id' ERROR ON ERROR, \
       message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_type' ERROR ON ERROR, \
       fact VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.fact' ERROR ON ERROR, \
       attempt SMALLINT UNSIGNED PATH '$.attempt' ERROR ON ERROR, \
       outcome VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome' ERROR ON ERROR, \
       code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code' ERROR ON ERROR, \
       status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR, \
       sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR, \
       actor TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor' ERROR ON ERROR, \
       correlation_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.correlation_id' ERROR ON ERROR, \
       detail VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.detail' ERROR ON ERROR, \
       occurred_at DATETIME(6) PATH '$.occurred_at' ERROR ON ERROR, \
       received_at DATETIME(6) PATH '$.received_at' ERROR ON ERROR)) r";

/// Holds as they are now, for readers; the state itself is in `waybill.lifecycle`.
pub(super) const HOLDS: &str = "INSERT INTO waybill_hold (waybill_id, owner, handle, instance, reason, placed_at, released_at) \
     SELECT UNHEX(r.waybill_id), r.owner, r.handle, r.instance, r.reason, r.placed_at, r.released_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       waybill_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_id' ERROR ON ERROR, \
       owner VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.owner' ERROR ON ERROR, \
       handle VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.handle' ERROR ON ERROR, \
       instance INT UNSIGNED PATH '$.instance' ERROR ON ERROR, \
       reason VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.reason' ERROR ON ERROR, \
       placed_at DATETIME(6) PATH '$.placed_at' ERROR ON ERROR, \
       released_at DATETIME(6) PATH '$.released_at' ERROR ON ERROR)) r \
     ON DUPLICATE KEY UPDATE reason = VALUES(reason), placed_at = VALUES(placed_at), \
       released_at = VALUES(released_at)";

/// Stubs in which something waits.
pub(super) const OLD_STUBS: &str = "SELECT w.waybill_no FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       before_time DATETIME(6) PATH '$.before' ERROR ON ERROR)) r \
     STRAIGHT_JOIN waybill w FORCE INDEX (waybill_parked) ON w.parked_since < r.before_time \
     WHERE w.exists_since IS NULL ORDER BY w.parked_since LIMIT 200";

/// Waybills in which something waits.
pub(super) const COUNT_WAITING: &str = "SELECT CAST(COUNT(*) AS SIGNED) waiting FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       before_time DATETIME(6) PATH '$.before' ERROR ON ERROR)) r \
     STRAIGHT_JOIN waybill w FORCE INDEX (waybill_parked) ON w.parked_since < r.before_time";
