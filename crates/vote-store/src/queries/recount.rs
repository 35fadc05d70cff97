//! Sums that differ from their rows, and how each is mended. What is locked when is said
//! in [`recount`](crate::recount).

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::campaign::OptionNo;
use vote_domain::review::CounterChange;
use vote_domain::{CampaignId, ReviewId, VoterId};

use super::Conn;
use super::campaign_change::{DAYS, FANS, HOURS, TOTALS};
use super::campaign_rows::write;
use super::verify_campaigns::{fan_key, sums as campaign_sums, tallies};
use super::verify_reviews::sums;
use crate::StoreError;
use crate::key::{Key, KeyRange, Moment};
use crate::recount::{Added, Cells, Counter, Drift, Rated};
use crate::rows::{Locked, Value, key_in};
use crate::schema::{
    campaign_fans, campaign_voids, campaign_voters, campaign_votes, campaigns, items, restaurants,
    review_counters, review_standings, review_voters, reviews, rewards,
};
use crate::verify::{Hear, differing};

/// Rows in one slice.
const SLICE: u32 = 200;

/// Counters from `from` on that differ from the ledger, or do not know of a reward, and where
/// those behind them begin.
pub(crate) async fn counters(
    connection: &mut Conn,
    from: Key,
    hear: Hear<'_>,
) -> Result<(Cells<ReviewId, Counter>, Option<Key>), StoreError> {
    let found: Vec<(Key, CounterColumns)> = review_counters::table
        .filter(review_counters::review_id.ge(from))
        .order(review_counters::review_id)
        .limit(SLICE.into())
        .select((review_counters::review_id, COUNTER_COLUMNS))
        .load(connection)
        .await?;
    let range = KeyRange::of(from, found.last().map(|row| row.0), found.len(), SLICE);
    let found: BTreeMap<ReviewId, Counter> = found
        .into_iter()
        .map(|(review, columns)| (review.into(), counter(columns)))
        .collect();
    let due = counters_due(connection, range, &found, hear).await?;
    Ok((differing(&due, &found), range.next()))
}

type CounterColumns = (i64, i64, i64, Option<Moment>);

const COUNTER_COLUMNS: (
    review_counters::up,
    review_counters::down,
    review_counters::ever_up,
    review_counters::reward_sent_at,
) = (
    review_counters::up,
    review_counters::down,
    review_counters::ever_up,
    review_counters::reward_sent_at,
);

fn counter((up, down, ever_up, reward_sent_at): CounterColumns) -> Counter {
    Counter {
        counts: CounterChange { up, down, ever_up },
        reward_sent_at,
    }
}

/// What the counters of `range` are to say: what the ledger adds up to, and when rewards were
/// paid. What those `found` say of a reward that is not there stays: that is no sum.
async fn counters_due(
    connection: &mut Conn,
    range: KeyRange,
    found: &BTreeMap<ReviewId, Counter>,
    hear: Hear<'_>,
) -> Result<BTreeMap<ReviewId, Counter>, StoreError> {
    let mut due = BTreeMap::<ReviewId, Counter>::new();
    for (review, counts) in sums(connection, range, hear).await? {
        due.entry(review).or_default().counts = counts;
    }
    let rewards: Vec<(Key, Moment)> = rewards::table
        .filter(rewards::review_id.between(range.from, range.to))
        .select((rewards::review_id, rewards::created_at))
        .load(connection)
        .await?;
    let rewards = rewards.into_iter().map(|(review, at)| (review.into(), at));
    let noted = found.iter();
    let noted = noted.filter_map(|(review, row)| Some((*review, row.reward_sent_at?)));
    for (review, at) in rewards.chain(noted) {
        due.entry(review).or_default().reward_sent_at = Some(at);
    }
    Ok(due)
}

