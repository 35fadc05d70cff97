//! The demo's reviews, and the votes on them.

use std::collections::HashMap;

use anyhow::{Context, Result};
use demo_content::words::{REVIEWS, VOTES};
use serde_json::{Value, json};
use vote_domain::review::Direction;

use super::places::Shelf;
use super::{Made, Members, is_used_up};
use crate::api::Call;
use crate::operator::Operator;
use crate::progress::Progress;

/// Sees to it that every review is there: how many were made, and their ids in order.
pub(super) async fn write(
    operator: &Operator,
    members: &mut Members,
    shelf: &Shelf,
) -> Result<(Made, Vec<String>)> {
    let (mut made, mut written) = (Made::default(), Vec::new());
    let mut known: HashMap<&str, Vec<Value>> = HashMap::new();
    let progress = Progress::begin("reviews", REVIEWS.len());
    for review in REVIEWS {
        let restaurant = shelf.restaurant(review.place)?;
        let item = shelf.item(review.place, review.item)?;
        let author = members
            .get_mut(review.author)
            .context("a review of nobody's")?;
        let path = format!("/restaurants/{restaurant}/reviews");
        if !known.contains_key(review.place) {
            let all = crate::list::find_all(&operator.catalog, author, &path, |_| true).await?;
            known.insert(review.place, all);
        }
        let found = known[review.place].iter().find(|found| {
            found["item_id"] == *item && found["author"]["user_name"] == *review.author
        });
        made.note(found.is_some());
        let id = match found {
            Some(found) => found["review_id"].as_str().unwrap_or_default().to_owned(),
            None => {
                let body =
                    json!({ "item_id": item, "stars": review.stars, "content": review.content });
                let call = Call::post(path).body(body);
                let answer = author.call_once(&operator.catalog, call).await?;
                let answer = answer.accept(&format!("writing a review of {}", review.author))?;
                answer.text("review_id")?.to_owned()
            }
        };
        written.push(id);
        progress.step();
    }
    Ok((made, written))
}

/// Casts the votes; how many were accepted, now or before.
pub(super) async fn vote(
    operator: &Operator,
    members: &mut Members,
    reviews: &[String],
) -> Result<usize> {
    let progress = Progress::begin("votes", VOTES.len());
    let mut n_accepted = 0;
    for (n, (voter, review, direction)) in VOTES.iter().enumerate() {
        let session = members.get_mut(voter).context("a vote of nobody's")?;
        let review = reviews.get(*review).context("a vote on no review")?;
        let way = match direction {
            Direction::Up => "upvote",
            Direction::Down => "downvote",
        };
        // One intent, one key: cast again, it is the same vote.
        let call = Call::post(format!("/reviews/{review}/{way}"));
        let call = call.idempotency_key(format!("votectl-seed-{n}"));
        let answer = session.call(&operator.gateway, call).await?;
        match answer.accept(&format!("the vote of {voter}")) {
            Ok(_) => n_accepted += 1,
            Err(error) if is_used_up(&error) => progress.say(&format!("{error:#}")),
            Err(error) => return Err(error),
        }
        progress.step();
    }
    Ok(n_accepted)
}
