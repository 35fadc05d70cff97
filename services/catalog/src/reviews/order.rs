//! The orders of lists, and where their pages begin.

use chrono::{DateTime, Utc};
use http_kit::{Cursor, CursorTime, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vote_domain::ReviewId;
use vote_domain::ranking::{hot_score, top_score};
use vote_store::catalog::{RankedReview, Review};

/// How a list is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sort {
    /// Newest first.
    #[default]
    New,
    /// By the lower bound of the Wilson score interval of the share of up votes.
    Top,
    /// By up votes less down votes, and youth.
    Hot,
}

/// The orders that votes decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RankedBy {
    Top,
    Hot,
}

impl RankedBy {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Top => "top",
            Self::Hot => "hot",
        }
    }

    fn score(self, review: &RankedReview) -> f64 {
        let (up, down) = (review.counts.up, review.counts.down);
        match self {
            Self::Top => top_score(up, down),
            Self::Hot => hot_score(up, down, review.created_at.timestamp()),
        }
    }
}

/// Where a page of the newest begins: behind this review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewestPosition {
    at: CursorTime,
    id: ReviewId,
}

impl NewestPosition {
    pub(crate) fn of(review: &Review) -> Self {
        Self {
            at: CursorTime(review.created_at),
            id: review.review_id,
        }
    }

    /// The position that `cursor` stands for.
    pub(crate) fn parse(cursor: &Cursor) -> Result<(DateTime<Utc>, ReviewId), Problem> {
        let position: Self = cursor.decode()?;
        Ok((position.at.0, position.id))
    }
}

/// A review's place in a ranking: by score, then youth, then id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    score: i64,
    /// Microseconds of the Unix epoch.
    at: i64,
    pub(crate) id: ReviewId,
}

/// Where a page of a ranking begins: behind this place.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RankedPosition {
    by: RankedBy,
    place: Place,
}

impl RankedPosition {
    /// The place that `cursor` stands for in the order `by`.
    pub(crate) fn parse(cursor: &Cursor, by: RankedBy) -> Result<Place, Problem> {
        let position: Self = cursor.decode()?;
        if position.by == by {
            Ok(position.place)
        } else {
            Err(invalid_cursor())
        }
    }
}

/// All places of a list, best first, as they were at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Ranking {
    by: RankedBy,
    places: Vec<Place>,
}

impl Ranking {
    pub(crate) fn new(by: RankedBy, reviews: &[RankedReview]) -> Self {
        let mut places: Vec<_> = reviews
            .iter()
            .map(|review| Place {
                score: sortable(by.score(review)),
                at: review.created_at.timestamp_micros(),
                id: review.review_id,
            })
            .collect();
        places.sort_unstable_by(|a, b| b.cmp(a));
        Self { by, places }
    }

    /// Up to `limit` places behind `after`, and the cursor of those that follow. A place
    /// that moved since the cursor was made may be met twice or not at all; the others
    /// are met once.
    pub(crate) fn page(
        &self,
        after: Option<Place>,
        limit: usize,
    ) -> (Vec<ReviewId>, Option<String>) {
        let start = after.map_or(0, |after| {
            self.places.partition_point(|place| *place >= after)
        });
        let rest = &self.places[start..];
        let page = &rest[..limit.min(rest.len())];
        let next = page.last().filter(|_| rest.len() > limit).map(|place| {
            Cursor::encode(&RankedPosition {
                by: self.by,
                place: *place,
            })
        });
        (page.iter().map(|place| place.id).collect(), next)
    }

    /// Bytes it takes in memory, about.
    pub(crate) fn n_bytes(&self) -> u32 {
        u32::try_from(self.places.len() * size_of::<Place>() + 100).unwrap_or(u32::MAX)
    }
}

/// `score` as a number that sorts as it does and survives as text. Scores closer than
/// 1e-9 are equal: what separates them is how they were rounded.
fn sortable(score: f64) -> i64 {
    let rounded = (score * 1e9).round() / 1e9;
    // No difference between the two zeros.
    let bits = (rounded + 0.0).to_bits().cast_signed();
    bits ^ (bits >> 63).cast_unsigned().wrapping_shr(1).cast_signed()
}

