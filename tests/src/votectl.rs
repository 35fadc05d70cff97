//! The operator's command line, run as operators run it.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use test_stack::built_program;
use tokio::process::Command;

use crate::site::{ADMIN, Site};

/// How a command ended.
#[derive(Debug)]
pub struct Ran {
    /// 0 done, 1 refused, 2 not possible.
    pub exit_code: Option<i32>,
    /// What it printed, where that is JSON.
    pub found: Value,
    /// What it said.
    pub stderr: String,
}

impl Ran {
    /// What it printed, if it ended with `exit_code`.
    ///
    /// # Errors
    /// When it ended otherwise.
    pub fn expect(self, exit_code: i32) -> Result<Value> {
        ensure!(
            self.exit_code == Some(exit_code),
            "votectl ended with {:?} instead of {exit_code}: {}\n{}",
            self.exit_code,
            self.found,
            self.stderr
        );
        Ok(self.found)
    }
}

impl Site {
    /// Runs `votectl` with `args` and `--json` as the first admin.
    ///
    /// # Errors
    /// When it cannot be run.
    pub async fn votectl(&self, args: &[&str]) -> Result<Ran> {
        let mut command = Command::new(built_program("votectl")?);
        command
            .args(args)
            .arg("--json")
            .env("VOTECTL_URL", &self.catalog)
            .env("VOTECTL_GATEWAY_URL", &self.gateways[0])
            .env("VOTECTL_USER", ADMIN.0)
            .env("VOTECTL_PASSWORD", ADMIN.1)
            .env("VOTECTL_NEW_PASSWORD", "a new password")
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = command.output().await.context("cannot run votectl")?;
        Ok(Ran {
            exit_code: output.status.code(),
            found: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }
}
