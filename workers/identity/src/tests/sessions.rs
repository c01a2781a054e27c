//! Sessions begin, go on and end.

use contracts::{AskIdentity, Hidden, MessageId, Role};
use testkit::PublishAs;

use super::desk::{Desk, PASSWORD, code, session};
use super::name;
use crate::policy::ATTEMPTS_A_NAME;

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_gets_tokens_that_everybody_can_verify() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let session = session(desk.sign_in("  Anna ", PASSWORD).await);
    let claims = desk.verify(&session.access_token).await.unwrap();
    assert_eq!((claims.sub.as_str(), claims.role), ("anna", Role::Dispatcher));
    assert_eq!(claims.exp - claims.iat, 900);
    for (login, password) in
        [("anna", "violet tractor eight"), ("nobody", PASSWORD), ("?", PASSWORD)]
    {
        assert_eq!(code(&desk.sign_in(login, password).await), "SIGN_IN_FAILED", "{login}");
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_is_used_twice_ends_its_session() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let first = desk.session("anna").await.refresh_token;
    let second = session(desk.refresh(&first).await).refresh_token;
    assert_ne!(first, second);
    let other_session = desk.session("anna").await.refresh_token;

    assert_eq!(code(&desk.refresh(&first).await), "SESSION_OVER", "used before");
    assert_eq!(code(&desk.refresh(&second).await), "SESSION_OVER", "the thief's or the owner's");
    assert_eq!(code(&desk.refresh(&other_session).await), "yes", "another session goes on");
    assert_eq!(code(&desk.refresh(&Hidden::new("made up")).await), "SESSION_OVER");
    desk.stop().await;
}

/// An answer that was lost costs nobody the session.
#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_is_resent_gets_the_same_token() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let refresh_token = desk.session("anna").await.refresh_token;
    let ask = AskIdentity::Refresh { refresh_token };
    let id = MessageId::generate();
    let first = session(desk.ask_with(PublishAs::default(), id, &ask).await);
    let again = session(desk.ask_with(PublishAs::default(), id, &ask).await);
    assert_eq!(again.refresh_token, first.refresh_token);
    assert_eq!(code(&desk.refresh(&first.refresh_token).await), "yes");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let first = desk.session("anna").await.refresh_token;
    let second = session(desk.refresh(&first).await).refresh_token;
    desk.ask(&AskIdentity::SignOut { refresh_token: second.clone() }).await;
    assert_eq!(code(&desk.refresh(&second).await), "SESSION_OVER");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_attempts_are_limited_until_an_administrator_forgives_them() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let mut codes = Vec::new();
    for _ in 0..=ATTEMPTS_A_NAME {
        codes.push(code(&desk.sign_in("anna", "violet tractor eight").await).to_owned());
    }
    let last = codes.pop().unwrap();
    assert_eq!(codes[0], "SIGN_IN_FAILED");
    assert_eq!(last, "TOO_MANY_ATTEMPTS");
    let right = desk.sign_in("anna", PASSWORD).await;
    assert_eq!(code(&right), "TOO_MANY_ATTEMPTS", "the right password does not help: {right:?}");

    desk.ask(&AskIdentity::EnableAccount { name: name("anna") }).await;
    assert_eq!(code(&desk.sign_in("anna", PASSWORD).await), "yes");
    desk.stop().await;
}
