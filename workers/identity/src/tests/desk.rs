//! A stage with the worker at work on it.

use std::time::Duration;

use clap::Parser as _;
use contracts::{Actor, AskIdentity, Hidden, IdentityAnswer, MessageId, Role, Session, Timestamp};
use queue_topology::WorkerKind;
use runtime::{Process, Running, Shutdown};
use testkit::{DEADLINE, PublishAs, Stage, eventually};

use super::name;
use crate::settings::Settings;
use crate::worker::Identity;

pub(super) const KIND: WorkerKind = WorkerKind::Identity;
pub(super) const PASSWORD: &str = "violet tractor seven";
const SECRET: &str = "0f3c5a7e9b1d2468ace013579bdf8642deadbeef";
/// A question older than this is dropped; a test sends it again.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct Desk {
    pub(super) stage: Stage,
    running: Running,
}

impl Desk {
    pub(super) async fn start() -> Self {
        let stage = Stage::new(&[KIND]).await;
        let (amqp, database) = (stage.amqp_url(), stage.database_url());
        let arguments = [
            "identity",
            "--amqp-url",
            &amqp,
            "--database-url",
            &database,
            "--identity-secret",
            SECRET,
        ];
        let settings = Settings::parse_from(arguments);
        let process = Process::prepare(KIND, settings.as_ref(), Shutdown::new()).await.unwrap();
        let identity = Identity::new(&settings, stage.database()).await.unwrap();
        let running = Running::start_responder(process, identity);
        Self { stage, running }
    }

    pub(super) async fn stop(self) {
        self.running.stop().await.unwrap();
        self.stage.close().await;
    }

    /// Asks as the broker's administrator.
    pub(super) async fn ask(&self, question: &AskIdentity) -> IdentityAnswer {
        self.ask_as(PublishAs::default(), question).await
    }

    /// Asks as the portal would for somebody of this role.
    pub(super) async fn ask_for(&self, role: Role, question: &AskIdentity) -> IdentityAnswer {
        let subject = "somebody".to_owned();
        let actor = Actor { subject, role, merchant: None, origin: None };
        self.ask_as(PublishAs::default().user("dray-portal-shim").actor(actor), question).await
    }

    /// Asks until there is an answer; a resend is the same message.
    async fn ask_as(&self, how: PublishAs, question: &AskIdentity) -> IdentityAnswer {
        self.ask_with(how, MessageId::generate(), question).await
    }

    pub(super) async fn ask_with(
        &self,
        how: PublishAs,
        id: MessageId,
        question: &AskIdentity,
    ) -> IdentityAnswer {
        eventually("identity answers", async || {
            let mut replies = self.stage.replies().await;
            let how = how.clone().id(id).reply_to(replies.queue());
            self.stage.publish(how.at(Timestamp::now()), question).await.unwrap();
            let answer = tokio::time::timeout(ANSWER_WITHIN, replies.next_as(DEADLINE)).await;
            answer.ok().map(|(_, answer)| answer)
        })
        .await
    }

    pub(super) async fn add(&self, account: &str, role: Role) {
        let password = Hidden::new(PASSWORD);
        let add = AskIdentity::AddAccount { name: name(account), password, role, merchant: None };
        let answer = self.ask(&add).await;
        assert!(matches!(answer, IdentityAnswer::Account(_)), "{answer:?}");
    }

    pub(super) async fn sign_in(&self, login: &str, password: &str) -> IdentityAnswer {
        let (login, password) = (Hidden::new(login), Hidden::new(password));
        let source = Some("192.0.2.1".to_owned());
        self.ask_for(Role::Customer, &AskIdentity::SignIn { login, password, source }).await
    }

    pub(super) async fn session(&self, login: &str) -> Session {
        session(self.sign_in(login, PASSWORD).await)
    }

    pub(super) async fn refresh(&self, token: &Hidden) -> IdentityAnswer {
        self.ask(&AskIdentity::Refresh { refresh_token: token.clone() }).await
    }

    /// Verifies by the keys that are published now.
    pub(super) async fn verify(
        &self,
        token: &Hidden,
    ) -> Result<access::Claims, access::TokenError> {
        match self.ask(&AskIdentity::PublicKeys {}).await {
            IdentityAnswer::PublicKeys { issuer, audience, keys } => {
                let verifier = access::Verifier::new(issuer, audience, &keys);
                verifier.verify(token.expose(), Timestamp::now())
            }
            other => panic!("no keys: {other:?}"),
        }
    }
}

pub(super) fn session(answer: IdentityAnswer) -> Session {
    match answer {
        IdentityAnswer::Session(session) => *session,
        other => panic!("no session: {other:?}"),
    }
}

/// The code of a refusal, or `yes`.
pub(super) fn code(answer: &IdentityAnswer) -> &str {
    match answer {
        IdentityAnswer::Refused { refusal, .. } => &refusal.code,
        _ => "yes",
    }
}
