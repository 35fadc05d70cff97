//! What only a broker can do wrong: alarms, messages that come twice, messages that are
//! no votes.

use std::time::Duration;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::broker_api::{BrokerApi, Copies, Message};
use crate::chaos::plan::Alarm;
use crate::real_stack::RealStack;

/// The box of review votes.
const REVIEWS: &str = "votes.reviews";

/// Every poison begins with this; no vote does.
pub(crate) const POISON: &[u8] = b"\xff\xffpoison ";

/// Messages that are no votes, published at once to a box.
const N_POISON: usize = 2;

/// Lets the broker take no messages for `away`.
pub(super) async fn raise(alarm: Alarm, away: Duration, stack: &RealStack) -> Result<()> {
    let servers = stack.servers()?;
    let (limit, alarming, usual) = match alarm {
        Alarm::Memory => ("set_vm_memory_high_watermark", "0.00001", "0.4"),
        Alarm::Disk => ("set_disk_free_limit", "900000GB", "100MB"),
    };
    servers.rabbitmqctl(&[limit, alarming]).await?;
    sleep(away).await;
    servers.rabbitmqctl(&[limit, usual]).await?;
    Ok(())
}

/// Publishes every message that is published in the next `away` once more; answers how
/// many.
pub(super) async fn publish_twice(away: Duration, stack: &RealStack) -> Result<usize> {
    let api = BrokerApi::of(stack)?;
    let copies = Copies::begin(stack, &api).await?;
    let until = Instant::now() + away;
    let mut n_copies = 0;
    let copied = loop {
        let is_over = Instant::now() > until;
        match publish_some(&api, &copies).await {
            Ok(0) if is_over => break Ok(()),
            Ok(n) => n_copies += n,
            Err(error) => break Err(error),
        }
        if is_over {
            break Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    };
    copies.end().await?;
    copied.map(|()| n_copies)
}

async fn publish_some(api: &BrokerApi, copies: &Copies<'_>) -> Result<usize> {
    let mut n_copies = 0;
    for message in copies.take().await? {
        // What the API cannot say in its own words is not copied.
        n_copies += usize::from(api.publish(&message).await.is_ok());
    }
    Ok(n_copies)
}

/// Publishes messages that are no votes, numbered from `first` on, to the box of reviews
/// and to that of `campaign`; answers how many found a box.
pub(super) async fn publish_poison(
    first: usize,
    campaign: Option<Uuid>,
    stack: &RealStack,
) -> Result<usize> {
    let api = BrokerApi::of(stack)?;
    let mut boxes = vec![REVIEWS.to_owned()];
    boxes.extend(campaign.map(|campaign| format!("votes.campaign.{campaign}")));
    let mut n_poison = 0;
    for key in boxes {
        for _ in 0..N_POISON {
            let n = first + n_poison;
            let poison = [POISON, n.to_string().as_bytes()].concat();
            let message = Message {
                key: key.clone(),
                properties: json!({ "delivery_mode": 2, "message_id": format!("poison-{n}") }),
                payload: STANDARD.encode(poison),
            };
            // A campaign that just ended takes nothing any more.
            n_poison += usize::from(api.publish(&message).await?);
        }
    }
    Ok(n_poison)
}