fn invalid_cursor() -> Problem {
    Problem::invalid(
        "invalid_cursor",
        "The cursor is not one that this list gave out.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;
    use vote_domain::review::Counts;

    fn review(n: u128, up: u64, down: u64, at_s: i64) -> RankedReview {
        RankedReview {
            review_id: ReviewId(Uuid::from_u128(n)),
            created_at: DateTime::from_timestamp(1_800_000_000 + at_s, 0).unwrap(),
            counts: Counts {
                up,
                down,
                version: 1,
            },
        }
    }

    fn cursor(text: &str) -> Cursor {
        serde_json::from_value(text.into()).unwrap()
    }

    fn all(ranking: &Ranking, limit: usize) -> Vec<u128> {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = ranking.page(after, limit);
            seen.extend(page.iter().map(|id| id.0.as_u128()));
            let Some(next) = next else { return seen };
            after = Some(RankedPosition::parse(&cursor(&next), ranking.by).unwrap());
        }
    }

    #[test]
    fn scores_sort_as_numbers_do() {
        let scores = [f64::MIN, -2.5, -0.1, 0.0, 0.2, 1.0, 7_000.5, f64::MAX];
        let numbers: Vec<_> = scores.into_iter().map(sortable).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        assert_eq!(sortable(-0.0), sortable(1e-17));
    }

    #[test]
    fn top_goes_by_votes_then_youth() {
        let reviews = [
            review(1, 95, 5, 0),
            review(2, 1, 0, 1),
            review(3, 0, 0, 2),
            review(4, 0, 3, 3),
            review(5, 0, 0, 4),
        ];
        let ranking = Ranking::new(RankedBy::Top, &reviews);
        assert_eq!(all(&ranking, 100), [1, 2, 5, 4, 3]);
    }

    #[test]
    fn hot_prefers_the_young_and_the_liked() {
        let day = 86_400;
        let reviews = [
            review(1, 10, 0, 0),
            review(2, 0, 0, day),
            review(3, 0, 10, day),
            review(4, 10, 0, day),
        ];
        let ranking = Ranking::new(RankedBy::Hot, &reviews);
        assert_eq!(all(&ranking, 100), [4, 2, 1, 3]);
    }

    #[test]
    fn pages_of_any_size_meet_every_review_once() {
        let reviews: Vec<_> = (0..50)
            .map(|n| {
                review(
                    n,
                    u64::try_from(n % 3).unwrap(),
                    0,
                    i64::try_from(n % 5).unwrap(),
                )
            })
            .collect();
        let ranking = Ranking::new(RankedBy::Top, &reviews);
        let whole = all(&ranking, 100);
        assert_eq!(whole.len(), 50);
        for limit in [1, 2, 7, 49, 50] {
            assert_eq!(all(&ranking, limit), whole);
        }
    }

    #[test]
    fn a_cursor_holds_its_place_while_others_move() {
        let mut reviews = vec![review(1, 9, 0, 0), review(2, 5, 0, 0), review(3, 1, 0, 0)];
        let (first, next) = Ranking::new(RankedBy::Top, &reviews).page(None, 2);
        assert_eq!(first.len(), 2);
        // The second gains, and a new one comes in at the top.
        reviews[1].counts.up = 20;
        reviews.push(review(4, 50, 0, 0));
        let after = RankedPosition::parse(&cursor(&next.unwrap()), RankedBy::Top).unwrap();
        let (second, end) = Ranking::new(RankedBy::Top, &reviews).page(Some(after), 2);
        assert_eq!(second, [ReviewId(Uuid::from_u128(3))]);
        assert_eq!(end, None);
    }

    #[test]
    fn a_cursor_of_another_order_or_time_is_invalid() {
        let reviews = [review(1, 9, 0, 0), review(2, 5, 0, 0)];
        let (_, next) = Ranking::new(RankedBy::Top, &reviews).page(None, 1);
        let next = cursor(&next.unwrap());
        let code = |problem: Problem| problem.code();
        assert_eq!(
            RankedPosition::parse(&next, RankedBy::Hot).map_err(code),
            Err("invalid_cursor")
        );
        assert_eq!(
            NewestPosition::parse(&next).map_err(code),
            Err("invalid_cursor")
        );
        for at in [-1, i64::MIN, i64::MAX, 253_402_300_800_000_000] {
            let made_up = Cursor::encode(&json!({"at": at, "id": Uuid::nil()}));
            assert!(NewestPosition::parse(&cursor(&made_up)).is_err(), "{at}");
        }
    }
}
