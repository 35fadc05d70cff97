//! Restaurants, their items, and the reviews of those.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vote_domain::review::Counts;
use vote_domain::{ItemId, RestaurantId, ReviewId, UserId};

use crate::accounts::NewUser;
use crate::audit::Act;
use crate::run::{read, read_snapshot, write};
use crate::{Store, StoreError};

/// Characters of a name's key.
const NAME_KEY_MAX: usize = 200;

/// What a name is sorted and searched by: in lower case, at most 200 characters.
#[must_use]
pub fn name_key(name: &str) -> String {
    name.to_lowercase().chars().take(NAME_KEY_MAX).collect()
}

/// What the reviews of a restaurant or an item come to; deleted ones do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rating {
    /// How many there are.
    pub n_reviews: u64,
    /// The sum of their stars.
    pub stars_sum: u64,
}

impl Rating {
    /// The mean of the stars; none without reviews.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts stay far below 2^52, where f64 is exact"
    )]
    pub fn stars_mean(&self) -> Option<f64> {
        (self.n_reviews > 0).then(|| self.stars_sum as f64 / self.n_reviews as f64)
    }
}

/// A restaurant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restaurant {
    /// The restaurant.
    pub restaurant_id: RestaurantId,
    /// Its name, at most 200 characters.
    pub name: String,
    /// Where it is, at most 400 characters.
    pub address: String,
    /// What it is like, at most 4,000 characters.
    pub description: String,
    /// What its reviews come to.
    pub rating: Rating,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// A restaurant to be added.
#[derive(Clone, Debug)]
pub struct NewRestaurant {
    /// The restaurant.
    pub restaurant_id: RestaurantId,
    /// Its name, at most 200 characters.
    pub name: String,
    /// Where it is, at most 400 characters.
    pub address: String,
    /// What it is like, at most 4,000 characters.
    pub description: String,
    /// When it is added.
    pub created_at: DateTime<Utc>,
}

/// A dish or drink of a restaurant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The item.
    pub item_id: ItemId,
    /// Whose it is.
    pub restaurant_id: RestaurantId,
    /// Its name, at most 200 characters.
    pub name: String,
    /// What it is, at most 4,000 characters.
    pub description: String,
    /// What its reviews come to.
    pub rating: Rating,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// An item to be added.
#[derive(Clone, Debug)]
pub struct NewItem {
    /// The item.
    pub item_id: ItemId,
    /// Whose it is.
    pub restaurant_id: RestaurantId,
    /// Its name, at most 200 characters.
    pub name: String,
    /// What it is, at most 4,000 characters.
    pub description: String,
    /// When it is added.
    pub created_at: DateTime<Utc>,
}

/// A review, without what the votes on it come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Review {
    /// The review.
    pub review_id: ReviewId,
    /// The restaurant whose item it is of.
    pub restaurant_id: RestaurantId,
    /// The item it is of.
    pub item_id: ItemId,
    /// Who wrote it.
    pub author: UserId,
    /// Their name; empty if the account is gone.
    pub author_name: String,
    /// 1 to 5.
    pub stars: u8,
    /// What it says, at most 10,000 characters.
    pub content: String,
    /// One higher with each change; 1 at first.
    pub version: u64,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// When its author was rewarded for it.
    pub reward_sent_at: Option<DateTime<Utc>>,
}

/// A review to be added.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// The review.
    pub review_id: ReviewId,
    /// The restaurant whose item it is of.
    pub restaurant_id: RestaurantId,
    /// The item it is of.
    pub item_id: ItemId,
    /// Who wrote it.
    pub author: UserId,
    /// 1 to 5.
    pub stars: u8,
    /// What it says, at most 10,000 characters.
    pub content: String,
    /// When it is written.
    pub created_at: DateTime<Utc>,
}

/// What became of adding a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewCreation {
    /// It is there now.
    Created,
    /// There is no such restaurant.
    NoSuchRestaurant,
    /// The restaurant has no such item.
    NoSuchItem,
}

/// What an author changes about a review; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReviewChange {
    /// 1 to 5.
    pub stars: Option<u8>,
    /// What it says, at most 10,000 characters.
    pub content: Option<String>,
}

/// What became of changing a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewUpdate {
    /// It is changed, and has the version that came next.
    Updated,
    /// There is no such review.
    NotFound,
    /// Somebody else wrote it.
    NotTheAuthor,
    /// It was changed since: this is its version.
    Stale(u64),
}

/// On whose behalf a review is removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remover {
    /// A member, who may remove what they wrote.
    Author(UserId),
    /// Somebody who may remove any review; it is put on record.
    Moderator(Act),
}

/// What became of removing a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewRemoval {
    /// It is gone; votes that were admitted before still settle.
    Removed,
    /// There is no such review.
    NotFound,
    /// Somebody else wrote it.
    NotTheAuthor,
}

/// A whole catalog to begin with.
#[derive(Clone, Debug, Default)]
pub struct Furnishing {
    /// Who there is.
    pub users: Vec<NewUser>,
    /// Where they eat.
    pub restaurants: Vec<NewRestaurant>,
    /// What.
    pub items: Vec<NewItem>,
    /// What they think of it.
    pub reviews: Vec<NewReview>,
}

/// Which reviews a list is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReviewScope {
    /// All of a restaurant.
    Restaurant(RestaurantId),
    /// All of an item.
    Item(ItemId),
}

