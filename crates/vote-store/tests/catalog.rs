//! Restaurants, items and reviews, held to one suite on MariaDB and on SQLite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backends;

use anyhow::Result;
use backends::{Backend, on_each_backend};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vote_domain::Seq;
use vote_domain::review::{Counts, Direction, ReviewVote};
use vote_domain::{RestaurantId, Role, VoteId};
use vote_store::accounts::NewUser;
use vote_store::audit::{Act, AuditActor, AuditFilter};
use vote_store::catalog::{
    Furnishing, Leaning, NewItem, NewRestaurant, NewReview, Rating, Remover, ReviewChange,
    ReviewCreation, ReviewRemoval, ReviewScope, ReviewUpdate, name_key,
};
use vote_store::settle::RewardPolicy;
use vote_store::{Store, StoreError};

/// Somebody who may remove any review, at a decision of their own.
fn moderator() -> Remover {
    Remover::Moderator(Act {
        audit_id: Uuid::from_u128(0xA0D),
        at: at(9),
        actor: AuditActor::User(id(23)),
    })
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap() + TimeDelta::seconds(seconds)
}

fn id<Id: From<Uuid>>(n: u128) -> Id {
    Id::from(Uuid::from_u128(n))
}

fn new_restaurant(n: u128, name: &str) -> NewRestaurant {
    NewRestaurant {
        restaurant_id: id(n),
        name: name.to_owned(),
        address: format!("{n} Main Street"),
        description: "Good 🍜".to_owned(),
        created_at: at(0),
    }
}

async fn add_restaurant(store: &Store, n: u128, name: &str) -> Result<(), StoreError> {
    store.create_restaurant(&new_restaurant(n, name)).await
}

fn new_item(restaurant: u128, n: u128, name: &str) -> NewItem {
    NewItem {
        item_id: id(n),
        restaurant_id: id(restaurant),
        name: name.to_owned(),
        description: String::new(),
        created_at: at(0),
    }
}

async fn add_item(store: &Store, restaurant: u128, n: u128, name: &str) -> Result<()> {
    assert!(store.create_item(&new_item(restaurant, n, name)).await?);
    Ok(())
}

fn new_user(n: u128, name: &str) -> NewUser {
    NewUser {
        user_id: id(n),
        user_name: name.to_owned(),
        password_hash: "x".to_owned(),
        role: Role::Member,
        created_at: at(0),
    }
}

fn new_review(n: u128, item: u128, author: u128, stars: u8, seconds: i64) -> NewReview {
    NewReview {
        review_id: id(n),
        restaurant_id: id(1),
        item_id: id(item),
        author: id(author),
        stars,
        content: format!("Review {n} 👍"),
        created_at: at(seconds),
    }
}

/// A restaurant 1 with items 11 and 12, and an author 21 called "ada".
async fn furnished(backend: &Backend) -> Result<&Store> {
    let store = &backend.store;
    add_restaurant(store, 1, "Noodle Bar").await?;
    add_item(store, 1, 11, "Ramen").await?;
    add_item(store, 1, 12, "Udon").await?;
    store.create_user(&new_user(21, "ada")).await?;
    Ok(store)
}

/// The ratings of restaurant 1 and items 11 and 12.
async fn ratings(store: &Store) -> Result<[(u64, u64); 3]> {
    let of = |rating: Rating| (rating.n_reviews, rating.stars_sum);
    Ok([
        of(store.restaurant(id(1)).await?.unwrap().rating),
        of(store.item(id(11)).await?.unwrap().rating),
        of(store.item(id(12)).await?.unwrap().rating),
    ])
}

async fn vote(
    store: &Store,
    voter: u128,
    review: u128,
    direction: Option<Direction>,
) -> Result<()> {
    let seq = Seq(at(0).timestamp_micros() + i64::try_from(review)?);
    let vote = ReviewVote {
        vote_id: VoteId(Uuid::from_u64_pair(
            u64::try_from(voter)?,
            u64::try_from(review)?,
        )),
        voter: id(voter),
        review: id(review),
        direction,
        seq,
        day: seq.at().date_naive(),
        cost: 1,
        limit: 100,
    };
    let reward = RewardPolicy {
        up_votes: 2,
        credit: 1,
    };
    store.settle(&[vote], reward, at(500)).await?;
    Ok(())
}

#[test]
fn a_name_key_fits_its_column_whatever_lower_case_makes_of_the_name() {
    assert_eq!(name_key("Café ÉTÉ"), "café été");
    assert_eq!(name_key(&"İ".repeat(200)).chars().count(), 200);
}

