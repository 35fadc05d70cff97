//! What Tally's own tool says of the books: it must agree with the judges.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;
use test_stack::built_program;

use super::judge::{Promise, Violation};
use crate::real_stack::RealStack;

/// Lets `votectl verify` look at everything; each thing it finds is a violation.
///
/// # Errors
/// When it cannot be run.
pub(crate) fn verify(stack: &RealStack) -> Result<Vec<Violation>> {
    let output = Command::new(built_program("votectl")?)
        .args(["verify", "--json"])
        .env("TALLY__MYSQL__URL", &stack.mysql_url)
        .output()
        .context("cannot run votectl")?;
    if output.status.success() {
        return Ok(Vec::new());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let report: Value = serde_json::from_str(&said).unwrap_or(Value::Null);
    let found = report["violations"].as_array().cloned().unwrap_or_default();
    let mut violations: Vec<Violation> = found
        .iter()
        .map(|found| Violation::new(Promise::CountersAreTrue, format!("votectl verify: {found}")))
        .collect();
    if violations.is_empty() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let detail = format!(
            "votectl verify ended with {}: {said}{errors}",
            output.status
        );
        violations.push(Violation::new(Promise::CountersAreTrue, detail));
    }
    Ok(violations)
}
