//! The services as processes on real servers.

use std::time::Duration;

use anyhow::{Context, Result};
use test_stack::{Endpoints, Service, ServiceProcess, Stack, TestScope, built_program, free_port};
use uuid::Uuid;

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
    environment: Vec<(String, String)>,
    site: Site,
    // After the services, so that they are dropped after them.
    servers: Servers,
}

#[derive(Debug)]
enum Servers {
    Own(Box<Stack>),
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
        let stack = Stack::start().await?;
        let Endpoints {
            mysql_url,
            amqp_url,
            redis_url,
            ..
        } = stack.endpoints();
        let addresses = vec![
            ("TALLY__MYSQL__URL".to_owned(), mysql_url.clone()),
            ("TALLY__RABBITMQ__URL".to_owned(), amqp_url),
            ("TALLY__REDIS__URL".to_owned(), redis_url),
        ];
        let servers = Servers::Own(Box::new(stack));
        Self::start_on(
            servers,
            addresses,
            mysql_url,
            (n_gateways, n_workers),
            settings,
        )
        .await
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
        let mysql_url = scope.mysql_url.clone();
        let addresses = vec![
            ("TALLY__MYSQL__URL".to_owned(), scope.mysql_url.clone()),
            ("TALLY__RABBITMQ__URL".to_owned(), scope.amqp_url.clone()),
            ("TALLY__REDIS__URL".to_owned(), scope.redis_url.clone()),
            ("TALLY__REDIS__KEY_PREFIX".to_owned(), prefix),
        ];
        let servers = Servers::Shared(Box::new(scope));
        Self::start_on(
            servers,
            addresses,
            mysql_url,
            (n_gateways, n_workers),
            settings,
        )
        .await
    }

    async fn start_on(
        servers: Servers,
        mut environment: Vec<(String, String)>,
        mysql_url: String,
        (n_gateways, n_workers): (usize, usize),
        settings: &[(&str, &str)],
    ) -> Result<Self> {
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

        // The catalog first: it brings the database up to date and declares the queues.
        let catalog = service("catalog", "catalog", &environment)?.start().await?;
        let gateways = start_all("vote-gateway", n_gateways, &environment);
        let workers = start_all("vote-worker", n_workers, &environment);
        let (gateways, workers) = tokio::try_join!(gateways, workers)?;
        let site = Site {
            catalog: catalog.base_url(),
            gateways: gateways.iter().map(ServiceProcess::base_url).collect(),
        };
        Ok(Self {
            catalog,
            gateways,
            workers,
            mysql_url,
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
        let mut gateway = service(&name, "vote-gateway", &self.environment)?;
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
            Servers::Own(stack) => Ok(stack),
            Servers::Shared(_) => anyhow::bail!("these servers are shared by many tests"),
        }
    }
}

async fn start_all(
    program: &str,
    n: usize,
    environment: &[(String, String)],
) -> Result<Vec<ServiceProcess>> {
    let services = (1..=n).map(|number| async move {
        let name = format!("{program}-{number}");
        service(&name, program, environment)?.start().await
    });
    futures::future::try_join_all(services).await
}

fn service(name: &str, program: &str, environment: &[(String, String)]) -> Result<Service> {
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
