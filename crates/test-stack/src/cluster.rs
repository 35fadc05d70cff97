//! Three brokers and three masters of Redis in place of one each: how they are prepared,
//! how they come together, and how one is cut off from the others.
//!
//! **RabbitMQ.** Three nodes with one cookie and one private port mapper, and
//! `pause_minority`: a node that sees neither of the others closes its clients'
//! connections until it does again. It is cut off by making it and the others disagree
//! about the cookie: links break at once and cannot be made again, while clients still
//! reach every node. That stands for a network that *refuses* between nodes; one that
//! *swallows* is a node that is paused for longer than `net_ticktime`.
//!
//! **Redis.** Three masters, a third of the slots each, and no replicas: what a master
//! holds is away for as long as it is. A master that is paused stands for one that the
//! network swallows; and while two are away, the third serves nobody.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::port::{Port, random};
use crate::redis::COMMAND_LIMIT;
use crate::server::Server;
use crate::{rabbitmq, redis};

/// How many brokers, and how many masters of Redis.
pub(crate) const N_NODES: usize = 3;

/// Ports that a cluster needs beyond those of a single stack: of two brokers more, and
/// of two masters more and three buses.
pub(crate) const N_MORE_PORTS: usize = (N_NODES - 1) * 3 + (N_NODES - 1) + N_NODES;

/// Slots of a Redis Cluster.
const N_SLOTS: usize = 16_384;

/// Longest until nodes that all run have found each other.
const FORM_LIMIT: Duration = Duration::from_secs(60);

/// How long brokers that have just found each other are left alone: a vhost that is made
/// in that moment never starts on some of them (seen on 3.10).
const SETTLED_AFTER: Duration = Duration::from_secs(3);

/// The nodes beside the first broker and the first Redis.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) brokers: Vec<Server>,
    pub(crate) broker_ports: Vec<rabbitmq::Ports>,
    pub(crate) redis: Vec<Server>,
    buses: Vec<u16>,
}

/// What the first nodes need to be told to be part of a cluster.
pub(crate) struct First {
    pub(crate) broker_settings: String,
    pub(crate) redis_settings: String,
}

impl Cluster {
    /// Prepares the nodes beside the first ones, below `folder`.
    ///
    /// # Errors
    /// When a program is not installed or a folder cannot be written.
    pub(crate) fn prepare(
        folder: &Path,
        first: rabbitmq::Ports,
        ports: &[Port],
    ) -> Result<(Self, First)> {
        let mut numbers = ports.iter().map(Port::number);
        let mut next = || numbers.next().context("too few ports");
        let mut broker_ports = Vec::new();
        for _ in 1..N_NODES {
            broker_ports.push(rabbitmq::Ports {
                amqp: next()?,
                api: next()?,
                distribution: next()?,
                epmd: first.epmd,
            });
        }
        let mut redis_ports = Vec::new();
        for _ in 1..N_NODES {
            redis_ports.push(next()?);
        }
        let mut buses = Vec::new();
        for _ in 0..N_NODES {
            buses.push(next()?);
        }

        let cookie = cookie(folder)?;
        give_cookie(&folder.join("rabbitmq"), &cookie)?;
        let mut brokers = Vec::new();
        for (n, ports) in broker_ports.iter().enumerate() {
            let name = format!("rabbitmq-{}", n + 2);
            give_cookie(&folder.join(&name), &cookie)?;
            let extra = broker_settings(Some((first, *ports)));
            brokers.push(rabbitmq::prepare(folder, &name, *ports, &extra)?);
        }
        let mut more_redis = Vec::new();
        for (n, port) in redis_ports.iter().enumerate() {
            let name = format!("redis-{}", n + 2);
            let extra = redis_settings(&folder.join(&name), buses[n + 1]);
            more_redis.push(redis::prepare(folder, &name, *port, &extra)?);
        }
        let first = First {
            broker_settings: broker_settings(None),
            redis_settings: redis_settings(&folder.join("redis"), buses[0]),
        };
        let cluster = Self {
            brokers,
            broker_ports,
            redis: more_redis,
            buses,
        };
        Ok((cluster, first))
    }