/// A review as one of a list: what it is ranked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankedReview {
    /// The review.
    pub review_id: ReviewId,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// What the votes on it come to.
    pub counts: Counts,
}

/// What a member thinks of an item, told by votes and reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaning {
    /// The restaurant whose item it is.
    pub restaurant_id: RestaurantId,
    /// The item.
    pub item_id: ItemId,
    /// The member's up votes that stand on reviews of it.
    pub up_votes: u64,
    /// The member's down votes that stand on reviews of it.
    pub down_votes: u64,
    /// The member's own reviews of it.
    pub own: Rating,
}

impl Store {
    /// Adds all of `furnishing` in one transaction if there is no restaurant yet, and no
    /// account of one of its names; answers whether it did.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Refused`] if it does not fit together. Nothing was
    /// written then.
    pub async fn furnish(&self, furnishing: &Furnishing) -> Result<bool, StoreError> {
        write!(self, furnish::furnish(furnishing))
    }

    /// Adds a restaurant.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Duplicate`] if it is there already.
    pub async fn create_restaurant(&self, restaurant: &NewRestaurant) -> Result<(), StoreError> {
        write!(self, catalog::create_restaurant(restaurant))
    }

    /// Reads a restaurant.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn restaurant(&self, id: RestaurantId) -> Result<Option<Restaurant>, StoreError> {
        read!(self, catalog::restaurant(id))
    }

    /// Reads up to `limit` restaurants by [`name_key`], those behind `after` if given. Only
    /// those whose key contains `search`, itself a key, if given; a search reads keys until
    /// the page is full, so it takes longer the rarer its words are.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn restaurants(
        &self,
        search: Option<&str>,
        after: Option<(&str, RestaurantId)>,
        limit: u32,
    ) -> Result<Vec<Restaurant>, StoreError> {
        read!(self, catalog::restaurants(search, after, limit))
    }

    /// Adds an item; answers whether its restaurant is there.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Duplicate`] if it is there already.
    pub async fn create_item(&self, item: &NewItem) -> Result<bool, StoreError> {
        write!(self, catalog::create_item(item))
    }

    /// Reads an item.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn item(&self, id: ItemId) -> Result<Option<Item>, StoreError> {
        read!(self, catalog::item(id))
    }

    /// Reads up to `limit` items of a restaurant by [`name_key`], those behind `after` if
    /// given.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn items(
        &self,
        restaurant: RestaurantId,
        after: Option<(&str, ItemId)>,
        limit: u32,
    ) -> Result<Vec<Item>, StoreError> {
        read!(self, catalog::items(restaurant, after, limit))
    }

    /// Adds a review.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::Duplicate`] if it is there already.
    pub async fn create_review(&self, review: &NewReview) -> Result<ReviewCreation, StoreError> {
        write!(self, reviews::create(review))
    }

    /// Reads those of `reviews` that are there and not deleted, in any order.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn reviews(&self, reviews: &[ReviewId]) -> Result<Vec<Review>, StoreError> {
        read!(self, reviews::by_ids(reviews))
    }

    /// Reads up to `limit` reviews, newest first, those older than `before` if given.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn newest_reviews(
        &self,
        scope: ReviewScope,
        before: Option<(DateTime<Utc>, ReviewId)>,
        limit: u32,
    ) -> Result<Vec<Review>, StoreError> {
        read!(self, reviews::newest(scope, before, limit))
    }

    /// Reads what the newest `limit` reviews are ranked by, newest first.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn ranked_reviews(
        &self,
        scope: ReviewScope,
        limit: u32,
    ) -> Result<Vec<RankedReview>, StoreError> {
        read!(self, reviews::ranked(scope, limit))
    }

    /// Reads what the votes on `reviews` come to, nothing for one never voted on. A review
    /// that is not there, or deleted, is left out.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn visible_counts(
        &self,
        reviews: &[ReviewId],
    ) -> Result<HashMap<ReviewId, Counts>, StoreError> {
        read!(self, reviews::visible_counts(reviews))
    }

    /// Changes a review of `author` that has the version `expected`.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn update_review(
        &self,
        review: ReviewId,
        author: UserId,
        expected: u64,
        change: &ReviewChange,
        now: DateTime<Utc>,
    ) -> Result<ReviewUpdate, StoreError> {
        write!(self, reviews::update(review, author, expected, change, now))
    }

    /// Removes a review. Its row stays, so that votes admitted before still settle.
    /// Removing it again finds none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn remove_review(
        &self,
        review: ReviewId,
        remover: &Remover,
        now: DateTime<Utc>,
    ) -> Result<ReviewRemoval, StoreError> {
        write!(self, reviews::remove(review, remover, now))
    }

    /// Reads what `member` thinks of each item they voted on reviews of, or reviewed.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn leanings(&self, member: UserId) -> Result<Vec<Leaning>, StoreError> {
        read_snapshot!(self, leanings::of_member(member))
    }

    /// Reads the names of restaurants.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn restaurant_names(
        &self,
        restaurants: &[RestaurantId],
    ) -> Result<HashMap<RestaurantId, String>, StoreError> {
        read!(self, catalog::restaurant_names(restaurants))
    }

    /// Reads the names of items.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn item_names(
        &self,
        items: &[ItemId],
    ) -> Result<HashMap<ItemId, String>, StoreError> {
        read!(self, catalog::item_names(items))
    }
}
