//! Tally in one process, and whoever attacks it.

use anyhow::{Context, Result};
use journeys::{Answer, Embedded};
use partner_signature::{SignedParts, VOTER_HEADER};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;
use vote_domain::{Clock, Role};

/// Signs the access tokens of every scene, so that tests can forge some.
pub(crate) const SIGNING_SECRET: &str = "a secret of the tests, 32 bytes at least";

/// A running Tally and a client.
pub(crate) struct Scene {
    pub(crate) embedded: Embedded,
    pub(crate) http: Client,
}

/// What signing in gives.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

/// A partner with one key.
#[derive(Clone, Debug)]
pub(crate) struct PartnerKey {
    pub(crate) partner_id: String,
    pub(crate) key_id: String,
    pub(crate) secret: String,
}

impl Scene {
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let mut all = vec![("TALLY__AUTH__SECRET", SIGNING_SECRET)];
        all.extend_from_slice(settings);
        Ok(Self {
            embedded: Embedded::start(&all).await?,
            http: Client::new(),
        })
    }

    /// The URL without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.embedded.site().catalog
    }

    /// A request; `path` follows `/api/v1`.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1{path}", self.url());
        self.http.request(method, url)
    }

    /// Calls with a token.
    pub(crate) async fn call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut request = self.request(method, path).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        send(request).await
    }

    pub(crate) async fn sign_up(&self, user_name: &str, password: &str) -> Result<Uuid> {
        let body = json!({ "user_name": user_name, "password": password });
        let request = self.request(Method::POST, "/users").json(&body);
        send(request).await?.expect(201)?.id("user_id")
    }

    pub(crate) async fn try_sign_in(&self, user_name: &str, password: &str) -> Result<Answer> {
        let body = json!({ "user_name": user_name, "password": password });
        send(self.request(Method::POST, "/sessions").json(&body)).await
    }

    pub(crate) async fn sign_in(&self, user_name: &str, password: &str) -> Result<Session> {
        Session::of(&self.try_sign_in(user_name, password).await?.expect(200)?)
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<Answer> {
        let body = json!({ "refresh_token": refresh_token });
        send(self.request(Method::POST, "/sessions/refresh").json(&body)).await
    }

    pub(crate) async fn admin(&self) -> Result<Session> {
        let (name, password) = self.embedded.site().admin_login();
        self.sign_in(name, password).await
    }

    /// Gives `user` a role.
    pub(crate) async fn give_role(&self, user: Uuid, role: Role) -> Result<()> {
        let admin = self.admin().await?;
        let body = json!({ "role": role.as_str() });
        let path = format!("/users/{user}/role");
        let given = self.call(&admin.access_token, Method::PUT, &path, Some(&body));
        given.await?.expect(200)?;
        Ok(())
    }

    /// Signs up one who has `role`; the name is the role's, the password `<role>-password`.
    pub(crate) async fn with_role(&self, role: Role) -> Result<Uuid> {
        let user = self
            .sign_up(&format!("the-{role}"), &format!("{role}-password"))
            .await?;
        if role != Role::Member {
            self.give_role(user, role).await?;
        }
        Ok(user)
    }

    /// A new session of the one that [`Scene::with_role`] made.
    pub(crate) async fn session_of(&self, role: Role) -> Result<Session> {
        self.sign_in(&format!("the-{role}"), &format!("{role}-password"))
            .await
    }

    /// Admits a partner whose voters are of `kind`.
    pub(crate) async fn admit_partner(&self, kind: &str) -> Result<PartnerKey> {
        let admin = self.admin().await?;
        let body = json!({ "name": format!("The {kind}"), "voter_kind": kind });
        let admitted = self.call(&admin.access_token, Method::POST, "/partners", Some(&body));
        let admitted = admitted.await?.expect(201)?.body;
        Ok(PartnerKey {
            partner_id: text(&admitted, "partner_id")?,
            key_id: text(&admitted, "key_id")?,
            secret: text(&admitted, "secret")?,
        })
    }

    /// A request that `key` has signed, for its voter `voter-1`.
    pub(crate) fn signed(
        &self,
        key: &PartnerKey,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> RequestBuilder {
        let body = body.map(Value::to_string).unwrap_or_default();
        let nonce = Uuid::from_bytes(vote_domain::Ids::random().bytes()).to_string();
        let verb = method.to_string();
        let parts = SignedParts {
            method: &verb,
            path_and_query: &format!("/api/v1{path}"),
            timestamp: Clock::system().now().timestamp(),
            nonce: &nonce,
            body: body.as_bytes(),
        };
        let mut request = self.request(method, path).header(VOTER_HEADER, "voter-1");
        for (name, value) in parts.headers(&key.key_id, &key.secret) {
            request = request.header(name, value);
        }
        if body.is_empty() {
            request
        } else {
            request
                .header("Content-Type", "application/json")
                .body(body)
        }
    }

    /// The description of all routes.
    pub(crate) async fn api(&self) -> Result<Value> {
        let url = format!("{}/openapi.json", self.url());
        Ok(self.http.get(url).send().await?.json().await?)
    }

    pub(crate) async fn metrics(&self) -> Result<String> {
        let url = format!("{}/metrics", self.url());
        Ok(self.http.get(url).send().await?.text().await?)
    }
}

impl Session {
    pub(crate) fn of(answer: &Answer) -> Result<Self> {
        Ok(Self {
            access_token: text(&answer.body, "access_token")?,
            refresh_token: text(&answer.body, "refresh_token")?,
        })
    }
}

pub(crate) fn text(body: &Value, field: &str) -> Result<String> {
    let text = body[field].as_str().map(str::to_owned);
    text.with_context(|| format!("no {field} in {body}"))
}

pub(crate) async fn send(request: RequestBuilder) -> Result<Answer> {
    Answer::read(request.send().await.context("no answer")?).await
}
