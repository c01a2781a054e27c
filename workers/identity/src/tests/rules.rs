//! Who may ask, which passwords and roles are good, when attempts are too many.

use contracts::{Actor, AskIdentity, Hidden, Merchant, Role};

use super::{at, name};
use crate::decide::{Attempts, LimitedBy, No, check_password, check_role, limit, permit};
use crate::policy::{ATTEMPTS_A_NAME, ATTEMPTS_A_SOURCE};

fn code<T>(decided: Result<T, No>) -> String {
    decided.map_or_else(|no| no.refusal.code, |_| "yes".to_owned())
}

fn actor(role: Role) -> Actor {
    Actor { subject: "somebody".to_owned(), role, merchant: None, origin: None }
}

#[test]
fn accounts_are_for_administrators_and_for_operators_at_the_console() {
    let list = AskIdentity::Accounts {};
    let refresh = AskIdentity::Refresh { refresh_token: Hidden::new("t") };
    for role in Role::ALL {
        assert_eq!(code(permit(&actor(role), false, &refresh)), "yes", "{role:?}");
        let expected = if role == Role::Admin { "yes" } else { "FORBIDDEN" };
        assert_eq!(code(permit(&actor(role), false, &list)), expected, "{role:?}");
        let at_console = matches!(role, Role::Admin | Role::Operator);
        let expected = if at_console { "yes" } else { "FORBIDDEN" };
        assert_eq!(code(permit(&actor(role), true, &list)), expected, "{role:?} at the console");
    }
}

#[test]
fn weak_passwords_are_refused_and_never_quoted() {
    let long = "aB3$".repeat(65);
    let cases = [
        ("admin", "PASSWORD_TOO_SHORT"),
        ("", "PASSWORD_TOO_SHORT"),
        ("elevenchars", "PASSWORD_TOO_SHORT"),
        (&*long, "PASSWORD_TOO_LONG"),
        ("a password\tof mine", "PASSWORD_HAS_CONTROLS"),
        ("i am Anna of the north", "PASSWORD_HAS_NAME"),
        ("Password1234", "PASSWORD_COMMON"),
        ("aaaaaaaaaaaaaaaa", "PASSWORD_COMMON"),
        ("abababababababab", "PASSWORD_COMMON"),
        ("violet tractor seven", "yes"),
        ("\u{fc}ber den gro\u{df}en Teich", "yes"),
    ];
    for (password, expected) in cases {
        let decided = check_password(&name("anna"), password);
        if let (Err(no), false) = (&decided, password.is_empty()) {
            assert!(!no.refusal.detail.contains(password), "{password}");
        }
        assert_eq!(code(decided), expected, "{password:?}");
    }
}

#[test]
fn a_merchant_has_a_scope_and_nobody_else() {
    let acme = Merchant::new("acme").unwrap();
    assert_eq!(code(check_role(Role::Merchant, Some(&acme))), "yes");
    assert_eq!(code(check_role(Role::Merchant, None)), "MERCHANT_MISSING");
    assert_eq!(code(check_role(Role::Admin, None)), "yes");
    assert_eq!(code(check_role(Role::Admin, Some(&acme))), "MERCHANT_NOT_ALLOWED");
    for machine in [Role::Sorting, Role::Road, Role::Shop, Role::Worker] {
        assert_eq!(code(check_role(machine, None)), "ROLE_NOT_FOR_ACCOUNTS", "{machine:?}");
    }
}

#[test]
fn attempts_are_limited_by_name_and_by_source() {
    let of = |by, count, oldest| Attempts { by, count, oldest: at(oldest) };
    let (name, source) = (LimitedBy::Name, LimitedBy::Source);
    let cases = [
        (vec![], None),
        (vec![of(name, ATTEMPTS_A_NAME, 0), of(source, ATTEMPTS_A_SOURCE, 0)], None),
        (vec![of(name, ATTEMPTS_A_NAME + 1, 0)], Some(840)),
        (vec![of(source, ATTEMPTS_A_SOURCE + 1, 30)], Some(870)),
        (vec![of(name, 99, 0), of(source, 99, 30)], Some(870)),
    ];
    for (attempts, expected) in cases {
        let waits = limit(&attempts, at(60)).err().and_then(|no| no.retry_after_s);
        assert_eq!(waits, expected, "{attempts:?}");
    }
}
