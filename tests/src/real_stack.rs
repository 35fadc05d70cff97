//! The services as processes on real servers.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use test_stack::{Endpoints, Service, ServiceProcess, Stack, TestScope, built_program, free_port};
use uuid::Uuid;

use crate::links::Links;
use crate::site::{ADMIN, Site};

/// The longest a service may take to be ready: longer than a machine full of tests needs.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Catalog, gateways and workers, each a process, on MariaDB, RabbitMQ and Redis.
///
/// Everything ends when this is dropped or the process dies.
#[derive(Debug)]
pub struct RealStack {
    /// Accounts, restaurants, reviews.
    pub catalog: ServiceProcess,
    /// What takes votes.
    pub gateways: Vec<ServiceProcess>,
    /// What settles them.
    pub workers: Vec<ServiceProcess>,
    /// Where SQL is.
    pub mysql_url: String,
    /// By what services reach their servers, where that can be broken: one for each.
    pub links: Vec<Links>,
    environment: Vec<(String, String)>,
    site: Site,
    // After the services, so that they are dropped after them.
    servers: Servers,
}

#[derive(Debug)]
enum Servers {
    Own(Box<Stack>),
    /// As `Own`, reached over links that can be broken.
    Linked(Box<Stack>),
    Shared(#[expect(dead_code, reason = "what it names goes when it is dropped")] Box<TestScope>),
}

impl RealStack {
    /// Starts servers for this test alone, which it may kill, and the services on them.
    /// `settings` are pairs of environment variable and value.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start(
        n_gateways: usize,
        n_workers: usize,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let stack = Stack::start_as_told().await?;
        let addresses = addresses(stack.endpoints());
        let servers = Servers::Own(Box::new(stack));
        let n_services = (n_gateways, n_workers);
        Self::start_on(servers, addresses, n_services, settings).await
    }

