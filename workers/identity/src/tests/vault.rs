//! Secrets of our own making.

use ::settings::Secret;
use contracts::Hidden;
use uuid::Uuid;

use crate::error::IdentityError;
use crate::vault::Vault;

const SECRET: &str = "0f3c5a7e9b1d2468ace013579bdf8642deadbeef";

fn vault(secret: &str) -> Vault {
    Vault::new(&Secret::new(secret)).ok().unwrap()
}

#[test]
fn a_secret_that_is_none_is_refused() {
    for weak in
        ["", "secret", "change-me", "0123456789abcdef0123456789abcde", "ab".repeat(40).as_str()]
    {
        let refused = Vault::new(&Secret::new(weak)).err();
        assert!(matches!(refused, Some(IdentityError::WeakSecret)), "{weak:?}");
    }
}

#[test]
fn a_sealed_key_opens_under_its_name_and_with_its_secret_only() {
    let ours = vault(SECRET);
    let sealed = ours.seal("k1", b"private".to_vec()).unwrap();
    assert!(!sealed.contains("private"));
    assert_eq!(ours.open("k1", &sealed).unwrap(), b"private");
    assert!(ours.open("k2", &sealed).is_err());
    assert!(vault(&SECRET.to_uppercase()).open("k1", &sealed).is_err());
    assert!(ours.open("k1", "no.seal").is_err());
    assert_ne!(ours.seal("k1", b"private".to_vec()).unwrap(), sealed, "a new nonce each time");
}

#[test]
fn a_resend_finds_the_same_successor_and_nobody_else_does() {
    let (ours, token) = (vault(SECRET), Hidden::new("token"));
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let next = ours.successor(&token, one);
    assert_eq!(ours.successor(&token, one), next);
    assert_ne!(ours.successor(&token, two), next);
    assert_ne!(ours.successor(&Hidden::new("other"), one), next);
    assert_ne!(vault(&SECRET.to_uppercase()).successor(&token, one), next);
    assert_ne!(ours.token().unwrap(), ours.token().unwrap());
}
