//! What Tally is compared with, as a process: `cargo xtask bench` starts it.

use anyhow::Result;
use bootstrap::Secret;
use bootstrap::settings::SigningKey;
use clap::{Parser, Subcommand};
use http_kit::Tokens;
use vote_domain::Clock;

/// Counts votes as they would be counted instead.
#[derive(Debug, Parser)]
#[command(name = "rivals")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
    #[arg(long, env = "RIVAL_MYSQL_URL")]
    mysql_url: String,
    #[arg(long, env = "RIVAL_AMQP_URL")]
    amqp_url: String,
    #[arg(long, env = "RIVAL_SECRET", hide_env_values = true)]
    secret: String,
    #[arg(long, env = "TALLY__HTTP__PORT")]
    port: u16,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Takes votes over HTTP.
    Serve,
    /// Counts what is in the queue.
    Work,
}

#[actix_web::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.task {
        Task::Serve => {
            let keys = [SigningKey {
                id: "default".to_owned(),
                secret: Secret::new(&arguments.secret),
            }];
            let tokens = Tokens::new(&keys, 60, Clock::system())?;
            bench::rival::serve(
                &arguments.mysql_url,
                &arguments.amqp_url,
                tokens,
                arguments.port,
            )
            .await
        }
        Task::Work => bench::rival::work(&arguments.mysql_url, &arguments.amqp_url).await,
    }
}
