//! Secrets are shown by nobody, not even by errors about them.

use crate::*;

#[test]
fn a_secret_is_never_printed() {
    let ask = AskIdentity::Refresh { refresh_token: Hidden::new("a-token") };
    assert_eq!(format!("{ask:?}"), "Refresh { refresh_token: Hidden(***) }");
    let bodies = [
        r#"{"ask":"refresh","refresh_token":74657374}"#,
        r#"{"ask":"refresh","refresh_token":["74657374"]}"#,
        r#"{"ask":"sign_in","login":"anna","password":{"74657374":1}}"#,
    ];
    for body in bodies {
        let error = decode_body::<AskIdentity>(body.as_bytes()).unwrap_err().to_string();
        assert!(!error.contains("74657374"), "{error}");
        assert!(error.contains("a secret has to be a text"), "{error}");
    }
    let long = Hidden::new("x".repeat(1_025));
    let error = AskIdentity::SignOut { refresh_token: long }.validate().unwrap_err();
    assert_eq!(error, "refresh_token has more than 1024 bytes");
}

#[test]
fn an_account_has_one_spelling() {
    for good in ["anna", "anna.b@example.com", "robot-7_x"] {
        assert!(AccountName::new(good).is_ok(), "{good}");
    }
    for bad in ["", "Anna", "an na", "anna/b", "\u{e4}nna"] {
        assert!(AccountName::new(bad).is_err(), "{bad}");
    }
}
