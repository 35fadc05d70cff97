//! Who votes in campaigns: members, and voters of partners.

use anyhow::{Context, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use super::partner::{Call, Partner, Service};
use crate::answer::Answer;
use crate::client::{send, with_body};
use crate::member::Member;

/// The longest a vote may take to settle while nothing is broken.
const SETTLE_LIMIT: Duration = Duration::from_secs(20);

/// A voter. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Voter {
    /// With an account here.
    Member(Member),
    /// Whom only a partner knows.
    Partner {
        /// The partner that acts for the voter.
        partner: Partner,
        /// The partner's name for the voter.
        id: String,
    },
}

impl Voter {
    /// `member`, or the kind of the partner's voters.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Member(_) => "member",
            Self::Partner { partner, .. } => partner.kind(),
        }
    }

    /// The name among those of its kind.
    #[must_use]
    pub fn id(&self) -> String {
        match self {
            Self::Member(member) => member.user_id.to_string(),
            Self::Partner { id, .. } => id.clone(),
        }
    }

    /// As the API names it.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({ "kind": self.kind(), "id": self.id() })
    }

    /// The same voter, by way of `gateway`.
    #[must_use]
    pub fn by_way_of(&self, gateway: &str) -> Self {
        match self {
            Self::Member(member) => Self::Member(member.by_way_of(gateway)),
            Self::Partner { partner, id } => Self::Partner {
                partner: partner.by_way_of(gateway),
                id: id.clone(),
            },
        }
    }

    /// Makes `call` as this voter, or lets the partner make it.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn ask(&self, mut call: Call) -> Result<Answer> {
        match self {
            Self::Member(member) => {
                let client = &member.client;
                let mut request = match call.at {
                    Service::Catalog => client.catalog(call.method, &call.path),
                    Service::Gateway => client.gateway(call.method, &call.path),
                };
                if let Some(key) = call.key {
                    request = request.header("Idempotency-Key", key);
                }
                send(with_body(member.signed_in(request), call.body.as_ref())).await
            }
            Self::Partner { partner, id } => {
                call.voter = Some(id.clone());
                partner.ask(call).await
            }
        }
    }

    async fn read(&self, at: Service, path: String) -> Result<Answer> {
        self.ask(Call::new(at, Method::GET, path)).await
    }

    /// Spends `tickets` on `option`, with or without an idempotency key.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn spend(
        &self,
        campaign: Uuid,
        (option, channel, tickets): (&str, &str, i64),
        key: Option<&str>,
    ) -> Result<Answer> {
        let path = format!("/campaigns/{campaign}/votes");
        let mut call = Call::new(Service::Gateway, Method::POST, path);
        call.body = Some(json!({ "option": option, "channel": channel, "tickets": tickets }));
        call.key = key.map(str::to_owned);
        self.ask(call).await
    }

    /// As [`Voter::spend`], which must be accepted; answers the vote's id.
    ///
    /// # Errors
    /// When it is not.
    pub async fn spend_well(
        &self,
        campaign: Uuid,
        ballot: (&str, &str, i64),
    ) -> Result<(Uuid, Answer)> {
        let answer = self.spend(campaign, ballot, None).await?.expect(202)?;
        Ok((answer.id("vote_id")?, answer))
    }

    /// What the voter holds.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn wallet(&self, campaign: Uuid) -> Result<Value> {
        let path = format!("/campaigns/{campaign}/wallet");
        let answer = self.read(Service::Gateway, path).await?;
        let answer = answer.expect(200);
        Ok(answer
            .with_context(|| format!("the wallet of {}", self.id()))?
            .body)
    }

    /// How many tickets the voter holds.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn balance(&self, campaign: Uuid) -> Result<i64> {
        let wallet = self.wallet(campaign).await?;
        let balance = wallet["balance"].as_i64();
        balance.with_context(|| format!("no balance in {wallet}"))
    }

    /// The whole statement, newest line first, and its balance.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn statement(&self, campaign: Uuid) -> Result<(Vec<Value>, i64)> {
        let mut lines = Vec::new();
        let mut cursor = String::new();
        loop {
            let path = format!("/campaigns/{campaign}/ledger?limit=100{cursor}");
            let page = self.read(Service::Gateway, path).await?;
            let page = page.expect(200);
            let page = page.with_context(|| format!("the ledger of {}", self.id()))?;
            let items = page.body["items"].as_array().context("no items")?;
            lines.extend(items.iter().cloned());
            let Some(next) = page.body["next_cursor"].as_str() else {
                let balance = page.body["balance"].as_i64().context("no balance")?;
                return Ok((lines, balance));
            };
            cursor = format!("&cursor={next}");
        }
    }

    /// The fans of an option, as this voter sees them.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn fans(&self, campaign: Uuid, option: &str) -> Result<Value> {
        let path = format!("/campaigns/{campaign}/options/{option}/fans?limit=100");
        let answer = self.read(Service::Catalog, path).await?;
        Ok(answer.expect(200)?.body)
    }

    /// What became of a vote.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn status(&self, vote: Uuid) -> Result<Answer> {
        self.read(Service::Gateway, format!("/votes/{vote}")).await
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
}
