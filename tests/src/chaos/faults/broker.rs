//! What only a broker can do wrong: alarms, messages that come twice, messages that are
//! no votes.

use std::time::Duration;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::chaos::plan::Alarm;
use crate::real_stack::RealStack;

/// The exchange that votes are published to.
const EXCHANGE: &str = "tally.votes";

/// The box of review votes.
const REVIEWS: &str = "votes.reviews";

/// Where copies of messages are gathered.
const COPIES: &str = "chaos.copies";

/// The field of a message's head that says that it is a copy.
const IS_COPY: &str = "x-chaos-copy";

/// Every poison begins with this; no vote does.
pub(crate) const POISON: &[u8] = b"\xff\xffpoison ";

/// Messages that are no votes, published at once to a box.
const N_POISON: usize = 2;

/// Messages taken from the copies at once.
const AT_ONCE: usize = 100;

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

/// The broker's management API.
struct Api {
    http: reqwest::Client,
    url: String,
}

impl Api {
    fn of(stack: &RealStack) -> Result<Self> {
        let url = stack.servers()?.endpoints().rabbitmq_api_url;
        Ok(Self {
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(20))
                .build()?,
            url: url.context("the broker has no management API")?,
        })
    }

    async fn ask(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        let request = self.http.request(method, format!("{}/api{path}", self.url));
        let answer = request.json(body).send().await?.error_for_status()?;
        let bytes = answer.bytes().await?;
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Publishes a message; answers whether it found a queue.
    async fn publish(&self, key: &str, properties: &Value, payload: &str) -> Result<bool> {
        let body = json!({
            "routing_key": key, "properties": properties,
            "payload": payload, "payload_encoding": "base64",
        });
        let path = format!("/exchanges/%2f/{EXCHANGE}/publish");
        let answer = self.ask(Method::POST, &path, &body).await?;
        Ok(answer["routed"] == true)
    }
}

/// Publishes every message that is published in the next `away` once more; answers how
/// many. The broker's own tracing copies them, so that what reaches a box, and what is
/// returned because there is none, stays as it was.
pub(super) async fn publish_twice(away: Duration, stack: &RealStack) -> Result<usize> {
    let (servers, api) = (stack.servers()?, Api::of(stack)?);
    let queue = format!("/queues/%2f/{COPIES}");
    let made = json!({ "durable": true, "arguments": { "x-max-length": 100_000 } });
    api.ask(Method::PUT, &queue, &made).await?;
    let binding = format!("/bindings/%2f/e/amq.rabbitmq.trace/q/{COPIES}");
    let key = json!({ "routing_key": format!("publish.{EXCHANGE}") });
    api.ask(Method::POST, &binding, &key).await?;
    servers.rabbitmqctl(&["trace_on"]).await?;
    let until = Instant::now() + away;
    let mut n_copies = 0;
    let copied = loop {
        let is_over = Instant::now() > until;
        match copy_some(&api, &queue).await {
            Ok(0) if is_over => break Ok(()),
            Ok(n) => n_copies += n,
            Err(error) => break Err(error),
        }
        if is_over {
            break Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    };
    servers.rabbitmqctl(&["trace_off"]).await?;
    api.ask(Method::DELETE, &queue, &Value::Null).await?;
    copied.map(|()| n_copies)
}

async fn copy_some(api: &Api, queue: &str) -> Result<usize> {
    let take = json!({
        "count": AT_ONCE, "ackmode": "ack_requeue_false", "encoding": "base64",
    });
    let taken = api
        .ask(Method::POST, &format!("{queue}/get"), &take)
        .await?;
    let mut n_copies = 0;
    for message in taken.as_array().into_iter().flatten() {
        let head = &message["properties"]["headers"];
        let mut properties = head["properties"].clone();
        if properties["headers"].get(IS_COPY).is_some() {
            continue;
        }
        if !properties["headers"].is_object() {
            properties["headers"] = json!({});
        }
        properties["headers"][IS_COPY] = json!(1);
        let key = head["routing_keys"][0].as_str().unwrap_or_default();
        let payload = message["payload"].as_str().unwrap_or_default();
        // What the API cannot say in its own words is not copied.
        n_copies += usize::from(api.publish(key, &properties, payload).await.is_ok());
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
    let api = Api::of(stack)?;
    let mut boxes = vec![REVIEWS.to_owned()];
    boxes.extend(campaign.map(|campaign| format!("votes.campaign.{campaign}")));
    let mut n_poison = 0;
    for key in boxes {
        for _ in 0..N_POISON {
            let n = first + n_poison;
            let poison = [POISON, n.to_string().as_bytes()].concat();
            let properties = json!({ "delivery_mode": 2, "message_id": format!("poison-{n}") });
            let payload = STANDARD.encode(poison);
            // A campaign that just ended takes nothing any more.
            n_poison += usize::from(api.publish(&key, &properties, &payload).await?);
        }
    }
    Ok(n_poison)
}
