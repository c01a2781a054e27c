//! A token is good for whom, when and by whom it was made, and for nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::as_conversions,
    reason = "tests fail by panicking"
)]

use chrono::{DateTime, TimeDelta};
use contracts::{Merchant, Role, Timestamp};
use proptest::prelude::*;
use ring::rand::SystemRandom;
use uuid::Uuid;

use crate::{Claims, LIFETIME_S, SigningKey, TokenError, Verifier, base64url, read_base64url};

const ISSUER: &str = "dray";
const AUDIENCE: &str = "dray-portal";

fn at(second: i64) -> Timestamp {
    (DateTime::from_timestamp(2_000_000_000, 0).unwrap() + TimeDelta::seconds(second)).into()
}

fn key(kid: &str) -> SigningKey {
    let pkcs8 = SigningKey::generate_pkcs8(&SystemRandom::new()).unwrap();
    SigningKey::from_pkcs8(kid, &pkcs8).unwrap()
}

fn claims() -> Claims {
    let merchant = Merchant::new("acme").ok();
    Claims::of(ISSUER, AUDIENCE, ("anna", Role::Merchant), at(0), Uuid::from_u128(7))
        .within(merchant)
}

fn verifier(keys: &[&SigningKey]) -> Verifier {
    let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
    Verifier::new(ISSUER, AUDIENCE, &keys)
}

#[test]
fn a_token_says_what_was_signed() {
    let (old, new) = (key("k1"), key("k2"));
    let both = verifier(&[&old, &new]);
    for key in [&old, &new] {
        let token = key.sign(&claims()).unwrap();
        assert_eq!(both.verify(&token, at(10)), Ok(claims()), "either of two live keys");
    }
    let actor = claims().actor(Some("portal".to_owned()));
    assert_eq!((actor.subject.as_str(), actor.role), ("anna", Role::Merchant));
    assert_eq!(actor.merchant.as_deref(), Some("acme"));
    assert_eq!(claims().expires_at(at(0)), at(LIFETIME_S));
}

#[test]
fn a_token_is_good_for_its_fifteen_minutes() {
    let key = key("k");
    let token = key.sign(&claims()).unwrap();
    let verify = |second| verifier(&[&key]).verify(&token, at(second)).map(|_| ());
    for (second, expected) in [
        (-61, Err(TokenError::Expired)),
        (-60, Ok(())),
        (0, Ok(())),
        (LIFETIME_S - 1, Ok(())),
        (LIFETIME_S, Err(TokenError::Expired)),
    ] {
        assert_eq!(verify(second), expected, "{second} s");
    }
    let eternal = Claims { exp: claims().iat + LIFETIME_S + 1, ..claims() };
    let token = key.sign(&eternal).unwrap();
    assert_eq!(
        verifier(&[&key]).verify(&token, at(1)),
        Err(TokenError::Expired),
        "good for too long"
    );
}

/// Its signature is not checked twice; everything else is.
#[test]
fn a_token_that_came_before_is_judged_like_a_new_one() {
    let key = key("k");
    let verifier = verifier(&[&key]);
    let token = key.sign(&claims()).unwrap();
    for second in [1, 2, LIFETIME_S - 1] {
        assert_eq!(verifier.verify(&token, at(second)), Ok(claims()), "{second} s");
    }
    assert_eq!(verifier.verify(&token, at(LIFETIME_S)), Err(TokenError::Expired));
    let (unsigned, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{unsigned}.{other}{}", &signature[1..]);
    assert_eq!(verifier.verify(&forged, at(1)), Err(TokenError::Signature));
    assert!(!format!("{verifier:?}").contains(signature), "a token stands in a log");
}

#[test]
fn a_token_is_for_one_audience_of_one_issuer() {
    let key = key("k");
    let other =
        |iss: &str, aud: &str| Claims { iss: iss.to_owned(), aud: aud.to_owned(), ..claims() };
    for wrong in [other("somebody", AUDIENCE), other(ISSUER, "elsewhere")] {
        let token = key.sign(&wrong).unwrap();
        assert_eq!(verifier(&[&key]).verify(&token, at(1)), Err(TokenError::NotForUs));
    }
}

#[test]
fn only_a_known_key_is_believed() {
    let (ours, stranger, impostor) = (key("k"), key("other"), key("k"));
    let verify = |by: &SigningKey| verifier(&[&ours]).verify(&by.sign(&claims()).unwrap(), at(1));
    assert_eq!(verify(&stranger), Err(TokenError::UnknownKey));
    assert_eq!(verify(&impostor), Err(TokenError::Signature));
}

/// The classic forgeries: no algorithm, and the public key as the secret of a symmetric one.
#[test]
fn a_header_never_chooses_the_algorithm() {
    let key = key("k");
    let token = key.sign(&claims()).unwrap();
    let (_, rest) = token.split_once('.').unwrap();
    for alg in ["none", "HS256", "eddsa", ""] {
        let header = format!(r#"{{"alg":"{alg}","kid":"k"}}"#);
        let forged = format!("{}.{rest}", base64url(header.as_bytes()));
        assert_eq!(verifier(&[&key]).verify(&forged, at(1)), Err(TokenError::Malformed), "{alg}");
    }
    let long = "a".repeat(5_000);
    for garbage in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", long.as_str()] {
        assert_eq!(verifier(&[&key]).verify(garbage, at(1)), Err(TokenError::Malformed));
    }
}

#[test]
fn nothing_of_a_private_key_is_printed() {
    assert_eq!(format!("{:?}", key("k")), r#"SigningKey { kid: "k", .. }"#);
}

proptest! {
    #[test]
    fn no_changed_token_is_taken(place in any::<prop::sample::Index>(), by in 1_u8..=255) {
        let key = key("k");
        let mut bytes = key.sign(&claims()).unwrap().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= by;
        if let Ok(changed) = String::from_utf8(bytes) {
            prop_assert!(verifier(&[&key]).verify(&changed, at(1)).is_err());
        }
    }

    #[test]
    fn bytes_read_back(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert_eq!(read_base64url(&base64url(&bytes)), Some(bytes));
    }
}
