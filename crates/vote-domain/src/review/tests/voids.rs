//! Voids, one by one and in any order among the votes.

use proptest::sample::Index;

use super::*;
use crate::testing::History;

/// What a void covers.
#[derive(Clone, Copy, Debug)]
enum Covers {
    Vote(VoteId),
    UpTo(UserId, Seq),
}

/// A void on a review.
#[derive(Clone, Copy, Debug)]
struct Void {
    on: ReviewId,
    covers: Covers,
    mark: Mark,
}

impl Void {
    fn of(vote: &ReviewVote, position: i64, forfeit: bool) -> Self {
        Self {
            on: vote.review,
            covers: Covers::Vote(vote.vote_id),
            mark: mark(position, forfeit),
        }
    }

    fn up_to(vote: &ReviewVote, position: i64, forfeit: bool) -> Self {
        Self {
            covers: Covers::UpTo(vote.voter, vote.seq),
            ..Self::of(vote, position, forfeit)
        }
    }

    fn covers(&self, vote: &ReviewVote) -> bool {
        vote.review == self.on
            && match self.covers {
                Covers::Vote(vote_id) => vote.vote_id == vote_id,
                Covers::UpTo(voter, seq) => vote.voter == voter && vote.seq <= seq,
            }
    }
}

fn mark(position: i64, forfeit: bool) -> Mark {
    Mark {
        position,
        void_id: Uuid::from_u128(position.unsigned_abs().into()),
        forfeit,
    }
}

/// What settling and voiding wrote down.
#[derive(Clone, Debug, Default, PartialEq)]
struct Books {
    rows: Rows,
    counters: BTreeMap<ReviewId, CounterChange>,
    n_standings: BTreeMap<UserId, i64>,
    counted: BTreeMap<VoteId, ReviewVote>,
    voided: BTreeMap<VoteId, Mark>,
    rejected: BTreeMap<VoteId, crate::RejectReason>,
}

impl Books {
    fn new(reviews: &[(ReviewId, UserId)]) -> Self {
        let mut books = Self::default();
        books.rows.authors = reviews.iter().copied().collect();
        books
    }

    fn settle(&mut self, votes: &[ReviewVote]) {
        let settlement = merge(&mut self.rows, votes.iter().cloned());
        for entry in &settlement.entries {
            let id = entry.vote.vote_id;
            match (entry.outcome, entry.void) {
                (Outcome::Counted, None) => drop(self.counted.insert(id, entry.vote.clone())),
                (Outcome::Voided, Some(mark)) => drop(self.voided.insert(id, mark)),
                (Outcome::Rejected(reason), None) => drop(self.rejected.insert(id, reason)),
                end => panic!("an end of two kinds: {end:?}"),
            }
        }
        self.add(&settlement);
    }

    fn void(&mut self, void: &Void) {
        let marks = &mut self.rows.marks;
        match void.covers {
            Covers::Vote(id) => drop(marks.votes.entry((id, void.on)).or_insert(void.mark)),
            Covers::UpTo(voter, up_to) => {
                let of_voter = marks.voters.entry((voter, void.on)).or_default();
                let mark = void.mark;
                if !of_voter.iter().any(|there| there.mark == mark) {
                    of_voter.push(VoterMark { up_to, mark });
                }
            }
        }
        let voters: HashSet<_> = (self.counted.values())
            .filter(|vote| void.covers(vote))
            .map(|vote| vote.voter)
            .collect();
        let counted: Vec<_> = (self.counted.values())
            .filter(|vote| vote.review == void.on && voters.contains(&vote.voter))
            .cloned()
            .collect();
        let (settlement, voided) = super::void(&mut self.rows, &counted);
        for (id, mark) in voided {
            self.counted.remove(&id).expect("it counted");
            self.voided.insert(id, mark);
        }
        self.add(&settlement);
    }

    fn add(&mut self, settlement: &Settlement) {
        super::add(&mut self.counters, settlement);
        for (voter, n) in &settlement.n_standings {
            *self.n_standings.entry(*voter).or_default() += n;
        }
        self.n_standings.retain(|_, n| *n != 0);
    }

