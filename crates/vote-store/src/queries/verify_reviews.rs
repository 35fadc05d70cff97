//! The rows of votes on reviews, slice by slice, for [`verify`](crate::verify).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::review::{CounterChange, Mark, ReviewVote, StandingRow, VoterMark};
use vote_domain::{ReviewId, Seq, UserId};

use super::Conn;
use super::voters::{direction_of, standing_of};
use crate::StoreError;
use crate::key::{Key, KeyRange, keys};
use crate::schema::{
    items, restaurants, review_counters, review_standings, review_voids, review_voter_days,
    review_voter_marks, review_voters, review_votes, reviews, rewards, users,
};
use crate::verify::{
    Check, CounterRow, Findings, Hear, LedgerRow, Mend, ReviewSums, RewardsDue, VoterRows,
    check_counters, check_credit,
};

/// Voters, reviews or users in one slice.
const SLICE: u32 = 200;
/// Rows of the ledger read at once, where a review may have any number.
const LEDGER_ROWS: usize = 5_000;

/// A row of the ledger, and whether a void of it forfeits.
type LedgerColumns = (
    Key,
    Key,
    Key,
    i64,
    i16,
    NaiveDate,
    i32,
    i32,
    Option<String>,
    Option<bool>,
);

/// The ledger with its voids.
macro_rules! ledger {
    () => {
        review_votes::table
            .left_join(review_voids::table.on(review_voids::vote_id.eq(review_votes::vote_id)))
            .select((
                review_votes::vote_id,
                review_votes::voter_id,
                review_votes::review_id,
                review_votes::seq,
                review_votes::direction,
                review_votes::day,
                review_votes::cost,
                review_votes::day_limit,
                review_votes::reason,
                review_voids::forfeited.nullable(),
            ))
    };
}

fn ledger_row(row: LedgerColumns) -> LedgerRow {
    let (vote_id, voter, review, seq, direction, day, cost, limit, reason, void) = row;
    let vote = ReviewVote {
        vote_id: vote_id.into(),
        voter: voter.into(),
        review: review.into(),
        direction: direction_of(direction),
        seq: Seq(seq),
        day,
        cost: cost.unsigned_abs(),
        limit: limit.unsigned_abs(),
    };
    LedgerRow { vote, reason, void }
}

