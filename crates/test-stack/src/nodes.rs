//! The nodes of a stack one by one: start them together, cut one off, let it back in.

use anyhow::{Context, Result};
use futures::future::try_join_all;

use crate::cluster::{Cluster, N_NODES};
use crate::server::Server;
use crate::stack::Stack;
use crate::{rabbitmq, redis};

/// Set to `cluster`, has [`Stack::start_as_told`] start clusters.
pub const LAYOUT_VARIABLE: &str = "TALLY_TEST_LAYOUT";

impl Stack {
    /// [`Stack::start_cluster`] if the environment says so (see [`LAYOUT_VARIABLE`]),
    /// otherwise [`Stack::start`].
    ///
    /// # Errors
    /// As those.
    pub async fn start_as_told() -> Result<Self> {
        match std::env::var(LAYOUT_VARIABLE).as_deref() {
            Ok("cluster") => Self::start_cluster().await,
            Ok(_) | Err(_) => Self::start().await,
        }
    }

    /// Stops every broker in good order.
    ///
    /// # Errors
    /// When one takes too long; it was killed then.
    pub async fn stop_brokers(&self) -> Result<()> {
        try_join_all(self.brokers().into_iter().map(Server::stop)).await?;
        Ok(())
    }

    /// The brokers: three in a cluster, otherwise one. Each may be killed, paused and
    /// started again on its own.
    #[must_use]
    pub fn brokers(&self) -> Vec<&Server> {
        let more = self.cluster.iter().flat_map(|cluster| &cluster.brokers);
        std::iter::once(&self.rabbitmq).chain(more).collect()
    }

    /// The masters of Redis: three in a cluster, otherwise the one Redis. Each may be
    /// killed, paused and started again on its own.
    #[must_use]
    pub fn redis_masters(&self) -> Vec<&Server> {
        let more = self.cluster.iter().flat_map(|cluster| &cluster.redis);
        std::iter::once(&self.redis).chain(more).collect()
    }

    /// Starts the brokers that do not run, and waits until all see each other. Brokers
    /// that all were down must be started together: each waits for the others.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn start_brokers(&self) -> Result<()> {
        // What joins must find somebody to join.
        if !self.rabbitmq.working_dir().join("mnesia").exists() {
            self.rabbitmq.start().await?;
        }
        try_join_all(self.brokers().into_iter().map(Server::start)).await?;
        if self.cluster.is_some() {
            let api_url = rabbitmq::api_url(self.rabbitmq_ports);
            blocking(move || Cluster::await_brokers(&api_url)).await?;
        }
        Ok(())
    }

    /// Starts every Redis that does not run, and waits until all see each other.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn start_redis(&self) -> Result<()> {
        try_join_all(self.redis_masters().into_iter().map(Server::start)).await?;
        let Some(cluster) = &self.cluster else {
            return Ok(());
        };
        let (first, forming) = (self.redis.port(), cluster.forming());
        blocking(move || forming.form(first)).await
    }

    /// Kills Redis number `n`, counted from 0, removes its data and starts it again; it is
    /// still the same member of its cluster.
    ///
    /// # Errors
    /// When there is no such Redis, or it does not start.
    pub async fn restart_redis_master_empty(&self, n: usize) -> Result<()> {
        let masters = self.redis_masters();
        let master = *masters.get(n).context("no such Redis")?;
        master.kill();
        redis::remove_data(&master.working_dir())?;
        master.start().await
    }

    /// As [`Stack::rabbitmqctl`], on broker `n`, counted from 0.
    ///
    /// # Errors
    /// When there is no such broker, or the command fails.
    pub async fn rabbitmqctl_on(&self, n: usize, args: &[&str]) -> Result<String> {
        let brokers = self.brokers();
        let dir = brokers.get(n).context("no such broker")?.working_dir();
        let ports = self.broker_ports(n)?;
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        blocking(move || rabbitmq::control(&dir, ports, &args)).await
    }

    /// Cuts broker `n` off from the others, while clients still reach it: it stops
    /// serving within seconds, for it is the minority. Takes a second; safe to repeat.
    ///
    /// # Errors
    /// When there is no such broker in a cluster, or it does not run.
    pub async fn cut_off_broker(&self, n: usize) -> Result<()> {
        let others = self.other_brokers(n)?;
        let cutting = format!(
            "[begin erlang:set_cookie(N, cut_off), erlang:disconnect_node(N) end || N <- {others}]."
        );
        self.rabbitmqctl_on(n, &["eval", &cutting]).await.map(drop)
    }

    /// Lets broker `n` back in and waits until it serves again, some seconds. Safe to repeat.
    ///
    /// # Errors
    /// When there is no such broker in a cluster, or it does not come back within a minute.
    pub async fn rejoin_broker(&self, n: usize) -> Result<()> {
        let others = self.other_brokers(n)?;
        let rejoining = format!(
            "[begin erlang:set_cookie(N, erlang:get_cookie()), net_adm:ping(N) end || N <- {others}]."
        );
        self.rabbitmqctl_on(n, &["eval", &rejoining]).await?;
        let starting = ["--timeout", "60", "await_startup"];
        self.rabbitmqctl_on(n, &starting).await.map(drop)
    }

    fn broker_ports(&self, n: usize) -> Result<rabbitmq::Ports> {
        let more = self
            .cluster
            .iter()
            .flat_map(|cluster| &cluster.broker_ports);
        let mut ports = std::iter::once(&self.rabbitmq_ports).chain(more);
        ports.nth(n).copied().context("no such broker")
    }

    /// The brokers beside number `n`, as a list in Erlang.
    fn other_brokers(&self, n: usize) -> Result<String> {
        anyhow::ensure!(self.cluster.is_some(), "there is no cluster of brokers");
        self.broker_ports(n)?;
        let others = (0..N_NODES).filter(|other| *other != n);
        let names = others.map(|other| {
            let ports = self.broker_ports(other)?;
            Ok(format!("'{}'", rabbitmq::node_name(ports)))
        });
        let names: Vec<String> = names.collect::<Result<_>>()?;
        Ok(format!("[{}]", names.join(",")))
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .context("a command panicked")?
}
