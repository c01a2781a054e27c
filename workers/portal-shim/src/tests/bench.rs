//! The portal on a virtual host of its own, with stand-ins for the workers that answer questions. Commands
//! are heard at a tap, and answered by the test itself.

use std::net::SocketAddr;

use access::{Claims, SigningKey};
use clap::Parser;
use contracts::{
    Actor, AskIdentity, Contract, Envelope, IdentityAnswer, Merchant, MessageId, Query,
    QueryAnswer, Refusal, Reply, ReplyOutcome, Role, RoutingKey, Timestamp, WaybillList,
};
use queue_topology::WorkerKind;
use ring::rand::SystemRandom;
use runtime::{FrontProcess, Process, Responder, Running, Shutdown};
use serde_json::{Value, json};
use testkit::{Proxy, Stage, eventually};
use uuid::Uuid;

use crate::server::Server;
use crate::settings::Settings;

const KINDS: [WorkerKind; 5] = [
    WorkerKind::PortalShim,
    WorkerKind::Identity,
    WorkerKind::QueryDesk,
    WorkerKind::OrderIntake,
    WorkerKind::WaybillStatus,
];

/// A merchant with waybills (`m1-...`), and one without.
pub(super) const MERCHANT: &str = "m1";

pub(super) struct Bench {
    pub(super) stage: Stage,
    pub(super) proxy: Proxy,
    portal: Running,
    shutdown: Shutdown,
    fleet: Vec<Running>,
    address: SocketAddr,
    key: SigningKey,
}

#[derive(Debug, Parser)]
struct Any {
    #[command(flatten)]
    worker: ::settings::WorkerSettings,
}

impl Bench {
    pub(super) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With further settings of the portal.
    pub(super) async fn with(more: &[&str]) -> Self {
        let stage = Stage::new(&KINDS).await;
        let pkcs8 = SigningKey::generate_pkcs8(&SystemRandom::new()).unwrap();
        let key = SigningKey::from_pkcs8("k1", &pkcs8).unwrap();
        let fleet = vec![stand_in(&stage, Keys(key.public())).await, stand_in(&stage, Desk).await];
        let proxy = Proxy::in_front_of(&stage.amqp_url()).await;
        let amqp = proxy.url(&stage.amqp_url());
        let own = ["portal-shim", "--amqp-url", &amqp, "--portal-listen", "127.0.0.1:0"];
        let settings = Settings::parse_from(own.into_iter().chain(more.iter().copied()));
        let shutdown = Shutdown::new();
        let kind = WorkerKind::PortalShim;
        let process = FrontProcess::prepare(kind, &settings.front, shutdown.clone()).unwrap();
        let front = process.front();
        let server = Server::bind(&settings.portal, 5).await.unwrap();
        let address = server.address().unwrap();
        let portal = Running::start_front(process, crate::run(server, settings, front));
        let bench = Self { stage, proxy, portal, shutdown, fleet, address, key };
        bench.until_ready().await;
        bench
    }

    pub(super) async fn until_ready(&self) {
        eventually("the portal serves", async || {
            let answer = self.get("/v1/waybills/m1-1", &self.staff()).await;
            (answer.status == 200).then_some(())
        })
        .await;
    }

    /// As a signal would.
    pub(super) fn begin_stopping(&self) {
        self.shutdown.begin();
    }

    pub(super) async fn stop(self) {
        self.portal.stop().await.unwrap();
        for worker in self.fleet {
            worker.stop().await.unwrap();
        }
        self.stage.close().await;
    }

    /// A token of somebody of customer service.
    pub(super) fn staff(&self) -> String {
        self.token("anna", Role::CsSupervisor, None)
    }

    /// A token of the merchant [`MERCHANT`].
    pub(super) fn merchant(&self) -> String {
        self.token("mia", Role::Merchant, Some(MERCHANT))
    }

