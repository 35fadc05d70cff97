//! Whether every author has what the file says.

use std::collections::BTreeMap;

use anyhow::Result;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use tokio::time::{Duration, Instant, sleep};
use uuid::Uuid;

use super::Run;
use super::file::{Number, Total};
use super::place::uuid;
use super::reviews::Reviews;
use crate::api::Call;
use crate::progress::Progress;

/// The most reviews whose counts may be asked for at once.
const IDS_MAX: usize = 100;

/// An author whose counts are not what the file says.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Difference {
    author: Number,
    review_id: Option<Uuid>,
    expected: Total,
    found: Option<Total>,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Total { up, down } = self.expected;
        write!(
            f,
            "author {}: {up} up and {down} down expected, ",
            self.author
        )?;
        match self.found {
            Some(Total { up, down }) => write!(f, "{up} and {down} found"),
            None => write!(f, "no review found"),
        }
    }
}

/// What the comparison gave.
#[derive(Debug)]
pub(super) struct Comparison {
    /// Sums over all reviews, as found.
    pub(super) up: u64,
    pub(super) down: u64,
    pub(super) differences: Vec<Difference>,
}

/// Compares the counts of `reviews` with `expected`; differing ones are asked for again
/// while they may lag.
///
/// # Errors
/// When the service stays away.
pub(super) async fn compare(
    run: &Run,
    expected: &BTreeMap<Number, Total>,
    reviews: &Reviews,
) -> Result<Comparison> {
    let started = Instant::now();
    let progress = Progress::begin("compared", reviews.len());
    let mut found = BTreeMap::new();
    let mut open: Vec<Number> = reviews.keys().copied().collect();
    loop {
        found.extend(counts(run, reviews, &open).await?);
        let n_open = open.len();
        open.retain(|author| found.get(author) != expected.get(author));
        progress.steps(n_open - open.len());
        if open.is_empty() || started.elapsed() > run.lag {
            break;
        }
        sleep(Duration::from_secs(1)).await;
    }
    Ok(Comparison {
        up: found.values().map(|total| total.up).sum(),
        down: found.values().map(|total| total.down).sum(),
        differences: differences(expected, reviews, &found),
    })
}

fn differences(
    expected: &BTreeMap<Number, Total>,
    reviews: &Reviews,
    found: &BTreeMap<Number, Total>,
) -> Vec<Difference> {
    let mut authors: Vec<Number> = expected.keys().chain(found.keys()).copied().collect();
    authors.sort_unstable();
    authors.dedup();
    authors
        .into_iter()
        .map(|author| Difference {
            author,
            review_id: reviews.get(&author).copied(),
            expected: expected.get(&author).copied().unwrap_or_default(),
            found: found.get(&author).copied(),
        })
        .filter(|difference| Some(difference.expected) != difference.found)
        .collect()
}

async fn counts(
    run: &Run,
    reviews: &Reviews,
    authors: &[Number],
) -> Result<BTreeMap<Number, Total>> {
    let authors_of: BTreeMap<Uuid, Number> = authors
        .iter()
        .filter_map(|author| Some((*reviews.get(author)?, *author)))
        .collect();
    let ids: Vec<String> = authors_of.keys().map(Uuid::to_string).collect();
    let pages: Vec<Vec<(Uuid, Total)>> = stream::iter(ids.chunks(IDS_MAX))
        .map(|ids| async move {
            let call = Call::get(format!("/reviews/counts?ids={}", ids.join(",")));
            let answer = run
                .catalog
                .call(call)
                .await?
                .expect(200, "reading counts")?;
            let counts = answer.list("counts")?.iter().map(|counts| {
                let total = Total {
                    up: counts["up"].as_u64().unwrap_or_default(),
                    down: counts["down"].as_u64().unwrap_or_default(),
                };
                Ok((uuid(&counts["review_id"])?, total))
            });
            counts.collect::<Result<Vec<_>>>()
        })
        .buffer_unordered(run.clients)
        .try_collect()
        .await?;
    Ok(pages
        .into_iter()
        .flatten()
        .filter_map(|(review, total)| Some((*authors_of.get(&review)?, total)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_missing_and_surplus_counts_all_differ() {
        let total = |up, down| Total { up, down };
        let expected = BTreeMap::from([(1, total(1, 0)), (2, total(2, 0)), (3, total(3, 0))]);
        let found = BTreeMap::from([(1, total(1, 0)), (2, total(2, 1)), (4, total(1, 0))]);
        let differences = differences(&expected, &Reviews::new(), &found);
        let authors: Vec<_> = differences
            .iter()
            .map(|difference| difference.author)
            .collect();
        assert_eq!(authors, [2, 3, 4]);
        assert_eq!(
            differences[1].to_string(),
            "author 3: 3 up and 0 down expected, no review found"
        );
    }
}
