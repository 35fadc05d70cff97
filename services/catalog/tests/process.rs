//! The catalog as a process of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::Client;
use serde_json::{Value, json};
use test_stack::{Service, ServiceProcess, Stack, TestScope, free_port};
use vote_store::{MysqlSettings, Store};

const PASSWORD: &str = "correct horse";

async fn start(scope: &TestScope) -> Result<ServiceProcess> {
    catalog(scope)?.start().await
}

fn catalog(scope: &TestScope) -> Result<Service> {
    let program = Path::new(env!("CARGO_BIN_EXE_catalog"));
    let service = Service::new("catalog", program, free_port()?)
        .env("TALLY__MYSQL__URL", &scope.mysql_url)
        .env("TALLY__REDIS__URL", &scope.redis_url)
        .env(
            "TALLY__REDIS__KEY_PREFIX",
            scope.redis_prefix.trim_end_matches(':'),
        )
        .env("TALLY__RABBITMQ__URL", &scope.amqp_url)
        .env("TALLY__AUTH__SECRET", "0123456789abcdef0123456789abcdef")
        .env("TALLY__AUTH__BCRYPT_COST", "4")
        .env("TALLY__ADMIN__USER_NAME", "root")
        .env("TALLY__ADMIN__PASSWORD", PASSWORD);
    Ok(service)
}

async fn sign_in(service: &ServiceProcess) -> Result<String> {
    let answer = Client::new()
        .post(format!("{}/api/v1/sessions", service.base_url()))
        .json(&json!({"user_name": "root", "password": PASSWORD}))
        .send()
        .await?
        .error_for_status()?;
    let tokens: Value = answer.json().await?;
    let token = tokens["access_token"].as_str().context("access_token")?;
    Ok(token.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_brings_schema_and_admin_along_at_every_start_and_stops_when_told() -> Result<()> {
    let scope = Stack::isolated("catalog_process").await?;
    let (first, second) = tokio::try_join!(start(&scope), start(&scope))?;
    for service in [&first, &second] {
        let token = sign_in(service).await?;
        let me: Value = Client::new()
            .get(format!("{}/api/v1/me", service.base_url()))
            .bearer_auth(token)
            .send()
            .await?
            .json()
            .await?;
        assert_eq!(me["role"], "admin");
    }
    for service in [first, second] {
        let status = service.terminate(Duration::from_secs(10)).await?;
        assert!(status.success(), "{status}\n{}", service.log());
        assert!(!service.log().contains(PASSWORD));
    }
    let again = start(&scope).await?;
    sign_in(&again).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn it_waits_for_a_schema_that_others_bring_up_to_date() -> Result<()> {
    let scope = Stack::isolated("catalog_waits").await?;
    let service = catalog(&scope)?.env("TALLY__MYSQL__MIGRATE_ON_START", "false");
    let starting = tokio::spawn(async move { service.start().await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(!starting.is_finished(), "it began without a schema");
    let store = Store::mysql(&MysqlSettings::new(&scope.mysql_url))?;
    store.migrate().await?;
    let service = starting.await??;
    assert!(service.log().contains("waiting for `votectl migrate`"));
    sign_in(&service).await?;
    Ok(())
}
