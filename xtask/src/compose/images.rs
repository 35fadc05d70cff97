//! Images: Tally's own by deploy/images/Dockerfile, from programs that cargo has built, and
//! stand-ins for the official ones.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::answer_of;
use super::engine::Engine;
use crate::cargo::{root, run};
use crate::servers;

/// What the stand-ins are made of.
const PACKAGES: [&str; 9] = [
    "mysql-server-core",
    "mysql-client",
    "rabbitmq-server",
    "valkey-server",
    "nginx",
    "libnginx-mod-http-brotli-filter",
    "libnginx-mod-http-brotli-static",
    "prometheus",
    "prometheus-alertmanager",
];

/// The image of these packages.
const BASE: &str = "tally-standin/packages:local";

/// Targets of deploy/standins/Dockerfile.
const STANDINS: [&str; 7] = [
    "runtime",
    "nginx",
    "mysql",
    "rabbitmq",
    "valkey",
    "prometheus",
    "alertmanager",
];

/// Targets of deploy/images/Dockerfile.
const IMAGES: [&str; 5] = ["catalog", "vote-gateway", "vote-worker", "votectl", "front"];

/// Programs of the images.
const PROGRAMS: [&str; 4] = ["catalog", "vote-gateway", "vote-worker", "votectl"];

/// Builds all images, with the programs that lie in the folder `programs`.
pub(super) fn build(engine: &Engine, home: &Path, programs: &Path) -> Result<()> {
    import_packages(engine, home)?;
    for name in STANDINS {
        let tag = format!("tally-standin/{name}:local");
        engine.docker(&[
            "build",
            "--quiet",
            "--target",
            name,
            "--tag",
            &tag,
            "deploy/standins",
        ])?;
    }
    import(
        engine,
        &strip(home, programs)?,
        &[],
        "tally-standin/programs:local",
    )?;
    import(engine, &pages()?, &[], "tally-standin/pages:local")?;
    for name in IMAGES {
        let tag = format!("tally/{name}:standin");
        engine.docker(&[
            "build",
            "--quiet",
            "--file=deploy/images/Dockerfile",
            "--build-arg=RUNTIME=tally-standin/runtime:local",
            "--build-arg=NGINX=tally-standin/nginx:local",
            "--build-arg=PROGRAMS=tally-standin/programs:local",
            "--build-arg=PAGES=tally-standin/pages:local",
            "--target",
            name,
            "--tag",
            &tag,
            ".",
        ])?;
    }
    // Those of an earlier run, of which nothing is used any more.
    engine.ask(&["image", "prune", "--force"])?;
    engine.docker(&[
        "image",
        "ls",
        "--format",
        "table {{.Repository}}\t{{.Size}}",
    ])
}

/// The root folder of packages as an image, unless it is one already.
fn import_packages(engine: &Engine, home: &Path) -> Result<()> {
    let packages = servers::root::require(home, "standins", &PACKAGES)?;
    let mark = home.join("standins.imported");
    let wanted = PACKAGES.join(" ");
    let is_there = engine.ask(&["image", "inspect", BASE]).is_ok();
    if is_there && fs::read_to_string(&mark).is_ok_and(|made_with| made_with == wanted) {
        return Ok(());
    }
    let without = ["./usr/share/doc", "./usr/share/man"];
    import(engine, &packages, &without, BASE)?;
    fs::write(&mark, wanted).context("cannot note what was imported")
}

/// The files below `folder` as an image.
fn import(engine: &Engine, folder: &Path, without: &[&str], image: &str) -> Result<()> {
    let mut archive = Command::new("tar")
        .args(["--create", "--one-file-system", "--numeric-owner"])
        .args(without.iter().map(|path| format!("--exclude={path}")))
        .arg("--directory")
        .arg(folder)
        .arg(".")
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run tar")?;
    let bytes = archive.stdout.take().context("tar has no output")?;
    let status = engine
        .program("docker")
        .args(["import", "-", image])
        .stdin(bytes)
        .stdout(Stdio::null())
        .status()
        .context("cannot run docker import")?;
    let archived = archive.wait().context("cannot wait for tar")?;
    ensure!(
        status.success() && archived.success(),
        "{} cannot be made an image",
        folder.display()
    );
    Ok(())
}

/// What the stage `programs` would hold.
fn strip(home: &Path, programs: &Path) -> Result<PathBuf> {
    let folder = home.join("programs");
    fs::create_dir_all(&folder).context("cannot make a folder for programs")?;
    for name in PROGRAMS {
        run(Command::new("objcopy")
            .arg("--strip-debug")
            .arg(programs.join(name))
            .arg(folder.join(name)))?;
    }
    let probe = folder.join("probe");
    run(Command::new("rustc")
        .args(["--edition", "2024", "-O", "-C", "strip=symbols"])
        .args(["-C", "target-feature=+crt-static", "-o"])
        .arg(&probe)
        .arg("deploy/images/probe.rs")
        .current_dir(root()))?;
    require_static(&probe)?;
    Ok(folder)
}

/// The stand-in for Alpine has the C library that the real one lacks, so it would not show.
fn require_static(program: &Path) -> Result<()> {
    let output = Command::new("readelf")
        .args(["--wide", "--program-headers"])
        .arg(program)
        .output();
    let headers = answer_of(&output.context("cannot run readelf")?, "readelf")?;
    ensure!(
        !headers.contains("INTERP"),
        "{} is not static: it cannot run in the image of nginx, which has no glibc",
        program.display()
    );
    Ok(())
}

/// The front end, built if it is not there.
fn pages() -> Result<PathBuf> {
    let web = root().join("web");
    let pages = web.join("dist");
    if !pages.join("index.html").is_file() {
        println!("Building the front end …");
        for args in [["ci", "--no-audit"], ["run", "build"]] {
            run(Command::new("npm").args(args).current_dir(&web))
                .context("the front end cannot be built")?;
        }
    }
    Ok(pages)
}