on_each_backend! {
    async fn restaurants_are_listed_by_name_page_by_page(backend: Backend) -> Result<()> {
        let store = &backend.store;
        for (n, name) in [(1, "delta"), (2, "Alpha"), (3, "Émile"), (4, "beta"), (5, "beta")] {
            add_restaurant(store, n, name).await?;
        }
        let mut names = Vec::new();
        let mut after: Option<(String, RestaurantId)> = None;
        loop {
            let from = after.as_ref().map(|(name, id)| (name.as_str(), *id));
            let page = store.restaurants(None, from, 2).await?;
            let Some(last) = page.last() else { break };
            after = Some((name_key(&last.name), last.restaurant_id));
            names.extend(page.into_iter().map(|r| (r.name, r.restaurant_id.0.as_u128())));
        }
        let names: Vec<_> = names.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(
            names,
            [("Alpha", 2), ("beta", 4), ("beta", 5), ("delta", 1), ("Émile", 3)]
        );
        let first = store.restaurant(id(1)).await?.unwrap();
        assert_eq!((first.address.as_str(), first.description.as_str()), ("1 Main Street", "Good 🍜"));
        assert_eq!((first.created_at, first.rating.stars_mean()), (at(0), None));
        Ok(())
    }

    async fn a_search_finds_any_part_of_a_name_and_knows_no_wildcards(
        backend: Backend
    ) -> Result<()> {
        let store = &backend.store;
        for (n, name) in [(1, "Café Été"), (2, "100% Vegan_"), (3, "Été Bar"), (4, "Bar 100")] {
            add_restaurant(store, n, name).await?;
        }
        for (search, found) in [
            ("ÉTÉ", vec![1, 3]),
            ("bar", vec![4, 3]),
            ("%", vec![2]),
            ("_", vec![2]),
            ("0% v", vec![2]),
            ("nowhere", vec![]),
            ("' OR 1=1 --", vec![]),
        ] {
            let key = name_key(search);
            let page = store.restaurants(Some(&key), None, 10).await?;
            let ids: Vec<_> = page.iter().map(|r| r.restaurant_id.0.as_u128()).collect();
            assert_eq!(ids, found, "{search}");
        }
        let second = store.restaurants(Some("bar"), Some(("bar 100", id(4))), 10).await?;
        assert_eq!(second.len(), 1);
        Ok(())
    }

    async fn items_are_listed_within_their_restaurant(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        add_restaurant(store, 2, "Other").await?;
        add_item(store, 2, 13, "Soba").await?;
        let first = store.items(id(1), None, 1).await?;
        assert_eq!(first[0].name, "Ramen");
        let rest = store.items(id(1), Some(("ramen", first[0].item_id)), 10).await?;
        assert_eq!(rest.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["Udon"]);
        let orphan = NewItem {
            item_id: id(14),
            restaurant_id: id(9),
            name: "x".to_owned(),
            description: String::new(),
            created_at: at(0),
        };
        assert!(!store.create_item(&orphan).await?);
        assert_eq!(store.item(id(14)).await?, None);
        let names = store.item_names(&[id(11), id(13), id(14)]).await?;
        assert_eq!(names.len(), 2);
        assert_eq!(store.restaurant_names(&[id(2)]).await?[&id(2)], "Other");
        Ok(())
    }

    async fn a_review_is_read_with_its_author_and_rates_what_it_is_of(
        backend: Backend
    ) -> Result<()> {
        let store = furnished(&backend).await?;
        let new = new_review(31, 11, 21, 4, 1);
        assert_eq!(store.create_review(&new).await?, ReviewCreation::Created);
        store.create_review(&new_review(32, 12, 21, 1, 2)).await?;
        let found = store.reviews(&[id(31), id(99)]).await?;
        assert_eq!(found.len(), 1);
        let review = &found[0];
        assert_eq!((review.author, review.author_name.as_str()), (id(21), "ada"));
        assert_eq!((review.stars, review.content.as_str()), (4, "Review 31 👍"));
        assert_eq!((review.version, review.created_at, review.updated_at), (1, at(1), at(1)));
        assert_eq!(review.reward_sent_at, None);
        assert_eq!(ratings(store).await?, [(2, 5), (1, 4), (1, 1)]);
        Ok(())
    }

    async fn a_review_needs_a_restaurant_that_has_the_item(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        add_restaurant(store, 2, "Other").await?;
        add_item(store, 2, 13, "Soba").await?;
        let elsewhere = store.create_review(&new_review(31, 13, 21, 4, 1)).await?;
        assert_eq!(elsewhere, ReviewCreation::NoSuchItem);
        let nowhere = NewReview { restaurant_id: id(9), ..new_review(31, 13, 21, 4, 1) };
        assert_eq!(store.create_review(&nowhere).await?, ReviewCreation::NoSuchRestaurant);
        assert_eq!(ratings(store).await?, [(0, 0), (0, 0), (0, 0)]);
        assert_eq!(store.reviews(&[id(31)]).await?, []);
        Ok(())
    }

    async fn a_change_needs_the_author_and_the_version(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        store.create_review(&new_review(31, 11, 21, 4, 1)).await?;
        let change = ReviewChange { stars: Some(2), content: None };
        let update = async |author, version, change: &ReviewChange| {
            store.update_review(id(31), id(author), version, change, at(9)).await
        };
        assert_eq!(update(22, 1, &change).await?, ReviewUpdate::NotTheAuthor);
        assert_eq!(update(21, 2, &change).await?, ReviewUpdate::Stale(1));
        assert_eq!(update(21, 1, &change).await?, ReviewUpdate::Updated);
        let words = ReviewChange { stars: None, content: Some("New words".to_owned()) };
        assert_eq!(update(21, 1, &words).await?, ReviewUpdate::Stale(2));
        assert_eq!(update(21, 2, &words).await?, ReviewUpdate::Updated);
        let review = store.reviews(&[id(31)]).await?.remove(0);
        assert_eq!((review.stars, review.content.as_str()), (2, "New words"));
        assert_eq!((review.version, review.created_at, review.updated_at), (3, at(1), at(9)));
        assert_eq!(ratings(store).await?, [(1, 2), (1, 2), (0, 0)]);
        let gone = store.update_review(id(99), id(21), 1, &change, at(9)).await?;
        assert_eq!(gone, ReviewUpdate::NotFound);
        Ok(())
    }

    async fn of_many_changes_to_one_version_one_holds(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        store.create_review(&new_review(31, 11, 21, 4, 1)).await?;
        let mut tasks = Vec::new();
        for stars in [1, 2, 3, 4, 5, 1, 2, 3] {
            let store = store.clone();
            tasks.push(tokio::spawn(async move {
                let change = ReviewChange { stars: Some(stars), content: None };
                store.update_review(id(31), id(21), 1, &change, at(9)).await
            }));
        }
        let mut n_updated = 0;
        for task in tasks {
            match task.await?? {
                ReviewUpdate::Updated => n_updated += 1,
                other => assert_eq!(other, ReviewUpdate::Stale(2)),
            }
        }
        assert_eq!(n_updated, 1);
        let stars = u64::from(store.reviews(&[id(31)]).await?[0].stars);
        assert_eq!(ratings(store).await?, [(1, stars), (1, stars), (0, 0)]);
        Ok(())
    }

    async fn a_removed_review_is_seen_no_more_and_rates_nothing(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        store.create_review(&new_review(31, 11, 21, 4, 1)).await?;
        store.create_review(&new_review(32, 11, 21, 5, 2)).await?;
        let remove = async |n, remover| store.remove_review(id(n), &remover, at(9)).await;
        assert_eq!(remove(31, Remover::Author(id(22))).await?, ReviewRemoval::NotTheAuthor);
        assert_eq!(remove(31, Remover::Author(id(21))).await?, ReviewRemoval::Removed);
        assert_eq!(remove(31, Remover::Author(id(21))).await?, ReviewRemoval::NotFound);
        assert_eq!(ratings(store).await?, [(1, 5), (1, 5), (0, 0)]);
        let all = AuditFilter::default();
        assert_eq!(store.audit_records(&all, None, 10).await?, []);
        assert_eq!(remove(32, moderator()).await?, ReviewRemoval::Removed);
        assert_eq!(remove(32, moderator()).await?, ReviewRemoval::NotFound);
        let records = store.audit_records(&all, None, 10).await?;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].action, "review_removed");
        assert_eq!(records[0].actor, AuditActor::User(id(23)));
        let review: vote_domain::ReviewId = id(32);
        assert_eq!(records[0].subject, format!("review:{review}"));
        assert_eq!(ratings(store).await?, [(0, 0), (0, 0), (0, 0)]);
        assert_eq!(store.reviews(&[id(31), id(32)]).await?, []);
        let scope = ReviewScope::Item(id(11));
        assert_eq!(store.newest_reviews(scope, None, 10).await?, []);
        assert_eq!(store.ranked_reviews(scope, 10).await?, []);
        let change = ReviewChange::default();
        let update = store.update_review(id(31), id(21), 1, &change, at(9)).await?;
        assert_eq!(update, ReviewUpdate::NotFound);
        Ok(())
    }

    async fn the_newest_reviews_come_first_page_by_page(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        // Two of the same moment are told apart by their ids.
        for (n, item, seconds) in [(31, 11, 1), (32, 12, 3), (33, 11, 3), (34, 11, 2)] {
            store.create_review(&new_review(n, item, 21, 4, seconds)).await?;
        }
        let pages = async |scope| {
            let mut seen = Vec::new();
            let mut before = None;
            loop {
                let page = store.newest_reviews(scope, before, 1).await?;
                let Some(last) = page.last() else { return anyhow::Ok(seen) };
                before = Some((last.created_at, last.review_id));
                seen.extend(page.iter().map(|review| review.review_id.0.as_u128()));
            }
        };
        assert_eq!(pages(ReviewScope::Restaurant(id(1))).await?, [33, 32, 34, 31]);
        assert_eq!(pages(ReviewScope::Item(id(11))).await?, [33, 34, 31]);
        assert_eq!(pages(ReviewScope::Item(id(99))).await?, [0; 0]);
        Ok(())
    }

    async fn reviews_are_ranked_by_what_votes_on_them_come_to(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        for n in [31, 32, 33] {
            store.create_review(&new_review(n, 11, 21, 4, i64::try_from(n)?)).await?;
        }
        vote(store, 41, 31, Some(Direction::Up)).await?;
        vote(store, 42, 31, Some(Direction::Up)).await?;
        vote(store, 43, 32, Some(Direction::Down)).await?;
        let ranked = store.ranked_reviews(ReviewScope::Restaurant(id(1)), 10).await?;
        let counts: Vec<_> = ranked
            .iter()
            .map(|r| (r.review_id.0.as_u128(), r.created_at, r.counts))
            .collect();
        assert_eq!(
            counts,
            [
                (33, at(33), Counts::default()),
                (32, at(32), Counts { up: 0, down: 1, version: 1 }),
                (31, at(31), Counts { up: 2, down: 0, version: 2 }),
            ]
        );
        assert_eq!(store.ranked_reviews(ReviewScope::Item(id(11)), 2).await?.len(), 2);
        store.remove_review(id(32), &moderator(), at(9)).await?;
        let visible = store.visible_counts(&[id(31), id(32), id(33), id(99)]).await?;
        assert_eq!(visible.len(), 2, "what is gone or never was is left out");
        assert_eq!((visible[&id(31)].up, visible[&id(33)]), (2, Counts::default()));
        let rewarded = store.reviews(&[id(31)]).await?.remove(0);
        assert_eq!(rewarded.reward_sent_at, Some(at(500)));
        Ok(())
    }

    async fn leanings_count_standing_votes_and_own_reviews(backend: Backend) -> Result<()> {
        let store = furnished(&backend).await?;
        for (n, item, author, stars) in [
            (31, 11, 22, 4), (32, 11, 22, 4), (33, 12, 22, 4), (34, 12, 22, 4),
            (35, 11, 21, 5), (36, 11, 21, 2), (37, 12, 22, 1),
        ] {
            store.create_review(&new_review(n, item, author, stars, 1)).await?;
        }
        for (review, direction) in [
            (31, Some(Direction::Up)), (32, Some(Direction::Up)),
            (33, Some(Direction::Down)), (34, None), (37, Some(Direction::Up)),
        ] {
            vote(store, 21, review, direction).await?;
        }
        store.remove_review(id(37), &moderator(), at(9)).await?;
        let leaning = |item, up_votes, down_votes, n_reviews, stars_sum| Leaning {
            restaurant_id: id(1),
            item_id: id(item),
            up_votes,
            down_votes,
            own: Rating { n_reviews, stars_sum },
        };
        assert_eq!(
            store.leanings(id(21)).await?,
            [leaning(11, 2, 0, 2, 7), leaning(12, 0, 1, 0, 0)]
        );
        assert_eq!(store.leanings(id(99)).await?, []);
        Ok(())
    }

    async fn a_catalog_is_furnished_once_and_as_a_whole(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let furnishing = Furnishing {
            users: vec![new_user(21, "ada")],
            restaurants: vec![new_restaurant(1, "Noodle Bar")],
            items: vec![new_item(1, 11, "Ramen")],
            reviews: vec![new_review(31, 11, 21, 4, 1), new_review(32, 99, 21, 4, 1)],
        };
        let unfit = store.furnish(&furnishing).await;
        assert!(matches!(unfit, Err(StoreError::Refused(_))), "{unfit:?}");
        assert_eq!(store.user(id(21)).await?, None, "nothing was written");
        let fit = Furnishing { reviews: vec![new_review(31, 11, 21, 4, 1)], ..furnishing };
        assert!(store.furnish(&fit).await?);
        assert!(!store.furnish(&fit).await?);
        assert_eq!(store.reviews(&[id(31)]).await?.len(), 1);
        assert_eq!(store.restaurant(id(1)).await?.unwrap().rating.n_reviews, 1);
        Ok(())
    }

    async fn a_furnishing_yields_to_accounts_of_its_names(backend: Backend) -> Result<()> {
        let store = &backend.store;
        store.create_user(&new_user(20, "Ada")).await?;
        let furnishing = Furnishing {
            users: vec![new_user(21, "ada")],
            restaurants: vec![new_restaurant(1, "Noodle Bar")],
            ..Furnishing::default()
        };
        assert!(!store.furnish(&furnishing).await?);
        assert_eq!(store.restaurant(id(1)).await?, None);
        Ok(())
    }
}
