//! A partner's server, which signs what it sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use partner_signature::{SignedParts, VOTER_HEADER};
use reqwest::Method;
use serde_json::{Value, json};
use vote_domain::Clock;

use super::voter::Voter;
use crate::answer::Answer;
use crate::client::{Client, send};
use crate::member::Member;

/// Which service is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Campaigns, boards, fans, results.
    Catalog,
    /// Votes, wallets, grants, ledgers.
    Gateway,
}

/// A call before it is signed.
#[derive(Clone, Debug)]
pub struct Call {
    /// Whom it asks.
    pub at: Service,
    /// The method.
    pub method: Method,
    /// The path behind `/api/v1`.
    pub path: String,
    /// The body, if it has one.
    pub body: Option<Value>,
    /// The voter it acts for.
    pub voter: Option<String>,
    /// Its idempotency key.
    pub key: Option<String>,
}

impl Call {
    /// A call without body, voter and key.
    #[must_use]
    pub fn new(at: Service, method: Method, path: impl Into<String>) -> Self {
        Self {
            at,
            method,
            path: path.into(),
            body: None,
            voter: None,
            key: None,
        }
    }
}

/// A call with its signature, ready to be sent: once, or, as nobody should, again.
#[derive(Clone, Debug)]
pub struct Signed {
    /// What it was made of.
    pub call: Call,
    /// The bytes that were signed.
    pub body: Vec<u8>,
    /// Key, timestamp, nonce and signature.
    pub headers: Vec<(&'static str, String)>,
}

impl Signed {
    /// Sends it by way of `client`.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn send(&self, client: &Client) -> Result<Answer> {
        let Call {
            at,
            method,
            path,
            voter,
            key,
            ..
        } = &self.call;
        let mut request = match at {
            Service::Catalog => client.catalog(method.clone(), path),
            Service::Gateway => client.gateway(method.clone(), path),
        };
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(voter) = voter {
            request = request.header(VOTER_HEADER, voter);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if !self.body.is_empty() {
            request = request
                .header("Content-Type", "application/json")
                .body(self.body.clone());
        }
        send(request).await
    }

    /// The value of the header `name`, to be spoiled.
    ///
    /// # Panics
    /// When it was not signed with such a header.
    pub fn header_mut(&mut self, name: &str) -> &mut String {
        let mut headers = self.headers.iter_mut();
        let found = headers.find(|(known, _)| *known == name);
        match found {
            Some((_, value)) => value,
            None => panic!("no header {name}"),
        }
    }
}

/// A partner. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Partner {
    client: Client,
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    kind: String,
    key_id: String,
    secret: String,
    n_signed: AtomicU64,
    clock: Clock,
}

impl Partner {
    /// Lets `admin` admit a partner whose voters are of `kind`.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn admit(admin: &Member, name: &str, kind: &str) -> Result<Self> {
        let body = json!({ "name": name, "voter_kind": kind });
        let admitted = admin.ask(Method::POST, "/partners", Some(&body)).await?;
        let admitted = admitted.expect(201)?.body;
        let text = |field: &str| {
            let text = admitted[field].as_str().map(str::to_owned);
            text.with_context(|| format!("no {field} of {name}"))
        };
        let inner = Inner {
            kind: kind.to_owned(),
            key_id: text("key_id")?,
            secret: text("secret")?,
            n_signed: AtomicU64::new(0),
            clock: Clock::system(),
        };
        Ok(Self {
            client: admin.client.clone(),
            inner: Arc::new(inner),
        })
    }

    /// The kind of its voters.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.inner.kind
    }

    /// Whom it asks.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The same partner, by way of `gateway`.
    #[must_use]
    pub fn by_way_of(&self, gateway: &str) -> Self {
        Self {
            client: self.client.by_way_of(gateway),
            inner: self.inner.clone(),
        }
    }

    /// Its voter called `id`.
    #[must_use]
    pub fn voter(&self, id: impl Into<String>) -> Voter {
        Voter::Partner {
            partner: self.clone(),
            id: id.into(),
        }
    }

    /// Signs `call` with a nonce of its own, as if its clock were off by `seconds`.
    #[must_use]
    pub fn sign_with_clock_off(&self, call: Call, seconds: i64) -> Signed {
        let number = self.inner.n_signed.fetch_add(1, Ordering::Relaxed);
        let nonce = format!("nonce-{number:08}");
        let body = call.body.as_ref().map(Value::to_string).unwrap_or_default();
        let parts = SignedParts {
            method: call.method.as_str(),
            path_and_query: &format!("/api/v1{}", call.path),
            timestamp: self.inner.clock.now().timestamp() + seconds,
            nonce: &nonce,
            body: body.as_bytes(),
        };
        let headers = parts.headers(&self.inner.key_id, &self.inner.secret);
        Signed {
            headers: headers.to_vec(),
            body: body.into_bytes(),
            call,
        }
    }

    /// Signs `call` with a nonce of its own.
    #[must_use]
    pub fn sign(&self, call: Call) -> Signed {
        self.sign_with_clock_off(call, 0)
    }

    /// Signs `call` and sends it.
    ///
    /// # Errors
    /// When nothing comes back.
    pub async fn ask(&self, call: Call) -> Result<Answer> {
        self.sign(call).send(&self.client).await
    }
}
