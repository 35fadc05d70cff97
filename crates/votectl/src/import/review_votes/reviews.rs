//! Every author of the file has written one review.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::time::{Duration, sleep};
use uuid::Uuid;

use super::file::{Number, Total, Votes};
use super::place::{Place, page, uuid};
use super::{Made, Run};
use crate::api::Call;
use crate::progress::Progress;
use crate::session::Session;

/// Lists may lag behind what was written by a few seconds.
const LIST_LAG: Duration = Duration::from_secs(5);

/// How often the reviews that are still missing are written.
const ROUNDS_MAX: usize = 10;

/// The review of each author.
pub(super) type Reviews = HashMap<Number, Uuid>;

/// Finds every author's review, and writes those that are missing.
///
/// A review has no idempotency key. One whose writing was not answered is therefore
/// looked for before it is written again.
///
/// # Errors
/// When a review is refused, or the service stays away.
pub(super) async fn find_or_write(
    run: &Run,
    votes: &Votes,
    place: &Place,
) -> Result<(Reviews, Made)> {
    let totals = votes.totals();
    let mut reviews = find(run, place).await?;
    let mut n_created = 0;
    for _ in 0..ROUNDS_MAX {
        let missing: BTreeMap<Number, Total> = totals
            .iter()
            .filter(|(author, _)| !reviews.contains_key(author))
            .map(|(author, total)| (*author, *total))
            .collect();
        if missing.is_empty() {
            reviews.retain(|author, _| totals.contains_key(author));
            let made = Made {
                total: reviews.len(),
                created: n_created,
            };
            return Ok((reviews, made));
        }
        let n_before = reviews.len();
        let (written, is_all) = write(run, place, &missing).await?;
        reviews.extend(written);
        n_created += reviews.len() - n_before;
        if !is_all {
            sleep(LIST_LAG).await;
            for (author, review) in find(run, place).await? {
                reviews.entry(author).or_insert(review);
            }
        }
    }
    bail!("the catalog did not answer while reviews were written; run the same command later")
}

/// The import's reviews that are listed; the oldest where an author has several.
async fn find(run: &Run, place: &Place) -> Result<Reviews> {
    let list = format!("/items/{}/reviews", place.item);
    let mut found = Reviews::new();
    let mut cursor = None;
    loop {
        let page = page(run, &list, cursor.as_deref()).await?;
        for review in &page.items {
            let content = review["content"].as_str().unwrap_or_default();
            let user_name = review["author"]["user_name"].as_str().unwrap_or_default();
            if let Some(author) = run.names.member(user_name)
                && run.names.is_review(content)
            {
                // The list begins with the newest, so the oldest stays.
                found.insert(author, uuid(&review["review_id"])?);
            }
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

/// Writes the reviews of `missing`; answers those that were confirmed, and whether all were.
async fn write(
    run: &Run,
    place: &Place,
    missing: &BTreeMap<Number, Total>,
) -> Result<(Reviews, bool)> {
    let progress = Progress::begin("reviews", missing.len());
    let progress = &progress;
    let is_all = Cell::new(true);
    let path = format!("/restaurants/{}/reviews", place.restaurant);
    let (is_all_seen, path) = (&is_all, &path);
    let written: Vec<Option<(Number, Uuid)>> = stream::iter(missing)
        .map(|(author, total)| async move {
            let (user_name, password) = (run.names.user_name(*author), run.names.password(*author));
            let mut session = Session::sign_in(&run.catalog, &user_name, &password)
                .await
                .context(
                    "is --seed the one that the members were made with, and --state a file about \
                     these data? (If they are new, remove it.)",
                )?;
            let call = Call::post(path).body(json!({
                "item_id": place.item,
                "stars": stars(*total),
                "content": run.names.content(*author),
            }));
            let answer = session.call_once(&run.catalog, call).await;
            progress.step();
            match answer {
                Ok(answer) if answer.status < 500 && answer.status != 429 => {
                    let doing = format!("{user_name} writing a review");
                    let written = answer.expect(201, &doing)?;
                    Ok(Some((*author, uuid(&written.body["review_id"])?)))
                }
                Ok(_) | Err(_) => {
                    is_all_seen.set(false);
                    anyhow::Ok(None)
                }
            }
        })
        .buffer_unordered(run.clients)
        .try_collect()
        .await?;
    Ok((written.into_iter().flatten().collect(), is_all.get()))
}

/// One star for those who are only voted down, five for those only voted up.
fn stars(total: Total) -> u64 {
    1 + 4 * total.up / (total.up + total.down).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_follow_the_votes_and_are_one_to_five() {
        assert_eq!(stars(Total { up: 0, down: 9 }), 1);
        assert_eq!(stars(Total { up: 1, down: 1 }), 3);
        assert_eq!(stars(Total { up: 9, down: 0 }), 5);
    }
}