/// Sets the counters of `review` to what they are to say; answers that and what they said, if
/// it was something else.
pub(crate) async fn mend_counter(
    connection: &mut Conn,
    review: ReviewId,
    hear: Hear<'_>,
) -> Result<Option<(Counter, Counter)>, StoreError> {
    let key = Key::from(review);
    let row = review_counters::table.filter(review_counters::review_id.eq(key));
    let found: Vec<CounterColumns> = Locked(row.select(COUNTER_COLUMNS)).load(connection).await?;
    let rows = found.into_iter().map(|columns| (review, counter(columns)));
    let rows: BTreeMap<ReviewId, Counter> = rows.collect();
    let range = KeyRange { from: key, to: key };
    let due = counters_due(connection, range, &rows, hear).await?;
    let Some((_, due, found)) = differing(&due, &rows).pop() else {
        return Ok(None);
    };
    let set = (
        review_counters::up.eq(due.counts.up),
        review_counters::down.eq(due.counts.down),
        review_counters::ever_up.eq(due.counts.ever_up),
        review_counters::reward_sent_at.eq(due.reward_sent_at),
    );
    if rows.is_empty() {
        let new = (
            review_counters::review_id.eq(key),
            review_counters::version.eq(1),
        );
        diesel::insert_into(review_counters::table)
            .values((new, set))
            .execute(connection)
            .await?;
    } else {
        let version = review_counters::version.eq(review_counters::version + 1);
        diesel::update(row)
            .set((set, version))
            .execute(connection)
            .await?;
    }
    Ok(Some((due, found)))
}

/// Voters from `from` on whose number of standing votes is not how many stand.
pub(crate) async fn standings(
    connection: &mut Conn,
    from: Key,
    hear: Hear<'_>,
) -> Result<(Cells<Key, i64>, Option<Key>), StoreError> {
    let found: Vec<(Key, i64)> = review_voters::table
        .filter(review_voters::voter_id.ge(from))
        .order(review_voters::voter_id)
        .limit(SLICE.into())
        .select((review_voters::voter_id, review_voters::n_standings))
        .load(connection)
        .await?;
    let range = KeyRange::of(from, found.last().map(|row| row.0), found.len(), SLICE);
    let counted: Vec<(Key, i64)> = review_standings::table
        .filter(review_standings::voter_id.between(range.from, range.to))
        .group_by(review_standings::voter_id)
        .select((review_standings::voter_id, diesel::dsl::count_star()))
        .load(connection)
        .await?;
    hear(found.len() as u64);
    let counted: HashMap<Key, i64> = counted.into_iter().collect();
    let cells = found
        .into_iter()
        .map(|(voter, n)| (voter, counted.get(&voter).copied().unwrap_or_default(), n))
        .filter(|(_, due, found)| due != found)
        .collect();
    Ok((cells, range.next()))
}

/// Counts what stands for `voter` anew.
pub(crate) async fn mend_standings(
    connection: &mut Conn,
    voter: Key,
) -> Result<Option<(i64, i64)>, StoreError> {
    let row = review_voters::table.filter(review_voters::voter_id.eq(voter));
    let found: Vec<i64> = Locked(row.select(review_voters::n_standings))
        .load(connection)
        .await?;
    let Some(found) = found.into_iter().next() else {
        return Ok(None);
    };
    let due: i64 = review_standings::table
        .filter(review_standings::voter_id.eq(voter))
        .count()
        .get_result(connection)
        .await?;
    if due == found {
        return Ok(None);
    }
    diesel::update(row)
        .set((
            review_voters::n_standings.eq(due),
            review_voters::version.eq(review_voters::version + 1),
        ))
        .execute(connection)
        .await?;
    Ok(Some((due, found)))
}

