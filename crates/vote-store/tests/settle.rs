//! Settling, held to one suite on MariaDB and on SQLite.

mod backends;

use std::collections::{BTreeMap, HashMap};

use anyhow::Result;
use backends::on_each_backend;
use chrono_tz::Europe::Berlin;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use uuid::Uuid;
use vote_domain::review::{Ballot, Base, Direction, QuotaPolicy, ReviewVote, Standing};
use vote_domain::testing::{History, Step, beginning, history, shuffled, steps};
use vote_domain::{Outcome, RejectReason, Seq};
use vote_domain::{ReviewId, UserId, VoteId};
use vote_store::settle::RewardPolicy;
use vote_store::voters::Bases;
use vote_store::{Store, StoreError};

const POLICY: QuotaPolicy = QuotaPolicy {
    votes_per_day: 3,
    zone: Berlin,
};

const REWARD: RewardPolicy = RewardPolicy {
    up_votes: 2,
    credit: 5,
};

fn id(space: u64, n: u64) -> Uuid {
    Uuid::from_u64_pair(space, n)
}

fn vote(space: u64, voter: u64, review: u64, direction: Option<Direction>, n: i64) -> ReviewVote {
    let seq = Seq(beginning().timestamp_micros() + n);
    ReviewVote {
        vote_id: VoteId(id(space, 1_000 + n.unsigned_abs())),
        voter: UserId(id(space, voter)),
        review: ReviewId(id(space, 100 + review)),
        direction,
        seq,
        day: POLICY.day(seq.at()),
        cost: direction.is_some().into(),
        limit: 3,
    }
}

const UP: Option<Direction> = Some(Direction::Up);
const DOWN: Option<Direction> = Some(Direction::Down);

async fn settle(store: &Store, votes: &[ReviewVote]) -> vote_store::settle::SettledBatch {
    loop {
        match store.settle(votes, REWARD, beginning()).await {
            Ok(settled) => return settled,
            Err(error) if error.is_transient() => {}
            Err(error) => panic!("{error}"),
        }
    }
}

