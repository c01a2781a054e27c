//! One connection of the simulated warehouse: takes orders, sends what is due, and acknowledges an order
//! only when the broker has confirmed every answer to it. Nothing is kept when the connection goes: the
//! broker delivers again what was not acknowledged.

use std::pin::Pin;
use std::time::Duration;

use contracts::Timestamp;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use lapin::options::{
    BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
};
use lapin::types::FieldTable;
use lapin::uri::AMQPUri;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Consumer};
use tokio::time::Instant;

use super::desk::{Desk, Due};
use super::plan::Answer;
use super::{Journal, Limits, PartnerError, Tally, WmsArgs};

/// Answers sent and not yet confirmed, at most.
const CONFIRM_WINDOW: usize = 500;
/// A broker that says nothing for so long is taken as gone.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a session ended without an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// A limit was reached or a signal came.
    Done,
}

/// Publishing and consuming connection, so that a blocked publisher does not stop the consumer.
pub(crate) struct Session {
    publishing: Connection,
    consuming: Connection,
    answers: Channel,
    orders: Consumer,
    user: String,
}

type Confirmed<'a> = Pin<Box<dyn Future<Output = (Due, Result<Confirmation, PartnerError>)> + 'a>>;

impl Session {
    /// Connects and begins to consume.
    ///
    /// # Errors
    /// [`PartnerError`] when the URL is wrong, or the broker refuses or does not answer.
    pub(crate) async fn open(args: &WmsArgs) -> Result<Self, PartnerError> {
        let uri: AMQPUri = args.amqp_url.expose().parse().map_err(PartnerError::Url)?;
        let user = uri.authority.userinfo.username.clone();
        let connecting = async {
            let publishing = connect(&uri, "wms answers").await?;
            let consuming = connect(&uri, "wms orders").await?;
            let answers = publishing.create_channel().await?;
            answers.confirm_select(ConfirmSelectOptions::default()).await?;
            let channel = consuming.create_channel().await?;
            channel.basic_qos(args.prefetch, BasicQosOptions { global: false }).await?;
            let options = BasicConsumeOptions::default();
            let queue = args.queue.as_str().into();
            let orders = channel
                .basic_consume(queue, "partner-sim".into(), options, FieldTable::default())
                .await?;
            Ok(Self { publishing, consuming, answers, orders, user })
        };
        let connected = tokio::time::timeout(PATIENCE, connecting).await;
        connected.unwrap_or(Err(PartnerError::Silent(PATIENCE)))
    }

    /// Says goodbye; a broker that is gone already needs none.
    pub(crate) async fn close(self) {
        for connection in [self.consuming, self.publishing] {
            let closing = connection.close(200, "done".into());
            let _gone_already = tokio::time::timeout(PATIENCE, closing).await;
        }
    }

    /// Answers orders until a limit is reached or `stop` resolves.
    ///
    /// # Errors
    /// [`PartnerError`] when the connection is lost, an answer is unroutable or the journal fails.
    pub(crate) async fn work(
        &mut self,
        args: &WmsArgs,
        limits: Limits,
        mut stop: Pin<&mut impl Future<Output = ()>>,
        tally: &mut Tally,
        journal: &mut Journal,
    ) -> Result<Ended, PartnerError> {
        let (channel, user) = (self.answers.clone(), self.user.clone());
        let mut desk = Desk::new(args);
        let mut confirms: FuturesUnordered<Confirmed<'_>> = FuturesUnordered::new();
        let mut busy_at = Instant::now();
        loop {
            while confirms.len() < CONFIRM_WINDOW {
                let Some(due) = desk.take_due(Instant::now()) else {
                    break;
                };
                let cause = desk.cause_of(&due);
                confirms.push(Box::pin(send(&channel, &user, due, cause)));
            }
            let idle_at = desk.idle_deadline(busy_at, limits.idle);
            tokio::select! {
                () = stop.as_mut() => return Ok(Ended::Done),
                () = at(limits.at) => return Ok(Ended::Done),
                () = at(idle_at) => return Ok(Ended::Done),
                () = at(desk.next_due()), if confirms.len() < CONFIRM_WINDOW => {}
                Some((due, confirmed)) = confirms.next() => {
                    busy_at = Instant::now();
                    desk.confirmed(due, confirmed?, &user, tally, journal).await?;
                }
                delivery = self.orders.next() => {
                    busy_at = Instant::now();
                    desk.take(delivery.ok_or(PartnerError::Cancelled)??, &user, tally).await?;
                }
            }
        }
    }
}

async fn connect(uri: &AMQPUri, name: &'static str) -> Result<Connection, lapin::Error> {
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    Connection::connect_uri(uri.clone(), properties).await
}

/// Resolves at that moment; never without one.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Publishes one answer and waits for the broker's word on it.
async fn send(
    channel: &Channel,
    user: &str,
    due: Due,
    cause: Option<String>,
) -> (Due, Result<Confirmation, PartnerError>) {
    let publishing = async {
        let answer = &due.answer;
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let key = answer.routing_key.as_str().into();
        let properties = properties(answer, user, cause);
        let sent = channel
            .basic_publish(answer.exchange.into(), key, options, &answer.body, properties)
            .await?;
        Ok(sent.await?)
    };
    let word = tokio::time::timeout(PATIENCE, publishing).await;
    (due, word.unwrap_or(Err(PartnerError::Silent(PATIENCE))))
}

fn properties(answer: &Answer, user: &str, cause: Option<String>) -> BasicProperties {
    let seconds = u64::try_from(Timestamp::now().as_datetime().timestamp()).unwrap_or(0);
    let properties = BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_message_id(answer.message_id.to_string().into())
        .with_type(answer.message_type.into())
        .with_timestamp(seconds)
        .with_app_id("partner-sim".into())
        .with_user_id(user.into());
    match cause {
        Some(cause) => properties.with_correlation_id(cause.into()),
        None => properties,
    }
}