/// Restaurants from `from` on, and their items, whose reviews add up to something else.
pub(crate) async fn ratings(
    connection: &mut Conn,
    from: Key,
    hear: Hear<'_>,
) -> Result<(Cells<Rated, (i64, i64)>, Option<Key>), StoreError> {
    let kept: Vec<(Key, i64, i64)> = restaurants::table
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
    let range = KeyRange::of(from, kept.last().map(|row| row.0), kept.len(), SLICE);
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
    let mut due: HashMap<Key, (i64, i64)> = HashMap::new();
    for (restaurant, item, stars) in of_reviews {
        for of in [restaurant, item] {
            let sum = due.entry(of).or_default();
            sum.0 += 1;
            sum.1 += i64::from(stars);
        }
    }
    let kept = kept
        .into_iter()
        .map(|(key, n, stars)| (Rated::Restaurant(key), key, (n, stars)));
    let of_items = of_items
        .into_iter()
        .map(|(key, n, stars)| (Rated::Item(key), key, (n, stars)));
    let cells = kept
        .chain(of_items)
        .map(|(of, key, found)| (of, due.get(&key).copied().unwrap_or_default(), found))
        .filter(|(_, due, found)| due != found)
        .collect();
    Ok((cells, range.next()))
}

/// Adds up the reviews of a restaurant or an item anew.
pub(crate) async fn mend_rating(
    connection: &mut Conn,
    of: Rated,
) -> Result<Option<((i64, i64), (i64, i64))>, StoreError> {
    let found: Vec<(i64, i64)> = match of {
        Rated::Restaurant(key) => {
            Locked(
                restaurants::table
                    .filter(restaurants::restaurant_id.eq(key))
                    .select((restaurants::n_reviews, restaurants::stars_sum)),
            )
            .load(connection)
            .await?
        }
        Rated::Item(key) => {
            Locked(
                items::table
                    .filter(items::item_id.eq(key))
                    .select((items::n_reviews, items::stars_sum)),
            )
            .load(connection)
            .await?
        }
    };
    let Some(found) = found.into_iter().next() else {
        return Ok(None);
    };
    let there = reviews::table.filter(reviews::deleted_at.is_null());
    let stars: Vec<i16> = match of {
        Rated::Restaurant(key) => {
            there
                .filter(reviews::restaurant_id.eq(key))
                .select(reviews::stars)
                .load(connection)
                .await?
        }
        Rated::Item(key) => {
            there
                .filter(reviews::item_id.eq(key))
                .select(reviews::stars)
                .load(connection)
                .await?
        }
    };
    let n_reviews = i64::try_from(stars.len()).unwrap_or(i64::MAX);
    let due = (n_reviews, stars.into_iter().map(i64::from).sum::<i64>());
    if due == found {
        return Ok(None);
    }
    match of {
        Rated::Restaurant(key) => {
            diesel::update(restaurants::table.filter(restaurants::restaurant_id.eq(key)))
                .set((
                    restaurants::n_reviews.eq(due.0),
                    restaurants::stars_sum.eq(due.1),
                ))
                .execute(connection)
                .await?
        }
        Rated::Item(key) => {
            diesel::update(items::table.filter(items::item_id.eq(key)))
                .set((items::n_reviews.eq(due.0), items::stars_sum.eq(due.1)))
                .execute(connection)
                .await?
        }
    };
    Ok(Some((due, found)))
}

/// Where the sums of `campaign` differ from its ledger.
pub(crate) async fn drift(
    connection: &mut Conn,
    campaign: CampaignId,
    hear: Hear<'_>,
) -> Result<Drift, StoreError> {
    let version: Option<i64> = campaigns::table
        .filter(campaigns::campaign_id.eq(Key::from(campaign)))
        .select(campaigns::version)
        .first(connection)
        .await
        .optional()?;
    let Some(version) = version else {
        return Err(StoreError::Refused(format!("no campaign {campaign}")));
    };
    let (due, fans) = campaign_sums(connection, campaign, hear).await?;
    let found = tallies(connection, campaign).await?;
    Ok(Drift {
        version,
        hours: differing(&due.hours, &found.hours),
        days: differing(&due.days, &found.days),
        totals: differing(&due.totals, &found.totals),
        fans: fans_that_differ(connection, campaign, fans).await?,
    })
}

