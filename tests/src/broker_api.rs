//! The broker's management API: what only a broker can do to messages.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Method;
use serde_json::{Value, json};

use crate::real_stack::RealStack;

/// The exchange that votes are published to.
const EXCHANGE: &str = "tally.votes";

/// Where copies of messages are gathered.
const COPIES: &str = "chaos.copies";

/// The field of a message's head that says that it is a copy.
const IS_COPY: &str = "x-chaos-copy";

/// Messages taken from the copies at once.
const AT_ONCE: usize = 100;

/// The broker's management API.
pub(crate) struct BrokerApi {
    http: reqwest::Client,
    url: String,
}

/// A message as it was published.
pub(crate) struct Message {
    /// Where to: the name of its box.
    pub(crate) key: String,
    /// As the API says them.
    pub(crate) properties: Value,
    /// In base64.
    pub(crate) payload: String,
}

impl BrokerApi {
    /// That of the stack's own broker.
    ///
    /// # Errors
    /// When the stack has none.
    pub(crate) fn of(stack: &RealStack) -> Result<Self> {
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

    /// Publishes a message; answers whether it found a box.
    ///
    /// # Errors
    /// When the broker does not answer, or the API cannot say it in its own words.
    pub(crate) async fn publish(&self, message: &Message) -> Result<bool> {
        let body = json!({
            "routing_key": message.key, "properties": message.properties,
            "payload": message.payload, "payload_encoding": "base64",
        });
        let path = format!("/exchanges/%2f/{EXCHANGE}/publish");
        let answer = self.ask(Method::POST, &path, &body).await?;
        Ok(answer["routed"] == true)
    }
}

/// Copies of all messages that are published to boxes, made by the broker's own tracing, so
/// that what reaches a box, and what is returned because there is none, stays as it was.
pub(crate) struct Copies<'a> {
    stack: &'a RealStack,
    api: &'a BrokerApi,
    queue: String,
}

impl<'a> Copies<'a> {
    /// Lets the broker make copies, until [`Copies::end`].
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn begin(stack: &'a RealStack, api: &'a BrokerApi) -> Result<Self> {
        let queue = format!("/queues/%2f/{COPIES}");
        let made = json!({ "durable": true, "arguments": { "x-max-length": 100_000 } });
        api.ask(Method::PUT, &queue, &made).await?;
        let binding = format!("/bindings/%2f/e/amq.rabbitmq.trace/q/{COPIES}");
        let key = json!({ "routing_key": format!("publish.{EXCHANGE}") });
        api.ask(Method::POST, &binding, &key).await?;
        stack.servers()?.rabbitmqctl(&["trace_on"]).await?;
        Ok(Self { stack, api, queue })
    }

    /// Takes copies that were made so far, up to a hundred; copies that were published are
    /// not copied once more.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub(crate) async fn take(&self) -> Result<Vec<Message>> {
        let take = json!({
            "count": AT_ONCE, "ackmode": "ack_requeue_false", "encoding": "base64",
        });
        let path = format!("{}/get", self.queue);
        let taken = self.api.ask(Method::POST, &path, &take).await?;
        let messages = taken.as_array().into_iter().flatten();
        Ok(messages.filter_map(copy_of).collect())
    }

    /// Lets the broker make no more copies, and forgets those that were not taken.
    ///
    /// # Errors
    /// When it goes on.
    pub(crate) async fn end(self) -> Result<()> {
        self.stack.servers()?.rabbitmqctl(&["trace_off"]).await?;
        let nothing = Value::Null;
        self.api.ask(Method::DELETE, &self.queue, &nothing).await?;
        Ok(())
    }
}

/// The message that `traced` tells of, marked as a copy; `None` if it was one.
fn copy_of(traced: &Value) -> Option<Message> {
    let head = &traced["properties"]["headers"];
    let mut properties = head["properties"].clone();
    if properties["headers"].get(IS_COPY).is_some() {
        return None;
    }
    if !properties["headers"].is_object() {
        properties["headers"] = json!({});
    }
    properties["headers"][IS_COPY] = json!(1);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Some(Message {
        key: text(&head["routing_keys"][0]),
        properties,
        payload: text(&traced["payload"]),
    })
}
