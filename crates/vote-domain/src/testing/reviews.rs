//! Random histories of review votes.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use crate::review::{
    Admission, Ballot, Direction, QuotaPolicy, ReviewFacts, ReviewVote, VoterState, admit,
};
use crate::voter_state::InFlight;
use crate::{ReviewId, UserId, VoteId};

/// One thing a voter does.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Which voter.
    pub voter: usize,
    /// Which review.
    pub review: usize,
    /// What they ask for.
    pub direction: Option<Direction>,
    /// Time that passes before, in seconds.
    pub wait_s: i64,
}

/// A history of review votes, as [`admit`] let it happen.
#[derive(Clone, Debug)]
pub struct History {
    /// Reviews and their authors; the voters are among the authors.
    pub reviews: Vec<(ReviewId, UserId)>,
    /// The voters.
    pub voters: Vec<UserId>,
    /// The votes, in the order of their admission.
    pub votes: Vec<ReviewVote>,
    /// Each voter's state at the end, with every vote in flight.
    pub states: Vec<VoterState>,
}

/// When every history begins.
#[must_use]
pub fn beginning() -> DateTime<Utc> {
    DateTime::from_timestamp(1_774_600_000, 0).unwrap_or_default()
}

/// Steps of `n_voters` voters on `n_reviews` reviews, over some days.
pub fn steps(n_voters: usize, n_reviews: usize) -> impl Strategy<Value = Vec<Step>> {
    let direction = prop_oneof![
        3 => Just(Some(Direction::Up)),
        2 => Just(Some(Direction::Down)),
        1 => Just(None),
    ];
    let wait_s = prop_oneof![4 => 0_i64..60, 1 => 0_i64..40_000];
    let step = (0..n_voters, 0..n_reviews, direction, wait_s).prop_map(
        |(voter, review, direction, wait_s)| Step {
            voter,
            review,
            direction,
            wait_s,
        },
    );
    prop::collection::vec(step, 1..60)
}

/// Lets `steps` happen under `policy`; ids follow from `space`, so that histories with
/// different ones can share a database.
#[must_use]
pub fn history(
    space: u64,
    n_voters: usize,
    n_reviews: usize,
    steps: &[Step],
    policy: &QuotaPolicy,
) -> History {
    let id = |kind: u64, n: usize| Uuid::from_u64_pair(space, (kind << 32) | n as u64);
    let voters: Vec<_> = (0..n_voters).map(|n| UserId(id(1, n))).collect();
    let reviews: Vec<_> = (0..n_reviews)
        .map(|n| {
            // The first review is the first voter's own, the others are a stranger's.
            let author = if n == 0 { voters[0] } else { UserId(id(2, n)) };
            (ReviewId(id(3, n)), author)
        })
        .collect();
    let mut states = vec![VoterState::default(); n_voters];
    for state in &mut states {
        state.base.complete = true;
    }
    let mut now = beginning();
    let mut votes = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        now += TimeDelta::seconds(step.wait_s);
        let (review, author) = reviews[step.review];
        let ballot = Ballot {
            review,
            direction: step.direction,
        };
        let state = &mut states[step.voter];
        let vote_id = VoteId(id(4, n));
        let facts = ReviewFacts { author };
        if let Ok(Admission::Cast(vote)) = admit(
            state,
            &facts,
            policy,
            now,
            voters[step.voter],
            ballot,
            vote_id,
        ) {
            votes.push(vote.clone());
            state.in_flight.push(InFlight {
                vote,
                message: Vec::new(),
                gateway: Uuid::nil(),
                sent_at: now,
                n_sends: 1,
                unknown: false,
            });
        }
    }
    History {
        reviews,
        voters,
        votes,
        states,
    }
}
