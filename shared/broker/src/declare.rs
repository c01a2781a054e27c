//! Declares a topology. Only `dray topology apply` and tests do this; workers never declare.

use lapin::ExchangeKind;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use queue_topology::{Argument, ExchangeType, Queue, QueueType, Topology};

use crate::closing::close;
use crate::{BrokerError, Connection};

/// Declares every exchange, queue and binding; what is there already and equal is left alone.
///
/// # Errors
/// [`BrokerError::Mismatch`] when something is there with other arguments.
pub async fn declare(connection: &Connection, topology: &Topology) -> Result<(), BrokerError> {
    let channel = connection.channel().await?;
    for (name, kind) in &topology.exchanges {
        let kind = match kind {
            ExchangeType::Topic => ExchangeKind::Topic,
            ExchangeType::Direct => ExchangeKind::Direct,
        };
        let options = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        channel
            .exchange_declare((*name).into(), kind, options, FieldTable::default())
            .await
            .map_err(|error| BrokerError::from_lapin(&error, None))?;
    }
    for queue in &topology.queues {
        declare_queue(&channel, queue).await?;
    }
    close(channel.close(200, "done".into())).await;
    Ok(())
}

async fn declare_queue(channel: &lapin::Channel, queue: &Queue) -> Result<(), BrokerError> {
    let failed = |error: lapin::Error| BrokerError::from_lapin(&error, Some(&queue.name));
    let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
    channel
        .queue_declare(queue.name.as_str().into(), options, arguments(queue))
        .await
        .map_err(failed)?;
    for binding in &queue.bindings {
        channel
            .queue_bind(
                queue.name.as_str().into(),
                binding.exchange.as_str().into(),
                binding.key.as_str().into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await
            .map_err(failed)?;
    }
    Ok(())
}

fn arguments(queue: &Queue) -> FieldTable {
    let mut table = FieldTable::default();
    let kind = match queue.queue_type {
        QueueType::Quorum => "quorum",
        QueueType::Classic => "classic",
    };
    table.insert("x-queue-type".into(), AMQPValue::LongString(kind.into()));
    for (name, value) in &queue.arguments {
        let value = match value {
            Argument::Text(text) => AMQPValue::LongString(text.as_str().into()),
            Argument::Number(number) => AMQPValue::LongLongInt(*number),
        };
        table.insert((*name).into(), value);
    }
    table
}
