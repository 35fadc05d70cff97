//! What a member likes, told by their votes and reviews.

use std::collections::HashMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use http_kit::etag::cached_json;
use http_kit::{Actor, ProblemDetails};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vote_domain::{ItemId, RestaurantId};
use vote_store::catalog::Leaning;

use crate::catalog::Catalog;
use crate::failure::Failure;

/// How many restaurants, and how many items, are told.
const RANKED_MAX: usize = 20;

/// A restaurant as a member ranks it.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreferredRestaurant {
    restaurant_id: Uuid,
    name: String,
    #[serde(flatten)]
    liking: Liking,
}

/// An item as a member ranks it.
#[derive(Serialize, ToSchema)]
pub(crate) struct PreferredItem {
    item_id: Uuid,
    restaurant_id: Uuid,
    name: String,
    #[serde(flatten)]
    liking: Liking,
}

/// What votes and reviews say, and the score that is ranked by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Liking {
    /// `up_votes` − `down_votes` + the sum of (stars − 3) over the member's own reviews.
    score: i64,
    /// The member's up votes that stand on others' reviews of it.
    up_votes: u64,
    /// The member's down votes that stand on others' reviews of it.
    down_votes: u64,
    /// The member's own reviews of it.
    n_reviews: u64,
}

impl Liking {
    /// The score is up votes less down votes, plus, for each own review, its stars less
    /// three: so five stars weigh as much as two votes, three say nothing, and one star
    /// speaks against it.
    fn add(&mut self, leaning: &Leaning) {
        self.up_votes += leaning.up_votes;
        self.down_votes += leaning.down_votes;
        self.n_reviews += leaning.own.n_reviews;
        let own = leaning.own.stars_sum.cast_signed() - 3 * leaning.own.n_reviews.cast_signed();
        self.score += leaning.up_votes.cast_signed() - leaning.down_votes.cast_signed() + own;
    }
}

/// What a member likes.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "restaurants": [{
        "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52", "name": "Noodle Bar",
        "score": 3, "up_votes": 2, "down_votes": 1, "n_reviews": 1
    }],
    "items": [{
        "item_id": "2f1f6a0c-7c1e-4d0b-9b8e-9d110f9a1c52",
        "restaurant_id": "6a0c9d11-7c1e-4d0b-9b8e-2f1f0f9a1c52", "name": "Ramen",
        "score": 3, "up_votes": 2, "down_votes": 1, "n_reviews": 1
    }]
}))]
pub(crate) struct PreferencesBody {
    /// Up to 20, the highest score first.
    restaurants: Vec<PreferredRestaurant>,
    /// Up to 20, the highest score first.
    items: Vec<PreferredItem>,
}

/// Ranks restaurants and items by one's own votes and reviews: by up votes less down votes
/// that stand on their reviews, plus (stars − 3) for each review of one's own.
#[utoipa::path(
    get, path = "/api/v1/me/preferences",
    operation_id = "get_my_preferences", tag = "accounts",
    responses(
        (status = 200, description = "What one likes; with `ETag`", body = PreferencesBody),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 401, description = "`unauthenticated`", body = ProblemDetails),
        (status = 503, description = "`overloaded`, `database_unavailable`", body = ProblemDetails),
    ),
    security(("bearer" = []))
)]
pub(crate) async fn my_preferences(
    catalog: Data<Catalog>,
    actor: Actor,
    request: HttpRequest,
) -> Result<HttpResponse, Failure> {
    let load = || catalog.store.leanings(actor.user_id);
    let leanings = catalog.entries.uncached(load).await?;
    let mut restaurants = HashMap::<RestaurantId, Liking>::new();
    let mut items = HashMap::<(RestaurantId, ItemId), Liking>::new();
    for leaning in &leanings {
        restaurants
            .entry(leaning.restaurant_id)
            .or_default()
            .add(leaning);
        items
            .entry((leaning.restaurant_id, leaning.item_id))
            .or_default()
            .add(leaning);
    }
    let (restaurants, items) = (ranked(restaurants), ranked(items));
    let restaurant_ids: Vec<_> = restaurants.iter().map(|(id, _)| *id).collect();
    let item_ids: Vec<_> = items.iter().map(|((_, id), _)| *id).collect();
    let mut restaurant_names = catalog.store.restaurant_names(&restaurant_ids).await?;
    let mut item_names = catalog.store.item_names(&item_ids).await?;
    let preferences = PreferencesBody {
        restaurants: restaurants
            .into_iter()
            .map(|(id, liking)| PreferredRestaurant {
                restaurant_id: id.0,
                name: restaurant_names.remove(&id).unwrap_or_default(),
                liking,
            })
            .collect(),
        items: items
            .into_iter()
            .map(|((restaurant_id, id), liking)| PreferredItem {
                item_id: id.0,
                restaurant_id: restaurant_id.0,
                name: item_names.remove(&id).unwrap_or_default(),
                liking,
            })
            .collect(),
    };
    Ok(cached_json(&request, &preferences)?)
}

/// The best first; equals in the order of their ids, so that the answer stays the same.
fn ranked<Id: Ord>(likings: HashMap<Id, Liking>) -> Vec<(Id, Liking)> {
    let mut ranked: Vec<_> = likings.into_iter().collect();
    ranked.sort_unstable_by(|(a_id, a), (b_id, b)| b.score.cmp(&a.score).then(a_id.cmp(b_id)));
    ranked.truncate(RANKED_MAX);
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;
    use vote_store::catalog::Rating;

    #[test]
    fn a_score_weighs_votes_and_stars_above_three() {
        let leaning = |up_votes, down_votes, n_reviews, stars_sum| Leaning {
            restaurant_id: RestaurantId(Uuid::nil()),
            item_id: ItemId(Uuid::nil()),
            up_votes,
            down_votes,
            own: Rating {
                n_reviews,
                stars_sum,
            },
        };
        let score = |leanings: &[Leaning]| {
            let mut liking = Liking::default();
            leanings.iter().for_each(|leaning| liking.add(leaning));
            liking.score
        };
        assert_eq!(score(&[leaning(3, 1, 0, 0)]), 2);
        assert_eq!(score(&[leaning(0, 0, 1, 5)]), 2);
        assert_eq!(score(&[leaning(0, 0, 1, 3)]), 0);
        assert_eq!(score(&[leaning(1, 0, 2, 2), leaning(0, 2, 0, 0)]), -5);
    }
}