    fn standing(&self, vote: &ReviewVote) -> Option<(VoteId, bool)> {
        let row = self.rows.standings.get(&(vote.voter, vote.review))?;
        Some((row.standing.vote_id, row.ever_up))
    }

    fn used(&self, vote: &ReviewVote) -> u32 {
        let day = self.rows.days.get(&(vote.voter, vote.day));
        day.map_or(0, |day| day.used)
    }
}

/// What an auditor finds who knows votes and voids alone.
#[track_caller]
fn assert_audited(books: &Books, votes: &[ReviewVote], voids: &[Void]) {
    let mut days: BTreeMap<(UserId, chrono::NaiveDate), u32> = BTreeMap::new();
    let mut counted: BTreeMap<(UserId, ReviewId), Vec<&ReviewVote>> = BTreeMap::new();
    for vote in votes {
        let first = voids.iter().find(|void| void.covers(vote));
        assert_eq!(
            books.voided.get(&vote.vote_id),
            first.map(|void| &void.mark)
        );
        if first.is_none() {
            let key = (vote.voter, vote.review);
            counted.entry(key).or_default().push(vote);
        }
        if vote.cost > 0 {
            let used = days.entry((vote.voter, vote.day)).or_default();
            *used += vote.cost * u32::from(first.is_none_or(|void| void.mark.forfeit));
        }
    }
    let used: BTreeMap<_, _> = (books.rows.days.iter())
        .map(|(key, day)| (*key, day.used))
        .collect();
    assert_eq!(used, days);
    let standings: BTreeMap<_, _> = counted
        .into_iter()
        .map(|(key, mut votes)| {
            votes.sort_by_key(|vote| vote.seq);
            let standing = Standing::of(votes.last().expect("one"));
            let ever_up = votes.iter().any(|vote| vote.direction == UP);
            (key, StandingRow { standing, ever_up })
        })
        .collect();
    assert_eq!(books.rows.standings, standings);
    assert_eq!(books.counters, recount(&books.rows));
    for (voter, n) in &books.n_standings {
        let rows = books.rows.standings.keys().filter(|key| key.0 == *voter);
        assert_eq!(rows.count() as i64, *n);
    }
}

/// Votes of one voter on one review, in this order, and books without them.
fn votes(directions: &[Option<Direction>]) -> (Books, Vec<ReviewVote>) {
    let mut state = fresh();
    for (n, direction) in (1..).zip(directions) {
        cast(&mut state, beginning(), review(1), *direction, n);
    }
    let author = UserId(Uuid::from_u128(2));
    let votes = state.in_flight.into_iter().map(|sent| sent.vote).collect();
    (Books::new(&[(review(1), author)]), votes)
}

#[test]
fn a_void_before_its_vote_arrives_is_as_one_after_it_settled() {
    for forfeit in [false, true] {
        let (mut before, votes) = votes(&[UP, DOWN]);
        let mut after = before.clone();
        let void = Void::of(&votes[1], 1, forfeit);
        before.void(&void);
        before.settle(&votes);
        after.settle(&votes);
        after.void(&void);
        // The mark of a settled vote is not kept by SQL; here it does no harm.
        assert_eq!(before, after);
        // The earlier vote stands again.
        assert_eq!(after.standing(&votes[0]), Some((votes[0].vote_id, true)));
        assert_eq!(after.counters[&review(1)].up, 1);
        assert_eq!(after.used(&votes[0]), if forfeit { 2 } else { 1 });

        // And again, and its vote again.
        let once = after.clone();
        after.void(&void);
        after.settle(&votes);
        assert_eq!(after, once);
    }
}

