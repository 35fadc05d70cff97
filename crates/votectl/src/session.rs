//! A signed-in account whose tokens are renewed as they run out.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::json;
use tokio::time::Instant;

use crate::api::{Answer, Api, Call};

/// How long before its end an access token is renewed.
const RENEW_BEFORE: Duration = Duration::from_secs(60);

/// The tokens of one account.
#[derive(Debug)]
pub(crate) struct Session {
    api: Api,
    user_name: String,
    password: String,
    tokens: Tokens,
}

#[derive(Debug)]
struct Tokens {
    access: String,
    refresh: String,
    renew_at: Instant,
}

impl Session {
    /// Signs in at the accounts service `api`.
    ///
    /// # Errors
    /// When name and password do not fit, or the service stays away.
    pub(crate) async fn sign_in(api: &Api, user_name: &str, password: &str) -> Result<Self> {
        Ok(Self {
            tokens: sign_in(api, user_name, password).await?,
            api: api.clone(),
            user_name: user_name.to_owned(),
            password: password.to_owned(),
        })
    }

    /// Calls `api` as this account; tokens are renewed before they run out, and when the
    /// service does not take them.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub(crate) async fn call(&mut self, api: &Api, call: Call<'_>) -> Result<Answer> {
        if Instant::now() >= self.tokens.renew_at {
            self.renew().await?;
        }
        let answer = api.call(call.clone().token(&self.tokens.access)).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.renew().await?;
        api.call(call.token(&self.tokens.access)).await
    }

    /// As [`Session::call`], for calls that must not be repeated blindly.
    ///
    /// # Errors
    /// As [`Api::once`].
    pub(crate) async fn call_once(&mut self, api: &Api, call: Call<'_>) -> Result<Answer> {
        api.once(&call.token(&self.tokens.access)).await
    }

    async fn renew(&mut self) -> Result<()> {
        let refresh =
            Call::post("/sessions/refresh").body(json!({ "refresh_token": self.tokens.refresh }));
        // Once: a refresh token that was spent without an answer may not be sent again.
        self.tokens = match self.api.once(&refresh).await {
            Ok(answer) if answer.status == 200 => Tokens::of(&answer)?,
            _ => sign_in(&self.api, &self.user_name, &self.password).await?,
        };
        Ok(())
    }
}

async fn sign_in(api: &Api, user_name: &str, password: &str) -> Result<Tokens> {
    let call =
        Call::post("/sessions").body(json!({ "user_name": user_name, "password": password }));
    let answer = api.call(call).await?;
    if answer.status == 401 {
        bail!("{user_name} cannot sign in: {answer}");
    }
    Tokens::of(&answer.expect(200, &format!("signing {user_name} in"))?)
}

impl Tokens {
    fn of(answer: &Answer) -> Result<Self> {
        let life = Duration::from_secs(answer.body["expires_in"].as_u64().unwrap_or_default());
        Ok(Self {
            access: answer.text("access_token")?.to_owned(),
            refresh: answer.text("refresh_token")?.to_owned(),
            renew_at: Instant::now() + life.saturating_sub(RENEW_BEFORE.min(life / 2)),
        })
    }
}
