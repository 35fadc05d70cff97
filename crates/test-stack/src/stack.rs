//! Three private servers that live and end together.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::sync::OnceCell;

use crate::cluster::{Cluster, N_MORE_PORTS};
use crate::endpoints::{Endpoints, Given};
use crate::pid_file::PidFile;
use crate::port::Port;
use crate::process::Process;
use crate::scope::TestScope;
use crate::server::Server;
use crate::watchdog::{Afterwards, Watchdog, temporary_folder};
use crate::{mariadb, rabbitmq, redis};

/// The servers of [`Stack::isolated`]: at most one private stack per process.
///
/// Never dropped; its watchdog ends it together with the process.
static SHARED: OnceCell<(Endpoints, Option<Stack>)> = OnceCell::const_new();

/// Ports of one MariaDB, one Redis and one RabbitMQ with its port mapper.
const N_PORTS: usize = 6;

/// How many servers of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    Single,
    Cluster,
}

/// A private MariaDB, RabbitMQ and Redis, tuned as in production, on loopback.
///
/// All of them end at once when this is dropped or the process dies.
#[derive(Debug)]
pub struct Stack {
    /// MariaDB.
    pub mariadb: Server,
    /// RabbitMQ, or the first of the brokers; its management API runs too.
    pub rabbitmq: Server,
    /// Redis, or the first of the masters.
    pub redis: Server,
    pub(crate) cluster: Option<Cluster>,
    epmd: Process,
    // After the servers, so that it is dropped after them.
    watchdog: Watchdog,
    pub(crate) rabbitmq_ports: rabbitmq::Ports,
    folder: PathBuf,
    _ports: Vec<Port>,
    _folder_lock: File,
}

impl Stack {
    /// Starts the servers in a temporary folder, which goes with them.
    ///
    /// # Errors
    /// When a server is not installed or does not start.
    pub async fn start() -> Result<Self> {
        let folder = temporary_folder()?;
        let afterwards = Afterwards::Remove(folder.clone());
        Self::start_below(folder, &afterwards, Layout::Single).await
    }

    /// As [`Stack::start`], with three brokers and three masters of Redis, a cluster each;
    /// see [`Stack::brokers`] and [`Stack::redis_masters`].
    ///
    /// # Errors
    /// When a server is not installed or does not start, or they do not come together.
    pub async fn start_cluster() -> Result<Self> {
        let folder = temporary_folder()?;
        let afterwards = Afterwards::Remove(folder.clone());
        Self::start_below(folder, &afterwards, Layout::Cluster).await
    }

    /// Starts the servers on the data in `folder`, on the same ports as last time
    /// if these are free. The folder is made when missing, and stays.
    ///
    /// # Errors
    /// When another stack runs there, or a server is not installed or does not
    /// start.
    pub async fn start_in(folder: &Path) -> Result<Self> {
        Self::start_below(made(folder)?, &Afterwards::Keep, Layout::Single).await
    }

    /// As [`Stack::start_in`], with the servers of [`Stack::start_cluster`].
    ///
    /// # Errors
    /// As those.
    pub async fn start_cluster_in(folder: &Path) -> Result<Self> {
        Self::start_below(made(folder)?, &Afterwards::Keep, Layout::Cluster).await
    }

    /// A database, vhost and key prefix of a test's own, on servers shared by all
    /// tests: those that the environment names (see [`Endpoints::variables`]), and
    /// for those it does not name a private stack, started once per process.
    ///
    /// # Errors
    /// When the servers do not start, or refuse.
    pub async fn isolated(name: &str) -> Result<TestScope> {
        TestScope::make(Self::shared().await?.clone(), name).await
    }

