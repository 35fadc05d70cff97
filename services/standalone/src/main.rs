//! Tally in one process.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::Result;
use bootstrap::ConfigFile;
use bootstrap::settings::{Admin, Log, LogFormat};
use clap::Parser;
use standalone::{DataDir, Options, Standalone, built_web};
use vote_domain::{Clock, Ids};

/// All of Tally in one process, to try it: no server, no configuration.
#[derive(Parser)]
#[command(version)]
struct Command {
    /// Where data lie; they stay over restarts
    #[arg(long, value_name = "DIR", default_value = "data/standalone")]
    data_dir: PathBuf,
    /// The port to listen on [default: 8080]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Start without the demo: restaurants, members, reviews, votes, a campaign, and the only
    /// admin (for one of your own set TALLY__ADMIN__USER_NAME and TALLY__ADMIN__PASSWORD)
    #[arg(long)]
    no_demo: bool,
    /// The folder of the front end as it was built [default: what was built with this program]
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigFile,
}

/// The demo's admin. Its password is drawn for each data folder: this account may do everything.
const ADMIN_NAME: &str = "demo-admin";

/// The service's own default for `http.port`.
const PORT: u16 = 8080;

#[tokio::main]
async fn main() -> Result<()> {
    let command = Command::parse();
    let mut settings = command.config.load(PORT)?;
    if let Some(port) = command.port {
        settings.http.port = port;
    }
    if std::io::stderr().is_terminal() && settings.log == Log::default() {
        settings.log.format = LogFormat::Pretty;
        settings.log.filter = "warn".to_owned();
    }
    bootstrap::tracing::init(&settings.log)?;
    let shutdown = bootstrap::signals::shutdown_token()?;
    let data_dir = DataDir::at(&command.data_dir)?;
    let ids = Ids::random();
    let mut demo_admin = None;
    if !command.no_demo && settings.admin.user_name.is_none() {
        let password = data_dir.admin_password(&ids)?;
        demo_admin = Some(password.expose().to_owned());
        settings.admin = Admin {
            user_name: Some(ADMIN_NAME.to_owned()),
            password: Some(password),
        };
    }
    let web = command.web.or_else(built_web);
    let has_web = web.is_some();
    let options = Options {
        data_dir: data_dir.clone(),
        settings,
        demo: !command.no_demo,
        clock: Clock::system(),
        ids,
        web,
    };
    let running = Standalone::start(options, shutdown).await?;
    let url = format!("http://{}", running.address());
    println!("Tally answers at {url}");
    if has_web {
        println!("  pages                 {url}/");
    } else {
        println!("  pages                 not built: with npm, `npm ci && npm run build` in web/");
    }
    println!("  API to read and try   {url}/docs/");
    if !command.no_demo {
        println!(
            "  demo login            {} / {}",
            catalog::demo::USER_NAME,
            catalog::demo::PASSWORD
        );
    }
    if let Some(password) = demo_admin {
        println!("  demo admin            {ADMIN_NAME} / {password}");
    }
    println!("  data                  {}", data_dir.path().display());
    println!("Ctrl-C stops it.");
    running.stopped().await
}
