//! What operators decide on dead letters.

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;
use vote_domain::campaign::{CampaignVote, OptionNo, Progress};
use vote_domain::review::{Direction, ReviewVote};
use vote_domain::{CampaignId, Outcome, RejectReason, ReviewId, Seq, UserId};
use vote_store::audit::Act;
use vote_store::dead_letters::{
    DropOutcome, LetterDrop, LetterFilter, LetterKind, LetterState, LetterVotes, NewDeadLetter,
    ReplayOutcome,
};
use vote_store::settle::RewardPolicy;
use vote_store::{Store, StoreError};

use crate::backends::on_each_backend;
use crate::world::*;

const ME: Uuid = Uuid::from_u128(0xE1);
/// What the campaign's letters say they come from.
const BOX: &str = "votes.campaign.7";
const DROPPED: Outcome = Outcome::Rejected(RejectReason::Dropped);

fn new_letter(ballot_box: &str, bytes: &[u8]) -> NewDeadLetter {
    NewDeadLetter {
        ballot_box: ballot_box.to_owned(),
        kind: LetterKind::Vote,
        bytes: bytes.to_vec(),
        reason: "refused",
        detail: "a test".to_owned(),
    }
}

/// Keeps a letter of the campaign's box; answers its id.
async fn keep(store: &Store, bytes: &[u8], now: DateTime<Utc>) -> Result<Uuid> {
    store
        .keep_dead_letters(&[new_letter(BOX, bytes)], now)
        .await?;
    let letters = store
        .dead_letters(&LetterFilter::default(), None, 100)
        .await?;
    let letter = letters.iter().find(|letter| letter.bytes == bytes);
    Ok(letter.context("no letter")?.id)
}

fn act(n: u128, at: DateTime<Utc>) -> Act {
    Act {
        audit_id: Uuid::from_u128(0xAD00 + n),
        at,
        actor: operator(),
    }
}

/// Drops a letter of the campaign's box that holds `votes`.
async fn drop_it(
    store: &Store,
    id: Uuid,
    votes: &[CampaignVote],
    act: &Act,
) -> Result<DropOutcome, StoreError> {
    let campaigns = votes.to_vec();
    let votes = LetterVotes {
        campaigns,
        ..LetterVotes::default()
    };
    store.drop_dead_letter(id, &a_drop(votes), act).await
}

fn a_drop(votes: LetterVotes) -> LetterDrop {
    LetterDrop {
        votes,
        reason: "broken".to_owned(),
    }
}

async fn state_of(store: &Store, id: Uuid) -> Result<(LetterState, u64)> {
    let letter = store.dead_letter(id).await?.context("no letter")?;
    Ok((letter.state, letter.n_arrivals))
}

async fn n_audits(store: &Store) -> Result<i64> {
    let sql = "SELECT COUNT(*) AS n FROM audit_log WHERE action LIKE 'dead_letter%'";
    Ok(store.select_number(sql).await?)
}

async fn version(store: &Store) -> Result<i64> {
    Ok(store
        .select_number("SELECT version AS n FROM campaign_voters")
        .await?)
}

