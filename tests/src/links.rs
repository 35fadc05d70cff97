//! The links between a service and its servers, each of which can break alone.

use anyhow::Result;
use test_stack::{Endpoints, Proxy, Stack};

/// One service's ways to its servers.
#[derive(Debug)]
pub struct Links {
    /// Whose.
    pub service: String,
    /// To SQL.
    pub mysql: Proxy,
    /// To the broker.
    pub amqp: Proxy,
    /// To Redis.
    pub redis: Proxy,
}

impl Links {
    /// Whole links from `service` to the servers of `stack`.
    ///
    /// # Errors
    /// When no port is free.
    pub(crate) async fn make(service: &str, stack: &Stack) -> Result<Self> {
        Ok(Self {
            service: service.to_owned(),
            mysql: Proxy::to(stack.mariadb.port()).await?,
            amqp: Proxy::to(stack.rabbitmq.port()).await?,
            redis: Proxy::to(stack.redis.port()).await?,
        })
    }

    /// Where the servers of `stack` are reached over these links.
    pub(crate) fn endpoints(&self, stack: &Stack) -> Endpoints {
        let whole = stack.endpoints();
        let over = |url: &str, server: u16, proxy: &Proxy| {
            url.replace(&format!(":{server}"), &format!(":{}", proxy.port()))
        };
        Endpoints {
            mysql_url: over(&whole.mysql_url, stack.mariadb.port(), &self.mysql),
            amqp_url: over(&whole.amqp_url, stack.rabbitmq.port(), &self.amqp),
            redis_url: over(&whole.redis_url, stack.redis.port(), &self.redis),
            ..whole
        }
    }
}
