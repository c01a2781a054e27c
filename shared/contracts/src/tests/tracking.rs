//! Tracking codes, what the public is told, and cursors.

use std::collections::BTreeSet;

use serde_json::json;
use uuid::Uuid;

use crate::*;

#[test]
fn codes_are_random_and_of_one_form() {
    let codes: BTreeSet<String> =
        (0..1_000).map(|_| TrackingCode::generate().as_str().to_owned()).collect();
    assert_eq!(codes.len(), 1_000, "of 2^50 no two are alike");
    let used: BTreeSet<char> = codes.iter().flat_map(|code| code.chars()).collect();
    let digits: BTreeSet<char> = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().collect();
    assert_eq!(used, digits);
    assert!(codes.iter().all(|code| code.len() == TrackingCode::LENGTH));
    // every place is random, not only the first ones
    for place in 0..TrackingCode::LENGTH {
        let here: BTreeSet<char> =
            codes.iter().filter_map(|code| code.chars().nth(place)).collect();
        assert_eq!(here.len(), 32, "place {place}");
    }
}

#[test]
fn codes_are_read_as_people_type_them() {
    let code = TrackingCode::parse("7ZX4M0QK91").unwrap();
    for typed in ["7zx4m0qk91", "7ZX4M-0QK91", " 7zx4m oqk9l ", "7ZX4MOQK9I", "7-Z-X-4-M-0-Q-K-9-1"]
    {
        assert_eq!(TrackingCode::parse(typed).as_ref(), Ok(&code), "{typed}");
    }
    for wrong in ["", "7ZX4M0QK9", "7ZX4M0QK911", "7ZX4M0QK9U", "7ZX4M0QK9é", "7ZX4M0QK9!"] {
        assert_eq!(TrackingCode::parse(wrong), Err(InvalidTrackingCode), "{wrong}");
    }
    let long = "7".repeat(100_000);
    assert!(TrackingCode::parse(&long).is_err());
}

#[test]
fn a_code_matches_itself_alone_and_is_never_shown() {
    let code = TrackingCode::parse("7ZX4M0QK9C").unwrap();
    assert!(code.matches(&code.clone()));
    for place in 0..TrackingCode::LENGTH {
        let mut other: Vec<char> = code.as_str().chars().collect();
        other[place] = if other[place] == '2' { '3' } else { '2' };
        let other = TrackingCode::parse(&other.iter().collect::<String>()).unwrap();
        assert!(!code.matches(&other), "place {place}");
    }
    assert!(!format!("{code:?} {code:#?}").contains("7ZX"));
    assert_eq!(json!(code), json!("7ZX4M0QK9C"));
}

#[test]
fn every_status_has_a_public_name_without_words_of_the_warehouse() {
    for kind in WaybillKind::ALL {
        for status in WaybillStatus::ALL {
            let name = status.public_name(kind);
            assert!(!name.is_empty() && !name.contains('_'), "{kind:?} {status:?}: {name}");
        }
    }
    let forward = |status: WaybillStatus| status.public_name(WaybillKind::Forward);
    assert_eq!(forward(WaybillStatus::Picked), forward(WaybillStatus::Packed));
    assert_ne!(
        WaybillStatus::Delivered.public_name(WaybillKind::Return),
        forward(WaybillStatus::Delivered)
    );
}

#[test]
fn a_cursor_reads_back_as_itself_and_nothing_else_does() {
    let cursor = Cursor(Uuid::now_v7());
    assert_eq!(Cursor::parse(&cursor.to_string()), Some(cursor));
    for wrong in ["", "1", "zz", &"g".repeat(32), &cursor.0.to_string()] {
        assert_eq!(Cursor::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_page_has_a_limit() {
    let orders = |limit| Query::Orders { filter: OrderFilter::default(), after: None, limit };
    let waybills = |limit| Query::Waybills { filter: Box::default(), after: None, limit };
    for limit in [0, 201, u16::MAX] {
        assert!(orders(limit).validate().is_err() && waybills(limit).validate().is_err());
    }
    for limit in [1, MAX_LISTED] {
        assert!(orders(limit).validate().is_ok() && waybills(limit).validate().is_ok());
    }
}
