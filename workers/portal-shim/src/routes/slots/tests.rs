//! What the address says becomes a question.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use contracts::Contract as _;

use super::*;

#[test]
fn a_basket_of_pieces_has_their_usual_size_and_an_empty_one_is_one_piece() {
    let wanted = |pieces| Wanted {
        district: DistrictCode::new("D-101").unwrap(),
        from: None,
        days: None,
        at: None,
        dry_pieces: Some(pieces),
        dry_ml: None,
        dry_g: Some(50),
        frozen_pieces: None,
        frozen_ml: None,
        frozen_g: None,
        waybills: None,
    };
    let Question::Slots { basket, days, .. } = wanted(2).question() else { panic!() };
    assert_eq!((basket.dry.volume(), basket.dry.weight(), days), (3_000, 50, 7));
    assert!(wanted(2).question().validate().is_ok());
    let empty = Wanted { dry_g: None, ..wanted(0) };
    let Question::Slots { basket, .. } = empty.question() else { panic!() };
    assert_eq!((basket.dry.pieces, basket.frozen.is_empty()), (1, true));
    let far = Wanted { days: Some(u16::MAX), ..wanted(1) };
    assert!(far.question().validate().is_err());
}
