//! Where the broker is, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};

use crate::publish::CONFIRM_TIMEOUT;

/// How to reach RabbitMQ.
#[derive(Clone)]
pub struct RabbitSettings {
    /// Where votes are published: `amqp://user:password@host:port/vhost`, or of a cluster
    /// `amqp://user:password@host:port,host:port,host:port/vhost`.
    pub publish_url: String,
    /// Where votes are consumed; usually the same.
    pub consume_url: String,
    /// The name the connections show in the broker's tools; `tally` by default.
    pub name: String,
    /// How often a message may be handed back before the broker moves it to
    /// [`BallotBox::dead`](crate::BallotBox::dead); 50 by default. Part of a box's
    /// declaration: a box declared with another limit must be deleted first.
    pub delivery_limit: u32,
    /// How many brokers of a cluster hold each box, and their leaders are spread evenly;
    /// none by default: the broker decides, and takes three if it has them. Part of a
    /// box's declaration, as the delivery limit is.
    pub members: Option<u32>,
    /// Longest wait for a confirm, from sending; 5 s by default.
    pub confirm_timeout: Duration,
    /// Longest wait for a connection, and for the broker's answer to anything but a
    /// publish; 5 s by default.
    pub answer_timeout: Duration,
    /// Interval of heartbeats, whole seconds; 10 s by default. A silent broker is given
    /// up after two.
    pub heartbeat: Duration,
    /// Longest pause between two attempts to connect; 5 s by default.
    pub reconnect_max: Duration,
}

impl RabbitSettings {
    /// Both connections to `url`, everything else by default.
    #[must_use]
    pub fn at(url: &str) -> Self {
        Self {
            publish_url: url.to_owned(),
            consume_url: url.to_owned(),
            name: "tally".to_owned(),
            delivery_limit: 50,
            members: None,
            confirm_timeout: CONFIRM_TIMEOUT,
            answer_timeout: Duration::from_secs(5),
            heartbeat: Duration::from_secs(10),
            reconnect_max: Duration::from_secs(5),
        }
    }

    /// The broker that `rabbitmq` names; `service` shows in its tools.
    ///
    /// # Errors
    /// [`bootstrap::SettingsError::Missing`] when there is no URL.
    pub fn from_settings(
        rabbitmq: &bootstrap::settings::Rabbitmq,
        service: &str,
    ) -> Result<Self, bootstrap::SettingsError> {
        let url = rabbitmq.required_url()?.expose();
        Ok(Self {
            name: format!("tally {service}"),
            delivery_limit: rabbitmq.delivery_limit,
            members: (rabbitmq.members > 0).then_some(rabbitmq.members),
            confirm_timeout: Duration::from_millis(rabbitmq.confirm_timeout_ms),
            ..Self::at(url)
        })
    }

    /// The brokers that `url` names, at least one.
    pub(super) fn uris(&self, url: &str) -> Result<Vec<AMQPUri>, SettingsError> {
        let authority_at = url.find("://").map_or(0, |at| at + 3);
        let (scheme, rest) = url.split_at(authority_at);
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (login, places) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        let places = places.split(',');
        places
            .map(|place| self.uri(&format!("{scheme}{login}{place}{path}")))
            .collect()
    }

    fn uri(&self, url: &str) -> Result<AMQPUri, SettingsError> {
        let mut uri: AMQPUri = url.parse().map_err(SettingsError::Url)?;
        if uri.scheme != AMQPScheme::AMQP {
            return Err(SettingsError::Tls);
        }
        let seconds = u16::try_from(self.heartbeat.as_secs())
            .ok()
            .filter(|seconds| *seconds > 0)
            .ok_or(SettingsError::Heartbeat)?;
        uri.query.heartbeat = Some(seconds);
        Ok(uri)
    }
}

/// Hides the URLs: they carry passwords.
impl fmt::Debug for RabbitSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitSettings")
            .field("name", &self.name)
            .field("delivery_limit", &self.delivery_limit)
            .field("members", &self.members)
            .field("confirm_timeout", &self.confirm_timeout)
            .field("answer_timeout", &self.answer_timeout)
            .field("heartbeat", &self.heartbeat)
            .field("reconnect_max", &self.reconnect_max)
            .finish_non_exhaustive()
    }
}

/// Settings that cannot work.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not a URL of a broker. The message does not repeat the URL.
    #[error("not an amqp:// URL: {0}")]
    Url(String),
    /// TLS is not built in: put the broker on a private network, or a TLS proxy beside it.
    #[error("amqps:// is not supported")]
    Tls,
    /// The heartbeat is not between 1 s and 65,535 s.
    #[error("the heartbeat must be between 1 and 65535 seconds")]
    Heartbeat,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_do_not_print_their_password() {
        let settings = RabbitSettings::at("amqp://tally:geheim@localhost/x");
        assert!(!format!("{settings:?}").contains("geheim"));
    }

    #[test]
    fn urls_that_cannot_work_are_refused_without_repeating_them() {
        for (url, tls) in [
            ("http://tally:geheim@localhost", false),
            ("nonsense geheim", false),
            ("amqps://tally:geheim@localhost", true),
        ] {
            let error = RabbitSettings::at(url).uris(url).unwrap_err();
            assert_eq!(error == SettingsError::Tls, tls, "{error}");
            assert!(!error.to_string().contains("geheim"), "{error}");
        }
    }

    #[test]
    fn a_url_may_name_several_brokers() {
        let url = "amqp://tally:p%2Cw@one:1,two:2,three/votes?channel_max=7";
        let uris = RabbitSettings::at(url).uris(url).unwrap();
        let places: Vec<_> = uris
            .iter()
            .map(|uri| (uri.authority.host.as_str(), uri.authority.port))
            .collect();
        assert_eq!(places, [("one", 1), ("two", 2), ("three", 5672)]);
        for uri in uris {
            assert_eq!(uri.authority.userinfo.username, "tally");
            assert_eq!(uri.authority.userinfo.password, "p,w");
            assert_eq!(uri.vhost, "votes");
            assert_eq!(uri.query.channel_max, Some(7));
        }
    }

    #[test]
    fn a_heartbeat_of_zero_is_refused() {
        let url = "amqp://localhost";
        let mut settings = RabbitSettings::at(url);
        settings.heartbeat = Duration::ZERO;
        assert_eq!(settings.uris(url), Err(SettingsError::Heartbeat));
    }
}
