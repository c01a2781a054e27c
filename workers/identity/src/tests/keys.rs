//! Keys are rotated under living tokens.

use access::TokenError;
use contracts::{AskIdentity, Hidden, IdentityAnswer, Role};

use super::desk::{Desk, code};
use super::name;

async fn token(desk: &Desk) -> Hidden {
    match desk.ask(&AskIdentity::IssueToken { name: name("anna") }).await {
        IdentityAnswer::Token { access_token, .. } => access_token,
        other => panic!("no token: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_outlive_a_rotation_but_not_a_leak() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let old = token(&desk).await;
    let rotate = |at_once| AskIdentity::RotateKeys { at_once };
    let IdentityAnswer::PublicKeys { keys, .. } = desk.ask(&rotate(false)).await else {
        panic!("not rotated")
    };
    let kids: Vec<_> = keys.iter().map(|key| key.kid.as_str()).collect();
    assert_eq!(kids, ["k2", "k1"]);
    let new = token(&desk).await;
    assert!(desk.verify(&old).await.is_ok(), "still within its 15 minutes");
    assert!(desk.verify(&new).await.is_ok());
    assert_eq!(code(&desk.ask(&rotate(false)).await), "ROTATED_JUST_NOW", "two live keys, no more");

    assert_eq!(code(&desk.ask(&rotate(true)).await), "yes");
    for void in [&old, &new] {
        assert_eq!(desk.verify(void).await, Err(TokenError::UnknownKey));
    }
    assert!(desk.verify(&token(&desk).await).await.is_ok());
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn private_keys_lie_sealed() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    token(&desk).await;
    let readable =
        "SELECT COUNT(*) FROM account_key WHERE sealed LIKE '%PRIVATE%' OR LENGTH(sealed) < 100";
    assert_eq!(desk.stage.scalar::<i64>(readable).await, 0);
    assert_eq!(desk.stage.scalar::<i64>("SELECT COUNT(*) FROM account_key").await, 1);
    desk.stop().await;
}