on_each_backend! {
    async fn a_vote_delivered_twice_counts_once(backend: Backend) -> Result<()> {
        let store = &backend.store;
        backend.review(id(1, 101), id(1, 9)).await?;
        let votes = [vote(1, 1, 1, UP, 1)];
        let first = settle(store, &votes).await;
        assert_eq!(first.outcomes, [(votes[0].vote_id, Outcome::Counted)]);
        let again = settle(store, &votes).await;
        assert!(again.outcomes.is_empty());
        assert_eq!(first.counters, again.counters);
        assert_eq!((first.counters[0].1.up, first.counters[0].1.version), (1, 1));
        assert_eq!(again.voters[0].1.version, 2);
        assert_eq!(again.voters[0].1.votes, [votes[0].vote_id]);

        // Also twice within one batch.
        let other = vote(1, 2, 1, UP, 2);
        let settled = settle(store, &[other.clone(), other.clone()]).await;
        assert_eq!(settled.outcomes.len(), 1);
        assert_eq!(settled.counters[0].1.up, 2);
        Ok(())
    }

    async fn a_batch_of_500_finds_what_stands_for_each_of_its_voters(backend: Backend) -> Result<()> {
        let store = &backend.store;
        backend.review(id(1, 101), id(1, 9)).await?;
        let batch = |direction, first: i64| -> Vec<_> {
            let numbers = (1_000..).zip(first..).take(500);
            numbers.map(|(voter, n)| vote(1, voter, 1, direction, n)).collect()
        };
        let up = settle(store, &batch(UP, 1)).await;
        assert_eq!((up.counters[0].1.up, up.counters[0].1.down), (500, 0));
        let down = settle(store, &batch(DOWN, 501)).await;
        assert_eq!((down.counters[0].1.up, down.counters[0].1.down), (0, 500));
        let again = settle(store, &batch(UP, 1)).await;
        assert!(again.outcomes.is_empty());
        Ok(())
    }

    async fn sql_refuses_what_admission_could_not_see(backend: Backend) -> Result<()> {
        let store = &backend.store;
        for n in 1..=4 {
            backend.review(id(1, 100 + n), id(1, 9)).await?;
        }
        let votes = [
            vote(1, 9, 1, UP, 1),
            vote(1, 1, 77, UP, 2),
            vote(1, 1, 1, UP, 3),
            vote(1, 1, 2, UP, 4),
            vote(1, 1, 3, UP, 5),
            vote(1, 1, 4, UP, 6),
            vote(1, 1, 3, None, 7),
        ];
        let settled = settle(store, &votes).await;
        let outcomes: Vec<_> = settled.outcomes.iter().map(|(_, outcome)| *outcome).collect();
        assert_eq!(
            outcomes,
            [
                Outcome::Rejected(RejectReason::SelfVote),
                Outcome::Rejected(RejectReason::ReviewNotFound),
                Outcome::Counted,
                Outcome::Counted,
                Outcome::Counted,
                Outcome::Rejected(RejectReason::DailyQuotaUsed),
                Outcome::Counted,
            ]
        );
        let known = store.ledger_votes(&[votes[5].vote_id, votes[4].vote_id]).await?;
        assert_eq!(known.len(), 2);
        for vote in known {
            if vote.vote_id == votes[4].vote_id {
                assert_eq!(vote.superseded_by, Some(votes[6].vote_id));
            } else {
                assert_eq!(vote.outcome, Outcome::Rejected(RejectReason::DailyQuotaUsed));
                assert_eq!(vote.superseded_by, None);
            }
        }
        Ok(())
    }

    async fn an_author_is_rewarded_once_however_the_votes_arrive(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let author = id(1, 9);
        backend.user(author).await?;
        backend.review(id(1, 101), author).await?;
        // One voter up and down and up again is one voter who ever voted up.
        let rewarded = settle(store, &[vote(1, 1, 1, UP, 1), vote(1, 1, 1, DOWN, 2), vote(1, 1, 1, UP, 3)]).await;
        assert!(rewarded.rewarded.is_empty());
        // The down vote, cast later, settles first.
        let rewarded = settle(store, &[vote(1, 2, 1, DOWN, 9)]).await;
        assert!(rewarded.rewarded.is_empty());
        let rewarded = settle(store, &[vote(1, 2, 1, UP, 8)]).await;
        assert_eq!(rewarded.rewarded, [ReviewId(id(1, 101))]);
        for n in 10..20 {
            let again = settle(store, &[vote(1, n, 1, UP, 20 + i64::try_from(n)?)]).await;
            assert!(again.rewarded.is_empty());
        }
        assert_eq!(backend.credit(author).await?, 5);
        Ok(())
    }

    async fn rewards_that_fall_due_together_are_all_paid(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let authors = [id(1, 90), id(1, 91), id(1, 92)];
        for author in authors {
            backend.user(author).await?;
        }
        // Three reviews by the first, one by each other.
        for (n, author) in [0, 0, 1, 0, 2].into_iter().enumerate() {
            backend.review(id(1, 101 + n as u64), authors[author]).await?;
        }
        let votes: Vec<_> = (1..=5_u32)
            .flat_map(|review| {
                let seq = i64::from(review) * 10;
                [vote(1, 1, review.into(), UP, seq), vote(1, 2, review.into(), UP, seq + 1)]
            })
            .map(|vote| ReviewVote { limit: 10, ..vote })
            .collect();
        let settled = settle(store, &votes).await;
        let reviews: Vec<_> = (1..=5).map(|n| ReviewId(id(1, 100 + n))).collect();
        assert_eq!(settled.rewarded, reviews);
        for (author, credit) in authors.into_iter().zip([15, 5, 5]) {
            assert_eq!(backend.credit(author).await?, credit);
        }
        assert!(settle(store, &votes).await.rewarded.is_empty());
        assert_eq!(backend.credit(authors[0]).await?, 15);

        // A counter forgets its reward, and that of another review falls due in one batch.
        let forgets = "UPDATE review_counters SET reward_sent_at = NULL WHERE review_id";
        let first = id(1, 101).simple();
        store.execute_raw(&format!("{forgets} = X'{first}'")).await?;
        backend.review(id(1, 106), authors[1]).await?;
        let votes = [vote(1, 3, 1, UP, 90), vote(1, 3, 6, UP, 91), vote(1, 4, 6, UP, 92)];
        assert_eq!(settle(store, &votes).await.rewarded, [ReviewId(id(1, 106))]);
        for (author, credit) in authors.into_iter().zip([15, 10, 5]) {
            assert_eq!(backend.credit(author).await?, credit);
        }
        Ok(())
    }

    async fn a_base_says_what_was_settled(backend: Backend) -> Result<()> {
        let store = &backend.store;
        backend.review(id(1, 101), id(1, 9)).await?;
        let votes = [vote(1, 1, 1, UP, 1), vote(1, 1, 1, None, 2)];
        settle(store, &votes).await;
        let stranger = UserId(id(1, 50));
        let not_yet = VoteId(id(1, 5));
        let asked_for = [
            (votes[0].voter, votes[1].vote_id),
            (votes[0].voter, not_yet),
            (stranger, not_yet),
        ];
        let Bases { bases, known } = store
            .load_bases(&[votes[0].voter, stranger], &asked_for, Base::first_day(beginning()))
            .await?;
        let asked = Ballot { review: votes[1].review, direction: votes[1].direction };
        assert_eq!(known, HashMap::from([(votes[1].vote_id, asked)]));
        let base = &bases[&votes[0].voter];
        assert_eq!((base.version, base.last_seq, base.complete), (1, votes[1].seq, true));
        assert_eq!(base.days[&votes[0].day].used, 1);
        assert_eq!(base.standings[&votes[0].review], Standing::of(&votes[1]));
        assert_eq!(bases[&stranger].version, 0);
        assert!(bases[&stranger].complete);
        let pairs = [(votes[0].voter, votes[0].review), (stranger, votes[0].review)];
        let standings = store.standings(&pairs).await?;
        assert_eq!(standings, HashMap::from([(pairs[0], Standing::of(&votes[1]))]));
        Ok(())
    }

    async fn any_order_repetition_and_split_ends_in_the_same_rows(backend: Backend) -> Result<()> {
        let mut runner = TestRunner::new_with_rng(
            Config::default(),
            TestRng::deterministic_rng(RngAlgorithm::ChaCha),
        );
        for case in 0..12 {
            let steps = steps(3, 4).new_tree(&mut runner).expect("steps").current();
            let in_order = history(10 + 2 * case, 3, 4, &steps, &POLICY);
            let disorder = history(11 + 2 * case, 3, 4, &steps, &POLICY);
            for history in [&in_order, &disorder] {
                for (review, author) in &history.reviews {
                    backend.review(review.0, author.0).await?;
                }
            }
            settle(&backend.store, &in_order.votes).await;
            for batch in shuffled(&disorder.votes, case) {
                for (_, outcome) in settle(&backend.store, &batch).await.outcomes {
                    assert_eq!(outcome, Outcome::Counted);
                }
            }
            let rows = rows(&backend.store, &in_order).await?;
            assert_eq!(rows, self::rows(&backend.store, &disorder).await?);
            assert_matches_admission(&in_order, &rows, &steps);
        }
        backend.assert_review_books_hold().await?;
        Ok(())
    }

    async fn workers_at_once_settle_each_vote_once(backend: Backend) -> Result<()> {
        let mut runner = TestRunner::new_with_rng(
            Config::default(),
            TestRng::deterministic_rng(RngAlgorithm::ChaCha),
        );
        for case in 0..6 {
            let steps = steps(4, 4).new_tree(&mut runner).expect("steps").current();
            let space = 500 + 2 * case;
            let calm = history(space, 4, 4, &steps, &POLICY);
            let crowded = history(space + 1, 4, 4, &steps, &POLICY);
            for history in [&calm, &crowded] {
                for (review, author) in &history.reviews {
                    backend.review(review.0, author.0).await?;
                }
            }
            settle(&backend.store, &calm.votes).await;
            let mut workers = tokio::task::JoinSet::new();
            for worker in 0..4 {
                let store = backend.store.clone();
                let batches = shuffled(&crowded.votes, 100 * case + worker);
                workers.spawn(async move {
                    let mut n_counted = 0;
                    for batch in batches {
                        n_counted += settle(&store, &batch).await.outcomes.len();
                    }
                    n_counted
                });
            }
            let n_counted: usize = workers.join_all().await.into_iter().sum();
            assert_eq!(n_counted, crowded.votes.len());
            assert_eq!(rows(&backend.store, &calm).await?, rows(&backend.store, &crowded).await?);
        }
        backend.assert_review_books_hold().await?;
        Ok(())
    }

    async fn a_dead_letter_is_kept_once_and_counts_its_arrivals(backend: Backend) -> Result<()> {
        use vote_store::dead_letters::{LetterKind, NewDeadLetter};
        let letter = NewDeadLetter {
            ballot_box: "votes.reviews".to_owned(),
            kind: LetterKind::Vote,
            bytes: vec![1, 2, 255, 0],
            reason: "malformed",
            detail: "x".repeat(5_000),
        };
        backend.store.keep_dead_letters(std::slice::from_ref(&letter), beginning()).await?;
        backend.store.keep_dead_letters(std::slice::from_ref(&letter), beginning()).await?;
        let kept = backend.store.open_dead_letters(Some("votes.reviews"), 10).await?;
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].n_arrivals, &kept[0].bytes), (2, &letter.bytes));
        assert_eq!(kept[0].detail.len(), 1_000);
        assert_eq!(kept[0].created_at, beginning());
        assert!(backend.store.open_dead_letters(Some("votes.else"), 10).await?.is_empty());
        backend.store.write_canary("worker", beginning()).await?;
        backend.store.write_canary("worker", beginning()).await?;
        backend.store.ping().await?;
        Ok(())
    }

    async fn a_lost_epoch_is_told_from_a_first_one(backend: Backend) -> Result<()> {
        let (first, second) = (id(1, 1), id(1, 2));
        let later = beginning() + chrono::TimeDelta::seconds(5);
        let store = &backend.store;
        assert_eq!(store.note_epoch("voters", first, beginning()).await?, None);
        assert_eq!(store.note_epoch("voters", first, later).await?, None);
        assert_eq!(store.note_epoch("voters", second, later).await?, Some(later));
        assert_eq!(store.note_epoch("voters", second, beginning()).await?, Some(later));
        Ok(())
    }

    async fn history_pages_backwards_without_gap_or_repetition(backend: Backend) -> Result<()> {
        let store = &backend.store;
        for n in 1..=5 {
            backend.review(id(1, 100 + n), id(1, 9)).await?;
        }
        let votes: Vec<_> = (1..=5)
            .map(|n| ReviewVote { cost: 0, ..vote(1, 1, n, UP, n.cast_signed()) })
            .collect();
        settle(store, &votes).await;
        let first = store.ledger_of_voter(votes[0].voter, None, 2).await?;
        let cursor = first.last().map(|vote| (vote.seq, vote.vote_id));
        let rest = store.ledger_of_voter(votes[0].voter, cursor, 10).await?;
        let seen: Vec<_> = first.iter().chain(&rest).map(|vote| vote.vote_id).collect();
        let all: Vec<_> = votes.iter().rev().map(|vote| vote.vote_id).collect();
        assert_eq!(seen, all);
        Ok(())
    }
}

