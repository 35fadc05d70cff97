//! Without Redis or SQL nothing signed is let in.

use anyhow::Result;

use crate::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_signed_requests_are_told_to_wait() -> Result<()> {
    let server = Server::without_redis().await?;
    let jury = server.partner("jury").await?;
    let answer = server.send(&jury, &server.post()).await?;
    assert_eq!(answer.retry_after, "1");
    answer.problem(503, "signature_unverifiable");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_sql_signed_requests_are_told_to_wait() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    server
        .store
        .execute_raw("ALTER TABLE partner_keys RENAME TO away")
        .await?;
    let answer = server.send(&jury, &server.post()).await?;
    answer.problem(503, "signature_unverifiable");
    server
        .store
        .execute_raw("ALTER TABLE away RENAME TO partner_keys")
        .await?;
    server.send(&jury, &server.post()).await?.ok();
    Ok(())
}
