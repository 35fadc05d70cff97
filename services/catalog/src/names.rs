//! What the catalog's entries in the cache are called.

use vote_cache::key::review_entry;
use vote_domain::{ItemId, RestaurantId, ReviewId};
use vote_store::catalog::ReviewScope;

/// The generation of the list of all restaurants.
pub(crate) const RESTAURANTS: &str = "list:restaurants";

/// A restaurant.
pub(crate) fn restaurant(id: RestaurantId) -> String {
    format!("restaurant:{id}")
}

/// An item.
pub(crate) fn item(id: ItemId) -> String {
    format!("item:{id}")
}

/// A review.
pub(crate) fn review(id: ReviewId) -> String {
    review_entry(id)
}

/// The generation of a restaurant's list of items.
pub(crate) fn items_of(restaurant: RestaurantId) -> String {
    format!("list:items:{restaurant}")
}

/// The generation of a list of reviews.
pub(crate) fn reviews_of(scope: ReviewScope) -> String {
    match scope {
        ReviewScope::Restaurant(id) => format!("list:reviews:restaurant:{id}"),
        ReviewScope::Item(id) => format!("list:reviews:item:{id}"),
    }
}
