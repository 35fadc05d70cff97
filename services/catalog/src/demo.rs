//! Something to look at: restaurants, items, members and reviews, the same every time.
//!
//! Everyone's password is [`PASSWORD`]. Votes are not written here: they are cast through
//! the gateway, as members cast theirs.

mod campaign;

use chrono::{DateTime, TimeDelta, Utc};
use demo_content::{people, places, words};
use vote_domain::id::named;
use vote_domain::review::Direction;
use vote_domain::{Clock, Ids, ItemId, RestaurantId, ReviewId, Role, UserId};
use vote_store::accounts::NewUser;
use vote_store::catalog::{Furnishing, NewItem, NewRestaurant, NewReview};
use vote_store::{Store, StoreError};

pub use campaign::{campaign, campaign_id, campaign_votes};
pub use demo_content::people::{PASSWORD, USER_NAME};

/// bcrypt's work factor for the demo's passwords, which are no secret: the least there is.
const BCRYPT_COST: u32 = 4;

/// A vote to cast: who, on which review, and the side taken.
pub type DemoVote = (UserId, ReviewId, Direction);

/// Puts the demo into an empty `store`, in one transaction, dated back from now. Answers
/// the votes that go with it, at most three for each member; none if a restaurant or an
/// account of these names was there already, and then nothing is changed.
///
/// # Errors
/// [`StoreError`]; nothing was written.
pub async fn seed(
    store: &Store,
    clock: &Clock,
    ids: &Ids,
) -> Result<Option<Vec<DemoVote>>, StoreError> {
    if !store.restaurants(None, None, 1).await?.is_empty() {
        return Ok(None);
    }
    let furnishing = furnishing(clock.now(), ids)?;
    let furnished = store.furnish(&furnishing).await?;
    Ok(furnished.then(votes))
}

/// The votes that go with the demo.
#[must_use]
pub fn votes() -> Vec<DemoVote> {
    words::VOTES
        .iter()
        .map(|(voter, review, direction)| (user_id(voter), review_id(*review), *direction))
        .collect()
}

fn furnishing(now: DateTime<Utc>, ids: &Ids) -> Result<Furnishing, StoreError> {
    let opened_at = now - TimeDelta::days(30);
    let mut users = Vec::new();
    for name in people::NAMES {
        let hash = bcrypt::hash_with_salt(PASSWORD, BCRYPT_COST, ids.bytes())
            .map_err(|error| StoreError::Refused(error.to_string()))?;
        users.push(NewUser {
            user_id: user_id(name),
            user_name: (*name).to_owned(),
            password_hash: hash.to_string(),
            role: Role::Member,
            created_at: opened_at,
        });
    }
    let mut restaurants = Vec::new();
    let mut items = Vec::new();
    for place in places::PLACES {
        restaurants.push(NewRestaurant {
            restaurant_id: restaurant_id(place.name),
            name: place.name.to_owned(),
            address: place.address.to_owned(),
            description: place.description.to_owned(),
            created_at: opened_at,
        });
        items.extend(place.items.iter().map(|(name, description)| NewItem {
            item_id: item_id(place.name, name),
            restaurant_id: restaurant_id(place.name),
            name: (*name).to_owned(),
            description: (*description).to_owned(),
            created_at: opened_at,
        }));
    }
    let reviews = words::REVIEWS
        .iter()
        .enumerate()
        .map(|(n, review)| NewReview {
            review_id: review_id(n),
            restaurant_id: restaurant_id(review.place),
            item_id: item_id(review.place, review.item),
            author: user_id(review.author),
            stars: review.stars,
            content: review.content.to_owned(),
            created_at: now - TimeDelta::hours(review.hours_ago),
        });
    Ok(Furnishing {
        users,
        restaurants,
        items,
        reviews: reviews.collect(),
    })
}

fn user_id(name: &str) -> UserId {
    UserId(named("demo user", name.as_bytes()))
}

fn restaurant_id(place: &str) -> RestaurantId {
    RestaurantId(named("demo restaurant", place.as_bytes()))
}

fn item_id(place: &str, item: &str) -> ItemId {
    ItemId(named("demo item", format!("{place}/{item}").as_bytes()))
}

fn review_id(n: usize) -> ReviewId {
    ReviewId(named("demo review", n.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn every_review_is_of_an_item_there_is_by_a_member_there_is() {
        for review in words::REVIEWS {
            assert!(people::NAMES.contains(&review.author), "{}", review.author);
            let place = places::PLACES
                .iter()
                .find(|place| place.name == review.place);
            let items = place.expect(review.place).items;
            assert!(
                items.iter().any(|(name, _)| *name == review.item),
                "{}",
                review.item
            );
            assert!((1..=5).contains(&review.stars));
        }
    }

    #[test]
    fn no_member_votes_twice_on_a_review_on_their_own_or_more_than_thrice() {
        let mut cast = HashMap::<_, Vec<_>>::new();
        for (voter, review, _) in words::VOTES {
            assert_ne!(words::REVIEWS[*review].author, *voter, "{review}");
            assert!(people::NAMES.contains(voter));
            cast.entry(voter).or_default().push(review);
        }
        for (voter, reviews) in &mut cast {
            reviews.sort_unstable();
            reviews.dedup();
            assert_eq!(reviews.len(), 3, "{voter}");
        }
        assert!(
            !cast.contains_key(&USER_NAME),
            "the demo login has all its votes"
        );
    }
}
