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
    login: Option<Login>,
    access: String,
    renewal: Option<Renewal>,
}

/// What a session can be begun with anew.
#[derive(Debug)]
struct Login {
    user_name: String,
    password: String,
}

/// How an access token is renewed, and when.
#[derive(Debug)]
struct Renewal {
    refresh: String,
    at: Instant,
}

impl Session {
    /// Signs in at the accounts service `api`.
    ///
    /// # Errors
    /// When name and password do not fit, or the service stays away.
    pub(crate) async fn sign_in(api: &Api, user_name: &str, password: &str) -> Result<Self> {
        let (access, renewal) = sign_in(api, user_name, password).await?;
        Ok(Self {
            access,
            renewal: Some(renewal),
            api: api.clone(),
            login: Some(Login {
                user_name: user_name.to_owned(),
                password: password.to_owned(),
            }),
        })
    }

    /// A session that somebody else began, for as long as its access token lasts.
    pub(crate) fn of_token(api: &Api, access: &str) -> Self {
        Self {
            api: api.clone(),
            login: None,
            access: access.to_owned(),
            renewal: None,
        }
    }

    /// Calls `api` as this account; tokens are renewed before they run out, and when the
    /// service does not take them.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub(crate) async fn call(&mut self, api: &Api, call: Call<'_>) -> Result<Answer> {
        let is_due = |renewal: &Renewal| Instant::now() >= renewal.at;
        if self.renewal.as_ref().is_some_and(is_due) {
            self.renew().await?;
        }
        let answer = api.call(call.clone().token(&self.access)).await?;
        if answer.status != 401 || !self.renew().await? {
            return Ok(answer);
        }
        api.call(call.token(&self.access)).await
    }

    /// As [`Session::call`], for calls that must not be repeated blindly.
    ///
    /// # Errors
    /// As [`Api::once`].
    pub(crate) async fn call_once(&mut self, api: &Api, call: Call<'_>) -> Result<Answer> {
        api.once(&call.token(&self.access)).await
    }

    /// Renews the access token; `false` where there is nothing to renew it with.
    async fn renew(&mut self) -> Result<bool> {
        let (Some(login), Some(renewal)) = (&self.login, &self.renewal) else {
            return Ok(false);
        };
        let refresh =
            Call::post("/sessions/refresh").body(json!({ "refresh_token": renewal.refresh }));
        // Once: a refresh token that was spent without an answer may not be sent again.
        let (access, renewal) = match self.api.once(&refresh).await {
            Ok(answer) if answer.status == 200 => tokens(&answer)?,
            _ => sign_in(&self.api, &login.user_name, &login.password).await?,
        };
        self.access = access;
        self.renewal = Some(renewal);
        Ok(true)
    }
}

async fn sign_in(api: &Api, user_name: &str, password: &str) -> Result<(String, Renewal)> {
    let call =
        Call::post("/sessions").body(json!({ "user_name": user_name, "password": password }));
    let answer = api.call(call).await?;
    if answer.status == 401 {
        bail!("{user_name} cannot sign in: {answer}");
    }
    tokens(&answer.expect(200, &format!("signing {user_name} in"))?)
}

/// The access token of `answer`, and how to renew it.
fn tokens(answer: &Answer) -> Result<(String, Renewal)> {
    let life = Duration::from_secs(answer.body["expires_in"].as_u64().unwrap_or_default());
    let renewal = Renewal {
        refresh: answer.text("refresh_token")?.to_owned(),
        at: Instant::now() + life.saturating_sub(RENEW_BEFORE.min(life / 2)),
    };
    Ok((answer.text("access_token")?.to_owned(), renewal))
}