on_each_backend! {
    async fn a_dropped_vote_is_rejected_and_costs_its_voter_nothing(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let voter = member(1);
        let votes = [free_vote(1, &voter, noon(1, 1), 1), free_vote(2, &voter, noon(1, 2), 2)];
        settle(store, CAMPAIGN, &votes[..1], noon(1, 3)).await;
        let (before, told) = (balance(store, &voter, noon(1, 4)).await?, version(store).await?);
        let id = keep(store, b"both", noon(1, 4)).await?;

        let done = DropOutcome::Done { rejected: vec![vote_id(2)] };
        assert_eq!(drop_it(store, id, &votes, &act(1, noon(1, 5))).await?, done);
        assert_eq!(outcome(store, 1).await?, Some(Outcome::Counted));
        assert_eq!(outcome(store, 2).await?, Some(DROPPED));
        assert_eq!((counted(store).await?, balance(store, &voter, noon(1, 6)).await?), (1, before));
        assert!(version(store).await? > told, "the voter's state would not be told");
        // Wherever else the vote turns up, it has had its end.
        assert!(settle(store, CAMPAIGN, &votes, noon(1, 7)).await.outcomes.is_empty());
        assert_eq!(counted(store).await?, 1);

        assert_eq!(drop_it(store, id, &votes, &act(2, noon(1, 8))).await?, DropOutcome::AlreadyDropped);
        assert_eq!(state_of(store, id).await?, (LetterState::Dropped, 1));
        assert_eq!(store.note_replay(id, 1, &act(3, noon(1, 9))).await?, ReplayOutcome::Dropped);
        keep(store, b"both", noon(1, 10)).await?;
        assert_eq!(state_of(store, id).await?, (LetterState::Dropped, 2));
        assert_eq!(n_audits(store).await?, 1);
        let nobody = Uuid::from_u128(9);
        assert_eq!(drop_it(store, nobody, &[], &act(4, noon(1, 11))).await?, DropOutcome::NoSuchLetter);
        assert_eq!(store.note_replay(nobody, 1, &act(5, noon(1, 12))).await?, ReplayOutcome::NoSuchLetter);
        Ok(())
    }

    async fn a_letter_that_ends_here_once_more_after_its_replay_is_open_again(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let vote = free_vote(1, &member(1), noon(1, 1), 1);
        let id = keep(store, b"vote", noon(1, 2)).await?;
        for n in 1..3 {
            assert_eq!(store.note_replay(id, 1, &act(n, noon(1, 3))).await?, ReplayOutcome::Noted);
            assert_eq!(state_of(store, id).await?, (LetterState::Replayed, 1));
        }
        let sure = std::slice::from_ref(&vote);
        assert_eq!(drop_it(store, id, sure, &act(3, noon(1, 4))).await?, DropOutcome::Replayed);
        assert_eq!(outcome(store, 1).await?, None);
        keep(store, b"vote", noon(1, 5)).await?;
        assert_eq!(state_of(store, id).await?, (LetterState::Open, 2));
        // Published before it arrived again, noted after: what was replayed has failed.
        assert_eq!(store.note_replay(id, 1, &act(4, noon(1, 6))).await?, ReplayOutcome::ArrivedAgain);
        assert_eq!(state_of(store, id).await?, (LetterState::Open, 2));
        assert_eq!(store.note_replay(id, 2, &act(5, noon(1, 7))).await?, ReplayOutcome::Noted);
        assert_eq!(n_audits(store).await?, 3);
        Ok(())
    }

    async fn dropping_lets_the_close_go_on_and_moves_no_result(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let (first, late) = (free_vote(1, &member(1), noon(9, 1), 1), free_vote(2, &member(2), noon(9, 2), 1));
        let id = keep(store, b"first", noon(9, 3)).await?;
        store.take_closing_lease(CAMPAIGN, ME, noon(10, 0), noon(10, 30)).await?;
        store.begin_closing(CAMPAIGN, ME, noon(10, 1)).await?;
        assert!(store.set_drained(CAMPAIGN, BOX, ME, noon(10, 2)).await.is_err());
        let done = DropOutcome::Done { rejected: vec![vote_id(1)] };
        assert_eq!(drop_it(store, id, &[first], &act(1, noon(10, 3))).await?, done);
        store.set_drained(CAMPAIGN, BOX, ME, noon(10, 4)).await?;
        store.freeze_result(CAMPAIGN, ME, noon(10, 5)).await?;

        // What comes later is dealt with, and has no end in a ledger that moves no more.
        let id = keep(store, b"late", noon(10, 6)).await?;
        let done = DropOutcome::Done { rejected: Vec::new() };
        assert_eq!(drop_it(store, id, std::slice::from_ref(&late), &act(2, noon(10, 7))).await?, done);
        assert_eq!((outcome(store, 2).await?, state_of(store, id).await?), (None, (LetterState::Dropped, 1)));
        assert_eq!(store.campaign_heads(&[CAMPAIGN]).await?[&CAMPAIGN].progress, Progress::Final);
        // One whose origin nobody knows would keep every other campaign from closing.
        store.keep_dead_letters(&[new_letter("votes.dead", b"lost")], noon(10, 8)).await?;
        let lost = store.open_dead_letters(Some("votes.dead"), 1).await?[0].id;
        let votes = LetterVotes { campaigns: vec![late], ..LetterVotes::default() };
        assert_eq!(store.drop_dead_letter(lost, &a_drop(votes), &act(3, noon(10, 9))).await?, done);
        assert_eq!((outcome(store, 2).await?, state_of(store, lost).await?), (None, (LetterState::Dropped, 1)));
        let (again, frozen) = store.recompute_result(CAMPAIGN).await?;
        assert_eq!(again.digest(), frozen.context("no result")?.digest);
        Ok(())
    }

    async fn dropping_a_letter_moves_no_campaign_that_is_drained_already(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let other = CampaignId(Uuid::from_u128(0xC2));
        create(store, other, &plan()).await?;
        let voter = member(1);
        settle(store, CAMPAIGN, &[free_vote(1, &voter, noon(9, 1), 1)], noon(9, 2)).await;
        store.take_closing_lease(CAMPAIGN, ME, noon(10, 0), noon(10, 30)).await?;
        store.begin_closing(CAMPAIGN, ME, noon(10, 1)).await?;
        store.set_drained(CAMPAIGN, BOX, ME, noon(10, 2)).await?;
        let told = version(store).await?;

        // Two votes in the box of another campaign, of which one is foreign there.
        let foreign = free_vote(2, &voter, noon(9, 3), 1);
        let own = CampaignVote { campaign: other, ..free_vote(3, &member(2), noon(9, 3), 1) };
        store.keep_dead_letters(&[new_letter("votes.campaign.8", b"both")], noon(10, 3)).await?;
        let id = store.open_dead_letters(Some("votes.campaign.8"), 1).await?[0].id;
        let votes = LetterVotes { campaigns: vec![foreign, own], ..LetterVotes::default() };
        let done = DropOutcome::Done { rejected: vec![vote_id(3)] };
        assert_eq!(store.drop_dead_letter(id, &a_drop(votes), &act(1, noon(10, 4))).await?, done);
        assert_eq!((outcome(store, 2).await?, outcome(store, 3).await?), (None, Some(DROPPED)));
        let campaign = CAMPAIGN.0.simple();
        let of_voter = format!("SELECT version AS n FROM campaign_voters WHERE campaign_id = X'{campaign}'");
        assert_eq!(store.select_number(&of_voter).await?, told, "a voter of a drained campaign moved");
        Ok(())
    }

    async fn votes_of_values_that_no_column_takes_can_be_dropped(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let far = NaiveDate::from_ymd_opt(200_000, 1, 1).context("no day")?;
        let mut vote = free_vote(1, &member(1), noon(1, 1), 1);
        vote.ballot.option = OptionNo(u32::MAX);
        vote.day = far;
        vote.limit = Some(u32::MAX);
        let mut unknown = free_vote(3, &member(1), noon(1, 1), 1);
        unknown.campaign = CampaignId(Uuid::from_u128(7));
        let on_review = ReviewVote {
            vote_id: vote_id(2),
            voter: UserId(Uuid::from_u128(5)),
            review: ReviewId(Uuid::from_u128(6)),
            direction: Some(Direction::Up),
            seq: Seq(noon(1, 1).timestamp_micros()),
            day: far,
            cost: 1,
            limit: u32::MAX,
        };
        let id = keep(store, b"odd", noon(1, 2)).await?;
        let votes = LetterVotes { reviews: vec![on_review.clone()], campaigns: vec![vote, unknown] };
        let dropped = store.drop_dead_letter(id, &a_drop(votes), &act(1, noon(1, 3))).await?;
        assert_eq!(dropped, DropOutcome::Done { rejected: vec![vote_id(1), vote_id(2)] });
        assert_eq!(outcome(store, 1).await?, Some(DROPPED));
        assert_eq!(store.ledger_votes(&[vote_id(2)]).await?[0].outcome, DROPPED);
        // Whoever asks with the base of a voter of whom there was nothing learns of it, too.
        let voter = member(1).voter_id();
        let asked = [(voter, vote_id(1))];
        let loaded = store.load_campaign_bases(CAMPAIGN, &[voter], &asked, noon(1, 3)).await?;
        assert!(loaded.known.contains_key(&vote_id(1)));
        let voter = on_review.voter;
        let asked = [(voter, vote_id(2))];
        let loaded = store.load_bases(&[voter], &asked, noon(1, 1).date_naive()).await?;
        assert!(loaded.known.contains_key(&vote_id(2)));
        // It stays rejected, and nothing of it counts.
        backend.review(on_review.review.0, Uuid::from_u128(4)).await?;
        let sound = ReviewVote { day: noon(1, 1).date_naive(), limit: 3, ..on_review };
        let reward = RewardPolicy { up_votes: 10, credit: 1 };
        assert!(store.settle(std::slice::from_ref(&sound), reward, noon(1, 4)).await?.outcomes.is_empty());
        assert!(store.counts(&[sound.review]).await?.get(&sound.review).is_none_or(|counts| counts.up == 0));
        Ok(())
    }

    async fn a_vote_dropped_and_settled_at_once_has_one_end(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let mut ends = std::collections::BTreeMap::<_, u32>::new();
        for n in 1..=12_u8 {
            let vote = free_vote(n.into(), &member(n.into()), noon(1, n.into()), 1);
            let id = keep(store, &[n], noon(1, 30)).await?;
            let settling = tokio::spawn({
                let (store, vote) = (store.clone(), vote.clone());
                async move { settle(&store, CAMPAIGN, &[vote], noon(1, 31)).await }
            });
            let mut n_tries = 0;
            let dropped = loop {
                match drop_it(store, id, std::slice::from_ref(&vote), &act(n.into(), noon(1, 31))).await {
                    // The worker was first with this very key.
                    Err(StoreError::Duplicate(_)) if n_tries < 5 => n_tries += 1,
                    dropped => break dropped?,
                }
            };
            let settled = u32::try_from(settling.await?.outcomes.len())?;
            let DropOutcome::Done { rejected } = dropped else { panic!("{dropped:?}") };
            assert_eq!(settled + u32::try_from(rejected.len())?, 1);
            *ends.entry(settled).or_default() += 1;
        }
        let n_counted = ends.get(&1).copied().unwrap_or_default();
        assert_eq!(counted(store).await?, i64::from(n_counted));
        Ok(())
    }

    async fn letters_are_listed_oldest_first_by_box_and_state(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let letters: Vec<_> = (0..5_u8).map(|n| new_letter(if n % 2 == 0 { "votes.reviews" } else { "votes.dead" }, &[n])).collect();
        for (n, letter) in (0..).zip(&letters) {
            store.keep_dead_letters(std::slice::from_ref(letter), noon(0, n / 2)).await?;
        }
        let all = store.dead_letters(&LetterFilter::default(), None, 100).await?;
        assert_eq!(all.len(), 5);
        assert!(all.is_sorted_by_key(|letter| (letter.created_at, letter.id)));
        let rest = store.dead_letters(&LetterFilter::default(), Some((all[1].created_at, all[1].id)), 2).await?;
        assert_eq!(rest, all[2..4]);
        store.note_replay(all[0].id, 1, &act(1, noon(1, 0))).await?;
        store.drop_dead_letter(all[1].id, &a_drop(LetterVotes::default()), &act(2, noon(1, 0))).await?;
        for (state, n) in [(LetterState::Open, 3), (LetterState::Replayed, 1), (LetterState::Dropped, 1)] {
            let filter = LetterFilter { state: Some(state), ..LetterFilter::default() };
            let found = store.dead_letters(&filter, None, 100).await?;
            assert_eq!(found.len(), n, "{state:?}");
            assert!(found.iter().all(|letter| letter.state == state));
        }
        let filter = LetterFilter { ballot_box: Some("votes.dead".to_owned()), state: None };
        assert_eq!(store.dead_letters(&filter, None, 100).await?.len(), 2);
        Ok(())
    }
}
