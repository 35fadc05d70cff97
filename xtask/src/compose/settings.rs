//! The files of the deployment, each read by the program it is for; and whether what runs is as
//! closed as they say.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::engine::Engine;
use super::{answer_of, home, kubernetes};
use crate::cargo::root;

/// Ways of putting compose files together that an operator may choose.
const COMPOSITIONS: [&[&str]; 3] = [
    &["docker-compose.yml"],
    &["docker-compose.yml", "deploy/compose/tls.yml"],
    &["docker-compose.yml", "deploy/standins/compose.yml"],
];

/// Lets Docker Compose, promtool and kustomize read their files, and nginx its own, with and
/// without TLS.
pub(super) fn check(engine: &Engine) -> Result<()> {
    for files in COMPOSITIONS {
        let mut args = vec!["compose"];
        for file in files {
            args.extend(["--file", file]);
        }
        args.extend(["--profile", "*", "config", "--quiet"]);
        let output = engine.program("docker").args(&args).output();
        answer_of(&output.context("cannot run docker")?, &files.join(" with "))?;
    }
    println!("Docker Compose takes its files.");
    kubernetes::check(|folder| {
        let output = engine
            .program("kustomize")
            .args(["build", "--load-restrictor=LoadRestrictionsNone", folder])
            .output();
        answer_of(&output.context("cannot run kustomize")?, folder)
    })
}

/// Looks at every container of Tally's: who it runs as, and what it may.
pub(super) fn check_running(engine: &Engine) -> Result<()> {
    let ids = engine.ask(&[
        "ps",
        "--quiet",
        "--filter",
        "label=com.docker.compose.project=tally",
    ])?;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    ensure!(ids.len() >= 9, "only {} containers run", ids.len());
    let format = "{{.Name}} user={{.Config.User}} read_only={{.HostConfig.ReadonlyRootfs}} \
                  dropped={{.HostConfig.CapDrop}} memory={{.HostConfig.Memory}} \
                  pids={{.HostConfig.PidsLimit}} privileged={{.HostConfig.Privileged}} \
                  options={{.HostConfig.SecurityOpt}}";
    let mut args = vec!["inspect", "--format", format];
    args.extend(&ids);
    let said = engine.ask(&args)?;
    for line in said.lines() {
        let is_open = line.contains("user= ")
            || line.contains("user=0")
            || line.contains("user=root")
            || line.contains("read_only=false")
            || !line.contains("dropped=[ALL]")
            || line.contains("memory=0 ")
            || line.contains("pids=<nil>")
            || line.contains("privileged=true")
            || !line.contains("no-new-privileges");
        ensure!(!is_open, "this container may do more than it needs: {line}");
    }
    println!(
        "{} containers: no root, nothing to write on, no rights, limits",
        ids.len()
    );
    match secret_in_environments(engine, &ids)? {
        Some((variable, secret)) => bail!("{variable} holds the secret {secret}"),
        None => Ok(()),
    }
}

/// A variable of a container in which a secret stands, and that secret's name.
fn secret_in_environments(engine: &Engine, ids: &[&str]) -> Result<Option<(String, String)>> {
    let mut args = vec![
        "inspect",
        "--format",
        "{{range .Config.Env}}{{println .}}{{end}}",
    ];
    args.extend(ids);
    let said = engine.ask(&args)?;
    let folder = engine.secrets();
    let files =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for file in files {
        let file = file.context("cannot list secrets")?;
        let secret = fs::read_to_string(file.path()).unwrap_or_default();
        let secret = secret.trim();
        // The names of files may be what secrets of a test are.
        let is_path = |line: &str| line.contains("=/run/secrets/");
        let holds = |line: &&str| secret.len() >= 12 && line.contains(secret) && !is_path(line);
        if let Some(line) = said.lines().find(holds) {
            let variable = line.split('=').next().unwrap_or_default();
            let name = file.file_name().to_string_lossy().into_owned();
            return Ok(Some((variable.to_owned(), name)));
        }
    }
    Ok(None)
}

