//! Sections about the servers a service talks to.

use super::section::section;
use crate::{Secret, SettingsError};

section! {
    /// The SQL server: MySQL 8.4+, MariaDB 10.11+ or TiDB.
    Mysql {
        /// Where the database is: `mysql://user:password@host:port/database`.
        url: Option<Secret> = None;
        /// Most connections one process holds open.
        connections_max: usize = 16, 1..=1_000;
        /// Longest to wait for a connection, in milliseconds.
        connect_timeout_ms: u64 = 5_000, 1..=120_000;
        /// Whether the service brings the schema up to date before it starts.
        migrate_on_start: bool = true;
    }
}

section! {
    /// The message broker that carries votes.
    Rabbitmq {
        /// Where the broker is: `amqp://user:password@host:port/vhost`. Of a cluster, all
        /// brokers: `amqp://user:password@host:port,host:port,host:port/vhost`.
        url: Option<Secret> = None;
        /// Longest to wait for the broker's confirm of a publish, in milliseconds.
        confirm_timeout_ms: u64 = 3_000, 1..=60_000;
        /// Deliveries of one message before the broker sets it aside as a dead letter.
        delivery_limit: u32 = 50, 1..=10_000;
        /// Brokers of a cluster that hold each ballot box, their leaders spread evenly;
        /// 0 leaves it to the broker, which takes three if it has them. As with
        /// `delivery_limit`, boxes that exist must be deleted before it is changed.
        members: u32 = 0, 0..=7;
    }
}

section! {
    /// The Redis server that holds voter states, counters and cached entries.
    Redis {
        /// Where Redis is: `redis://user:password@host:port/database`. Of a Redis Cluster,
        /// some nodes: `redis-cluster://user:password@host:port,host:port,host:port`.
        url: Option<Secret> = None;
        /// What every key begins with; letters, digits, `-`, `_` and `:`.
        key_prefix: String = "tally".to_owned();
        /// Connections one process shares among all its requests.
        connections: usize = 4, 1..=64;
        /// Longest to wait for an answer or a connection, in milliseconds.
        response_timeout_ms: u64 = 1_000, 10..=60_000;
    }
}

impl Mysql {
    /// The URL, which this process cannot do without.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] when it is not set.
    pub fn required_url(&self) -> Result<&Secret, SettingsError> {
        self.url
            .as_ref()
            .ok_or_else(|| SettingsError::missing("mysql.url"))
    }
}

impl Rabbitmq {
    /// The URL, which this process cannot do without.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] when it is not set.
    pub fn required_url(&self) -> Result<&Secret, SettingsError> {
        self.url
            .as_ref()
            .ok_or_else(|| SettingsError::missing("rabbitmq.url"))
    }
}

impl Redis {
    /// The URL, which this process cannot do without.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] when it is not set.
    pub fn required_url(&self) -> Result<&Secret, SettingsError> {
        self.url
            .as_ref()
            .ok_or_else(|| SettingsError::missing("redis.url"))
    }

    pub(super) fn check(&self, faults: &mut Vec<String>) {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_:".contains(c);
        if self.key_prefix.is_empty()
            || self.key_prefix.len() > 64
            || !self.key_prefix.chars().all(plain)
        {
            faults.push(format!(
                "`redis.key_prefix` is {:?}, but must be 1 to 64 letters, digits, `-`, `_` or `:`",
                self.key_prefix
            ));
        }
    }
}
