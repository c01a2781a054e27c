//! Amendments, written. Never here: a decision.

use routing::Load;
use serde::Serialize;
use store::hex;

use crate::assignment::sku_type;
use crate::decide::{Amendment, Goods};
use crate::store::amendments::{KINDS, STATES};
use crate::store::columns::{ascii, id, number, plain, rows};

// Nobody else has the waybill's row of `assignment`: what is there already is this one's own.
pub(super) const AMENDMENTS: &str = concat!(
    "INSERT INTO assignment_amendment (waybill_no, amendment_id, kind, state, code, sku_type_before, \
       dry_ml_before, frozen_ml_before, weight_g_before, sku_type, dry_ml, frozen_ml, weight_g, requested_at, \
       updated_at) \
     SELECT r.waybill_no, UNHEX(r.amendment_id), r.kind, r.state, r.code, r.sku_type_before, r.dry_ml_before, \
       r.frozen_ml_before, r.weight_g_before, r.sku_type, r.dry_ml, r.frozen_ml, r.weight_g, r.at, r.at FROM ",
    rows!(
        ascii!("waybill_no", 112),
        id!("amendment_id"),
        ascii!("kind", 12),
        ascii!("state", 12),
        ascii!("code", 32),
        ascii!("sku_type_before", 8),
        number!("dry_ml_before"),
        number!("frozen_ml_before"),
        number!("weight_g_before"),
        ascii!("sku_type", 8),
        number!("dry_ml"),
        number!("frozen_ml"),
        number!("weight_g"),
        plain!("at", "DATETIME(6)")
    ),
    " ON DUPLICATE KEY UPDATE state = VALUES(state), code = VALUES(code), updated_at = VALUES(updated_at)"
);

/// Longest code that is kept.
const CODE_BYTES: usize = 32;

#[derive(Serialize)]
pub(super) struct Amended<'a> {
    waybill_no: &'a str,
    amendment_id: String,
    kind: &'static str,
    state: &'static str,
    code: Option<String>,
    sku_type_before: &'static str,
    dry_ml_before: u64,
    frozen_ml_before: u64,
    weight_g_before: u64,
    sku_type: &'static str,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
    at: &'a str,
}

impl<'a> Amended<'a> {
    pub(super) fn of(row: &'a Amendment, at: &'a str) -> Self {
        let Amendment { waybill_no, id, kind, state, code, before, after } = row;
        let Goods { class: class_before, load: was } = *before;
        let Goods { class, load: Load { dry_ml, frozen_ml, weight_g, .. } } = *after;
        Self {
            waybill_no: waybill_no.as_str(),
            amendment_id: hex(*id),
            kind: word(&KINDS, *kind),
            state: word(&STATES, *state),
            code: code.as_deref().map(printable),
            sku_type_before: sku_type(class_before).as_str(),
            dry_ml_before: was.dry_ml,
            frozen_ml_before: was.frozen_ml,
            weight_g_before: was.weight_g,
            sku_type: sku_type(class).as_str(),
            dry_ml,
            frozen_ml,
            weight_g,
            at,
        }
    }
}

fn word<T: PartialEq>(words: &[(T, &'static str)], value: T) -> &'static str {
    words.iter().find(|(named, _)| *named == value).map_or("", |(_, word)| word)
}

/// Codes are other workers' words.
fn printable(code: &str) -> String {
    code.chars().filter(char::is_ascii_graphic).take(CODE_BYTES).collect()
}