#[test]
fn what_a_voided_take_back_took_stands_again() {
    let (mut books, votes) = votes(&[UP, None]);
    books.settle(&votes);
    assert!(books.counters.values().all(|counter| counter.up == 0));
    books.void(&Void::of(&votes[1], 1, false));
    assert_eq!(books.standing(&votes[0]), Some((votes[0].vote_id, true)));
    assert_eq!(books.counters[&review(1)].up, 1);
    // The take-back cost nothing, and returns nothing.
    assert_eq!(books.used(&votes[0]), 1);
}

#[test]
fn a_voter_whose_only_up_vote_is_voided_never_voted_up() {
    let (mut books, votes) = votes(&[UP, DOWN]);
    books.settle(&votes);
    books.void(&Void::of(&votes[0], 1, false));
    assert_eq!(books.standing(&votes[0]), Some((votes[1].vote_id, false)));
    let counter = books.counters[&review(1)];
    assert_eq!((counter.up, counter.down, counter.ever_up), (0, 1, 0));
}

#[test]
fn where_all_is_voided_nothing_stands() {
    let (mut books, votes) = votes(&[UP, DOWN, None]);
    let empty = books.clone();
    books.settle(&votes);
    books.void(&Void::up_to(&votes[2], 1, false));
    assert_eq!(books.standing(&votes[0]), None);
    assert_eq!(
        (&books.counters, &books.n_standings),
        (&empty.counters, &empty.n_standings)
    );
    assert_eq!(books.used(&votes[0]), 0);
}

#[test]
fn a_void_of_a_voter_covers_what_is_queued_up_to_it_and_no_other_review() {
    let (mut books, votes) = votes(&[UP, DOWN, UP]);
    books
        .rows
        .authors
        .insert(review(2), UserId(Uuid::from_u128(2)));
    let elsewhere = ReviewVote {
        vote_id: VoteId(Uuid::from_u128(77)),
        review: review(2),
        cost: 0,
        ..votes[0].clone()
    };
    books.settle(&votes[..1]);
    books.void(&Void::up_to(&votes[1], 1, false));
    books.settle(&[votes[1].clone(), votes[2].clone(), elsewhere.clone()]);
    assert_eq!(books.voided.len(), 2);
    assert_eq!(books.standing(&votes[0]), Some((votes[2].vote_id, true)));
    assert_eq!(books.standing(&elsewhere), Some((elsewhere.vote_id, true)));
}

#[test]
fn a_mark_for_another_review_does_not_touch_the_vote() {
    let (mut books, votes) = votes(&[UP]);
    books.void(&Void {
        on: review(2),
        ..Void::of(&votes[0], 1, false)
    });
    books.settle(&votes);
    assert_eq!(books.counted.len(), 1);
}

#[test]
fn a_returned_vote_of_the_day_is_used_again_before_its_vote_arrives() {
    // The voter's state was lost, so that it does not hold the queued vote any more.
    let (mut books, votes) = votes(&[UP, DOWN, UP]);
    let another = ReviewVote {
        vote_id: VoteId(Uuid::from_u128(77)),
        seq: Seq(votes[2].seq.0 + 1),
        direction: DOWN,
        ..votes[2].clone()
    };
    for forfeit in [false, true] {
        let mut books = books.clone();
        books.void(&Void::of(&votes[0], 1, forfeit));
        books.settle(&votes[1..]);
        books.settle(std::slice::from_ref(&another));
        books.settle(&votes);
        let refused = forfeit.then_some((votes[0].vote_id, crate::RejectReason::DailyQuotaUsed));
        assert_eq!(books.rejected, refused.into_iter().collect());
        assert_eq!(books.used(&another), 3);
    }
    books.settle(&votes);
    books.settle(&[another]);
    assert_eq!(books.rejected.len(), 1);
}

#[test]
fn a_void_does_not_save_a_vote_that_was_never_to_be_counted() {
    let (mut books, votes) = votes(&[UP]);
    books.rows.authors.insert(review(1), voter());
    books.void(&Void::of(&votes[0], 1, false));
    books.settle(&votes);
    assert_eq!(
        books.rejected[&votes[0].vote_id],
        crate::RejectReason::SelfVote
    );
}

