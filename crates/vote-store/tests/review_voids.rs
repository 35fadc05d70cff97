//! Voids of votes on reviews, held to one suite on MariaDB and on SQLite.

mod backends;

use std::collections::BTreeMap;

use anyhow::Result;
use backends::on_each_backend;
use chrono::NaiveDate;
use chrono_tz::Europe::Berlin;
use proptest::sample::Index;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use uuid::Uuid;
use vote_domain::review::{Base, Direction, QuotaPolicy, ReviewVote, VoterState};
use vote_domain::testing::{History, beginning, history, shuffled, steps};
use vote_domain::voter_state::Fold;
use vote_domain::{Outcome, RejectReason, ReviewId, Seq, UserId, VoteId};
use vote_store::audit::{AuditActor, AuditFilter};
use vote_store::review_voids::{ReviewVoidOutcome, VoidedReviewVotes};
use vote_store::settle::{RewardPolicy, SettledBatch};
use vote_store::voids::NewVoid;
use vote_store::{Store, StoreError};

const POLICY: QuotaPolicy = QuotaPolicy {
    votes_per_day: 3,
    zone: Berlin,
};

const REWARD: RewardPolicy = RewardPolicy {
    up_votes: 2,
    credit: 5,
};

const UP: Option<Direction> = Some(Direction::Up);
const DOWN: Option<Direction> = Some(Direction::Down);

fn id(space: u64, n: u64) -> Uuid {
    Uuid::from_u64_pair(space, n)
}

fn review(n: u64) -> ReviewId {
    ReviewId(id(1, 100 + n))
}

fn vote(voter: u64, on: u64, direction: Option<Direction>, n: i64) -> ReviewVote {
    let seq = Seq(beginning().timestamp_micros() + n);
    ReviewVote {
        vote_id: VoteId(id(1, 1_000 + n.unsigned_abs())),
        voter: UserId(id(1, voter)),
        review: review(on),
        direction,
        seq,
        day: POLICY.day(seq.at()),
        cost: direction.is_some().into(),
        limit: 3,
    }
}

fn void(n: u64, forfeit: bool) -> NewVoid {
    NewVoid {
        void_id: id(9, n),
        reason: format!("void {n}"),
        forfeit,
        by: AuditActor::User(UserId(id(9, 0))),
        position: n.cast_signed(),
    }
}

