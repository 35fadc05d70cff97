//! What stands for a member on reviews: from the voter's state, where votes in flight
//! show, and from SQL where that says nothing.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use moka::future::Cache as Kept;
use vote_cache::{KnownState, VoterStates};
use vote_domain::review::Direction;
use vote_domain::{ReviewId, UserId};
use vote_store::Store;

use crate::catalog::CatalogSettings;
use crate::failure::Failure;
use crate::turns::Turns;

/// Answers of SQL kept at once.
const KEPT_MAX: u64 = 200_000;

/// Most questions to SQL at once: every poll is one while Redis is away.
const ASKED_MAX: usize = 8;

/// Own votes. Cheap to clone.
#[derive(Clone)]
pub(crate) struct MyVotes {
    store: Store,
    states: VoterStates,
    base_max_age: TimeDelta,
    /// What SQL said of members who do not vote just now, whose states nobody renews.
    kept: Kept<(UserId, ReviewId), Option<Direction>>,
    turns: Turns,
}

impl MyVotes {
    pub(crate) fn new(store: Store, states: VoterStates, settings: &CatalogSettings) -> Self {
        let ttl: Duration = settings.counter_ttl;
        Self {
            store,
            states,
            base_max_age: settings.base_max_age,
            kept: Kept::builder()
                .max_capacity(KEPT_MAX)
                .time_to_live(ttl)
                .build(),
            turns: Turns::new(ASKED_MAX),
        }
    }

    /// The directions that stand for `member` on `reviews`; nothing for nobody.
    pub(crate) async fn of(
        &self,
        member: Option<UserId>,
        reviews: &[ReviewId],
    ) -> Result<HashMap<ReviewId, Direction>, Failure> {
        let Some(member) = member.filter(|_| !reviews.is_empty()) else {
            return Ok(HashMap::new());
        };
        // Without the states, SQL is asked.
        let known = self.states.read(member).await.ok();
        let mut standing = HashMap::new();
        let mut asked = Vec::new();
        for review in reviews {
            let told = known.as_ref().and_then(|known| self.told(known, *review));
            let told = match told {
                Some(told) => Some(told),
                None => self.kept.get(&(member, *review)).await,
            };
            match told {
                Some(direction) => standing.extend(direction.map(|side| (*review, side))),
                None => asked.push(*review),
            }
        }
        if !asked.is_empty() {
            let _turn = self.turns.take().await?;
            let found = self.store.standing_directions(member, &asked).await?;
            let found: HashMap<_, _> = found.into_iter().collect();
            for review in asked {
                let direction = found.get(&review).copied();
                self.kept.insert((member, review), direction).await;
                standing.extend(direction.map(|side| (review, side)));
            }
        }
        Ok(standing)
    }

    /// What `known` tells of `review`; none where its base is too old or too short.
    fn told(&self, known: &KnownState, review: ReviewId) -> Option<Option<Direction>> {
        let state = &known.state;
        let in_flight = state
            .in_flight
            .iter()
            .any(|sent| sent.vote.review == review);
        let fresh = known.was_there() && state.base.loaded_at + self.base_max_age >= known.now;
        (in_flight || (fresh && state.knows(review))).then(|| {
            state
                .standing(review)
                .and_then(|standing| standing.direction)
        })
    }
}