    /// The servers of [`Stack::isolated`], which are started if need be and end
    /// with this process.
    ///
    /// # Errors
    /// When the servers do not start.
    pub async fn shared() -> Result<&'static Endpoints> {
        let (endpoints, _stack) = SHARED
            .get_or_try_init(|| async {
                let given = Given::from_env();
                if let Some(endpoints) = given.complete() {
                    return Ok((endpoints, None));
                }
                let stack = Self::start().await?;
                anyhow::Ok((given.or(stack.endpoints()), Some(stack)))
            })
            .await?;
        Ok(endpoints)
    }

    /// As [`Stack::isolated`], on these private servers.
    ///
    /// # Errors
    /// When a server refuses.
    pub async fn scope(&self, name: &str) -> Result<TestScope> {
        TestScope::make(self.endpoints(), name).await
    }

    /// Where the servers are reached; the same over restarts.
    #[must_use]
    pub fn endpoints(&self) -> Endpoints {
        Endpoints {
            mysql_url: self.mysql_url(),
            amqp_url: self.amqp_url(),
            redis_url: self.redis_url(),
            rabbitmq_api_url: Some(rabbitmq::api_url(self.rabbitmq_ports)),
        }
    }

    /// MariaDB, with an empty database and a user who may do everything.
    #[must_use]
    pub fn mysql_url(&self) -> String {
        let (login, port) = (mariadb::LOGIN, self.mariadb.port());
        format!(
            "mysql://{login}:{login}@127.0.0.1:{port}/{}",
            mariadb::DATABASE
        )
    }

    /// RabbitMQ's default vhost, with a user who may do everything; names all brokers.
    #[must_use]
    pub fn amqp_url(&self) -> String {
        let (login, places) = (rabbitmq::LOGIN, places(&self.brokers()));
        format!("amqp://{login}:{login}@{places}/%2f")
    }

    /// Redis; names all masters of a cluster.
    #[must_use]
    pub fn redis_url(&self) -> String {
        let scheme = match self.cluster {
            Some(_) => "redis-cluster",
            None => "redis",
        };
        format!("{scheme}://{}", places(&self.redis_masters()))
    }

    /// The folder with data, logs (`mariadb.log` and its like) and pid files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Empties the running Redis, of a cluster all masters.
    ///
    /// # Errors
    /// When one does not answer.
    pub async fn flush_redis(&self) -> Result<()> {
        let masters = self.redis_masters().into_iter();
        let ports: Vec<u16> = masters.map(Server::port).collect();
        tokio::task::spawn_blocking(move || ports.into_iter().try_for_each(redis::flush))
            .await
            .context("emptying Redis panicked")?
    }

    /// Kills Redis (of a cluster the first master), removes its data and starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart_redis_empty(&self) -> Result<()> {
        self.redis.kill();
        redis::remove_data(&self.redis.working_dir())?;
        self.redis.start().await
    }

    /// Runs `rabbitmqctl` with `args` and returns what it printed; takes half a
    /// second. `set_vm_memory_high_watermark 0.00001` blocks publishers, `0.4`
    /// lets them go on.
    ///
    /// # Errors
    /// When it fails.
    pub async fn rabbitmqctl(&self, args: &[&str]) -> Result<String> {
        let dir = self.rabbitmq.working_dir();
        let ports = self.rabbitmq_ports;
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        tokio::task::spawn_blocking(move || rabbitmq::control(&dir, ports, &args))
            .await
            .context("rabbitmqctl panicked")?
    }

    /// Stops all servers in good order, so that the next start is quick.
    ///
    /// # Errors
    /// When one takes too long; it was killed then.
    pub async fn stop(self) -> Result<()> {
        let (brokers, masters) = (self.brokers(), self.redis_masters());
        let servers = brokers.into_iter().chain(masters).map(Server::stop);
        tokio::try_join!(self.mariadb.stop(), futures::future::try_join_all(servers))?;
        Ok(())
    }

    /// Lets the servers outlive this process; [`PidFile::running_in`] finds them
    /// by [`Stack::folder`].
    pub fn detach(self) {
        self.watchdog.stand_down();
        self.mariadb.detach();
        self.rabbitmq.detach();
        self.redis.detach();
        if let Some(cluster) = self.cluster {
            let nodes = cluster.brokers.into_iter().chain(cluster.redis);
            nodes.for_each(Server::detach);
        }
        self.epmd.detach();
    }

    async fn start_below(folder: PathBuf, afterwards: &Afterwards, layout: Layout) -> Result<Self> {
        let folder_lock = lock(&folder)?;
        let running = PidFile::running_in(&folder)?;
        ensure!(
            running.is_empty(),
            "{} runs already in {}",
            running
                .iter()
                .map(PidFile::name)
                .collect::<Vec<_>>()
                .join(", "),
            folder.display()
        );
        let n_ports = match layout {
            Layout::Single => N_PORTS,
            Layout::Cluster => N_PORTS + N_MORE_PORTS,
        };
        let ports = take_ports(&folder, n_ports)?;
        let numbers: Vec<u16> = ports.iter().map(Port::number).collect();
        let rabbitmq_ports = rabbitmq::Ports {
            amqp: numbers[2],
            api: numbers[3],
            distribution: numbers[4],
            epmd: numbers[5],
        };
        let (cluster, broker_settings, redis_settings) = match layout {
            Layout::Single => (None, String::new(), String::new()),
            Layout::Cluster => {
                let more_ports = &ports[N_PORTS..];
                let (cluster, first) = Cluster::prepare(&folder, rabbitmq_ports, more_ports)?;
                (Some(cluster), first.broker_settings, first.redis_settings)
            }
        };
        let redis = redis::prepare(&folder, "redis", numbers[1], &redis_settings)?;
        let rabbitmq = rabbitmq::prepare(&folder, "rabbitmq", rabbitmq_ports, &broker_settings)?;
        let epmd = rabbitmq::prepare_epmd(&folder, rabbitmq_ports)?;
        let below = folder.clone();
        let mariadb = tokio::task::spawn_blocking(move || mariadb::prepare(&below, numbers[0]))
            .await
            .context("preparing MariaDB panicked")??;
        let mut pid_files = vec![
            mariadb.pid_path(),
            rabbitmq.pid_path(),
            redis.pid_path(),
            epmd.launch().pid_path(),
        ];
        if let Some(cluster) = &cluster {
            let nodes = cluster.brokers.iter().chain(&cluster.redis);
            pid_files.extend(nodes.map(Server::pid_path));
        }
        let pid_files: Vec<&Path> = pid_files.iter().map(PathBuf::as_path).collect();
        let stack = Self {
            watchdog: Watchdog::guard(&pid_files, afterwards)?,
            mariadb,
            rabbitmq,
            redis,
            cluster,
            epmd,
            rabbitmq_ports,
            folder,
            _ports: ports,
            _folder_lock: folder_lock,
        };
        stack.epmd.start()?;
        tokio::try_join!(
            stack.start_brokers(),
            stack.mariadb.start(),
            stack.start_redis()
        )?;
        Ok(stack)
    }
}

