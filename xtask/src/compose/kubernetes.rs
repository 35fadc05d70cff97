//! What kustomize makes of deploy/kubernetes, held to the schemas of Kubernetes and operators.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::cargo::{self, root, run};
use crate::packages::require_python;

const FOLDERS: [&str; 3] = [
    "deploy/kubernetes/base",
    "deploy/kubernetes/large",
    "deploy/kubernetes/hot-campaign",
];

/// Where the pinned validator stands.
const REQUIREMENTS: &str = "deploy/kubernetes/requirements.txt";

/// Checks every folder, as `kustomize` builds it.
pub(super) fn check(kustomize: impl Fn(&str) -> Result<String>) -> Result<()> {
    let python = require_validator()?;
    for folder in FOLDERS {
        let resources = kustomize(folder)?;
        println!("{folder}:");
        let mut child = Command::new(&python)
            .arg("deploy/kubernetes/check.py")
            .current_dir(root())
            .stdin(Stdio::piped())
            .spawn()
            .context("cannot run Python")?;
        let mut input = child.stdin.take().context("Python has no input")?;
        input
            .write_all(resources.as_bytes())
            .context("the check does not read")?;
        drop(input);
        let status = child.wait().context("cannot wait for the check")?;
        ensure!(status.success(), "{folder} has faults");
    }
    Ok(())
}

/// Python with the validator, installed below `target` if it is not there.
fn require_validator() -> Result<PathBuf> {
    let folder = cargo::target().join("tools/kubernetes-validate");
    let python = folder.join("bin/python");
    let requirements = root().join(REQUIREMENTS);
    let wanted =
        fs::read_to_string(&requirements).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    // Written last, so that what was half installed is installed again.
    let note = folder.join("installed.txt");
    if fs::read_to_string(&note).is_ok_and(|text| text == wanted) {
        return Ok(python);
    }
    require_python()?;
    println!("installing kubernetes-validate …");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&folder))?;
    run(Command::new(&python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .arg("--requirement")
        .arg(&requirements))
    .context("cannot install kubernetes-validate")?;
    fs::write(&note, wanted).with_context(|| format!("cannot write {}", note.display()))?;
    Ok(python)
}
