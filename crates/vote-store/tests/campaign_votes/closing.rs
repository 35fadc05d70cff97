//! The close.

use anyhow::Result;
use uuid::Uuid;
use vote_domain::campaign::{Progress, Stage};
use vote_domain::{Outcome, RejectReason, Seq};
use vote_store::Store;
use vote_store::closing::{ClosingError, ClosingLease};
use vote_store::dead_letters::{LetterKind, NewDeadLetter};
use vote_store::grants::GrantOutcome;
use vote_store::voids::VoidOutcome;

use crate::backends::on_each_backend;
use crate::world::*;

/// The campaign's ballot box.
const BOX: &str = "the campaign's box";

const ME: Uuid = Uuid::from_u128(0xE1);
const OTHER: Uuid = Uuid::from_u128(0xE2);

/// A campaign with some votes, up to its end; the lease is mine.
async fn at_its_end(store: &Store) -> Result<()> {
    create(store, CAMPAIGN, &plan()).await?;
    let votes: Vec<_> = (1_u32..=30)
        .map(|n| {
            let at = noon(1 + i64::from(n / 7), n.into());
            free_vote(n.into(), &member((n % 7).into()), at, 1)
        })
        .collect();
    settle(store, CAMPAIGN, &votes, noon(9, 0)).await;
    store
        .void_vote(
            CAMPAIGN,
            vote_id(3),
            &new_void(1, false, noon(9, 1)),
            noon(9, 1),
        )
        .await?;
    let lease = store
        .take_closing_lease(CAMPAIGN, ME, noon(10, 0), noon(10, 30))
        .await?;
    assert_eq!(lease, ClosingLease::Taken);
    Ok(())
}

