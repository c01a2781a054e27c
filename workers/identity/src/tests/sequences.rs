//! What stays true of sessions and keys whatever is done in whatever order.

use access::LIFETIME_S;
use chrono::TimeDelta;
use contracts::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::at;
use crate::decide::{KeptKey, KeptToken, Refresh, refresh, rotate};
use crate::policy::{REFRESH_LIFE, SESSION_LIFE};

fn token(session_ends_at: Timestamp, expires_at: Timestamp) -> KeptToken {
    KeptToken { expires_at, session_ends_at, rotated: None, revoked: false }
}

fn after(delta: TimeDelta) -> Timestamp {
    (at(0).as_datetime() + delta).into()
}

#[test]
fn a_token_is_good_once_until_it_expires() {
    let fresh = token(after(SESSION_LIFE), after(REFRESH_LIFE));
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let next = Refresh::Rotate((at(10).as_datetime() + REFRESH_LIFE).into());
    assert_eq!(refresh(&fresh, false, one, at(10)), next);
    assert_eq!(refresh(&fresh, true, one, at(10)), Refresh::Over, "disabled");
    assert_eq!(refresh(&fresh, false, one, after(REFRESH_LIFE)), Refresh::Over, "too old");
    let revoked = KeptToken { revoked: true, ..fresh };
    assert_eq!(refresh(&revoked, false, one, at(10)), Refresh::Over);

    let used = KeptToken { rotated: Some((at(10), one)), ..fresh };
    let again = Refresh::Again((at(10).as_datetime() + REFRESH_LIFE).into());
    assert_eq!(refresh(&used, false, one, at(40)), again, "a resend");
    assert_eq!(refresh(&used, false, one, at(41)), Refresh::Reused, "no resend any more");
    assert_eq!(refresh(&used, false, two, at(10)), Refresh::Reused);

    let late = token(after(SESSION_LIFE), after(SESSION_LIFE));
    let now = after(SESSION_LIFE - TimeDelta::hours(1));
    let end = Refresh::Rotate(after(SESSION_LIFE));
    assert_eq!(refresh(&late, false, one, now), end, "never beyond the session");
}

proptest! {
    /// Whoever has copied a token, and whenever it is presented: at most one token of the session can go on,
    /// and none once a used one came back.
    #[test]
    fn a_reused_token_ends_its_session(
        steps in prop::collection::vec((any::<prop::sample::Index>(), 0_u128..4, 0_i64..60), 1..40),
    ) {
        let ends = after(SESSION_LIFE);
        let mut chain = vec![token(ends, after(REFRESH_LIFE))];
        let mut ended = false;
        let mut clock = 0;
        for (which, message, seconds) in steps {
            clock += seconds;
            let (now, message) = (at(clock), Uuid::from_u128(message));
            let which = which.index(chain.len());
            match refresh(&chain[which], false, message, now) {
                Refresh::Rotate(expires_at) => {
                    prop_assert!(!ended && which + 1 == chain.len());
                    chain[which].rotated = Some((now, message));
                    chain.push(token(ends, expires_at));
                }
                Refresh::Again(expires_at) => {
                    prop_assert!(!ended);
                    prop_assert_eq!(chain[which + 1].expires_at, expires_at);
                }
                Refresh::Reused => {
                    prop_assert!(!ended && which + 1 < chain.len());
                    ended = true;
                    chain.iter_mut().for_each(|token| token.revoked = true);
                }
                Refresh::Over => prop_assert!(ended),
            }
            prop_assert!(chain.iter().filter(|token| token.rotated.is_none()).count() <= 1);
        }
    }

    /// Whenever keys are rotated: one signs, at most two are live, and what was signed can be verified to its
    /// end unless somebody voided it.
    #[test]
    fn rotation_keeps_tokens_good(
        steps in prop::collection::vec((0_i64..2_000, prop::bool::weighted(0.1)), 1..30),
    ) {
        let key = |number: usize, now| {
            KeptKey { kid: format!("k{number}"), created_at: now, retires_at: None }
        };
        let mut keys = vec![key(1, at(0))];
        let mut clock = 0;
        for (seconds, at_once) in steps {
            clock += seconds;
            let now = at(clock);
            if let Ok(retired) = rotate(&keys, at_once, now) {
                for (kid, retires_at) in retired {
                    let signed_until = at(clock + LIFETIME_S);
                    prop_assert!(at_once || retires_at > signed_until, "its last token");
                    keys.iter_mut().filter(|key| key.kid == kid).for_each(|key| {
                        key.retires_at = Some(retires_at);
                    });
                }
                keys.push(key(keys.len() + 1, now));
            } else {
                prop_assert!(!at_once, "what leaked is always replaced");
            }
            prop_assert_eq!(keys.iter().filter(|key| key.retires_at.is_none()).count(), 1);
            prop_assert!(keys.iter().filter(|key| key.is_live(now)).count() <= 2);
        }
    }
}
