//! What operators ask identity: the question is the right one, the password comes by standard input only.

use std::process::Stdio;

use contracts::{
    AccountName, AccountStanding, AskIdentity, Exchange, Hidden, IdentityAnswer, Merchant,
    PublicKey, Refusal, Role, Timestamp,
};
use testkit::{Stage, Tap};
use tokio::io::AsyncWriteExt as _;

use crate::run::Operator;

const PASSWORD: &str = "violet tractor seven";

async fn stage() -> (Operator, Tap) {
    let operator = Operator::on(Stage::new(&[]).await);
    operator.ok(&["topology", "apply"]).await;
    let questions = operator.stage.tap(Exchange::Queries, "identity.ask").await;
    (operator, questions)
}

async fn answer(stage: &Stage, heard: &mut Tap, answer: IdentityAnswer) -> AskIdentity {
    let (asked, question) = heard.next_of::<AskIdentity>().await;
    stage.answer(&asked, "identity.answer.v1", &answer).await;
    question
}

fn account() -> AccountStanding {
    let now = Timestamp::now();
    AccountStanding {
        name: AccountName::new("anna").unwrap(),
        role: Role::Merchant,
        merchant: Merchant::new("acme").ok(),
        disabled: false,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_added_with_the_password_of_standard_input() {
    let (operator, mut questions) = stage().await;
    let arguments = ["user", "add", "anna", "--role", "merchant", "--merchant", "acme"];
    let call = async {
        let mut command = operator.command(&arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(format!("{PASSWORD}\n").as_bytes()).await.unwrap();
        drop(input);
        child.wait_with_output().await.unwrap()
    };
    let made = IdentityAnswer::Account(account());
    let (output, asked) = tokio::join!(call, answer(&operator.stage, &mut questions, made));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(shown.contains("anna") && !shown.contains(PASSWORD) && !said.contains(PASSWORD));
    let expected = AskIdentity::AddAccount {
        name: AccountName::new("anna").unwrap(),
        password: Hidden::new(PASSWORD),
        role: Role::Merchant,
        merchant: Merchant::new("acme").ok(),
    };
    assert_eq!(asked, expected);
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_without_a_password() {
    let (operator, _questions) = stage().await;
    let called = operator.dray(&["user", "passwd", "anna"]).await;
    assert_eq!(called.exit, 66, "{}", called.said);
    let called = operator.dray(&["user", "add", "anna", "--role", "emperor"]).await;
    assert_ne!(called.exit, 0, "no such role");
    operator.stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_keys_and_lists_are_shown_and_a_no_is_an_error() {
    let (operator, mut questions) = stage().await;
    let stage = &operator.stage;
    let expires_at = Timestamp::now();
    let token = IdentityAnswer::Token { access_token: Hidden::new("a.b.c"), expires_at };
    let (shown, asked) =
        tokio::join!(operator.ok(&["token", "anna"]), answer(stage, &mut questions, token));
    assert_eq!(shown["access_token"], "a.b.c");
    assert_eq!(asked, AskIdentity::IssueToken { name: AccountName::new("anna").unwrap() });

    let list = IdentityAnswer::Accounts { accounts: vec![account()] };
    let (shown, asked) =
        tokio::join!(operator.ok(&["user", "list"]), answer(stage, &mut questions, list));
    assert_eq!((&shown[0]["name"], &shown[0]["merchant"]), (&"anna".into(), &"acme".into()));
    assert_eq!(asked, AskIdentity::Accounts {});

    let keys = IdentityAnswer::PublicKeys {
        issuer: "dray".to_owned(),
        audience: "dray-portal".to_owned(),
        keys: vec![PublicKey::ed25519("k2", "x"), PublicKey::ed25519("k1", "y")],
    };
    let rotate = ["keys", "rotate", "--at-once"];
    let (shown, asked) = tokio::join!(operator.ok(&rotate), answer(stage, &mut questions, keys));
    assert_eq!(
        (&shown[0]["kid"], asked),
        (&"k2".into(), AskIdentity::RotateKeys { at_once: true })
    );

    let refusal = Refusal::new("UNKNOWN_ACCOUNT", "there is no account anna");
    let no = IdentityAnswer::Refused { refusal, retry_after_s: None };
    let disable = ["user", "disable", "anna"];
    let (called, _) = tokio::join!(operator.dray(&disable), answer(stage, &mut questions, no));
    assert_eq!(called.exit, 65);
    assert!(called.said.contains("UNKNOWN_ACCOUNT"), "{}", called.said);
    operator.stage.close().await;
}