    pub(super) fn token(&self, subject: &str, role: Role, merchant: Option<&str>) -> String {
        let merchant = merchant.map(|code| Merchant::new(code).unwrap());
        let claims =
            Claims::of("dray", "dray-portal", (subject, role), Timestamp::now(), Uuid::new_v4());
        self.key.sign(&claims.within(merchant)).unwrap()
    }

    /// A token of customer service that is good for so many seconds.
    pub(super) fn short(&self, seconds: i64) -> String {
        let account = ("anna", Role::CsSupervisor);
        let mut claims =
            Claims::of("dray", "dray-portal", account, Timestamp::now(), Uuid::new_v4());
        claims.exp = claims.iat + seconds;
        self.key.sign(&claims).unwrap()
    }

    /// A token of somebody of customer service, signed with a key that nobody knows.
    pub(super) fn signed_by_a_stranger() -> String {
        let pkcs8 = SigningKey::generate_pkcs8(&SystemRandom::new()).unwrap();
        let account = ("anna", Role::CsSupervisor);
        let claims = Claims::of("dray", "dray-portal", account, Timestamp::now(), Uuid::new_v4());
        SigningKey::from_pkcs8("invented", &pkcs8).unwrap().sign(&claims).unwrap()
    }

    /// Where it serves.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> Answer {
        let authorization = bearer(token);
        self.send("GET", path, &[("authorization", authorization.as_str())], None).await
    }

    pub(super) async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let authorization = bearer(token);
        let headers = [("authorization", authorization.as_str())];
        self.send("POST", path, &headers, Some(body.to_string())).await
    }

    /// Any request; a body is sent as JSON unless a header says otherwise.
    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.address));
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.unwrap_or_default()).unwrap();
        let called = tokio::task::spawn_blocking(move || call(request)).await;
        called.unwrap()
    }

    /// Answers a command as its worker would.
    pub(super) async fn settle(&self, cause: &Envelope, reply: &Reply) {
        self.stage.answer(cause, "reply.v1", reply).await;
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Its code, if it is a problem in good form.
    #[track_caller]
    pub(super) fn problem(&self, status: u16) -> &str {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        assert_eq!(self.body["status"], json!(status), "{self:?}");
        assert_eq!(self.body["request_id"].as_str(), self.header("x-request-id"), "{self:?}");
        let code = self.body["code"].as_str().unwrap();
        assert_eq!(self.body["type"], json!(format!("urn:dray:problem:{code}")));
        assert!(self.body["detail"].as_str().is_some_and(|it| !it.is_empty()), "{self:?}");
        code
    }
}

fn call(request: ureq::http::Request<String>) -> Answer {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let request = if request.body().is_empty() {
        let (parts, _empty) = request.into_parts();
        agent.run(ureq::http::Request::from_parts(parts, ()))
    } else {
        agent.run(request)
    };
    let mut response = request.unwrap();
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let headers = headers.collect();
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, headers, body }
}

pub(super) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// What a worker says of a command that it carried out.
pub(super) fn applied(id: MessageId, version: u64) -> Reply {
    Reply {
        message_id: id,
        outcome: ReplyOutcome::Applied,
        code: "APPLIED".to_owned(),
        refusal: None,
        items: Vec::new(),
        aggregate: Some("m1-1".to_owned()),
        version: Some(version),
    }
}

/// What it says of one that it refuses.
pub(super) fn refused(id: MessageId, code: &str) -> Reply {
    Reply {
        outcome: ReplyOutcome::Rejected,
        code: code.to_owned(),
        refusal: Some(Refusal::new(code, "because the test says so")),
        aggregate: None,
        version: None,
        ..applied(id, 0)
    }
}

async fn stand_in<R: Responder>(stage: &Stage, responder: R) -> Running {
    let (amqp, database) = (stage.amqp_url(), stage.database_url());
    let arguments = ["worker", "--amqp-url", &amqp, "--database-url", &database];
    let settings = Any::parse_from(arguments).worker;
    let process = Process::prepare(R::KIND, &settings, Shutdown::new()).await.unwrap();
    Running::start_responder(process, responder)
}

