//! The two partners' connections, and waves of messages over them.

use std::collections::{BTreeMap, BTreeSet};

use broker::Outgoing;
use contracts::{MessageId, ReportStatuses, UserId};
use futures_util::StreamExt;
use sea_orm::sqlx::{self, MySqlPool};

use super::DeliverArgs;
use super::plan::{By, Planned};
use crate::journal::{JournalEntry, SendState};
use crate::partner::Journal;
use crate::player::PlayerError;
use crate::sending::Sender;

/// Who consumes reports.
const CONSUMER: &str = "waybill-status";
/// Publications on their way at once.
const AT_ONCE: usize = 256;

/// The sorting station and the road, logged in.
pub(crate) struct Partners {
    station: Sender,
    road: Sender,
}

impl Partners {
    /// Logs in.
    pub(crate) async fn connect(args: &DeliverArgs) -> Result<Self, PlayerError> {
        let station = Sender::connect(args.pss_amqp_url.expose()).await?;
        let road = Sender::connect(args.ods_amqp_url.expose()).await?;
        Ok(Self { station, road })
    }

    const fn of(&self, by: By) -> &Sender {
        match by {
            By::Station => &self.station,
            By::Road => &self.road,
        }
    }

    /// Publishes a wave; a full queue is waited for. Gives how often it was full.
    pub(crate) async fn publish(
        &self,
        wave: &Wave,
        journal: &mut Journal,
    ) -> Result<u64, PlayerError> {
        let sent = futures_util::stream::iter(&wave.messages)
            .map(async |(by, message)| (message, self.of(*by).persist(message).await))
            .buffer_unordered(AT_ONCE);
        let mut sent = std::pin::pin!(sent);
        let mut pushed_back = 0;
        while let Some((message, refusals)) = sent.next().await {
            pushed_back += refusals?;
            journal.note(&JournalEntry {
                consumer: CONSUMER.to_owned(),
                sender: message.envelope.user_id.to_string(),
                message_id: message.envelope.message_id,
                state: SendState::Confirmed,
            })?;
        }
        Ok(pushed_back)
    }
}

/// Messages that are on their way together.
pub(crate) struct Wave {
    messages: Vec<(By, Outgoing)>,
    /// Distinct messages: one that is resent has one effect.
    keys: BTreeSet<(UserId, MessageId)>,
}

impl Wave {
    /// The messages of these reports, `batch` in each; of one each travels by itself.
    pub(crate) fn of(
        reports: Vec<Planned>,
        partners: &Partners,
        batch: u32,
    ) -> Result<Self, PlayerError> {
        let mut messages = Vec::new();
        if batch <= 1 {
            for Planned { by, message_id, report, .. } in reports {
                messages.push((by, partners.of(by).outgoing(message_id, None, &report)?));
            }
        } else {
            for (by, message_id, batch) in batches(reports, batch) {
                messages.push((by, partners.of(by).outgoing(message_id, None, &batch)?));
            }
        }
        let key = |(_, message): &(By, Outgoing)| {
            (message.envelope.user_id.clone(), message.envelope.message_id)
        };
        let keys = messages.iter().map(key).collect();
        Ok(Self { messages, keys })
    }

    /// How many different messages there are.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many of them had their effect.
    pub(crate) async fn settled(&self, pool: &MySqlPool) -> Result<usize, PlayerError> {
        let keys: Vec<_> = self
            .keys
            .iter()
            .map(|(sender, id)| serde_json::json!([sender, id.0.simple().to_string()]))
            .collect();
        let (count,): (i64,) = sqlx::query_as(
            "SELECT COUNT(*) FROM JSON_TABLE(?, '$[*]' COLUMNS( \
               sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$[0]', \
               id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$[1]')) r \
             STRAIGHT_JOIN inbox i FORCE INDEX (PRIMARY) ON i.consumer = 'waybill-status' \
               AND i.sender = r.sender AND i.message_id = UNHEX(r.id)",
        )
        .bind(serde_json::to_string(&keys)?)
        .fetch_one(pool)
        .await?;
        Ok(usize::try_from(count).unwrap_or(0))
    }
}

/// Each partner's reports, some at a time. A batch has the id of its first report's.
fn batches(reports: Vec<Planned>, batch: u32) -> Vec<(By, MessageId, ReportStatuses)> {
    let mut by_partner: BTreeMap<By, Vec<Planned>> = BTreeMap::new();
    for planned in reports {
        by_partner.entry(planned.by).or_default().push(planned);
    }
    let size = usize::try_from(batch).unwrap_or(1).max(1);
    let mut batches = Vec::new();
    for (by, reports) in by_partner {
        for some in reports.chunks(size) {
            let Some(first) = some.first() else { continue };
            let message_id = first.message_id.of_item(some.len());
            let reports = some.iter().map(|planned| planned.report.clone()).collect();
            batches.push((by, message_id, ReportStatuses { reports, whole: None }));
        }
    }
    batches
}
