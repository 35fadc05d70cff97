//! A server's disk, full for a while.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use test_stack::Server;
use tokio::time::sleep;

use crate::chaos::plan::Part;
use crate::real_stack::RealStack;

/// How much of the room is taken bit by bit, in bytes; less than a broker's free limit.
const LEFT_TO_WRITE: u64 = 64 * 1024 * 1024;

/// What takes all room.
const BALLAST: &str = "ballast";

/// Fills the disk of the server `part` for `away`, that of a single broker below its free
/// limit, every other to the last byte; makes room, and starts it again should
/// it have ended.
pub(super) async fn fill(part: Part, away: Duration, stack: &RealStack) -> Result<()> {
    let servers = stack.servers()?;
    let (server, folder) = match part {
        Part::Redis => (&servers.redis, "redis"),
        Part::RabbitMq => (&servers.rabbitmq, "rabbitmq"),
        Part::MariaDb | Part::Catalog | Part::Worker | Part::Gateway => {
            (&servers.mariadb, "mariadb")
        }
    };
    let ballast = servers.folder().join(folder).join(BALLAST);
    // A broker on its own relies on its free limit: one in about twenty that could not write
    // another byte lost a queue with what it had confirmed (RabbitMQ 3.10).
    let to_the_last_byte = part != Part::RabbitMq || servers.brokers().len() > 1;
    take_room(&ballast, to_the_last_byte)?;
    sleep(away).await;
    std::fs::remove_file(&ballast).context("cannot make room")?;
    recover(part, server).await
}

/// What an operator does once there is room: a server that ended is started; a broker
/// whose log could not be written is restarted.
async fn recover(part: Part, server: &Server) -> Result<()> {
    match part {
        Part::RabbitMq => {
            server.kill();
            server.start().await
        }
        _ => server.start().await,
    }
}

fn take_room(ballast: &Path, to_the_last_byte: bool) -> Result<()> {
    let folder = ballast.parent().context("no folder")?;
    let asked = Command::new("df")
        .args(["--block-size=1", "--output=avail"])
        .arg(folder)
        .output()
        .context("cannot run df")?;
    let text = String::from_utf8_lossy(&asked.stdout).into_owned();
    let free: u64 = text
        .lines()
        .last()
        .and_then(|line| line.trim().parse().ok())
        .with_context(|| format!("df printed {text:?}"))?;
    // Most of it at once; the rest until nothing more fits, for the server takes some, too.
    let most = free.saturating_sub(LEFT_TO_WRITE).max(1);
    let taken = Command::new("fallocate")
        .args(["--length", &most.to_string()])
        .arg(ballast)
        .status()
        .context("cannot run fallocate")?;
    ensure!(taken.success(), "fallocate ended with {taken}");
    if !to_the_last_byte {
        return Ok(());
    }
    let mut ballast = std::fs::File::options().append(true).open(ballast)?;
    let chunk = [0; 4096];
    while ballast.write(&chunk).is_ok_and(|n| n > 0) {}
    Ok(())
}