/// Checks the next voters from `from` on; answers where the slice behind them begins.
pub(crate) async fn voters(
    connection: &mut Conn,
    from: Key,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<Option<Key>, StoreError> {
    let found: Vec<(Key, i64, i64)> = review_voters::table
        .filter(review_voters::voter_id.ge(from))
        .order(review_voters::voter_id)
        .limit(SLICE.into())
        .select((
            review_voters::voter_id,
            review_voters::last_seq,
            review_voters::n_standings,
        ))
        .load(connection)
        .await?;
    let range = KeyRange::of(from, found.last().map(|row| row.0), found.len(), SLICE);
    let mut voters: BTreeMap<UserId, VoterRows> = BTreeMap::new();
    for (voter, last_seq, n_standings) in found {
        voters.entry(voter.into()).or_default().row = Some((last_seq, n_standings));
    }
    read_books(connection, range, &mut voters).await?;
    let ledger: Vec<LedgerColumns> = ledger!()
        .filter(review_votes::voter_id.between(range.from, range.to))
        .load(connection)
        .await?;
    hear(ledger.len() as u64);
    for row in ledger {
        let row = ledger_row(row);
        voters.entry(row.vote.voter).or_default().ledger.push(row);
    }
    let of_votes = voters
        .values()
        .flat_map(|rows| rows.ledger.iter().map(|row| row.vote.review));
    let of_votes: BTreeSet<ReviewId> = of_votes.collect();
    let authors = authors(connection, of_votes).await?;
    for (voter, rows) in voters {
        rows.check(voter, &authors, findings);
    }
    Ok(range.next())
}

/// What belongs to voters besides the ledger.
async fn read_books(
    connection: &mut Conn,
    range: KeyRange,
    voters: &mut BTreeMap<UserId, VoterRows>,
) -> Result<(), StoreError> {
    let days: Vec<(Key, NaiveDate, i32, i32)> = review_voter_days::table
        .filter(review_voter_days::voter_id.between(range.from, range.to))
        .load(connection)
        .await?;
    for (voter, day, used, limit) in days {
        let of_voter = voters.entry(voter.into()).or_default();
        of_voter.days.insert(day, (used.into(), limit.into()));
    }
    let standings: Vec<(Key, Key, i64, Key, i16, bool)> = review_standings::table
        .filter(review_standings::voter_id.between(range.from, range.to))
        .load(connection)
        .await?;
    for (voter, review, seq, vote_id, direction, ever_up) in standings {
        let of_voter = voters.entry(voter.into()).or_default();
        let standing = standing_of(seq, vote_id, direction);
        let row = StandingRow { standing, ever_up };
        of_voter.standings.insert(review.into(), row);
    }
    let marks: Vec<(Key, Key, Key, i64, i64, bool)> = review_voter_marks::table
        .filter(review_voter_marks::voter_id.between(range.from, range.to))
        .select((
            review_voter_marks::voter_id,
            review_voter_marks::review_id,
            review_voter_marks::void_id,
            review_voter_marks::up_to_seq,
            review_voter_marks::position,
            review_voter_marks::forfeit,
        ))
        .load(connection)
        .await?;
    for (voter, review, void_id, up_to, position, forfeit) in marks {
        let of_voter = voters.entry(voter.into()).or_default();
        let mark = Mark {
            position,
            void_id: void_id.into(),
            forfeit,
        };
        let up_to = Seq(up_to);
        of_voter
            .marks
            .push((review.into(), VoterMark { up_to, mark }));
    }
    Ok(())
}

/// Authors of those of `ids` that exist, deleted reviews included.
async fn authors(
    connection: &mut Conn,
    ids: BTreeSet<ReviewId>,
) -> Result<HashMap<ReviewId, UserId>, StoreError> {
    let ids: Vec<ReviewId> = ids.into_iter().collect();
    let mut authors = HashMap::new();
    for ids in ids.chunks(SLICE as usize) {
        let found: Vec<(Key, Key)> = reviews::table
            .filter(reviews::review_id.eq_any(keys(ids)))
            .select((reviews::review_id, reviews::author_id))
            .load(connection)
            .await?;
        authors.extend(
            found
                .into_iter()
                .map(|(review, author)| (ReviewId::from(review), UserId::from(author))),
        );
    }
    Ok(authors)
}

/// Checks the counters and rewards of the next reviews from `from` on.
pub(crate) async fn counters(
    connection: &mut Conn,
    from: Key,
    rewards_due: RewardsDue,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<Option<Key>, StoreError> {
    let found: Vec<(Key, i64, i64, i64, bool)> = review_counters::table
        .filter(review_counters::review_id.ge(from))
        .order(review_counters::review_id)
        .limit(SLICE.into())
        .select((
            review_counters::review_id,
            review_counters::up,
            review_counters::down,
            review_counters::ever_up,
            review_counters::reward_sent_at.is_not_null(),
        ))
        .load(connection)
        .await?;
    let range = KeyRange::of(from, found.last().map(|row| row.0), found.len(), SLICE);
    let ids: BTreeSet<ReviewId> = found.iter().map(|row| row.0.into()).collect();
    let authors = authors(connection, ids).await?;
    let paid: Vec<(Key, Key)> = rewards::table
        .filter(rewards::review_id.between(range.from, range.to))
        .select((rewards::review_id, rewards::user_id))
        .load(connection)
        .await?;
    let paid: HashMap<ReviewId, UserId> = paid
        .into_iter()
        .map(|(review, user)| (review.into(), user.into()))
        .collect();
    let mut rows = BTreeMap::new();
    for (review, up, down, ever_up, is_rewarded) in found {
        let review = ReviewId::from(review);
        let row = CounterRow {
            counts: CounterChange { up, down, ever_up },
            is_rewarded,
            is_there: authors.contains_key(&review),
            has_reward: paid.contains_key(&review),
        };
        rows.insert(review, row);
    }
    for (review, user) in &paid {
        if authors.get(review).is_some_and(|author| author != user) {
            findings.find(
                Check::Rewards,
                format!("rewards (review_id={review})"),
                format!("paid to the author {}", authors[review]),
                format!("paid to {user}"),
                Mend::Not("credit is money: compare with a backup before touching it"),
            );
        }
    }
    let sums = sums(connection, range, hear).await?;
    check_counters(&rows, &sums, rewards_due, findings);
    Ok(range.next())
}

/// What the ledger adds up to for the reviews of `range`.
pub(crate) async fn sums(
    connection: &mut Conn,
    range: KeyRange,
    hear: Hear<'_>,
) -> Result<BTreeMap<ReviewId, CounterChange>, StoreError> {
    let mut sums = ReviewSums::default();
    let order = (
        review_votes::review_id,
        review_votes::voter_id,
        review_votes::seq,
        review_votes::vote_id,
    );
    let mut behind: Option<(Key, Key, i64, Key)> = None;
    let mut from = Some(range.from);
    while let Some(begin) = from {
        // First what is left of one review, then those behind it: a review may have
        // millions of votes, and none is to be read twice.
        let slice: Vec<LedgerColumns> = match behind {
            Some((review, voter, seq, vote)) => {
                ledger!()
                    .filter(review_votes::review_id.eq(review))
                    .filter(review_votes::voter_id.ge(voter))
                    .filter(
                        review_votes::voter_id
                            .gt(voter)
                            .or(review_votes::seq.gt(seq))
                            .or(review_votes::seq
                                .eq(seq)
                                .and(review_votes::vote_id.gt(vote))),
                    )
                    .order(order)
                    .limit(LEDGER_ROWS as i64)
                    .load(connection)
                    .await?
            }
            None => {
                ledger!()
                    .filter(review_votes::review_id.between(begin, range.to))
                    .order(order)
                    .limit(LEDGER_ROWS as i64)
                    .load(connection)
                    .await?
            }
        };
        hear(slice.len() as u64);
        let last = slice.last().map(|row| (row.2, row.1, row.3, row.0));
        let is_full = slice.len() == LEDGER_ROWS;
        for row in slice {
            sums.push(ledger_row(row));
        }
        (behind, from) = match (behind, last) {
            (_, Some(last)) if is_full => (Some(last), Some(last.0)),
            (Some((review, ..)), _) => (None, review.next().filter(|next| *next <= range.to)),
            (None, _) => (None, None),
        };
    }
    Ok(sums.finish())
}

/// Checks the credit of the next users from `from` on.
pub(crate) async fn credits(
    connection: &mut Conn,
    from: Key,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<Option<Key>, StoreError> {
    let found: Vec<(Key, i64)> = users::table
        .filter(users::user_id.ge(from))
        .order(users::user_id)
        .limit(SLICE.into())
        .select((users::user_id, users::credit))
        .load(connection)
        .await?;
    let range = KeyRange::of(from, found.last().map(|row| row.0), found.len(), SLICE);
    let given: Vec<(Key, i64)> = rewards::table
        .filter(rewards::user_id.between(range.from, range.to))
        .select((rewards::user_id, rewards::credit))
        .load(connection)
        .await?;
    hear(given.len() as u64);
    findings.look(Check::Rewards, found.len());
    let mut sums: HashMap<Key, i64> = HashMap::new();
    for (user, credit) in given {
        *sums.entry(user).or_default() += credit;
    }
    for (user, credit) in found {
        let given = sums.get(&user).copied().unwrap_or_default();
        check_credit(user.into(), given, credit, findings);
    }
    Ok(range.next())
}

/// Checks what the next items from `from` on, and their restaurants, keep of their reviews.
pub(crate) async fn ratings(
    connection: &mut Conn,
    from: Key,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<Option<Key>, StoreError> {
    let found: Vec<(Key, i64, i64)> = restaurants::table
        .filter(restaurants::restaurant_id.ge(from))
        .order(restaurants::restaurant_id)
        .limit(SLICE.into())
        .select((
            restaurants::restaurant_id,
            restaurants::n_reviews,
            restaurants::stars_sum,
        ))
        .load(connection)
        .await?;
    let range = KeyRange::of(from, found.last().map(|row| row.0), found.len(), SLICE);
    let of_items: Vec<(Key, i64, i64)> = items::table
        .filter(items::restaurant_id.between(range.from, range.to))
        .select((items::item_id, items::n_reviews, items::stars_sum))
        .load(connection)
        .await?;
    let of_reviews: Vec<(Key, Key, i16)> = reviews::table
        .filter(reviews::restaurant_id.between(range.from, range.to))
        .filter(reviews::deleted_at.is_null())
        .select((reviews::restaurant_id, reviews::item_id, reviews::stars))
        .load(connection)
        .await?;
    hear(of_reviews.len() as u64);
    findings.look(Check::Ratings, found.len() + of_items.len());
    let mut sums: HashMap<Key, (i64, i64)> = HashMap::new();
    for (restaurant, item, stars) in of_reviews {
        for of in [restaurant, item] {
            let sum = sums.entry(of).or_default();
            sum.0 += 1;
            sum.1 += i64::from(stars);
        }
    }
    for (table, column, rows) in [
        ("restaurants", "restaurant_id", found),
        ("items", "item_id", of_items),
    ] {
        for (key, n_reviews, stars) in rows {
            let due = sums.get(&key).copied().unwrap_or_default();
            if due != (n_reviews, stars) {
                let text = |(n, stars): (i64, i64)| format!("{n} reviews with {stars} stars");
                findings.find(
                    Check::Ratings,
                    format!("{table} ({column}={})", key.0),
                    text(due),
                    text((n_reviews, stars)),
                    Mend::Recount,
                );
            }
        }
    }
    Ok(range.next())
}