    /// As [`RealStack::start_linked`], on three brokers and three masters of Redis, a
    /// cluster each. Their handles are [`Stack::brokers`] and [`Stack::redis_masters`] of
    /// [`RealStack::servers`]. Links lead to SQL and to the first broker; the others, and
    /// Redis, are reached directly, for its masters say themselves where they are.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start_cluster(
        folder: Option<&Path>,
        n_gateways: usize,
        n_workers: usize,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let stack = match folder {
            Some(folder) => Stack::start_cluster_in(folder).await?,
            None => Stack::start_cluster().await?,
        };
        let mut addresses = addresses(stack.endpoints());
        let n_brokers = stack.brokers().len();
        let members = ("TALLY__RABBITMQ__MEMBERS".to_owned(), n_brokers.to_string());
        addresses.push(members);
        let servers = Servers::Linked(Box::new(stack));
        let n_services = (n_gateways, n_workers);
        Self::start_on(servers, addresses, n_services, settings).await
    }

    /// As [`RealStack::start`], with links between each service and its servers that can
    /// be broken one by one; servers keep their data in `folder`, if there is one.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn start_linked(
        folder: Option<&Path>,
        n_gateways: usize,
        n_workers: usize,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let stack = match folder {
            Some(folder) => Stack::start_in(folder).await?,
            None => Stack::start().await?,
        };
        let addresses = addresses(stack.endpoints());
        let servers = Servers::Linked(Box::new(stack));
        let n_services = (n_gateways, n_workers);
        Self::start_on(servers, addresses, n_services, settings).await
    }

    /// Starts the services on a database, vhost and key prefix of the test's own, on
    /// servers that other tests use too.
    ///
    /// # Errors
    /// When something does not start.
    pub async fn isolated(
        name: &str,
        n_gateways: usize,
        n_workers: usize,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let scope = Stack::isolated(name).await?;
        let prefix = scope.redis_prefix.trim_end_matches(':').to_owned();
        let addresses = vec![
            ("TALLY__MYSQL__URL".to_owned(), scope.mysql_url.clone()),
            ("TALLY__RABBITMQ__URL".to_owned(), scope.amqp_url.clone()),
            ("TALLY__REDIS__URL".to_owned(), scope.redis_url.clone()),
            ("TALLY__REDIS__KEY_PREFIX".to_owned(), prefix),
        ];
        let servers = Servers::Shared(Box::new(scope));
        let n_services = (n_gateways, n_workers);
        Self::start_on(servers, addresses, n_services, settings).await
    }

    async fn start_on(
        servers: Servers,
        mut environment: Vec<(String, String)>,
        (n_gateways, n_workers): (usize, usize),
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let mysql_url = environment[0].1.clone();
        let ours = [
            ("TALLY__AUTH__SECRET", secret()?),
            ("TALLY__PARTNERS__SECRET_KEY", secret()?),
            ("TALLY__AUTH__BCRYPT_COST", "4".to_owned()),
            ("TALLY__RATE_LIMITS__ENABLED", "false".to_owned()),
            ("TALLY__LOG__FORMAT", "json".to_owned()),
            ("TALLY__ADMIN__USER_NAME", ADMIN.0.to_owned()),
            ("TALLY__ADMIN__PASSWORD", ADMIN.1.to_owned()),
        ];
        environment.extend(ours.map(|(key, value)| (key.to_owned(), value)));
        environment.extend(
            settings
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned())),
        );

        let mut links = Vec::new();
        let mut wire = async |program: &str, number: Option<usize>| {
            let name = number.map_or(program.to_owned(), |n| format!("{program}-{n}"));
            let over = servers.link(&name, &mut links).await?;
            service(&name, program, environment.iter().chain(&over))
        };
        // The catalog first: it brings the database up to date and declares the queues.
        let catalog = wire("catalog", None).await?.start().await?;
        let (mut gateways, mut workers) = (Vec::new(), Vec::new());
        for n in 1..=n_gateways {
            gateways.push(wire("vote-gateway", Some(n)).await?.start());
        }
        for n in 1..=n_workers {
            workers.push(wire("vote-worker", Some(n)).await?.start());
        }
        let (gateways, workers) = tokio::try_join!(try_join_all(gateways), try_join_all(workers))?;
        let site = Site {
            catalog: catalog.base_url(),
            gateways: gateways.iter().map(ServiceProcess::base_url).collect(),
        };
        Ok(Self {
            catalog,
            gateways,
            workers,
            mysql_url,
            links,
            environment,
            site,
            servers,
        })
    }

    /// Starts one more gateway, with `settings` of its own.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add_gateway(&mut self, settings: &[(&str, &str)]) -> Result<()> {
        let name = format!("vote-gateway-{}", self.gateways.len() + 1);
        let over = self.servers.link(&name, &mut self.links).await?;
        let mut gateway = service(&name, "vote-gateway", self.environment.iter().chain(&over))?;
        for (key, value) in settings {
            gateway = gateway.env(key, *value);
        }
        let gateway = gateway.start().await?;
        self.site.gateways.push(gateway.base_url());
        self.gateways.push(gateway);
        Ok(())
    }

    /// Where it is reached.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// The servers, where they are this test's own.
    ///
    /// # Errors
    /// When they are shared: nobody may kill those.
    pub fn servers(&self) -> Result<&Stack> {
        match &self.servers {
            Servers::Own(stack) | Servers::Linked(stack) => Ok(stack),
            Servers::Shared(_) => anyhow::bail!("these servers are shared by many tests"),
        }
    }
}

impl Servers {
    /// The settings that lead the service `name` over links of its own, which are added to
    /// `links`; none where links cannot be broken.
    async fn link(&self, name: &str, links: &mut Vec<Links>) -> Result<Vec<(String, String)>> {
        let Self::Linked(stack) = self else {
            return Ok(Vec::new());
        };
        let own = Links::make(name, stack).await?;
        let over = own.endpoints(stack);
        links.push(own);
        Ok(addresses(over))
    }
}

/// The settings that lead a service to `endpoints`, SQL first.
fn addresses(endpoints: Endpoints) -> Vec<(String, String)> {
    vec![
        ("TALLY__MYSQL__URL".to_owned(), endpoints.mysql_url),
        ("TALLY__RABBITMQ__URL".to_owned(), endpoints.amqp_url),
        ("TALLY__REDIS__URL".to_owned(), endpoints.redis_url),
    ]
}

fn service<'a>(
    name: &str,
    program: &str,
    environment: impl Iterator<Item = &'a (String, String)>,
) -> Result<Service> {
    let mut service =
        Service::new(name, &built_program(program)?, free_port()?).ready_within(READY_WITHIN);
    for (key, value) in environment {
        service = service.env(key, value.clone());
    }
    Ok(service)
}

/// A secret of this stack's own.
fn secret() -> Result<String> {
    let mut bytes = [0; 32];
    let mut source = std::fs::File::open("/dev/urandom").context("no /dev/urandom")?;
    std::io::Read::read_exact(&mut source, &mut bytes).context("cannot read /dev/urandom")?;
    let (a, b) = bytes.split_at(16);
    let half = |bytes: &[u8]| Uuid::from_slice(bytes).map(|id| id.simple().to_string());
    Ok(format!("{}{}", half(a)?, half(b)?))
}
