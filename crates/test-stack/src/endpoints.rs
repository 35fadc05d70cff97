//! Where three servers are reached, and the environment that says so.

use std::env;

/// Gives tests a MySQL or MariaDB server instead of a private one.
pub const MYSQL_URL_VARIABLE: &str = "TALLY_TEST_MYSQL_URL";
/// Gives tests a RabbitMQ broker instead of a private one.
pub const AMQP_URL_VARIABLE: &str = "TALLY_TEST_AMQP_URL";
/// Gives tests a Redis server instead of a private one.
pub const REDIS_URL_VARIABLE: &str = "TALLY_TEST_REDIS_URL";
/// The management API of the given broker, `http://user:password@host:port`:
/// with it each test has a vhost of its own, without it all use the URL's.
pub const RABBITMQ_API_VARIABLE: &str = "TALLY_TEST_RABBITMQ_API";

/// Where three servers are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// `mysql://user:password@host:port/database`; the user may make databases.
    pub mysql_url: String,
    /// `amqp://user:password@host:port/vhost`.
    pub amqp_url: String,
    /// `redis://host:port`.
    pub redis_url: String,
    /// RabbitMQ's management API, if it can be reached.
    pub rabbitmq_api_url: Option<String>,
}

impl Endpoints {
    /// The variables that hand these servers to the tests of another process.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            (MYSQL_URL_VARIABLE, self.mysql_url.clone()),
            (AMQP_URL_VARIABLE, self.amqp_url.clone()),
            (REDIS_URL_VARIABLE, self.redis_url.clone()),
        ];
        variables.extend(
            self.rabbitmq_api_url
                .clone()
                .map(|url| (RABBITMQ_API_VARIABLE, url)),
        );
        variables
    }
}

/// The servers named in the environment; any may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) mysql_url: Option<String>,
    pub(crate) amqp_url: Option<String>,
    pub(crate) redis_url: Option<String>,
    pub(crate) rabbitmq_api_url: Option<String>,
}

impl Given {
    /// Reads the environment; an empty variable counts as missing.
    pub(crate) fn from_env() -> Self {
        let read = |name| env::var(name).ok().filter(|url| !url.is_empty());
        Self {
            mysql_url: read(MYSQL_URL_VARIABLE),
            amqp_url: read(AMQP_URL_VARIABLE),
            redis_url: read(REDIS_URL_VARIABLE),
            rabbitmq_api_url: read(RABBITMQ_API_VARIABLE),
        }
    }

    /// The endpoints, when no server is missing.
    pub(crate) fn complete(&self) -> Option<Endpoints> {
        Some(Endpoints {
            mysql_url: self.mysql_url.clone()?,
            amqp_url: self.amqp_url.clone()?,
            redis_url: self.redis_url.clone()?,
            rabbitmq_api_url: self.rabbitmq_api_url.clone(),
        })
    }

    /// Fills what is missing from `private` servers.
    pub(crate) fn or(self, private: Endpoints) -> Endpoints {
        // A given broker never goes with the private broker's API.
        let rabbitmq_api_url = match self.amqp_url {
            Some(_) => self.rabbitmq_api_url,
            None => private.rabbitmq_api_url,
        };
        Endpoints {
            mysql_url: self.mysql_url.unwrap_or(private.mysql_url),
            amqp_url: self.amqp_url.unwrap_or(private.amqp_url),
            redis_url: self.redis_url.unwrap_or(private.redis_url),
            rabbitmq_api_url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> Endpoints {
        Endpoints {
            mysql_url: "mysql://private/tally".to_owned(),
            amqp_url: "amqp://private/%2f".to_owned(),
            redis_url: "redis://private".to_owned(),
            rabbitmq_api_url: Some("http://private".to_owned()),
        }
    }

    #[test]
    fn what_is_not_given_is_private() {
        let given = Given {
            mysql_url: Some("mysql://given/tally".to_owned()),
            ..Given::default()
        };
        assert_eq!(given.complete(), None);
        let endpoints = given.or(private());
        assert_eq!(endpoints.mysql_url, "mysql://given/tally");
        assert_eq!(endpoints.amqp_url, "amqp://private/%2f");
        assert_eq!(
            endpoints.rabbitmq_api_url.as_deref(),
            Some("http://private")
        );
    }

    #[test]
    fn a_given_broker_is_never_asked_through_the_private_api() {
        let given = Given {
            amqp_url: Some("amqp://given/%2f".to_owned()),
            ..Given::default()
        };
        assert_eq!(given.or(private()).rabbitmq_api_url, None);
    }
}