    /// What is needed to make the masters one cluster.
    pub(crate) fn forming(&self) -> Forming {
        Forming {
            more: self.redis.iter().map(Server::port).collect(),
            buses: self.buses.clone(),
        }
    }

    /// Waits until the broker at `api_url` sees all others, blocking this thread.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn await_brokers(api_url: &str) -> Result<()> {
        let began = Instant::now();
        loop {
            let running = rabbitmq::n_running(api_url, COMMAND_LIMIT);
            match running {
                Ok(N_NODES) => {
                    std::thread::sleep(SETTLED_AFTER);
                    return Ok(());
                }
                Ok(n) if began.elapsed() > FORM_LIMIT => bail!("only {n} brokers of {N_NODES}"),
                Err(error) if began.elapsed() > FORM_LIMIT => return Err(error),
                Ok(_) | Err(_) => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }
}

/// The ports of masters that are to be one cluster.
pub(crate) struct Forming {
    more: Vec<u16>,
    buses: Vec<u16>,
}

impl Forming {
    /// Makes the running masters one cluster, unless they are already, blocking this thread.
    ///
    /// # Errors
    /// When one refuses, or they do not find each other.
    pub(crate) fn form(&self, first: u16) -> Result<()> {
        let ports: Vec<u16> = std::iter::once(first).chain(self.more.clone()).collect();
        let known = redis::text(first, "CLUSTER INFO", COMMAND_LIMIT)?;
        if known.contains("cluster_known_nodes:1\r\n") {
            let ok = |port, command: &str| redis::call(port, command, "+OK", COMMAND_LIMIT);
            for (n, port) in ports.iter().enumerate() {
                let (from, to) = (n * N_SLOTS / N_NODES, (n + 1) * N_SLOTS / N_NODES - 1);
                ok(*port, &format!("CLUSTER ADDSLOTSRANGE {from} {to}"))?;
                ok(*port, &format!("CLUSTER SET-CONFIG-EPOCH {}", n + 1))?;
            }
            for (port, bus) in ports.iter().zip(&self.buses).skip(1) {
                ok(first, &format!("CLUSTER MEET 127.0.0.1 {port} {bus}"))?;
            }
        }
        let began = Instant::now();
        for port in ports {
            loop {
                let info = redis::text(port, "CLUSTER INFO", COMMAND_LIMIT)?;
                if info.contains("cluster_state:ok") && info.contains("cluster_size:3") {
                    break;
                }
                ensure!(began.elapsed() < FORM_LIMIT, "no Redis Cluster: {info}");
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }
}

/// `joining` names the first broker and itself; none for the first, which the others join.
fn broker_settings(joining: Option<(rabbitmq::Ports, rabbitmq::Ports)>) -> String {
    let mut text = "# A node that sees neither of the others within 5 s stops.
cluster_partition_handling = pause_minority
net_ticktime = 5
queue_leader_locator = balanced
"
    .to_owned();
    if let Some((first, itself)) = joining {
        let (first, itself) = (rabbitmq::node_name(first), rabbitmq::node_name(itself));
        text += &format!(
            "cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = {first}
cluster_formation.classic_config.nodes.2 = {itself}
"
        );
    }
    text
}

fn redis_settings(dir: &Path, bus: u16) -> String {
    // Beside the data, so that a master that lost its data is still itself.
    let nodes = dir.join("nodes.conf");
    format!(
        "cluster-enabled yes
cluster-port {bus}
cluster-config-file {nodes:?}
cluster-node-timeout 2000
# Keys of other masters are served while one is away.
cluster-require-full-coverage no
"
    )
}

/// What all brokers of this stack must know to talk to each other.
fn cookie(folder: &Path) -> Result<String> {
    let path = folder.join("rabbitmq").join(".erlang.cookie");
    if let Ok(cookie) = fs::read_to_string(&path) {
        return Ok(cookie);
    }
    Ok(format!("{:016X}{:016X}", random(), random()))
}

fn give_cookie(dir: &Path, cookie: &str) -> Result<()> {
    let path = dir.join(".erlang.cookie");
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(dir)
        .and_then(|()| fs::write(&path, cookie))
        .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o400)))
        .with_context(|| format!("cannot write {}", path.display()))
}
