//! Sums are rebuilt, also while votes settle.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use vote_domain::testing::beginning;
use vote_store::recount::{Recounted, Recounting};
use vote_store::settle::SettledBatch;
use vote_store::{Store, StoreError};

use crate::backends::{Backend, on_each_backend};
use crate::site::*;
use crate::world::*;

/// What a hand may do to sums.
const SPOILS: &[&str] = &[
    "UPDATE review_counters SET up = up + 5, ever_up = 0",
    "UPDATE review_voters SET n_standings = n_standings + 3",
    "UPDATE campaign_totals SET tickets = tickets + 7, n_votes = 0",
    "UPDATE campaign_tallies SET tickets = tickets - 1",
    "DELETE FROM campaign_days",
    "UPDATE campaign_fans SET tickets = 1000",
    "UPDATE items SET stars_sum = 0",
    "UPDATE restaurants SET n_reviews = 0",
];

/// More than are mended in twenty transactions.
const TALLIES: usize = 10_600;

async fn spoil(store: &Store) -> anyhow::Result<()> {
    for sql in SPOILS {
        store.execute_raw(sql).await?;
    }
    store
        .execute_raw(&format!(
            "INSERT INTO campaign_fans VALUES ({}, 2, {}, 4)",
            literal(CAMPAIGN.0),
            literal(user(9))
        ))
        .await?;
    Ok(())
}

async fn recount(store: &Store, recounting: Recounting) -> anyhow::Result<Vec<Recounted>> {
    let mut recounted = Vec::new();
    store.recount(recounting, &mut recounted, &|_| {}).await?;
    Ok(recounted)
}

/// Counts and a digest of rows that a recount never writes.
async fn untouchable(store: &Store) -> anyhow::Result<Vec<i64>> {
    let mut sums = Vec::new();
    for sql in [
        "SELECT COUNT(*) AS n FROM review_votes",
        "SELECT COUNT(*) AS n FROM campaign_votes",
        "SELECT CAST(SUM(spent) AS SIGNED) AS n FROM campaign_lots",
        "SELECT CAST(SUM(used) AS SIGNED) AS n FROM review_voter_days",
        "SELECT CAST(SUM(used) AS SIGNED) AS n FROM campaign_uses",
        "SELECT CAST(SUM(direction) AS SIGNED) AS n FROM review_standings",
        "SELECT n_votes AS n FROM campaign_results",
    ] {
        sums.push(store.select_number(sql).await?);
    }
    Ok(sums)
}

