//! What a member's votes and reviews say of items.

use std::collections::BTreeMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::UserId;
use vote_domain::review::Direction;

use super::Conn;
use super::voters::direction_of;
use crate::StoreError;
use crate::catalog::{Leaning, Rating};
use crate::key::Key;
use crate::schema::{review_standings, reviews};

pub(crate) async fn of_member(
    connection: &mut Conn,
    member: UserId,
) -> Result<Vec<Leaning>, StoreError> {
    let mut leanings = BTreeMap::new();
    let votes: Vec<(Key, Key, i16, i64)> = review_standings::table
        .inner_join(reviews::table.on(reviews::review_id.eq(review_standings::review_id)))
        .filter(review_standings::voter_id.eq(Key::from(member)))
        .filter(review_standings::direction.ne(0))
        .filter(reviews::deleted_at.is_null())
        .group_by((
            reviews::restaurant_id,
            reviews::item_id,
            review_standings::direction,
        ))
        .select((
            reviews::restaurant_id,
            reviews::item_id,
            review_standings::direction,
            count_star(),
        ))
        .load(connection)
        .await?;
    for (restaurant, item, direction, n_votes) in votes {
        let leaning = leaning_of(&mut leanings, restaurant, item);
        match direction_of(direction) {
            Some(Direction::Up) => leaning.up_votes += n_votes.unsigned_abs(),
            Some(Direction::Down) => leaning.down_votes += n_votes.unsigned_abs(),
            None => {}
        }
    }
    let written: Vec<(Key, Key, i16, i64)> = reviews::table
        .filter(reviews::author_id.eq(Key::from(member)))
        .filter(reviews::deleted_at.is_null())
        .group_by((reviews::restaurant_id, reviews::item_id, reviews::stars))
        .select((
            reviews::restaurant_id,
            reviews::item_id,
            reviews::stars,
            count_star(),
        ))
        .load(connection)
        .await?;
    for (restaurant, item, stars, n_reviews) in written {
        let own = &mut leaning_of(&mut leanings, restaurant, item).own;
        own.n_reviews += n_reviews.unsigned_abs();
        own.stars_sum += n_reviews.unsigned_abs() * u64::from(stars.unsigned_abs());
    }
    Ok(leanings.into_values().collect())
}

fn leaning_of(
    leanings: &mut BTreeMap<(Key, Key), Leaning>,
    restaurant: Key,
    item: Key,
) -> &mut Leaning {
    leanings.entry((restaurant, item)).or_insert(Leaning {
        restaurant_id: restaurant.into(),
        item_id: item.into(),
        up_votes: 0,
        down_votes: 0,
        own: Rating::default(),
    })
}
