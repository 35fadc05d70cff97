//! A signed-in member.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::answer::Answer;
use crate::client::{Client, send, with_body};

/// The longest a vote may take to settle while nothing is broken.
const SETTLE_LIMIT: Duration = Duration::from_secs(20);

/// What a ballot asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A vote up.
    Up,
    /// A vote down.
    Down,
    /// To take the vote back.
    None,
}

impl Direction {
    /// As the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::None => "none",
        }
    }

    /// As the ledger writes it: 1, -1, 0.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Up => 1,
            Self::Down => -1,
            Self::None => 0,
        }
    }
}

/// A member with an access token. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Member {
    /// Whom it asks.
    pub client: Client,
    /// Its account.
    pub user_id: Uuid,
    /// Its name.
    pub user_name: String,
    token: String,
}

impl Member {
    pub(crate) fn new(client: Client, user_id: Uuid, user_name: &str, token: String) -> Self {
        Self {
            client,
            user_id,
            user_name: user_name.to_owned(),
            token,
        }
    }

    /// What the member signs its requests with: not for eyes, logs or command lines.
    #[must_use]
    pub fn access_token(&self) -> &str {
        &self.token
    }

    /// The same member, with votes going to `gateway`.
    #[must_use]
    pub fn by_way_of(&self, gateway: &str) -> Self {
        Self {
            client: self.client.by_way_of(gateway),
            ..self.clone()
        }
    }

    /// `request` with the member's token.
    pub(crate) fn signed_in(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        request.bearer_auth(&self.token)
    }

    /// Asks the catalog; `path` follows `/api/v1`.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer> {
        let request = self.client.catalog(method, path).bearer_auth(&self.token);
        send(with_body(request, body)).await
    }

    /// Asks the gateway; `path` follows `/api/v1`.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn ask_gateway(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let request = self.client.gateway(method, path).bearer_auth(&self.token);
        send(with_body(request, body)).await
    }

    /// Makes a restaurant (as an operator).
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create_restaurant(&self, name: &str) -> Result<Uuid> {
        let body = json!({ "name": name, "address": "1 Main Street", "description": "Food." });
        let made = self.ask(Method::POST, "/restaurants", Some(&body)).await?;
        made.expect(201)?.id("restaurant_id")
    }

    /// Makes an item (as an operator).
    ///
    /// # Errors
    /// When it is refused.
    pub async fn create_item(&self, restaurant: Uuid, name: &str) -> Result<Uuid> {
        let path = format!("/restaurants/{restaurant}/items");
        let body = json!({ "name": name, "description": "A dish." });
        let made = self.ask(Method::POST, &path, Some(&body)).await?;
        made.expect(201)?.id("item_id")
    }

    /// Writes a review.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn write_review(&self, restaurant: Uuid, item: Uuid, content: &str) -> Result<Uuid> {
        let path = format!("/restaurants/{restaurant}/reviews");
        let body = json!({ "item_id": item, "stars": 4, "content": content });
        let made = self.ask(Method::POST, &path, Some(&body)).await?;
        made.expect(201)?.id("review_id")
    }

    /// Votes, or takes a vote back.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn vote(&self, review: Uuid, direction: Direction) -> Result<Answer> {
        self.cast(review, direction, None).await
    }

    /// Votes under an idempotency key.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn vote_with_key(
        &self,
        review: Uuid,
        direction: Direction,
        key: &str,
    ) -> Result<Answer> {
        self.cast(review, direction, Some(key)).await
    }

    /// Votes, with or without an idempotency key.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn cast(
        &self,
        review: Uuid,
        direction: Direction,
        key: Option<&str>,
    ) -> Result<Answer> {
        let (method, path) = match direction {
            Direction::Up => (Method::POST, format!("/reviews/{review}/upvote")),
            Direction::Down => (Method::POST, format!("/reviews/{review}/downvote")),
            Direction::None => (Method::DELETE, format!("/reviews/{review}/vote")),
        };
        let mut request = self.client.gateway(method, &path).bearer_auth(&self.token);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        send(request).await
    }

    /// What became of a vote.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn status(&self, vote: Uuid) -> Result<Answer> {
        self.ask_gateway(Method::GET, &format!("/votes/{vote}"), None)
            .await
    }

    /// Waits until `vote` has come to its end, and answers it.
    ///
    /// # Errors
    /// When it takes longer than 20 s, or the gateway does not know it.
    pub async fn wait_until_settled(&self, vote: Uuid) -> Result<Value> {
        let asked_at = Instant::now();
        loop {
            let status = self.status(vote).await?.expect(200)?;
            if status.body["state"] != "accepted" {
                return Ok(status.body);
            }
            if asked_at.elapsed() > SETTLE_LIMIT {
                bail!("{vote} has not settled after {SETTLE_LIMIT:?}");
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The account as its owner sees it.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn me(&self) -> Result<Value> {
        Ok(self.ask(Method::GET, "/me", None).await?.expect(200)?.body)
    }

    /// How many of the day's votes are used.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn votes_used(&self) -> Result<u64> {
        let me = self.me().await?;
        me["votes"]["used"]
            .as_u64()
            .with_context(|| format!("no votes.used in {me}"))
    }
}
