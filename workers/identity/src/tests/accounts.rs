//! What administrators change, and who may not.

use contracts::{AskIdentity, Hidden, IdentityAnswer, MessageId, Role};
use testkit::PublishAs;

use super::desk::{Desk, PASSWORD, code};
use super::name;

const OTHER: &str = "seven violet tractors";

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_out_at_once() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let session = desk.session("anna").await;
    desk.ask(&AskIdentity::DisableAccount { name: name("anna") }).await;
    assert_eq!(code(&desk.refresh(&session.refresh_token).await), "SESSION_OVER");
    assert_eq!(code(&desk.sign_in("anna", PASSWORD).await), "SIGN_IN_FAILED");
    let token = desk.ask(&AskIdentity::IssueToken { name: name("anna") }).await;
    assert_eq!(code(&token), "UNKNOWN_ACCOUNT");

    desk.ask(&AskIdentity::EnableAccount { name: name("anna") }).await;
    assert_eq!(code(&desk.refresh(&session.refresh_token).await), "SESSION_OVER", "it stays over");
    assert_eq!(code(&desk.sign_in("anna", PASSWORD).await), "yes");
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_and_a_new_role_end_all_sessions() {
    let desk = Desk::start().await;
    desk.add("anna", Role::Dispatcher).await;
    let old = desk.session("anna").await.refresh_token;
    let set = AskIdentity::SetPassword { name: name("anna"), password: Hidden::new(OTHER) };
    assert_eq!(code(&desk.ask(&set).await), "yes");
    assert_eq!(code(&desk.refresh(&old).await), "SESSION_OVER");
    assert_eq!(code(&desk.sign_in("anna", PASSWORD).await), "SIGN_IN_FAILED");
    assert_eq!(code(&desk.sign_in("anna", OTHER).await), "yes");

    let role = AskIdentity::SetRole { name: name("anna"), role: Role::Admin, merchant: None };
    let IdentityAnswer::Account(account) = desk.ask(&role).await else { panic!("refused") };
    assert_eq!((account.role, account.version), (Role::Admin, 3));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_once_a_message_and_only_by_administrators() {
    let desk = Desk::start().await;
    let add = |password: &str| AskIdentity::AddAccount {
        name: name("ben"),
        password: Hidden::new(password),
        role: Role::CsAgent,
        merchant: None,
    };
    assert_eq!(code(&desk.ask_for(Role::CsSupervisor, &add(PASSWORD)).await), "FORBIDDEN");
    assert_eq!(code(&desk.ask_for(Role::Operator, &add(PASSWORD)).await), "FORBIDDEN");
    assert_eq!(code(&desk.ask(&add("admin")).await), "PASSWORD_TOO_SHORT");
    let id = MessageId::generate();
    for _ in 0..2 {
        let IdentityAnswer::Account(made) =
            desk.ask_with(PublishAs::default(), id, &add(PASSWORD)).await
        else {
            panic!("refused")
        };
        assert_eq!(made.version, 1, "a resend changes nothing");
    }
    assert_eq!(code(&desk.ask_for(Role::Admin, &add(PASSWORD)).await), "ACCOUNT_EXISTS");
    let IdentityAnswer::Accounts { accounts } = desk.ask(&AskIdentity::Accounts {}).await else {
        panic!("no list")
    };
    let names: Vec<_> = accounts.iter().map(|account| account.name.as_str()).collect();
    assert_eq!(names, ["ben"], "and no account came by itself");
    desk.stop().await;
}
