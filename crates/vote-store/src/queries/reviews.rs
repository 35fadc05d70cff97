//! Rows of reviews. A write locks the review, then its restaurant, then its item, whose
//! ratings change with it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use vote_domain::review::Counts;
use vote_domain::{ReviewId, UserId};

use super::{Conn, audit};
use crate::StoreError;
use crate::catalog::{
    NewReview, RankedReview, Remover, Review, ReviewChange, ReviewCreation, ReviewRemoval,
    ReviewScope, ReviewUpdate,
};
use crate::key::{Key, Moment, keys};
use crate::schema::{items, restaurants, review_counters, reviews, users};

/// A review as it stands in SQL.
#[derive(Queryable)]
struct Row {
    review_id: Key,
    restaurant_id: Key,
    item_id: Key,
    author_id: Key,
    stars: i16,
    content: String,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    _deleted_at: Option<Moment>,
}

/// A review, its author's name and its reward.
type WithAuthor = (Row, Option<String>, Option<Moment>);

/// Up, down, version; nothing before the first vote.
type Counters = Option<(i64, i64, i64)>;

fn into_review((row, author_name, reward_sent_at): WithAuthor) -> Review {
    Review {
        review_id: row.review_id.into(),
        restaurant_id: row.restaurant_id.into(),
        item_id: row.item_id.into(),
        author: row.author_id.into(),
        author_name: author_name.unwrap_or_default(),
        stars: u8::try_from(row.stars).unwrap_or_default(),
        content: row.content,
        version: row.version.unsigned_abs(),
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
        reward_sent_at: reward_sent_at.map(DateTime::from),
    }
}

/// Reviews that are not deleted, with their authors and counters.
macro_rules! visible {
    () => {
        reviews::table
            .left_join(users::table.on(users::user_id.eq(reviews::author_id)))
            .left_join(review_counters::table.on(review_counters::review_id.eq(reviews::review_id)))
            .filter(reviews::deleted_at.is_null())
            .select((
                reviews::all_columns,
                users::user_name.nullable(),
                review_counters::reward_sent_at.nullable(),
            ))
    };
}

pub(crate) async fn by_ids(
    connection: &mut Conn,
    ids: &[ReviewId],
) -> Result<Vec<Review>, StoreError> {
    let rows: Vec<WithAuthor> = visible!()
        .filter(reviews::review_id.eq_any(keys(ids)))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(into_review).collect())
}

pub(crate) async fn newest(
    connection: &mut Conn,
    scope: ReviewScope,
    before: Option<(DateTime<Utc>, ReviewId)>,
    limit: u32,
) -> Result<Vec<Review>, StoreError> {
    let mut query = visible!()
        .order((reviews::created_at.desc(), reviews::review_id.desc()))
        .limit(limit.into())
        .into_boxed();
    query = match scope {
        ReviewScope::Restaurant(id) => query.filter(reviews::restaurant_id.eq(Key::from(id))),
        ReviewScope::Item(id) => query.filter(reviews::item_id.eq(Key::from(id))),
    };
    if let Some((at, id)) = before {
        query = query.filter(
            reviews::created_at.lt(Moment(at)).or(reviews::created_at
                .eq(Moment(at))
                .and(reviews::review_id.lt(Key::from(id)))),
        );
    }
    let rows: Vec<WithAuthor> = query.load(connection).await?;
    Ok(rows.into_iter().map(into_review).collect())
}

pub(crate) async fn ranked(
    connection: &mut Conn,
    scope: ReviewScope,
    limit: u32,
) -> Result<Vec<RankedReview>, StoreError> {
    let mut query = reviews::table
        .left_join(review_counters::table.on(review_counters::review_id.eq(reviews::review_id)))
        .filter(reviews::deleted_at.is_null())
        .order((reviews::created_at.desc(), reviews::review_id.desc()))
        .limit(limit.into())
        .select((
            reviews::review_id,
            reviews::created_at,
            (
                review_counters::up,
                review_counters::down,
                review_counters::version,
            )
                .nullable(),
        ))
        .into_boxed();
    query = match scope {
        ReviewScope::Restaurant(id) => query.filter(reviews::restaurant_id.eq(Key::from(id))),
        ReviewScope::Item(id) => query.filter(reviews::item_id.eq(Key::from(id))),
    };
    let rows: Vec<(Key, Moment, Counters)> = query.load(connection).await?;
    Ok(rows
        .into_iter()
        .map(|(review_id, created_at, counters)| RankedReview {
            review_id: review_id.into(),
            created_at: created_at.into(),
            counts: into_counts(counters),
        })
        .collect())
}

fn into_counts(counters: Counters) -> Counts {
    let (up, down, version) = counters.unwrap_or_default();
    Counts {
        up: up.unsigned_abs(),
        down: down.unsigned_abs(),
        version: version.unsigned_abs(),
    }
}

pub(crate) async fn visible_counts(
    connection: &mut Conn,
    ids: &[ReviewId],
) -> Result<HashMap<ReviewId, Counts>, StoreError> {
    let rows: Vec<(Key, Counters)> = reviews::table
        .left_join(review_counters::table.on(review_counters::review_id.eq(reviews::review_id)))
        .filter(reviews::review_id.eq_any(keys(ids)))
        .filter(reviews::deleted_at.is_null())
        .select((
            reviews::review_id,
            (
                review_counters::up,
                review_counters::down,
                review_counters::version,
            )
                .nullable(),
        ))
        .load(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|(review, counters)| (review.into(), into_counts(counters)))
        .collect())
}