on_each_backend! {
    async fn one_worker_at_a_time_holds_the_closing_lease(backend: Backend) -> Result<()> {
        let store = &backend.store;
        assert_eq!(store.take_closing_lease(CAMPAIGN, ME, noon(10, 0), noon(10, 1)).await?, ClosingLease::NoSuchCampaign);
        at_its_end(store).await?;
        let held = ClosingLease::HeldBy { holder: ME, until: noon(10, 30) };
        assert_eq!(store.take_closing_lease(CAMPAIGN, OTHER, noon(10, 29), noon(10, 60)).await?, held);
        assert!(matches!(store.begin_closing(CAMPAIGN, OTHER, noon(10, 1)).await, Err(ClosingError::NotHeld)));
        assert!(matches!(store.begin_closing(CAMPAIGN, ME, noon(10, 30)).await, Err(ClosingError::NotHeld)));
        // Extended, given back, and taken over when it has run out.
        assert_eq!(store.take_closing_lease(CAMPAIGN, ME, noon(10, 20), noon(10, 50)).await?, ClosingLease::Taken);
        store.release_closing_lease(CAMPAIGN, OTHER).await?;
        assert!(matches!(store.take_closing_lease(CAMPAIGN, OTHER, noon(10, 49), noon(10, 60)).await?, ClosingLease::HeldBy { .. }));
        assert_eq!(store.take_closing_lease(CAMPAIGN, OTHER, noon(10, 50), noon(10, 90)).await?, ClosingLease::Taken);
        assert!(matches!(store.begin_closing(CAMPAIGN, ME, noon(10, 51)).await, Err(ClosingError::NotHeld)));
        store.release_closing_lease(CAMPAIGN, OTHER).await?;
        assert!(matches!(store.begin_closing(CAMPAIGN, OTHER, noon(10, 52)).await, Err(ClosingError::NotHeld)));
        let mut workers = tokio::task::JoinSet::new();
        for n in 0..8 {
            let store = store.clone();
            workers.spawn(async move { store.take_closing_lease(CAMPAIGN, Uuid::from_u128(n), noon(10, 60), noon(10, 70)).await });
        }
        let mut n_taken = 0;
        while let Some(lease) = workers.join_next().await {
            n_taken += usize::from(lease?? == ClosingLease::Taken);
        }
        assert_eq!(n_taken, 1);
        Ok(())
    }

    async fn a_campaign_closes_step_by_step_and_never_moves_again(backend: Backend) -> Result<()> {
        let store = &backend.store;
        at_its_end(store).await?;
        assert!(matches!(store.begin_closing(CAMPAIGN, ME, noon(9, 9)).await, Err(ClosingError::NotOver)));
        assert!(matches!(store.set_drained(CAMPAIGN, BOX, ME, noon(10, 1)).await, Err(ClosingError::TooEarly(Progress::Running))));
        assert!(matches!(store.freeze_result(CAMPAIGN, ME, noon(10, 1)).await, Err(ClosingError::TooEarly(Progress::Running))));
        for _ in 0..2 {
            store.begin_closing(CAMPAIGN, ME, noon(10, 1)).await?;
        }
        assert!(matches!(store.freeze_result(CAMPAIGN, ME, noon(10, 1)).await, Err(ClosingError::TooEarly(Progress::Closing))));
        // While it closes, what was cast before still counts, and voids go on.
        settle(store, CAMPAIGN, &[free_vote(40, &member(40), noon(9, 0), 3)], noon(10, 2)).await;
        assert_eq!(store.void_vote(CAMPAIGN, vote_id(50), &new_void(2, false, noon(10, 2)), noon(10, 2)).await?, VoidOutcome::Waiting);

        let letter = NewDeadLetter {
            ballot_box: BOX.to_owned(),
            kind: LetterKind::Vote,
            bytes: vec![1],
            reason: "malformed",
            detail: String::new(),
        };
        store.keep_dead_letters(&[letter], noon(10, 3)).await?;
        assert!(matches!(store.set_drained(CAMPAIGN, BOX, ME, noon(10, 3)).await, Err(ClosingError::DeadLetters(1))));
        store.execute_raw("UPDATE dead_letters SET resolved_at = '2026-05-11 10:00:00.000000'").await?;
        let mark = format!("INSERT INTO campaign_vote_marks VALUES ({}, {}, {}, 1, 0, 'late', NULL)", literal(vote_id(5).0), literal(CAMPAIGN.0), literal(ME));
        store.execute_raw(&mark).await?;
        assert!(matches!(store.set_drained(CAMPAIGN, BOX, ME, noon(10, 4)).await, Err(ClosingError::OpenVoids)));
        assert_eq!(store.apply_campaign_marks(CAMPAIGN, noon(10, 4)).await?.len(), 1);
        assert!(matches!(store.set_drained(CAMPAIGN, BOX, OTHER, noon(10, 4)).await, Err(ClosingError::NotHeld)));
        for _ in 0..2 {
            store.set_drained(CAMPAIGN, BOX, ME, noon(10, 5)).await?;
        }

        // Whatever comes now changes nothing.
        let late = settle(store, CAMPAIGN, &[free_vote(41, &member(41), noon(9, 0), 1)], noon(10, 6)).await;
        assert_eq!(late.outcomes, [(vote_id(41), Outcome::Rejected(RejectReason::CampaignNotOpen))]);
        let known = settle(store, CAMPAIGN, &[free_vote(40, &member(40), noon(9, 0), 3)], noon(10, 6)).await;
        assert!(known.outcomes.is_empty());
        let void = new_void(3, false, noon(10, 6));
        assert_eq!(store.void_vote(CAMPAIGN, vote_id(6), &void, noon(10, 6)).await?, VoidOutcome::NotOpen);
        assert_eq!(store.void_voter(CAMPAIGN, &member(1), Seq(i64::MAX), &void, noon(10, 6)).await?, VoidOutcome::NotOpen);
        // Not even for one whose clock is wrong.
        assert_eq!(store.grant(CAMPAIGN, &[new_grant(&member(1), 1, "k")], noon(9, 0)).await?, [GrantOutcome::NotOpen(Stage::Drained)]);

        let facts = store.freeze_result(CAMPAIGN, ME, noon(10, 7)).await?;
        assert_eq!(facts.n_votes, 29);
        assert_eq!(facts.options[0].votes, [u64::try_from(counted(store).await?)?, 0]);
        assert_eq!((facts.options[0].votes[0], facts.options.len()), (31, 3));
        assert_eq!(store.freeze_result(CAMPAIGN, ME, noon(10, 8)).await?, facts);
        let (again, frozen) = store.recompute_result(CAMPAIGN).await?;
        let frozen = frozen.unwrap();
        assert_eq!((again.canonical(), again.digest()), (frozen.canonical.clone(), frozen.digest.clone()));
        assert_eq!((frozen.n_votes, frozen.frozen_at), (29, noon(10, 7)));
        assert_eq!(store.frozen_result(CAMPAIGN).await?, Some(frozen));
        assert_eq!(store.campaign_heads(&[CAMPAIGN]).await?[&CAMPAIGN].progress, Progress::Final);
        assert_eq!(store.take_closing_lease(CAMPAIGN, OTHER, noon(11, 0), noon(11, 1)).await?, ClosingLease::Final);
        // A ledger that was meddled with does not go unseen.
        store.execute_raw(&format!("UPDATE campaign_votes SET tickets = 9 WHERE vote_id = {}", literal(vote_id(9).0))).await?;
        assert!(matches!(store.freeze_result(CAMPAIGN, ME, noon(10, 9)).await, Err(ClosingError::OtherResult)));
        Ok(())
    }

    async fn nothing_is_frozen_while_ledger_and_totals_differ(backend: Backend) -> Result<()> {
        let store = &backend.store;
        at_its_end(store).await?;
        store.begin_closing(CAMPAIGN, ME, noon(10, 1)).await?;
        store.set_drained(CAMPAIGN, BOX, ME, noon(10, 2)).await?;
        store.execute_raw("UPDATE campaign_totals SET n_votes = n_votes + 1").await?;
        let error = store.freeze_result(CAMPAIGN, ME, noon(10, 3)).await.unwrap_err();
        let ClosingError::Differs(difference) = &error else { panic!("{error}") };
        assert_eq!((difference.ledger.n_votes, difference.totals.n_votes), (29, 30));
        assert_eq!(store.frozen_result(CAMPAIGN).await?, None);
        store.execute_raw("UPDATE campaign_totals SET n_votes = n_votes - 1").await?;
        assert!(matches!(store.freeze_result(CAMPAIGN, OTHER, noon(10, 4)).await, Err(ClosingError::NotHeld)));
        store.freeze_result(CAMPAIGN, ME, noon(10, 4)).await?;
        Ok(())
    }
}