/// Lets promtool of Prometheus' stand-in and nginx of its own read their files, in containers
/// as they will run.
pub(super) fn check_in_containers(engine: &Engine) -> Result<()> {
    let here = root().display().to_string();
    let mounted = format!("{here}/deploy/prometheus:/etc/prometheus:ro");
    for args in [
        ["check", "config", "/etc/prometheus/prometheus.yml"],
        ["test", "rules", "/etc/prometheus/rules_test.yml"],
    ] {
        let mut all = vec![
            "run",
            "--rm",
            "--volume",
            &mounted,
            "--entrypoint",
            "promtool",
            "tally-standin/prometheus:local",
        ];
        all.extend(args);
        engine.docker(&all)?;
    }
    let mounted = format!("{here}/deploy/alertmanager:/etc/alertmanager:ro");
    engine.docker(&[
        "run",
        "--rm",
        "--volume",
        &mounted,
        "--entrypoint",
        "amtool",
        "tally-standin/alertmanager:local",
        "check-config",
        "/etc/alertmanager/alertmanager.yml",
    ])?;
    check_tls(engine)
}

/// nginx with TLS, with certificates of its own: one, and its renewal.
fn check_tls(engine: &Engine) -> Result<()> {
    let folder = home().join("tls");
    fs::create_dir_all(&folder).context("cannot make a folder for certificates")?;
    let first = draw_certificate(&folder, "first")?;
    let renewed = draw_certificate(&folder, "renewed")?;
    let there = ["tls-certificate", "tls-key"].map(|name| engine.secrets().join(name));
    put_certificate(engine, &first[0], &first[1])?;
    let inodes = [inode(&there[0])?, inode(&there[1])?];
    put_certificate(engine, &renewed[0], &renewed[1])?;
    ensure!(
        [inode(&there[0])?, inode(&there[1])?] == inodes,
        "a renewal is in files of its own, which containers that run do not see"
    );
    ensure!(
        put_certificate(engine, &first[0], &renewed[1]).is_err(),
        "a certificate was taken with the key of another"
    );
    for (file, wanted) in there.iter().zip(&renewed) {
        ensure!(
            fs::read(file).ok() == fs::read(wanted).ok(),
            "{} is not what was put last",
            file.display()
        );
    }
    let [certificate, key] = there.each_ref().map(|file| file.display());
    let tls = root().join("deploy/nginx/tls.conf");
    engine.docker(&[
        "run",
        "--rm",
        "--read-only",
        "--tmpfs=/tmp:uid=65532",
        &format!("--volume={certificate}:/run/secrets/tls-certificate:ro"),
        &format!("--volume={key}:/run/secrets/tls-key:ro"),
        &format!(
            "--volume={}:/etc/tally/servers/plain.conf:ro",
            tls.display()
        ),
        "tally/front:standin",
        "-t",
    ])
}

/// Puts a new certificate in the place of the one that `front` has; where it lies.
pub(super) fn renew_certificate(engine: &Engine) -> Result<PathBuf> {
    let [certificate, key] = draw_certificate(&home().join("tls"), "third")?;
    put_certificate(engine, &certificate, &key)?;
    Ok(certificate)
}

/// A certificate that signs itself, and its key, which only its owner may read.
fn draw_certificate(folder: &Path, name: &str) -> Result<[PathBuf; 2]> {
    let [certificate, key] = ["certificate", "key"].map(|of| folder.join(format!("{name}-{of}")));
    let output = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-subj", "/CN=localhost", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    answer_of(&output.context("cannot run openssl")?, "openssl")?;
    Ok([certificate, key])
}

/// As an operator does, the first time and after a renewal.
fn put_certificate(engine: &Engine, certificate: &Path, key: &Path) -> Result<()> {
    let [certificate, key] = [certificate, key].map(|file| file.display().to_string());
    engine.script("deploy/compose/certificate.sh", &[&certificate, &key])
}

fn inode(file: &Path) -> Result<u64> {
    let found = fs::metadata(file).with_context(|| format!("cannot find {}", file.display()))?;
    Ok(found.ino())
}