/// Compares fans, some at a time, with what the ledger says; and finds those it does not
/// know.
async fn fans_that_differ(
    connection: &mut Conn,
    campaign: CampaignId,
    due: HashMap<(OptionNo, VoterId), i64>,
) -> Result<Cells<(OptionNo, VoterId), i64>, StoreError> {
    let due: BTreeMap<_, _> = due.into_iter().collect();
    let mut found = BTreeMap::new();
    let rows: Vec<(i32, Key, i64)> = campaign_fans::table
        .filter(campaign_fans::campaign_id.eq(Key::from(campaign)))
        .select((
            campaign_fans::option_no,
            campaign_fans::voter_id,
            campaign_fans::tickets,
        ))
        .load(connection)
        .await?;
    for (option, voter, tickets) in rows {
        found.insert(
            (OptionNo(option.unsigned_abs()), VoterId::from(voter)),
            tickets,
        );
    }
    Ok(differing(&due, &found))
}

/// Sets what `voter` spent on `option` to what the ledger says, under the voter's lock.
pub(crate) async fn mend_fan(
    connection: &mut Conn,
    campaign: CampaignId,
    (option, voter): (OptionNo, VoterId),
) -> Result<Option<(i64, i64)>, StoreError> {
    let of_voter = campaign_voters::table
        .filter(campaign_voters::voter_id.eq(Key::from(voter)))
        .filter(campaign_voters::campaign_id.eq(Key::from(campaign)));
    let _locked: Vec<i64> = Locked(of_voter.select(campaign_voters::version))
        .load(connection)
        .await?;
    let number = i32::try_from(option.0).unwrap_or(i32::MAX);
    let counted: Vec<i32> = campaign_votes::table
        .left_join(campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)))
        .filter(campaign_votes::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_votes::voter_id.eq(Key::from(voter)))
        .filter(campaign_votes::option_no.eq(number))
        .filter(campaign_votes::reason.is_null())
        .filter(campaign_voids::vote_id.is_null())
        .select(campaign_votes::tickets)
        .load(connection)
        .await?;
    let due: i64 = counted.into_iter().map(i64::from).sum();
    let mut found = 0;
    for key in key_in(
        "campaign_id, option_no, voter_id",
        &[fan_key(campaign, (option, voter))],
    ) {
        let rows: Vec<i64> = campaign_fans::table
            .filter(key)
            .select(campaign_fans::tickets)
            .load(connection)
            .await?;
        found = rows.into_iter().sum();
    }
    if due == found {
        return Ok(None);
    }
    let [of, option, voter] = fan_key(campaign, (option, voter));
    let row = [of, option, voter, Value::Int(due - found)];
    write(connection, &FANS, &[row]).await?;
    Ok(Some((due, found)))
}

/// Adds `drift` to the tallies of `campaign`, unless somebody else changed it since it was
/// seen.
pub(crate) async fn add(
    connection: &mut Conn,
    campaign: CampaignId,
    drift: &Drift,
) -> Result<Added, StoreError> {
    let key = Key::from(campaign);
    let row = campaigns::table.filter(campaigns::campaign_id.eq(key));
    let version: Vec<i64> = Locked(row.select(campaigns::version))
        .load(connection)
        .await?;
    if version != [drift.version] {
        return Ok(Added::Moved);
    }
    diesel::update(row)
        .set(campaigns::version.eq(campaigns::version + 1))
        .execute(connection)
        .await?;
    let of = || Value::Key(key);
    let totals: Vec<_> = drift
        .totals
        .iter()
        .map(|((option, channel), due, found)| {
            [
                of(),
                Value::Int(option.0.into()),
                Value::Int(channel.0.into()),
                Value::Int(due.0 - found.0),
                Value::Int(due.1 - found.1),
            ]
        })
        .collect();
    write(connection, &TOTALS, &totals).await?;
    for (table, cells) in [(&DAYS, &drift.days), (&HOURS, &drift.hours)] {
        let rows: Vec<_> = cells
            .iter()
            .map(|((at, option, channel), due, found)| {
                [
                    of(),
                    Value::Int((*at).into()),
                    Value::Int(option.0.into()),
                    Value::Int(channel.0.into()),
                    Value::Int(due - found),
                ]
            })
            .collect();
        write(connection, table, &rows).await?;
    }
    Ok(Added::Done)
}
