//! What the catalog's entries in the cache are called.

use http_kit::Limit;
use vote_cache::key::review_entry;
use vote_domain::campaign::{ChannelNo, OptionNo, Progress};
use vote_domain::{CampaignId, ItemId, RestaurantId, ReviewId};
use vote_store::catalog::ReviewScope;

use crate::campaigns::Standing;

/// The generation of the list of all restaurants.
pub(crate) const RESTAURANTS: &str = "list:restaurants";

/// The generation of the list of all campaigns.
pub(crate) const CAMPAIGNS: &str = "list:campaigns";

/// A campaign's head.
pub(crate) fn campaign(id: CampaignId) -> String {
    format!("campaign:{id}")
}

/// A campaign's board, on all channels or one.
pub(crate) fn board(standing: &Standing, channel: Option<ChannelNo>) -> String {
    let standing = standing_name(standing);
    match channel {
        None => format!("board:{standing}"),
        Some(ChannelNo(channel)) => format!("board:{standing}:{channel}"),
    }
}

/// The first page of an option's fans.
pub(crate) fn fans(standing: &Standing, OptionNo(option): OptionNo, limit: Limit) -> String {
    format!("fans:{}:{option}:{}", standing_name(standing), limit.get())
}

fn standing_name(standing: &Standing) -> String {
    let progress = match standing.progress {
        Progress::Running => "running",
        Progress::Closing => "closing",
        Progress::Drained => "drained",
        Progress::Final => "final",
    };
    format!("{}:{}:{progress}", standing.campaign, standing.version)
}

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
