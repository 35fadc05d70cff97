//! Secrets in SQL, and keys that are rotated or revoked.

use std::time::{Duration, Instant};

use anyhow::Result;
use partner_auth::Vault;

use crate::server::{Server, VAULT_KEY};

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_cannot_be_read_in_its_row() -> Result<()> {
    let server = Server::sqlite().await?;
    let jury = server.partner("jury").await?;
    let row = server.store.standing_partner_key(jury.key).await?.unwrap();
    let secret = jury.secret.expose().as_bytes();
    let bytes: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&jury.secret.expose()[2 * at..][..2], 16).unwrap())
        .collect();
    for part in [&secret[..8], &secret[56..], &bytes[..8], &bytes[24..]] {
        assert!(!row.sealed.windows(8).any(|window| window == part));
    }
    // Nor anywhere else in the table.
    let hex: String = secret.iter().map(|byte| format!("{byte:02X}")).collect();
    let sql = format!(
        "SELECT COUNT(*) AS n FROM partner_keys WHERE instr(hex(sealed), '{hex}') > 0 \
         OR instr(lower(hex(sealed)), '{}') > 0",
        jury.secret.expose()
    );
    assert_eq!(server.store.select_number(&sql).await?, 0);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_wrong_key_or_none_partners_are_told_to_wait() -> Result<()> {
    for keys in [vec![], vec![[8; 32]]] {
        let server = Server::sqlite_with(&keys).await?;
        let jury = server.partner("jury").await?;
        let answer = server.send(&jury, &server.post()).await?;
        assert_eq!(answer.retry_after, "1");
        answer.problem(503, "signature_unverifiable");
    }
    let server = Server::sqlite_with(&[[8; 32], VAULT_KEY]).await?;
    let jury = server.partner("jury").await?;
    server.send(&jury, &server.post()).await?.ok();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_moved_to_another_partner_opens_for_nobody() -> Result<()> {
    let server = Server::sqlite().await?;
    let (jury, public) = (
        server.partner("jury").await?,
        server.partner("public").await?,
    );
    let literal = |id: uuid::Uuid| format!("X'{}'", id.simple());
    let sql = format!(
        "UPDATE partner_keys SET partner_id = {} WHERE key_id = {}",
        literal(public.partner.0),
        literal(jury.key)
    );
    server.store.execute_raw(&sql).await?;
    let answer = server.send(&jury, &server.post()).await?;
    answer.problem(503, "signature_unverifiable");
    server.send(&public, &server.post()).await?.ok();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_sealed_anew_verifies_as_before() -> Result<()> {
    let server = Server::sqlite_with(&[[8; 32], VAULT_KEY]).await?;
    let jury = server.partner("jury").await?;
    let row = server.store.standing_partner_key(jury.key).await?.unwrap();
    let owner = partner_auth::SecretOwner {
        key_id: jury.key,
        partner_id: jury.partner,
    };
    let ids = vote_domain::Ids::random();
    let sealed = Vault::new(&[[8; 32]]).seal(owner, &jury.secret, &ids)?;
    server.store.reseal_partner_key(&row, &sealed).await?;
    server.send(&jury, &server.post()).await?.ok();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_without_a_gap_and_a_revoked_one_ends_within_two_seconds() -> Result<()> {
    let server = Server::sqlite().await?;
    let old = server.partner("jury").await?;
    server.send(&old, &server.post()).await?.ok();
    let new = server.another_key(old.partner).await?;
    for who in [&old, &new] {
        server.send(who, &server.post()).await?.ok();
    }
    server.revoke(&old).await?;
    let revoked = Instant::now();
    loop {
        let answer = server.send(&old, &server.post()).await?;
        if answer.status == 401 {
            answer.problem(401, "invalid_signature");
            break;
        }
        assert!(revoked.elapsed() < Duration::from_secs(2), "still good");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.send(&new, &server.post()).await?.ok();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_given_while_it_was_known_as_missing_is_good_within_two_seconds() -> Result<()> {
    let server = Server::sqlite().await?;
    let old = server.partner("jury").await?;
    let (new, key) = server.key(old.partner)?;
    let answer = server.send(&new, &server.post()).await?;
    answer.problem(401, "invalid_signature");
    server.give(&key).await?;
    let given = Instant::now();
    while server.send(&new, &server.post()).await?.status != 200 {
        assert!(given.elapsed() < Duration::from_secs(2));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
