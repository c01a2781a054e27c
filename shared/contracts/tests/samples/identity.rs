//! What identity is asked and answers.

use contracts::*;

use super::{Visitor, id, time};

const TYPE: &str = "identity.ask.v1";

pub(crate) fn visit(visitor: &mut impl Visitor) {
    questions(visitor);
    administration(visitor);
    answers(visitor);
}

fn questions(visitor: &mut impl Visitor) {
    let refresh_token = Hidden::new("a-refresh-token");
    visitor.visit(
        TYPE,
        AskIdentity::SignIn {
            login: Hidden::new("anna"),
            password: Hidden::new("a long pass phrase"),
            source: Some("192.0.2.1".to_owned()),
        },
    );
    let refresh = AskIdentity::Refresh { refresh_token: refresh_token.clone() };
    visitor.visit("identity.ask.v1-refresh", refresh);
    visitor.visit("identity.ask.v1-sign-out", AskIdentity::SignOut { refresh_token });
    visitor.visit("identity.ask.v1-public-keys", AskIdentity::PublicKeys {});
    visitor.visit("identity.ask.v1-accounts", AskIdentity::Accounts {});
}

fn administration(visitor: &mut impl Visitor) {
    let name = || id::<AccountName>("anna");
    let password = || Hidden::new("a long pass phrase");
    let (role, merchant) = (Role::Merchant, Some(id("acme")));
    visitor.visit(
        "identity.ask.v1-add-account",
        AskIdentity::AddAccount {
            name: name(),
            password: password(),
            role,
            merchant: merchant.clone(),
        },
    );
    visitor.visit("identity.ask.v1-disable", AskIdentity::DisableAccount { name: name() });
    visitor.visit("identity.ask.v1-enable", AskIdentity::EnableAccount { name: name() });
    let set = AskIdentity::SetPassword { name: name(), password: password() };
    visitor.visit("identity.ask.v1-set-password", set);
    let set = AskIdentity::SetRole { name: name(), role, merchant };
    visitor.visit("identity.ask.v1-set-role", set);
    visitor.visit("identity.ask.v1-revoke", AskIdentity::RevokeSessions { name: name() });
    visitor.visit("identity.ask.v1-rotate-keys", AskIdentity::RotateKeys { at_once: true });
    visitor.visit("identity.ask.v1-issue-token", AskIdentity::IssueToken { name: name() });
}

fn answers(visitor: &mut impl Visitor) {
    let account = AccountStanding {
        name: id("anna"),
        role: Role::Merchant,
        merchant: Some(id("acme")),
        disabled: false,
        created_at: time("2030-01-01T09:00:00Z"),
        updated_at: time("2030-01-02T09:00:00Z"),
        version: 2,
    };
    let session = Session {
        access_token: Hidden::new("an.access.token"),
        access_expires_at: time("2030-01-02T09:15:00Z"),
        refresh_token: Hidden::new("a-refresh-token"),
        refresh_expires_at: time("2030-01-09T09:00:00Z"),
        account: account.clone(),
    };
    visitor.visit_answer("identity-answer-session", IdentityAnswer::Session(Box::new(session)));
    visitor.visit_answer("identity-answer-signed-out", IdentityAnswer::SignedOut);
    let keys = IdentityAnswer::PublicKeys {
        issuer: "dray".to_owned(),
        audience: "dray-portal".to_owned(),
        keys: vec![PublicKey::ed25519("k1", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")],
    };
    visitor.visit_answer("identity-answer-public-keys", keys);
    let accounts = IdentityAnswer::Accounts { accounts: vec![account.clone()] };
    visitor.visit_answer("identity-answer-accounts", accounts);
    visitor.visit_answer("identity-answer-account", IdentityAnswer::Account(account));
    let token = IdentityAnswer::Token {
        access_token: Hidden::new("an.access.token"),
        expires_at: time("2030-01-02T09:15:00Z"),
    };
    visitor.visit_answer("identity-answer-token", token);
    let refused = IdentityAnswer::Refused {
        refusal: Refusal::new(
            "TOO_MANY_ATTEMPTS",
            "too many failed attempts: wait, then try again",
        ),
        retry_after_s: Some(600),
    };
    visitor.visit_answer("identity-answer-refused", refused);
}