on_each_backend! {
    async fn sums_are_rebuilt_and_nothing_else_is(backend: Backend) -> Result<()> {
        let store = &backend.store;
        whole(&backend).await?;
        assert_eq!(recount(store, Recounting::Mend).await?, []);
        let before = untouchable(store).await?;
        spoil(store).await?;

        let shown = recount(store, Recounting::Show).await?;
        assert!(findings(store).await?.n_violations() > 0, "a dry run mends nothing");
        let version = "SELECT CAST(SUM(version) AS SIGNED) AS n FROM review_counters";
        let old = store.select_number(version).await?;
        let mut mended = recount(store, Recounting::Mend).await?;
        let (mut shown_rows, mut mended_rows): (Vec<_>, Vec<_>) = (
            shown.iter().map(|one| (&one.row, &one.before, &one.after)).collect(),
            mended.iter().map(|one| (&one.row, &one.before, &one.after)).collect(),
        );
        shown_rows.sort_unstable();
        mended_rows.sort_unstable();
        assert_eq!(shown_rows, mended_rows);
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        assert_eq!(store.select_number(version).await?, old + 3, "Redis takes higher versions only");
        assert_eq!(untouchable(store).await?, before);
        mended = recount(store, Recounting::Mend).await?;
        assert_eq!(mended, []);
        Ok(())
    }

    async fn a_counter_that_is_gone_comes_back(backend: Backend) -> Result<()> {
        let store = &backend.store;
        whole(&backend).await?;
        store.execute_raw("DELETE FROM review_counters").await?;
        let mended = recount(store, Recounting::Mend).await?;
        // Of one there is nothing left but its reward: all votes on it were voided.
        assert_eq!(mended.len(), 3, "{mended:?}");
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        assert_rewards_hold(&backend).await
    }

    async fn a_counter_that_lost_its_reward_gets_it_back(backend: Backend) -> Result<()> {
        let store = &backend.store;
        whole(&backend).await?;
        let lost = "UPDATE review_counters SET reward_sent_at = NULL";
        store.execute_raw(lost).await?;
        let mended = recount(store, Recounting::Mend).await?;
        assert_eq!(mended.len(), 2, "{mended:?}");
        assert!(mended.iter().all(|one| one.after == format!("{}, rewarded", one.before)));
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        assert_rewards_hold(&backend).await
    }

    async fn a_reward_is_paid_once_though_its_counter_is_gone(backend: Backend) -> Result<()> {
        let store = &backend.store;
        whole(&backend).await?;
        store.execute_raw("DELETE FROM review_counters").await?;
        // The second of them finds a reward due, as if there had been none.
        for voter in [7, 8] {
            assert_eq!(vote_later(store, voter).await?.rewarded, []);
        }
        assert_eq!(n_noted_rewards(store).await?, 1);
        recount(store, Recounting::Mend).await?;
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        assert_rewards_hold(&backend).await
    }

    async fn any_number_of_tallies_is_mended(backend: Backend) -> Result<()> {
        let store = &backend.store;
        furnish(&backend).await?;
        vote_in_campaign(store).await?;
        let campaign = literal(CAMPAIGN.0);
        let rows: Vec<_> = (0..TALLIES).map(|hour| format!("({campaign}, {hour}, 1, 0, 1)")).collect();
        for rows in rows.chunks(1_000) {
            let sql = format!("INSERT INTO campaign_tallies VALUES {}", rows.join(", "));
            store.execute_raw(&sql).await?;
        }
        let mended = recount(store, Recounting::Mend).await?;
        assert_eq!(mended.len(), TALLIES);
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        Ok(())
    }

    async fn sums_are_mended_while_writers_keep_settling(backend: Backend) -> Result<()> {
        let store = &backend.store;
        furnish(&backend).await?;
        vote_on_reviews(store).await?;
        vote_in_campaign(store).await?;
        let stop = Arc::new(AtomicBool::new(false));
        let mut writers = tokio::task::JoinSet::new();
        for writer in 0..3_u128 {
            let (store, stop) = (store.clone(), Arc::clone(&stop));
            writers.spawn(async move {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) || n < 20 {
                    n += 1;
                    // Members vote for no quota here, so that there is no end of votes.
                    let id = 1_000_000 * (writer + 1) + n;
                    let direction = if n % 3 == 0 { DOWN } else { UP };
                    let mut on_review = review_vote(id, 6 + writer, 1 + n % 3, direction);
                    on_review.cost = 0;
                    settle_reviews(&store, &[on_review]).await;
                    let at = noon(7, i64::try_from(n).unwrap());
                    let voter = vote_domain::Voter::new("jury".parse().unwrap(), &format!("w{id}")).unwrap();
                    settle(&store, CAMPAIGN, &[free_vote(id, &voter, at, 2)], noon(9, 0)).await;
                }
                n
            });
        }
        for _ in 0..4 {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            spoil_under_way(store).await?;
            let mended = recount(store, Recounting::Mend).await?;
            assert!(!mended.is_empty());
            let found = findings(store).await?;
            assert_eq!(lines(&found), Vec::<String>::new());
        }
        stop.store(true, Ordering::Relaxed);
        let n: u128 = writers.join_all().await.into_iter().sum();
        assert!(n >= 60);
        assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
        Ok(())
    }
}

/// Rewards whose counters say when they were paid.
async fn n_noted_rewards(store: &Store) -> anyhow::Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM rewards r JOIN review_counters c \
               ON c.review_id = r.review_id AND c.reward_sent_at = r.created_at";
    Ok(store.select_number(sql).await?)
}

/// Both rewards are noted, and another vote for a rewarded review counts and pays nobody again.
async fn assert_rewards_hold(backend: &Backend) -> anyhow::Result<()> {
    let store = &backend.store;
    assert_eq!(n_noted_rewards(store).await?, 2);
    let settled = vote_later(store, 9).await?;
    assert_eq!((settled.outcomes.len(), settled.rewarded), (1, vec![]));
    assert_eq!(lines(&findings(store).await?), Vec::<String>::new());
    let paid = i64::from(2 * REWARD.credit);
    assert_eq!(backend.credit(user(10)).await?, paid);
    Ok(())
}

/// Settles a vote of `voter` for the rewarded review, a day after the others.
async fn vote_later(store: &Store, voter: u128) -> Result<SettledBatch, StoreError> {
    let vote = review_vote(100 + voter, voter, 1, UP);
    let now = beginning() + TimeDelta::days(1);
    store.settle(&[vote], REWARD, now).await
}

/// Spoils what exists, again while others are in the way.
async fn spoil_under_way(store: &Store) -> anyhow::Result<()> {
    for sql in SPOILS {
        for n in 0.. {
            match store.execute_raw(sql).await {
                Ok(()) => break,
                Err(error) if error.is_transient() && n < 50 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