/// What the tables say of a history, with ids as numbers that do not depend on its space.
#[derive(Debug, PartialEq)]
struct TableRows {
    days: BTreeMap<(usize, chrono::NaiveDate), u32>,
    standings: BTreeMap<(usize, usize), (Seq, u64, Option<Direction>)>,
    counters: BTreeMap<usize, (u64, u64)>,
    last_seqs: Vec<Seq>,
    ledger: Vec<(u64, Outcome, Option<u64>)>,
}

async fn rows(store: &Store, history: &History) -> Result<TableRows, StoreError> {
    let number = |id: VoteId| id.0.as_u64_pair().1;
    let bases = store
        .load_bases(&history.voters, &[], Base::first_day(beginning()))
        .await?
        .bases;
    let mut days = BTreeMap::new();
    let mut standings = BTreeMap::new();
    let mut last_seqs = Vec::new();
    for (v, voter) in history.voters.iter().enumerate() {
        let base = &bases[voter];
        days.extend(base.days.iter().map(|(day, used)| ((v, *day), used.used)));
        for (r, (review, _)) in history.reviews.iter().enumerate() {
            if let Some(standing) = base.standings.get(review) {
                let standing = (standing.seq, number(standing.vote_id), standing.direction);
                standings.insert((v, r), standing);
            }
        }
        last_seqs.push(base.last_seq);
    }
    let mut counters = BTreeMap::new();
    for (r, (review, _)) in history.reviews.iter().enumerate() {
        if let Some(counts) = store.counts(&[*review]).await?.get(review) {
            counters.insert(r, (counts.up, counts.down));
        }
    }
    let ids: Vec<_> = history.votes.iter().map(|vote| vote.vote_id).collect();
    let mut ledger: Vec<_> = store
        .ledger_votes(&ids)
        .await?
        .into_iter()
        .map(|vote| {
            (
                number(vote.vote_id),
                vote.outcome,
                vote.superseded_by.map(number),
            )
        })
        .collect();
    ledger.sort_unstable_by_key(|row| row.0);
    counters.retain(|_, counts| *counts != (0, 0));
    Ok(TableRows {
        days,
        standings,
        counters,
        last_seqs,
        ledger,
    })
}

fn assert_matches_admission(history: &History, rows: &TableRows, steps: &[Step]) {
    assert_eq!(rows.ledger.len(), history.votes.len(), "{steps:?}");
    for (v, state) in history.states.iter().enumerate() {
        assert_eq!(rows.last_seqs[v], state.last_seq());
        for (r, (review, _)) in history.reviews.iter().enumerate() {
            let stands = rows
                .standings
                .get(&(v, r))
                .map(|standing| (standing.0, standing.2));
            let admitted = state.standing(*review).map(|s| (s.seq, s.direction));
            assert_eq!(stands, admitted, "{steps:?}");
        }
    }
    for (r, _) in history.reviews.iter().enumerate() {
        let n = |direction| {
            rows.standings
                .iter()
                .filter(|((_, on), s)| *on == r && s.2 == Some(direction))
                .count() as u64
        };
        let counted = rows.counters.get(&r).copied().unwrap_or_default();
        assert_eq!(counted, (n(Direction::Up), n(Direction::Down)));
    }
}
