//! The front end's client is made from the API's description: `web/openapi.json` is that of
//! the whole, as it is answered. `UPDATE=1` writes it anew; then `npm run client` in `web/`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};
use bootstrap::Settings;
use serde_json::Value;
use standalone::{DataDir, Options, Standalone};
use tokio_util::sync::CancellationToken;
use vote_domain::{Clock, Ids};

fn kept() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/openapi.json")
}

async fn answered() -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let mut settings = Settings::default();
    settings.http.port = 0;
    let options = Options {
        data_dir: DataDir::at(folder.path())?,
        settings,
        demo: false,
        clock: Clock::system(),
        ids: Ids::random(),
        web: None,
    };
    let shutdown = CancellationToken::new();
    let running = Standalone::start(options, shutdown.clone()).await?;
    let url = format!("http://{}/openapi.json", running.address());
    let answer = reqwest::get(url).await?.error_for_status()?.json().await?;
    shutdown.cancel();
    running.stopped().await?;
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_has_an_id_of_its_own() -> Result<()> {
    let answered = answered().await?;
    let paths = answered["paths"].as_object().context("no paths")?;
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let mut known = HashSet::new();
    for (method, operation) in operations {
        let id = operation["operationId"].as_str().context("no id")?;
        assert!(
            known.insert(id),
            "{id} names another operation, too ({method})"
        );
        // A verb and what it is done to.
        assert!(id.contains('_') && id.chars().all(|c| c == '_' || c.is_ascii_lowercase()));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_end_has_the_description_that_is_answered() -> Result<()> {
    let answered = answered().await?;
    let path = kept();
    if env::var_os("UPDATE").is_some() {
        let text = serde_json::to_string_pretty(&answered)?;
        fs::write(&path, text + "\n")?;
    }
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let kept: Value = serde_json::from_str(&text)?;
    assert!(
        kept == answered,
        "web/openapi.json is stale: run this test with UPDATE=1, then `npm run client` in web/"
    );
    Ok(())
}
