//! One test's own database, vhost and key prefix.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::address::with_path;
use crate::endpoints::Endpoints;
use crate::port::random;
use crate::{mariadb, rabbitmq};

/// Longest a server may take to make a database or a vhost.
const MAKE_LIMIT: Duration = Duration::from_secs(30);

/// How often a vhost is asked for.
const MAKE_TRIES: usize = 3;

/// Longest a server may take to remove one; a test may have left it paused.
const REMOVE_LIMIT: Duration = Duration::from_secs(10);

/// One test's own part of servers that others use as well.
///
/// Database and vhost are removed when this value is dropped, so keep it until
/// the test is over.
#[derive(Debug)]
#[must_use = "database and vhost go when this is dropped"]
pub struct TestScope {
    /// The scope's name: what was asked for and a random suffix.
    pub name: String,
    /// An empty database of its own.
    pub mysql_url: String,
    /// An empty vhost of its own; without a management API, the given one.
    pub amqp_url: String,
    /// A server that others use too: put [`Self::redis_prefix`] before each key.
    pub redis_url: String,
    /// Stands before each key; ends in a colon.
    pub redis_prefix: String,
    endpoints: Endpoints,
}

impl TestScope {
    /// Makes database and vhost on the servers at `endpoints`.
    pub(crate) async fn make(endpoints: Endpoints, name: &str) -> Result<Self> {
        let name = unique(name);
        let sql = format!("CREATE DATABASE {name} CHARACTER SET utf8mb4");
        let mysql_url = endpoints.mysql_url.clone();
        let database =
            tokio::task::spawn_blocking(move || mariadb::execute(&mysql_url, &sql, MAKE_LIMIT));
        let mut amqp_url = endpoints.amqp_url.clone();
        if let Some(api_url) = endpoints.rabbitmq_api_url.clone() {
            amqp_url = with_path(&amqp_url, &name);
            let vhost = name.clone();
            let make = move || rabbitmq::make_vhost(&api_url, &vhost, MAKE_LIMIT);
            tokio::task::spawn_blocking(move || {
                // A cluster that has just come together may swallow the first request;
                // making a vhost again changes nothing.
                (1..MAKE_TRIES)
                    .find_map(|_| make().ok())
                    .map_or_else(&make, Ok)
            })
            .await
            .context("making the vhost panicked")??;
        }
        database.await.context("making the database panicked")??;
        Ok(Self {
            mysql_url: with_path(&endpoints.mysql_url, &name),
            amqp_url,
            redis_url: endpoints.redis_url.clone(),
            redis_prefix: format!("{name}:"),
            name,
            endpoints,
        })
    }
}

impl Drop for TestScope {
    /// Best effort: a server that a fault test left dead keeps what it has.
    fn drop(&mut self) {
        let Self {
            name, endpoints, ..
        } = self;
        if let Some(api_url) = &endpoints.rabbitmq_api_url {
            let _ = rabbitmq::remove_vhost(api_url, name, REMOVE_LIMIT);
        }
        // A transaction that a test left open must not hold up the next test.
        let sql = format!("SET lock_wait_timeout = 2; DROP DATABASE {name}");
        let _ = mariadb::execute(&endpoints.mysql_url, &sql, REMOVE_LIMIT);
    }
}

/// A name that is fit for a database, a vhost and a key, and that nobody else has.
fn unique(name: &str) -> String {
    let readable: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .take(40)
        .collect();
    format!("t_{readable}_{:016x}", random())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_every_server_and_never_comes_twice() {
        let long = "A vote, delivered twice; counts once! ".repeat(3);
        let (first, second) = (unique(&long), unique(&long));
        assert_ne!(first, second);
        assert!(
            first.len() <= 64,
            "longer than a database's name may be: {first}"
        );
        assert!(
            first.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'),
            "{first}"
        );
        assert!(first.starts_with("t_a_vote__delivered_twice"), "{first}");
    }
}