/// `host:port` of each, for a URL.
fn places(servers: &[&Server]) -> String {
    let places: Vec<String> = servers
        .iter()
        .map(|server| format!("127.0.0.1:{}", server.port()))
        .collect();
    places.join(",")
}

/// Takes `n` ports: those that `folder` remembers where free, others where not.
fn take_ports(folder: &Path, n: usize) -> Result<Vec<Port>> {
    let memory = folder.join("ports");
    let remembered = fs::read_to_string(&memory).unwrap_or_default();
    let mut ports = Vec::new();
    for number in remembered
        .lines()
        .filter_map(|line| line.parse().ok())
        .take(n)
    {
        if let Some(port) = Port::try_take(number)? {
            ports.push(port);
        } else {
            ports.push(Port::take()?);
        }
    }
    while ports.len() < n {
        ports.push(Port::take()?);
    }
    let numbers: Vec<String> = ports.iter().map(|port| port.number().to_string()).collect();
    fs::write(&memory, numbers.join("\n"))
        .with_context(|| format!("cannot write {}", memory.display()))?;
    Ok(ports)
}

/// `folder`, by its real name; made when missing.
fn made(folder: &Path) -> Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::canonicalize(folder).with_context(|| format!("cannot resolve {}", folder.display()))
}

fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("lock");
    let lock = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    lock.try_lock()
        .with_context(|| format!("another process uses {}", folder.display()))?;
    Ok(lock)
}
