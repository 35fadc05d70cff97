//! Signing in takes as long for a name that nobody has as for a wrong password.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::scene::Scene;

/// One hash takes some tens of milliseconds: far more than anything else does.
const SETTINGS: &[(&str, &str)] = &[("TALLY__AUTH__BCRYPT_COST", "10")];

/// How often each is tried.
const N_TRIES: usize = 15;

/// How many hashes were made or compared so far.
async fn n_hashes(scene: &Scene) -> Result<u64> {
    let metrics = scene.metrics().await?;
    let line = (metrics.lines())
        .find_map(|line| line.strip_prefix("tally_password_hash_duration_seconds_count "))
        .context("no count of hashes")?;
    Ok(line.trim().parse()?)
}

async fn refused_after(scene: &Scene, user_name: &str) -> Result<Duration> {
    let asked_at = Instant::now();
    let answer = scene.try_sign_in(user_name, "a wrong password").await?;
    let took = asked_at.elapsed();
    answer.expect_problem(401, "invalid_credentials")?;
    Ok(took)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_name_costs_one_hash_as_a_wrong_password_does() -> Result<()> {
    let scene = Scene::start(SETTINGS).await?;
    scene.sign_up("known", "known-password").await?;
    for (user_name, what) in [
        ("known", "a wrong password"),
        ("unknown", "an unknown name"),
        ("no name at all \u{1f9d9}", "what is no name"),
    ] {
        let before = n_hashes(&scene).await?;
        refused_after(&scene, user_name).await?;
        assert_eq!(n_hashes(&scene).await?, before + 1, "{what}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_name_is_refused_after_as_long_as_a_wrong_password() -> Result<()> {
    let scene = Scene::start(SETTINGS).await?;
    scene.sign_up("known", "known-password").await?;
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    // By turns, so that whatever else the machine does meets both alike.
    for n in 0..N_TRIES {
        known.push(refused_after(&scene, "known").await?);
        unknown.push(refused_after(&scene, &format!("unknown-{n}")).await?);
    }
    let (known, unknown) = (median(known), median(unknown));
    let ratio = unknown.as_secs_f64() / known.as_secs_f64();
    // Without a hash the ratio is a twentieth or less.
    assert!((0.5..2.0).contains(&ratio), "{known:?} and {unknown:?}");
    Ok(())
}