/// Tries for as long as it takes, as workers and clients do.
macro_rules! insist {
    ($call:expr) => {
        loop {
            match $call.await {
                Ok(done) => break done,
                Err(StoreError::Duplicate(_)) => {}
                Err(error) if error.is_transient() => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
}

/// Settles `votes`, and looks for marks afterwards, as a worker does.
async fn settle(store: &Store, votes: &[ReviewVote]) -> SettledBatch {
    let settled = insist!(store.settle(votes, REWARD, beginning()));
    insist!(store.apply_review_marks(beginning()));
    settled
}

async fn void_vote(store: &Store, vote: &ReviewVote, void: &NewVoid) -> ReviewVoidOutcome {
    let (review, id) = (vote.review, vote.vote_id);
    insist!(store.void_review_vote(review, id, void, beginning()))
}

async fn void_up_to(store: &Store, vote: &ReviewVote, void: &NewVoid) -> ReviewVoidOutcome {
    let (review, voter, up_to) = (vote.review, vote.voter, vote.seq);
    insist!(store.void_review_voter(review, voter, up_to, void, beginning()))
}

#[track_caller]
fn done(outcome: ReviewVoidOutcome) -> VoidedReviewVotes {
    match outcome {
        ReviewVoidOutcome::Done(voided) => voided,
        other => panic!("not carried out: {other:?}"),
    }
}

async fn counts(store: &Store, of: ReviewId) -> Result<(u64, u64)> {
    let counts = store.counts(&[of]).await?;
    let counts = counts.get(&of).copied().unwrap_or_default();
    Ok((counts.up, counts.down))
}

async fn n_rows(store: &Store, table: &str) -> Result<i64> {
    let sql = format!("SELECT COUNT(*) AS n FROM {table}");
    Ok(store.select_number(&sql).await?)
}

on_each_backend! {
    async fn the_vote_before_a_voided_one_stands_again(backend: Backend) -> Result<()> {
        let store = &backend.store;
        backend.review(review(1).0, id(1, 9)).await?;
        let votes = [vote(1, 1, UP, 1), vote(1, 1, DOWN, 2), vote(1, 1, None, 3)];
        let mut state = VoterState::default();
        state.base.complete = true;
        state.fold(&settle(store, &votes).await.voters[0].1, beginning());
        assert_eq!(counts(store, review(1)).await?, (0, 0));

        let expected = [(&votes[2], (0, 1), 2), (&votes[1], (1, 0), 1), (&votes[0], (0, 0), 0)];
        for (n, (voided, standing, used)) in (1..).zip(expected) {
            let done = done(void_vote(store, voided, &void(n, false)).await);
            assert_eq!((done.voter, &done.votes[..]), (votes[0].voter, &[voided.vote_id][..]));
            assert_eq!(counts(store, review(1)).await?, standing);
            let told = done.counts.expect("counters").1;
            assert_eq!((told.up, told.down), standing);
            // What the voter's state is told is what SQL says.
            assert_eq!(state.fold(&done.settled, beginning()), Fold::Done);
            let since = Base::first_day(beginning());
            let bases = store.load_bases(&[votes[0].voter], &[], since).await?.bases;
            let base = &bases[&votes[0].voter];
            assert_eq!(state.used_on(votes[0].day), used);
            assert_eq!(
                (&state.base.standings, &state.base.days, state.base.version),
                (&base.standings, &base.days, base.version)
            );
        }
        assert_eq!(n_rows(store, "review_standings").await?, 0);
        let n = "SELECT n_standings AS n FROM review_voters";
        assert_eq!(store.select_number(n).await?, 0);
        Ok(())
    }

    async fn the_ledger_says_why_a_vote_is_voided_and_what_came_after_it(backend: Backend) -> Result<()> {
        let store = &backend.store;
        backend.review(review(1).0, id(1, 9)).await?;
        let votes = [vote(1, 1, UP, 1), vote(1, 1, DOWN, 2), vote(1, 1, UP, 3)];
        // One before it settles, one after it.
        assert_eq!(void_vote(store, &votes[1], &void(1, false)).await, ReviewVoidOutcome::Waiting);
        let outcomes = settle(store, &votes).await.outcomes;
        assert_eq!(outcomes[1], (votes[1].vote_id, Outcome::Voided));
        done(void_vote(store, &votes[2], &void(2, true)).await);
        assert_eq!(n_rows(store, "review_vote_marks").await?, 0);

        let latest_first = store.ledger_of_voter(votes[0].voter, None, 10).await?;
        let told: Vec<_> = latest_first
            .iter()
            .map(|vote| (vote.outcome, vote.void_reason.as_deref(), vote.cost, vote.superseded_by))
            .collect();
        assert_eq!(
            told,
            [
                (Outcome::Voided, Some("void 2"), 1, None),
                (Outcome::Voided, Some("void 1"), 0, None),
                (Outcome::Counted, None, 1, None),
            ]
        );
        let ids: Vec<_> = votes.iter().map(|vote| vote.vote_id).collect();
        let mut by_id = store.ledger_votes(&ids).await?;
        by_id.sort_unstable_by_key(|vote| std::cmp::Reverse(vote.seq));
        assert_eq!(by_id, latest_first);
        assert_eq!(counts(store, review(1)).await?, (1, 0));
        Ok(())
    }

    async fn what_cannot_be_voided_says_why_and_changes_nothing(backend: Backend) -> Result<()> {
        let store = &backend.store;
        for n in 1..=2 {
            backend.review(review(n).0, id(1, 9)).await?;
        }
        let (counted, rejected) = (vote(1, 1, UP, 1), vote(9, 1, UP, 2));
        settle(store, &[counted.clone(), rejected.clone()]).await;
        let elsewhere = ReviewVote { review: review(2), ..counted.clone() };
        let nowhere = ReviewVote { review: review(77), ..counted.clone() };
        let refused = [
            (&rejected, ReviewVoidOutcome::NotCounted(RejectReason::SelfVote)),
            (&elsewhere, ReviewVoidOutcome::OfAnotherReview),
            (&nowhere, ReviewVoidOutcome::NoSuchReview),
        ];
        for (vote, outcome) in refused {
            assert_eq!(void_vote(store, vote, &void(1, false)).await, outcome);
        }
        assert_eq!(void_up_to(store, &nowhere, &void(1, false)).await, ReviewVoidOutcome::NoSuchReview);
        for table in ["review_voids", "review_vote_marks", "review_voter_marks", "audit_log"] {
            assert_eq!(n_rows(store, table).await?, 0, "{table}");
        }
        assert_eq!(counts(store, review(1)).await?, (1, 0));
        Ok(())
    }

    async fn repeating_a_void_changes_nothing(backend: Backend) -> Result<()> {
        let store = &backend.store;
        backend.review(review(1).0, id(1, 9)).await?;
        let (settled, queued) = (vote(1, 1, UP, 1), vote(2, 1, UP, 2));
        settle(store, std::slice::from_ref(&settled)).await;
        done(void_vote(store, &settled, &void(1, false)).await);
        void_vote(store, &queued, &void(2, true)).await;
        done(void_up_to(store, &settled, &void(3, false)).await);
        for n in 10..13 {
            let again = void_vote(store, &settled, &void(3 * n, true)).await;
            assert_eq!(again, ReviewVoidOutcome::AlreadyVoided(settled.voter));
            let again = void_vote(store, &queued, &void(3 * n + 1, false)).await;
            assert_eq!(again, ReviewVoidOutcome::Waiting);
            let again = void_up_to(store, &settled, &void(3 * n + 2, true)).await;
            assert_eq!(again, ReviewVoidOutcome::AlreadyVoided(settled.voter));
        }
        let records = store.audit_records(&AuditFilter::default(), None, 10).await?;
        let mut actions: Vec<_> = records.iter().map(|record| record.action.as_str()).collect();
        actions.sort_unstable();
        assert_eq!(actions, ["vote_voided", "vote_voided", "voter_voided"]);
        let of_voter = records.iter().find(|record| record.action == "voter_voided");
        let of_voter = of_voter.expect("a record");
        assert_eq!(of_voter.subject, format!("voter:member/{}", settled.voter));
        assert_eq!(of_voter.detail["reason"], "void 3");
        settle(store, std::slice::from_ref(&queued)).await;
        // The first void holds: it forfeits.
        let told = store.ledger_votes(&[queued.vote_id]).await?;
        assert_eq!((told[0].void_reason.as_deref(), told[0].cost), (Some("void 2"), 1));
        assert_eq!(void_vote(store, &queued, &void(50, false)).await, ReviewVoidOutcome::AlreadyVoided(queued.voter));
        Ok(())
    }

    async fn a_mark_that_committed_too_late_for_settling_is_applied_afterwards(backend: Backend) -> Result<()> {
        let store = &backend.store;
        for n in 1..=2 {
            backend.review(review(n).0, id(1, 9)).await?;
        }
        let votes = [vote(1, 1, UP, 1), vote(2, 1, UP, 2), vote(9, 1, UP, 3)];
        settle(store, &votes).await;
        assert!(store.apply_review_marks(beginning()).await?.is_empty());
        // As if each had committed between settling's look at the marks and its commit:
        // for one vote, one on another review, and one that is rejected.
        for (vote, on) in [(&votes[0], 1), (&votes[1], 2), (&votes[2], 1)] {
            let key = |id: Uuid| format!("X'{}'", id.simple());
            let sql = format!(
                "INSERT INTO review_vote_marks VALUES ({}, {}, {}, 1, 0, 'late')",
                key(vote.vote_id.0), key(review(on).0), key(id(9, 1))
            );
            store.execute_raw(&sql).await?;
        }
        let applied = store.apply_review_marks(beginning()).await?;
        assert_eq!(applied.len(), 1);
        assert_eq!(applied[0].votes, [votes[0].vote_id]);
        assert_eq!(applied[0].counts.map(|(_, counts)| counts.up), Some(1));
        assert_eq!(counts(store, review(1)).await?, (1, 0));
        assert!(store.apply_review_marks(beginning()).await?.is_empty());
        // The one for another review waits for a vote that never comes.
        assert_eq!(n_rows(store, "review_vote_marks").await?, 1);
        Ok(())
    }

    async fn a_reward_stays_paid_and_is_not_paid_twice(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let author = id(1, 9);
        backend.user(author).await?;
        backend.review(review(1).0, author).await?;
        let ups: Vec<_> = (1..=4).map(|n| vote(n, 1, UP, n.cast_signed())).collect();
        assert_eq!(settle(store, &ups[..2]).await.rewarded, [review(1)]);
        for (n, up) in (1..).zip(&ups[..2]) {
            done(void_vote(store, up, &void(n, false)).await);
        }
        let ever_up = "SELECT ever_up AS n FROM review_counters";
        assert_eq!(store.select_number(ever_up).await?, 0);
        assert!(settle(store, &ups[2..]).await.rewarded.is_empty());
        assert_eq!(store.select_number(ever_up).await?, 2);
        assert_eq!(backend.credit(author).await?, 5);
        Ok(())
    }

    async fn a_voided_vote_brings_no_reward(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let author = id(1, 9);
        backend.user(author).await?;
        backend.review(review(1).0, author).await?;
        let ups: Vec<_> = (1..=3).map(|n| vote(n, 1, UP, n.cast_signed())).collect();
        void_vote(store, &ups[0], &void(1, true)).await;
        assert!(settle(store, &ups[..2]).await.rewarded.is_empty());
        assert_eq!(settle(store, &ups[2..]).await.rewarded, [review(1)]);
        Ok(())
    }

    async fn a_void_before_or_after_settling_ends_in_the_same_rows(backend: Backend) -> Result<()> {
        let mut cases = Cases::new();
        for case in 0..12 {
            let Case { calm, disorder, voids } = cases.next(&backend, 10 + 2 * case).await?;
            settle(&backend.store, &calm.votes).await;
            for void in &voids {
                void.make(&backend.store, &calm, 0).await;
            }
            let batches = shuffled(&disorder.votes, case);
            let mut times: Vec<_> = voids.iter().map(|void| void.at.index(batches.len() + 1)).collect();
            times.sort_unstable();
            for n in 0..=batches.len() {
                for (void, _) in voids.iter().zip(&times).filter(|(_, time)| **time == n) {
                    void.make(&backend.store, &disorder, 0).await;
                }
                if let Some(batch) = batches.get(n) {
                    settle(&backend.store, batch).await;
                }
            }
            let expected = rows(&backend.store, &calm, Reasons::Told).await?;
            assert_eq!(expected, rows(&backend.store, &disorder, Reasons::Told).await?);
            assert_counters_are_recounted(&expected);
        }
        backend.assert_review_books_hold().await?;
        Ok(())
    }

    async fn workers_and_voids_at_once_end_in_the_same_rows(backend: Backend) -> Result<()> {
        let mut cases = Cases::new();
        for case in 0..8 {
            let Case { calm, disorder, mut voids } = cases.next(&backend, 500 + 2 * case).await?;
            // Which of two voids at once comes first is not told.
            for void in &mut voids {
                void.forfeit = case % 2 == 0;
            }
            settle(&backend.store, &calm.votes).await;
            for void in &voids {
                void.make(&backend.store, &calm, 0).await;
            }
            let mut workers = tokio::task::JoinSet::new();
            for worker in 0..3 {
                let store = backend.store.clone();
                let batches = shuffled(&disorder.votes, 100 * case + worker);
                workers.spawn(async move {
                    for batch in batches {
                        settle(&store, &batch).await;
                    }
                });
            }
            for moderator in 0..2 {
                let (store, voids, of) = (backend.store.clone(), voids.clone(), disorder.clone());
                workers.spawn(async move {
                    for void in voids {
                        void.make(&store, &of, 1 + moderator).await;
                    }
                });
            }
            workers.join_all().await;
            let expected = rows(&backend.store, &calm, Reasons::Left).await?;
            assert_eq!(expected, rows(&backend.store, &disorder, Reasons::Left).await?);
            assert_counters_are_recounted(&expected);
        }
        backend.assert_review_books_hold().await?;
        assert_eq!(n_rows(&backend.store, "review_vote_marks").await?, 0);
        Ok(())
    }
}

/// A void to be made of one of a history's votes.
#[derive(Clone, Debug)]
struct Planned {
    of: Index,
    whole_voter: bool,
    forfeit: bool,
    at: Index,
    position: u64,
}

impl Planned {
    async fn make(&self, store: &Store, history: &History, moderator: u64) {
        let vote = self.of.get(&history.votes);
        let space = vote.vote_id.0.as_u64_pair().0;
        let new = NewVoid {
            void_id: id(space, (10 + moderator) << 32 | self.position),
            ..void(self.position, self.forfeit)
        };
        if self.whole_voter {
            void_up_to(store, vote, &new).await;
        } else {
            void_vote(store, vote, &new).await;
        }
    }
}

struct Case {
    calm: History,
    disorder: History,
    voids: Vec<Planned>,
}

/// Random histories, each twice, and voids of their votes.
struct Cases(TestRunner);

impl Cases {
    fn new() -> Self {
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        Self(TestRunner::new_with_rng(Config::default(), rng))
    }

    async fn next(&mut self, backend: &backends::Backend, space: u64) -> Result<Case> {
        use proptest::prelude::any;
        let void = (any::<Index>(), any::<bool>(), any::<bool>(), any::<Index>());
        let planned = proptest::collection::vec(void, 2..6);
        let steps = steps(3, 4).prop_filter("votes", |steps| steps.len() > 10);
        let case = (steps, planned).new_tree(&mut self.0).expect("a case");
        let (steps, planned) = case.current();
        let calm = history(space, 3, 4, &steps, &POLICY);
        let disorder = history(space + 1, 3, 4, &steps, &POLICY);
        for history in [&calm, &disorder] {
            for (review, author) in &history.reviews {
                backend.review(review.0, author.0).await?;
            }
        }
        let voids = (1..).zip(planned).map(|(position, planned)| Planned {
            of: planned.0,
            whole_voter: planned.1,
            forfeit: planned.2,
            at: planned.3,
            position,
        });
        Ok(Case {
            calm,
            disorder,
            voids: voids.collect(),
        })
    }
}

/// Whether reasons of voids are compared.
#[derive(Clone, Copy, PartialEq)]
enum Reasons {
    Told,
    Left,
}

/// What the tables say of a history, with ids as numbers that do not depend on its space.
#[derive(Debug, PartialEq)]
struct TableRows {
    days: BTreeMap<(usize, NaiveDate), (u32, u32)>,
    standings: BTreeMap<(usize, usize), (Seq, u64, Option<Direction>)>,
    counters: BTreeMap<usize, (u64, u64)>,
    ever_up: Vec<i64>,
    n_standings: Vec<i64>,
    ledger: BTreeMap<u64, (Outcome, Option<String>, u32, Option<u64>)>,
}

async fn rows(store: &Store, history: &History, reasons: Reasons) -> Result<TableRows> {
    let number = |id: VoteId| id.0.as_u64_pair().1;
    let key = |id: Uuid| format!("X'{}'", id.simple());
    let mut rows = TableRows {
        days: BTreeMap::new(),
        standings: BTreeMap::new(),
        counters: BTreeMap::new(),
        ever_up: Vec::new(),
        n_standings: Vec::new(),
        ledger: BTreeMap::new(),
    };
    let since = Base::first_day(beginning());
    let bases = store.load_bases(&history.voters, &[], since).await?.bases;
    for (v, voter) in history.voters.iter().enumerate() {
        let base = &bases[voter];
        let days = base.days.iter();
        rows.days
            .extend(days.map(|(day, used)| ((v, *day), (used.used, used.limit))));
        for (r, (review, _)) in history.reviews.iter().enumerate() {
            if let Some(standing) = base.standings.get(review) {
                let standing = (standing.seq, number(standing.vote_id), standing.direction);
                rows.standings.insert((v, r), standing);
            }
        }
        let sql = format!(
            "SELECT COALESCE(MAX(n_standings), 0) AS n FROM review_voters WHERE voter_id = {}",
            key(voter.0)
        );
        rows.n_standings.push(store.select_number(&sql).await?);
    }
    for (r, (review, _)) in history.reviews.iter().enumerate() {
        let counted = counts(store, *review).await?;
        rows.counters.insert(r, counted);
        let sql = format!(
            "SELECT COALESCE(MAX(ever_up), 0) AS n FROM review_counters WHERE review_id = {}",
            key(review.0)
        );
        rows.ever_up.push(store.select_number(&sql).await?);
        let sql = format!(
            "SELECT COUNT(*) AS n FROM review_standings WHERE ever_up AND review_id = {}",
            key(review.0)
        );
        assert_eq!(rows.ever_up[r], store.select_number(&sql).await?);
    }
    let ids: Vec<_> = history.votes.iter().map(|vote| vote.vote_id).collect();
    for vote in store.ledger_votes(&ids).await? {
        let reason = vote.void_reason.filter(|_| reasons == Reasons::Told);
        let told = (
            vote.outcome,
            reason,
            vote.cost,
            vote.superseded_by.map(number),
        );
        rows.ledger.insert(number(vote.vote_id), told);
    }
    assert_eq!(rows.ledger.len(), history.votes.len());
    Ok(rows)
}

/// Counters, standings and days say the same of one another.
#[track_caller]
fn assert_counters_are_recounted(rows: &TableRows) {
    for (review, counted) in &rows.counters {
        let n = |direction| {
            let standings = rows.standings.iter();
            let found = standings.filter(|((_, on), s)| on == review && s.2 == direction);
            found.count() as u64
        };
        assert_eq!(*counted, (n(UP), n(DOWN)));
    }
    for (voter, n) in rows.n_standings.iter().enumerate() {
        let of_voter = rows.standings.keys().filter(|key| key.0 == voter);
        assert_eq!(i64::try_from(of_voter.count()).ok(), Some(*n));
    }
    let used: u32 = rows.days.values().map(|day| day.0).sum();
    let cost: u32 = rows.ledger.values().map(|vote| vote.2).sum();
    assert_eq!(used, cost);
    for (number, vote) in &rows.ledger {
        assert!(
            matches!(vote.0, Outcome::Counted | Outcome::Voided),
            "{number}"
        );
    }
}
