//! Files cut into messages.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use contracts::{Contract as _, Refusal, Reply, ReplyOutcome};
use uuid::Uuid;

use super::*;

fn sending(content: &[u8]) -> Sending<'_> {
    Sending {
        source: Source::new("shop").unwrap(),
        file_name: "order-shop-000001.tsv".to_owned(),
        sha256: digits(content),
        content,
    }
}

#[test]
fn parts_together_are_the_file_and_each_fits_into_a_message() {
    let content: Vec<u8> = (0..MAX_PART_BYTES + 10).map(|at| (at % 251) as u8).collect();
    let sending = sending(&content);
    let pieces: Vec<UploadFile> = content
        .chunks(MAX_PART_BYTES)
        .zip(1..)
        .map(|(piece, part)| sending.message(part, 2, piece))
        .collect();
    assert_eq!(pieces.len(), 2);
    let mut together = Vec::new();
    for piece in &pieces {
        assert!(piece.validate().is_ok());
        assert!(serde_json::to_vec(piece).unwrap().len() < contracts::MAX_MESSAGE_BYTES);
        let UploadContent::Base64(text) = &piece.content else { panic!() };
        together.extend(STANDARD.decode(text).unwrap());
    }
    assert_eq!(together, content);
    assert_eq!(pieces[0].sha256.len(), 64);
}

#[test]
fn the_last_part_is_the_operation_and_a_resend_has_the_same_ids() {
    let id = MessageId(Uuid::from_u128(5));
    let ids = |parts| (1..=parts).map(|part| part_id(id, part, parts)).collect::<Vec<_>>();
    assert_eq!(ids(1), [id]);
    let three = ids(3);
    assert_eq!((three[2], &three), (id, &ids(3)));
    assert!(three[0] != three[1] && three[0] != id);
}

#[test]
fn what_is_refused_or_there_ends_the_sending() {
    let reply = |code: &str, refusal| {
        Outcome::Settled(Box::new(Reply {
            message_id: MessageId(Uuid::nil()),
            outcome: ReplyOutcome::Applied,
            code: code.to_owned(),
            refusal,
            items: Vec::new(),
            aggregate: None,
            version: None,
        }))
    };
    assert!(is_over(&reply("DUPLICATE", None)));
    assert!(is_over(&reply("NAME_TAKEN", Some(Refusal::new("NAME_TAKEN", "taken")))));
    assert!(!is_over(&reply("PARKED", None)));
    assert!(!is_over(&Outcome::Pending));
}

#[test]
fn the_report_is_found_where_the_answer_says() {
    let source = Source::new("shop").unwrap();
    assert_eq!(path_of(&source, "a-1.tsv"), "/v1/uploads/shop/a%2D1%2Etsv");
}