pub(crate) async fn create(
    connection: &mut Conn,
    new: &NewReview,
) -> Result<ReviewCreation, StoreError> {
    let (restaurant, item) = (Key::from(new.restaurant_id), Key::from(new.item_id));
    let has_it: Option<Key> = items::table
        .filter(items::item_id.eq(item))
        .filter(items::restaurant_id.eq(restaurant))
        .select(items::item_id)
        .first(connection)
        .await
        .optional()?;
    if has_it.is_none() {
        return match super::catalog::restaurant(connection, new.restaurant_id).await? {
            Some(_) => Ok(ReviewCreation::NoSuchItem),
            None => Ok(ReviewCreation::NoSuchRestaurant),
        };
    }
    let stars = i64::from(new.stars);
    rate_restaurant(connection, restaurant, 1, stars).await?;
    rate_item(connection, item, 1, stars).await?;
    diesel::insert_into(reviews::table)
        .values((
            reviews::review_id.eq(Key::from(new.review_id)),
            reviews::restaurant_id.eq(restaurant),
            reviews::item_id.eq(item),
            reviews::author_id.eq(Key::from(new.author)),
            reviews::stars.eq(i16::from(new.stars)),
            reviews::content.eq(&new.content),
            reviews::version.eq(1),
            reviews::created_at.eq(Moment(new.created_at)),
            reviews::updated_at.eq(Moment(new.created_at)),
        ))
        .execute(connection)
        .await?;
    Ok(ReviewCreation::Created)
}

async fn rate_restaurant(
    connection: &mut Conn,
    restaurant: Key,
    n_reviews: i64,
    stars: i64,
) -> Result<(), StoreError> {
    let row = restaurants::table.filter(restaurants::restaurant_id.eq(restaurant));
    diesel::update(row)
        .set((
            restaurants::n_reviews.eq(restaurants::n_reviews + n_reviews),
            restaurants::stars_sum.eq(restaurants::stars_sum + stars),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

async fn rate_item(
    connection: &mut Conn,
    item: Key,
    n_reviews: i64,
    stars: i64,
) -> Result<(), StoreError> {
    diesel::update(items::table.filter(items::item_id.eq(item)))
        .set((
            items::n_reviews.eq(items::n_reviews + n_reviews),
            items::stars_sum.eq(items::stars_sum + stars),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

async fn find(connection: &mut Conn, review: Key) -> Result<Option<Row>, StoreError> {
    Ok(reviews::table
        .filter(reviews::review_id.eq(review))
        .filter(reviews::deleted_at.is_null())
        .first(connection)
        .await
        .optional()?)
}

pub(crate) async fn update(
    connection: &mut Conn,
    review: ReviewId,
    author: UserId,
    expected: u64,
    change: &ReviewChange,
    now: DateTime<Utc>,
) -> Result<ReviewUpdate, StoreError> {
    let review = Key::from(review);
    let Some(row) = find(connection, review).await? else {
        return Ok(ReviewUpdate::NotFound);
    };
    if row.author_id != Key::from(author) {
        return Ok(ReviewUpdate::NotTheAuthor);
    }
    if row.version.unsigned_abs() != expected {
        return Ok(ReviewUpdate::Stale(row.version.unsigned_abs()));
    }
    let stars = change.stars.map_or(row.stars, i16::from);
    let unchanged = reviews::table
        .filter(reviews::review_id.eq(review))
        .filter(reviews::version.eq(row.version))
        .filter(reviews::deleted_at.is_null());
    let n_updated = diesel::update(unchanged)
        .set((
            reviews::stars.eq(stars),
            reviews::content.eq(change.content.as_ref().unwrap_or(&row.content)),
            reviews::version.eq(row.version + 1),
            reviews::updated_at.eq(Moment(now)),
        ))
        .execute(connection)
        .await?;
    if n_updated == 0 {
        return Err(overtaken());
    }
    let more = i64::from(stars - row.stars);
    if more != 0 {
        rate_restaurant(connection, row.restaurant_id, 0, more).await?;
        rate_item(connection, row.item_id, 0, more).await?;
    }
    Ok(ReviewUpdate::Updated)
}

pub(crate) async fn remove(
    connection: &mut Conn,
    review: ReviewId,
    remover: &Remover,
    now: DateTime<Utc>,
) -> Result<ReviewRemoval, StoreError> {
    let subject = format!("review:{review}");
    let review = Key::from(review);
    let Some(row) = find(connection, review).await? else {
        return Ok(ReviewRemoval::NotFound);
    };
    match remover {
        Remover::Author(author) if row.author_id != Key::from(*author) => {
            return Ok(ReviewRemoval::NotTheAuthor);
        }
        Remover::Author(_) | Remover::Moderator(_) => {}
    }
    let unchanged = reviews::table
        .filter(reviews::review_id.eq(review))
        .filter(reviews::version.eq(row.version))
        .filter(reviews::deleted_at.is_null());
    let n_removed = diesel::update(unchanged)
        .set((
            reviews::version.eq(row.version + 1),
            reviews::deleted_at.eq(Some(Moment(now))),
        ))
        .execute(connection)
        .await?;
    if n_removed == 0 {
        return Err(overtaken());
    }
    let stars = i64::from(row.stars);
    rate_restaurant(connection, row.restaurant_id, -1, -stars).await?;
    rate_item(connection, row.item_id, -1, -stars).await?;
    if let Remover::Moderator(act) = remover {
        let detail = json!({ "author": row.author_id.0, "stars": row.stars });
        let record = act.record("review_removed", subject, detail);
        audit::append(connection, &[record]).await?;
    }
    Ok(ReviewRemoval::Removed)
}

/// Somebody changed the review between our read and our write: both are done again.
fn overtaken() -> StoreError {
    StoreError::Contention("the review was changed meanwhile".to_owned())
}