/// Tells the keys, and nothing else of identity.
struct Keys(contracts::PublicKey);

impl Responder for Keys {
    type Question = AskIdentity;
    type Answer = IdentityAnswer;
    const KIND: WorkerKind = WorkerKind::Identity;
    const ANSWER_TYPE: &'static str = "identity.answer.v1";

    async fn answer(&self, question: AskIdentity, _envelope: &Envelope) -> Option<IdentityAnswer> {
        Some(match question {
            AskIdentity::PublicKeys {} => IdentityAnswer::PublicKeys {
                issuer: "dray".to_owned(),
                audience: "dray-portal".to_owned(),
                keys: vec![self.0.clone()],
            },
            // who asks is the source, so that a test can see what is passed on
            AskIdentity::SignIn { source, .. } => IdentityAnswer::Refused {
                refusal: Refusal::new("TOO_MANY_ATTEMPTS", source.unwrap_or_default()),
                retry_after_s: Some(7),
            },
            _ => IdentityAnswer::SignedOut,
        })
    }
}

/// Has waybills whose numbers begin with their merchant's code, lists of none, and the outcome of one command.
struct Desk;

impl Responder for Desk {
    type Question = Query;
    type Answer = QueryAnswer;
    const KIND: WorkerKind = WorkerKind::QueryDesk;
    const ANSWER_TYPE: &'static str = "query.answer.v1";

    async fn answer(&self, question: Query, envelope: &Envelope) -> Option<QueryAnswer> {
        Some(match question {
            Query::Waybill { waybill_no } if sees(&envelope.actor, waybill_no.as_str()) => {
                waybill(waybill_no.as_str())
            }
            Query::Operation { message_id, .. } => outcome(&envelope.actor, message_id),
            Query::Waybills { .. } => {
                let list = WaybillList { waybills: Vec::new(), next: None };
                QueryAnswer::Waybills(Box::new(list))
            }
            _ => QueryAnswer::NotFound,
        })
    }
}

/// Refused before the portal was started; told to anna, for whom it was sent.
pub(super) fn settled_before() -> MessageId {
    id_of("anna", "/v1/waybills/m1-1/holds", "before")
}

fn outcome(actor: &Actor, id: MessageId) -> QueryAnswer {
    if id == settled_before() && actor.subject == "anna" {
        return QueryAnswer::Operation(refused(id, "TOO_MANY_HOLDS"));
    }
    QueryAnswer::NotFound
}

fn sees(actor: &Actor, waybill_no: &str) -> bool {
    match &actor.merchant {
        Some(merchant) => waybill_no.starts_with(&format!("{merchant}-")),
        None => actor.role != Role::Customer && waybill_no != "nobody-1",
    }
}

/// One whose number ends with `-moving` is another one whenever it is looked at.
fn waybill(waybill_no: &str) -> QueryAnswer {
    let is_moving = waybill_no.ends_with("-moving");
    let version = if is_moving { Timestamp::now().as_datetime().timestamp_micros() } else { 7 };
    let view = json!({
        "waybill_no": waybill_no, "status": "CREATED", "held": false, "failed_attempts": 0, "gaps": [],
        "delivery_date": "2035-06-13", "timeslot": "0900-1300",
        "updated_at": "2035-06-12T08:00:00Z", "version": version,
    });
    QueryAnswer::Waybill(Box::new(serde_json::from_value(view).unwrap()))
}

/// The id that a command of this subject has under this key at this address.
pub(super) fn id_of(subject: &str, path: &str, key: &str) -> MessageId {
    contracts::derive_message_id(subject, &format!("POST {path} {key}"))
}

/// The wire name of a message, for taps.
pub(super) fn pattern<C: Contract>() -> String {
    RoutingKey::of_type(C::TYPE).as_str().to_owned()
}
