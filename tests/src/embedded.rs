//! Tally in one process.

use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;
use test_stack::{Service, ServiceProcess, built_program, free_port};

use crate::site::{ADMIN, Site};

/// `standalone` on a data folder of its own; both go when this is dropped.
#[derive(Debug)]
pub struct Embedded {
    /// The process.
    pub process: ServiceProcess,
    site: Site,
    // After the process, so that it is dropped after it.
    data: TempDir,
}

impl Embedded {
    /// Starts it without demo data. `settings` are pairs of environment variable and value.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let data = tempfile::tempdir().context("cannot make a data folder")?;
        let port = free_port()?;
        let mut service = Service::new("standalone", &built_program("standalone")?, port)
            .arg("--data-dir")
            .arg(data.path())
            .arg("--port")
            .arg(port.to_string())
            .arg("--no-demo")
            .ready_within(Duration::from_secs(60))
            .env("TALLY__AUTH__BCRYPT_COST", "4")
            .env("TALLY__RATE_LIMITS__ENABLED", "false")
            .env("TALLY__LOG__FORMAT", "json")
            .env("TALLY__ADMIN__USER_NAME", ADMIN.0)
            .env("TALLY__ADMIN__PASSWORD", ADMIN.1);
        for (key, value) in settings {
            service = service.env(key, *value);
        }
        let process = service.start().await?;
        let url = process.base_url();
        let site = Site {
            catalog: url.clone(),
            gateways: vec![url],
        };
        Ok(Self {
            process,
            site,
            data,
        })
    }

    /// Where it is reached.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.site
    }

    /// Where its data lie.
    #[must_use]
    pub fn data_dir(&self) -> &std::path::Path {
        self.data.path()
    }
}
