//! A small site with everything on it: reviews, votes, voids, rewards, and a campaign.

use anyhow::Result;
use chrono_tz::Europe::Berlin;
use uuid::Uuid;
use vote_domain::campaign::ChannelNo;
use vote_domain::review::{Direction, QuotaPolicy, ReviewVote};
use vote_domain::testing::beginning;
use vote_domain::{ReviewId, Seq, UserId, VoteId};
use vote_store::settle::RewardPolicy;
use vote_store::verify::{Findings, RewardsDue};
use vote_store::{Store, StoreError};

use crate::backends::Backend;
use crate::world::*;

const POLICY: QuotaPolicy = QuotaPolicy {
    votes_per_day: 3,
    zone: Berlin,
};

pub(crate) const REWARD: RewardPolicy = RewardPolicy {
    up_votes: 2,
    credit: 5,
};

/// A worker that closes campaigns.
pub(crate) const CLOSER: Uuid = Uuid::from_u128(0xE1);

pub(crate) const UP: Option<Direction> = Some(Direction::Up);
pub(crate) const DOWN: Option<Direction> = Some(Direction::Down);

pub(crate) fn user(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

pub(crate) fn review(n: u128) -> Uuid {
    Uuid::from_u128(0x1000 + n)
}

pub(crate) fn review_vote(
    n: u128,
    voter: u128,
    on: u128,
    direction: Option<Direction>,
) -> ReviewVote {
    let seq = Seq(beginning().timestamp_micros() + i64::try_from(n).unwrap());
    ReviewVote {
        vote_id: VoteId(Uuid::from_u128(0xA000 + n)),
        voter: UserId(user(voter)),
        review: ReviewId(review(on)),
        direction,
        seq,
        day: POLICY.day(seq.at()),
        cost: direction.is_some().into(),
        limit: 3,
    }
}

/// Settles as a worker does: again for as long as others are in the way.
pub(crate) async fn settle_reviews(store: &Store, votes: &[ReviewVote]) {
    for _ in 0..1_000 {
        match store.settle(votes, REWARD, beginning()).await {
            Ok(_) => return,
            Err(error) if error.is_transient() => {}
            Err(StoreError::Duplicate(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it does not settle");
}

/// A restaurant with an item, the users 1 to 9, and the author 10's reviews 1 to 3.
pub(crate) async fn furnish(backend: &Backend) -> Result<()> {
    let at = "'2026-03-01 00:00:00.000000'";
    let store = &backend.store;
    for n in 1..=10 {
        backend.user(user(n)).await?;
    }
    let (restaurant, item) = (
        literal(Uuid::from_u128(0x2001)),
        literal(Uuid::from_u128(0x3001)),
    );
    store
        .execute_raw(&format!(
            "INSERT INTO restaurants VALUES ({restaurant}, 'R', 'r', '', '', 3, 12, {at})"
        ))
        .await?;
    store
        .execute_raw(&format!(
            "INSERT INTO items VALUES ({item}, {restaurant}, 'I', 'i', '', 3, 12, {at})"
        ))
        .await?;
    for n in 1..=3 {
        store
            .execute_raw(&format!(
                "INSERT INTO reviews VALUES ({}, {restaurant}, {item}, {}, 4, 'good', 1, {at}, {at}, NULL)",
                literal(review(n)),
                literal(user(10))
            ))
            .await?;
    }
    Ok(())
}

/// Votes of all kinds on reviews: counted, superseded, taken back, rejected, voided.
pub(crate) async fn vote_on_reviews(store: &Store) -> Result<()> {
    let votes = [
        review_vote(1, 1, 1, UP),
        review_vote(2, 1, 1, DOWN),
        review_vote(3, 2, 1, UP),
        review_vote(4, 2, 2, UP),
        review_vote(5, 2, 2, None),
        review_vote(6, 3, 1, UP),
        review_vote(7, 3, 2, DOWN),
        review_vote(8, 3, 3, UP),
        review_vote(9, 3, 3, DOWN),
        review_vote(10, 10, 3, UP),
        review_vote(11, 4, 77, UP),
        review_vote(12, 4, 3, UP),
    ];
    settle_reviews(store, &votes).await;
    let returned = new_void(50, false, beginning());
    let forfeited = new_void(51, true, beginning());
    for (vote, void) in [(&votes[7], &returned), (&votes[11], &forfeited)] {
        store
            .void_review_vote(vote.review, vote.vote_id, void, beginning())
            .await?;
    }
    store
        .void_review_voter(
            ReviewId(review(2)),
            UserId(user(5)),
            Seq(i64::MAX / 2),
            &new_void(52, false, beginning()),
            beginning(),
        )
        .await?;
    settle_reviews(store, &[review_vote(13, 5, 2, UP)]).await;
    Ok(())
}

/// Votes of all kinds in a campaign that is open.
pub(crate) async fn vote_in_campaign(store: &Store) -> Result<()> {
    create(store, CAMPAIGN, &plan()).await?;
    let (ann, ben, cid) = (member(1), member(2), member(3));
    let lot = granted(store, &ann, 20, noon(1, 0)).await?;
    let untouched = granted(store, &cid, 7, noon(1, 0)).await?;
    assert_ne!(lot, untouched);
    let on_app = |n: u128, tickets| {
        let at = noon(1, i64::try_from(n).unwrap());
        let mut vote = vote(n, &ann, at, vec![from_lot(lot, tickets)]);
        vote.ballot.channel = ChannelNo(1);
        vote.ballot.option.0 = 1;
        vote.limit = Some(5);
        vote
    };
    let votes = [
        free_vote(1, &ann, noon(0, 1), 2),
        free_vote(2, &ben, noon(0, 2), 3),
        free_vote(3, &ben, noon(0, 3), 1),
        free_vote(4, &cid, noon(2, 4), 3),
        on_app(5, 3),
        on_app(6, 3),
        on_app(7, 2),
        free_vote(8, &ben, noon(3, 0), 2),
    ];
    settle(store, CAMPAIGN, &votes, noon(4, 0)).await;
    for (n, forfeit) in [(1, false), (4, true), (7, false)] {
        let void = new_void(n, forfeit, noon(4, 1));
        store
            .void_vote(CAMPAIGN, vote_id(n), &void, noon(4, 1))
            .await?;
    }
    // One that arrives under its void.
    let void = new_void(9, true, noon(4, 2));
    store
        .void_vote(CAMPAIGN, vote_id(9), &void, noon(4, 2))
        .await?;
    let late = free_vote(9, &ben, noon(4, 0), 1);
    settle(store, CAMPAIGN, &[late], noon(4, 3)).await;
    store.apply_campaign_marks(CAMPAIGN, noon(4, 4)).await?;
    let void = new_void(10, false, noon(5, 0));
    let up_to = Seq(noon(5, 0).timestamp_micros());
    store
        .void_voter(CAMPAIGN, &ben, up_to, &void, noon(5, 0))
        .await?;
    settle(
        store,
        CAMPAIGN,
        &[free_vote(10, &ben, noon(6, 0), 2)],
        noon(6, 1),
    )
    .await;
    Ok(())
}

/// Ends the campaign.
pub(crate) async fn close(store: &Store) -> Result<()> {
    let end = noon(10, 1);
    store
        .take_closing_lease(CAMPAIGN, CLOSER, end, noon(10, 60))
        .await?;
    store.begin_closing(CAMPAIGN, CLOSER, end).await?;
    store
        .set_drained(CAMPAIGN, "the campaign's box", CLOSER, end)
        .await?;
    store.freeze_result(CAMPAIGN, CLOSER, end).await?;
    Ok(())
}

/// Everything, with the campaign final.
pub(crate) async fn whole(backend: &Backend) -> Result<()> {
    furnish(backend).await?;
    vote_on_reviews(&backend.store).await?;
    vote_in_campaign(&backend.store).await?;
    close(&backend.store).await
}

/// What `verify` finds.
pub(crate) async fn findings(store: &Store) -> Result<Findings> {
    let mut findings = Findings::default();
    let due = RewardsDue::From(REWARD.up_votes);
    store.verify(due, &mut findings, &|_| {}).await?;
    Ok(findings)
}

/// The violations as lines, for people.
pub(crate) fn lines(findings: &Findings) -> Vec<String> {
    findings
        .violations()
        .iter()
        .map(|one| {
            format!(
                "{}: {}: {} instead of {} ({})",
                one.check.name(),
                one.row,
                one.found,
                one.expected,
                one.mend
            )
        })
        .collect()
}
