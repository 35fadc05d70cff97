//! Whoever runs a command that changes something: where Tally is, and as whom it is asked.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::api::{Answer, Api, Call};
use crate::session::Session;

/// Where Tally is, and who asks.
#[derive(Clone, Debug, Args)]
pub(crate) struct Connection {
    /// Where the services are, or the catalog alone, for example http://127.0.0.1:8080
    #[arg(
        long,
        env = "VOTECTL_URL",
        global = true,
        default_value = "http://127.0.0.1:8080"
    )]
    url: String,
    /// Where votes are taken, when not at --url; the first is asked where several are given
    #[arg(
        long,
        env = "VOTECTL_GATEWAY_URL",
        value_delimiter = ',',
        global = true
    )]
    gateway_url: Vec<String>,
    /// The account to ask as: an operator, or an admin for partners and roles
    #[arg(long, env = "VOTECTL_USER", global = true)]
    user: Option<String>,
    /// Its password
    #[arg(long, env = "VOTECTL_PASSWORD", hide_env_values = true, global = true)]
    password: Option<String>,
    /// An access token instead of name and password
    #[arg(long, env = "VOTECTL_TOKEN", hide_env_values = true, global = true)]
    token: Option<String>,
    /// How long a service may be away before the command gives up, in seconds
    #[arg(long, default_value_t = 30, global = true)]
    patience_s: u64,
    /// Print what was answered as JSON
    #[arg(long, global = true)]
    json: bool,
}

/// What is said of names and passwords in the help of each command.
pub(crate) const LOGIN: &str = "Set VOTECTL_USER and VOTECTL_PASSWORD (or VOTECTL_TOKEN), so that no \
password stands in a list of processes; VOTECTL_ADMIN_USER and VOTECTL_ADMIN_PASSWORD are taken where \
those are not set.

Exit codes: 0 done, 1 refused by a service, 2 it could not be done, 130 interrupted.";

/// Somebody signed in.
#[derive(Debug)]
pub(crate) struct Operator {
    /// Accounts, restaurants, campaigns, partners.
    pub(crate) catalog: Api,
    /// Votes, grants, voids, dead letters.
    pub(crate) gateway: Api,
    session: Session,
    wants_json: bool,
}

impl Connection {
    /// Signs in.
    ///
    /// # Errors
    /// When the addresses or the login are wrong, or the service stays away.
    pub(crate) async fn open(&self) -> Result<Operator> {
        let patience = Duration::from_secs(self.patience_s);
        let catalog = Api::new(&self.url, patience)?;
        let gateway = Api::new(self.gateway_url.first().unwrap_or(&self.url), patience)?;
        let session = match &set(self.token.clone()) {
            Some(token) => Session::of_token(&catalog, token),
            None => {
                let (user, password) = self.login()?;
                Session::sign_in(&catalog, &user, &password).await?
            }
        };
        Ok(Operator {
            catalog,
            gateway,
            session,
            wants_json: self.json,
        })
    }

    fn login(&self) -> Result<(String, String)> {
        let or_admin = |given: &Option<String>, variable| {
            let given = set(given.clone());
            given.or_else(|| set(std::env::var(variable).ok()))
        };
        let user = or_admin(&self.user, "VOTECTL_ADMIN_USER");
        match user.zip(or_admin(&self.password, "VOTECTL_ADMIN_PASSWORD")) {
            Some(login) => Ok(login),
            None => bail!("who asks? Set VOTECTL_USER and VOTECTL_PASSWORD, or VOTECTL_TOKEN"),
        }
    }

    /// The catalog, asked by nobody in particular.
    ///
    /// # Errors
    /// When the address is none that can be asked.
    pub(crate) fn catalog(&self) -> Result<Api> {
        Api::new(&self.url, Duration::from_secs(self.patience_s))
    }

    /// Prints `found` as JSON if that is wanted, else as `words` has it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn tell(&self, found: &Value, words: impl FnOnce() -> String) -> Result<()> {
        tell(self.json, found, words)
    }
}

impl Operator {
    /// Calls the catalog; only what is safe to repeat. `doing` is for errors.
    ///
    /// # Errors
    /// When the service refuses or stays away.
    pub(crate) async fn ask_catalog(&mut self, call: Call<'_>, doing: &str) -> Result<Answer> {
        let api = self.catalog.clone();
        self.session.call(&api, call).await?.accept(doing)
    }

    /// Calls the catalog once, for what would be made twice.
    ///
    /// # Errors
    /// When the service refuses or does not answer; whether it was done is open then.
    pub(crate) async fn ask_catalog_once(&mut self, call: Call<'_>, doing: &str) -> Result<Answer> {
        let api = self.catalog.clone();
        self.session.call_once(&api, call).await?.accept(doing)
    }

    /// Calls a gateway; only what is safe to repeat.
    ///
    /// # Errors
    /// When the service refuses or stays away.
    pub(crate) async fn ask_gateway(&mut self, call: Call<'_>, doing: &str) -> Result<Answer> {
        let api = self.gateway.clone();
        self.session.call(&api, call).await?.accept(doing)
    }

    /// Up to `at_most` items of the list at `path`, which may have a query, of the gateway or
    /// the catalog.
    ///
    /// # Errors
    /// When the service refuses or stays away.
    pub(crate) async fn list(
        &mut self,
        api: &Api,
        path: &str,
        at_most: usize,
    ) -> Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let limit = (at_most - items.len()).min(100);
            let call = Call::get(format!("{path}{joint}limit={limit}{cursor}"));
            let answer = self.session.call(api, call).await?;
            let answer = answer.accept(&format!("reading {path}"))?;
            items.extend(answer.list("items")?.iter().cloned());
            match answer.body["next_cursor"].as_str() {
                Some(next) if items.len() < at_most => cursor = format!("&cursor={next}"),
                _ => return Ok(items),
            }
        }
    }

    /// Prints `found` as JSON if that is wanted, else as `words` has it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn tell(&self, found: &Value, words: impl FnOnce() -> String) -> Result<()> {
        tell(self.wants_json, found, words)
    }

    /// Prints what `call` would do, of which nothing is done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn tell_dry(&self, call: &Call<'_>) -> Result<()> {
        let body = call.body.clone().unwrap_or_default();
        let found = json!({
            "dry_run": true, "method": call.method.as_str(), "path": call.path, "body": body
        });
        self.tell(&found, || {
            let body = serde_json::to_string_pretty(&body).unwrap_or_default();
            format!(
                "would send {} {}\n{body}\nnothing was changed",
                call.method, call.path
            )
        })
    }
}

fn tell(as_json: bool, found: &Value, words: impl FnOnce() -> String) -> Result<()> {
    if as_json {
        println!("{}", serde_json::to_string_pretty(found)?);
    } else {
        println!("{}", words());
    }
    Ok(())
}

/// What is set to nothing, as compose does with variables that are not set, is not set.
fn set(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}