/// A void to be: which vote it is about, whether of all its voter's, whether it forfeits,
/// and when it is made.
type Planned = (Index, bool, bool, Index);

fn planned() -> impl Strategy<Value = Vec<Planned>> {
    let void = (any::<Index>(), any::<bool>(), any::<bool>(), any::<Index>());
    prop::collection::vec(void, 1..5)
}

fn voids_of(history: &History, planned: &[Planned]) -> Vec<Void> {
    if history.votes.is_empty() {
        return Vec::new();
    }
    let voids = planned.iter().enumerate();
    voids
        .map(|(n, (of, whole_voter, forfeit, _))| {
            let vote = of.get(&history.votes);
            let position = i64::try_from(n).unwrap() + 1;
            if *whole_voter {
                Void::up_to(vote, position, *forfeit)
            } else {
                Void::of(vote, position, *forfeit)
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn voids_anywhere_among_votes_in_any_order_end_in_the_same_rows(
        steps in steps(3, 4),
        planned in planned(),
        repeated in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let history = history(1, 3, 4, &steps, &POLICY);
        let voids = voids_of(&history, &planned);
        let mut in_order = Books::new(&history.reviews);
        in_order.settle(&history.votes);
        for void in &voids {
            in_order.void(void);
        }
        assert_audited(&in_order, &history.votes, &voids);

        // Each void comes before some batch; an earlier one never after a later one.
        let batches = shuffled(&history.votes, seed);
        let mut times: Vec<_> = planned.iter().map(|void| void.3.index(batches.len() + 1)).collect();
        times.sort_unstable();
        let mut books = Books::new(&history.reviews);
        for n in 0..=batches.len() {
            for (void, time) in voids.iter().zip(&times) {
                if *time == n || (repeated && *time < n) {
                    books.void(void);
                }
            }
            if let Some(batch) = batches.get(n) {
                books.settle(batch);
            }
        }
        prop_assert!(books.rejected.is_empty());
        prop_assert_eq!(&books, &in_order);
    }

    #[test]
    fn folding_voids_leaves_what_sql_says(
        steps in steps(1, 4),
        planned in planned(),
        seed in any::<u64>(),
    ) {
        let history = history(1, 1, 4, &steps, &POLICY);
        let voids = voids_of(&history, &planned);
        let voter = history.voters[0];
        let mut books = Books::new(&history.reviews);
        let mut state = history.states[0].clone();
        let mut version = 0;
        let mut tell = |books: &Books, reviews: BTreeSet<ReviewId>, votes: &[ReviewVote]| {
            version += 1;
            let row = |review| books.rows.standings.get(&(voter, review)).map(|row| row.standing);
            let settled = Settled {
                version,
                last_seq: votes.iter().map(|vote| vote.seq).max().unwrap_or_default(),
                touched: Touched {
                    days: books.rows.days.iter().map(|((_, day), used)| (*day, *used)).collect(),
                    standings: reviews.into_iter().map(|review| (review, row(review))).collect(),
                },
                votes: votes.iter().map(|vote| vote.vote_id).collect(),
            };
            for _ in 0..2 {
                assert_eq!(state.fold(&settled, beginning()), Fold::Done);
            }
        };
        let (before, after) = voids.split_at(voids.len() / 2);
        for void in before {
            books.void(void);
            tell(&books, BTreeSet::from([void.on]), &[]);
        }
        for batch in shuffled(&history.votes, seed) {
            books.settle(&batch);
            tell(&books, batch.iter().map(|vote| vote.review).collect(), &batch);
        }
        for void in after {
            books.void(void);
            tell(&books, BTreeSet::from([void.on]), &[]);
        }
        prop_assert!(state.in_flight.is_empty());
        for (review, _) in &history.reviews {
            let row = books.rows.standings.get(&(voter, *review)).map(|row| row.standing);
            prop_assert_eq!(state.standing(*review), row);
        }
        for ((_, day), used) in books.rows.days.iter().rev().take(3) {
            prop_assert_eq!(state.used_on(*day), used.used);
        }
    }
}
