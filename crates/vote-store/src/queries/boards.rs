//! Rows of tallies and fans. What is asked most often is written as text (see
//! `statements.rs`), so that tests can have it explained.

use std::collections::HashMap;
use std::ops::Range;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer};
use diesel_async::RunQueryDsl;
use vote_domain::campaign::{ChannelNo, Hour, OptionNo};
use vote_domain::{CampaignId, UserId, VoterId};

use super::{Conn, accounts};
use crate::StoreError;
use crate::boards::Fan;
use crate::key::Key;
use crate::schema::{campaign_fans, campaign_voters};
use crate::statements::{self, Span};

const HOURS_OF_DAY: i32 = 24;

/// A number of an option or an hour, and the tickets that go with it.
#[derive(QueryableByName)]
struct Tally {
    #[diesel(sql_type = Integer)]
    no: i32,
    #[diesel(sql_type = BigInt)]
    tickets: i64,
}

fn into_total(tally: &Tally) -> (OptionNo, u64) {
    (
        OptionNo(tally.no.unsigned_abs()),
        tally.tickets.unsigned_abs(),
    )
}

fn int(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

pub(crate) async fn totals(
    connection: &mut Conn,
    campaign: CampaignId,
    channel: Option<ChannelNo>,
) -> Result<Vec<(OptionNo, u64)>, StoreError> {
    let text = statements::totals(channel);
    let query = diesel::sql_query(text).bind::<Binary, _>(Key::from(campaign));
    let tallies: Vec<Tally> = match channel {
        None => query.load(connection).await?,
        Some(channel) => {
            query
                .bind::<Integer, _>(int(channel.0))
                .load(connection)
                .await?
        }
    };
    Ok(tallies.iter().map(into_total).collect())
}

pub(crate) async fn totals_within(
    connection: &mut Conn,
    campaign: CampaignId,
    channel: Option<ChannelNo>,
    hours: &Range<Hour>,
) -> Result<Vec<(OptionNo, u64)>, StoreError> {
    let mut sums: HashMap<OptionNo, u64> = HashMap::new();
    for (span, units) in spans(hours) {
        let query = diesel::sql_query(statements::totals_within(span, channel))
            .bind::<Binary, _>(Key::from(campaign))
            .bind::<Integer, _>(units.start)
            .bind::<Integer, _>(units.end);
        let tallies: Vec<Tally> = match channel {
            None => query.load(connection).await?,
            Some(channel) => {
                query
                    .bind::<Integer, _>(int(channel.0))
                    .load(connection)
                    .await?
            }
        };
        for (option, tickets) in tallies.iter().map(into_total) {
            *sums.entry(option).or_default() += tickets;
        }
    }
    Ok(sums.into_iter().collect())
}

/// `hours` as whole days and what is left at both ends.
fn spans(hours: &Range<Hour>) -> Vec<(Span, Range<i32>)> {
    let (from, to) = (hours.start.0, hours.end.0);
    let first_day = from.div_euclid(HOURS_OF_DAY) + i32::from(from.rem_euclid(HOURS_OF_DAY) > 0);
    let end_day = to.div_euclid(HOURS_OF_DAY);
    let parts = if first_day < end_day {
        vec![
            (Span::Hours, from..first_day * HOURS_OF_DAY),
            (Span::Days, first_day..end_day),
            (Span::Hours, end_day * HOURS_OF_DAY..to),
        ]
    } else {
        vec![(Span::Hours, from..to)]
    };
    parts
        .into_iter()
        .filter(|(_, units)| !units.is_empty())
        .collect()
}

pub(crate) async fn hours(
    connection: &mut Conn,
    campaign: CampaignId,
    option: OptionNo,
    channel: Option<ChannelNo>,
    hours: &Range<Hour>,
) -> Result<Vec<(Hour, u64)>, StoreError> {
    let query = diesel::sql_query(statements::hours(channel))
        .bind::<Binary, _>(Key::from(campaign))
        .bind::<Integer, _>(int(option.0))
        .bind::<Integer, _>(hours.start.0)
        .bind::<Integer, _>(hours.end.0);
    let tallies: Vec<Tally> = match channel {
        None => query.load(connection).await?,
        Some(channel) => {
            query
                .bind::<Integer, _>(int(channel.0))
                .load(connection)
                .await?
        }
    };
    Ok(tallies
        .into_iter()
        .map(|tally| (Hour(tally.no), tally.tickets.unsigned_abs()))
        .collect())
}

/// A voter's key, and tickets.
#[derive(QueryableByName)]
struct FanRow {
    #[diesel(sql_type = Binary)]
    voter_id: Key,
    #[diesel(sql_type = BigInt)]
    tickets: i64,
}

pub(crate) async fn fans(
    connection: &mut Conn,
    campaign: CampaignId,
    option: OptionNo,
    after: Option<(u64, VoterId)>,
    limit: u32,
) -> Result<Vec<Fan>, StoreError> {
    let (key, option, limit) = (Key::from(campaign), int(option.0), i64::from(limit));
    let mut rows: Vec<FanRow> = Vec::new();
    let mut fewer_than = i64::MAX;
    if let Some((tickets, voter)) = after {
        fewer_than = i64::try_from(tickets).unwrap_or(i64::MAX);
        // Those with as many come first; however many they are, the index leads to them.
        rows = diesel::sql_query(statements::FANS_WITH_AS_MANY)
            .bind::<Binary, _>(key)
            .bind::<Integer, _>(option)
            .bind::<BigInt, _>(fewer_than)
            .bind::<Binary, _>(Key::from(voter))
            .bind::<BigInt, _>(limit)
            .load(connection)
            .await?;
    }
    let n_missing = limit - i64::try_from(rows.len()).unwrap_or(limit);
    if n_missing > 0 {
        let more: Vec<FanRow> = diesel::sql_query(statements::FANS_WITH_FEWER)
            .bind::<Binary, _>(key)
            .bind::<Integer, _>(option)
            .bind::<BigInt, _>(fewer_than)
            .bind::<BigInt, _>(n_missing)
            .load(connection)
            .await?;
        rows.extend(more);
    }
    named(connection, key, &rows).await
}

/// The fans of `rows` with their names.
async fn named(
    connection: &mut Conn,
    campaign: Key,
    rows: &[FanRow],
) -> Result<Vec<Fan>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Key> = rows.iter().map(|row| row.voter_id).collect();
    let voters: Vec<(Key, String, String)> = campaign_voters::table
        .filter(campaign_voters::campaign_id.eq(campaign))
        .filter(campaign_voters::voter_id.eq_any(&ids))
        .select((
            campaign_voters::voter_id,
            campaign_voters::voter_kind,
            campaign_voters::voter_name,
        ))
        .load(connection)
        .await?;
    let voters: HashMap<Key, (String, String)> = voters
        .into_iter()
        .map(|(voter, kind, name)| (voter, (kind, name)))
        .collect();
    let users: Vec<UserId> = ids.iter().map(|id| UserId(id.0)).collect();
    let user_names = accounts::user_names(connection, &users).await?;
    rows.iter()
        .map(|row| {
            let unreadable = || StoreError::Refused(format!("campaign_voters: {}", row.voter_id.0));
            let (kind, id) = voters.get(&row.voter_id).ok_or_else(unreadable)?;
            let kind: vote_domain::VoterKind = kind.parse().map_err(|_| unreadable())?;
            let user_name = user_names
                .get(&UserId(row.voter_id.0))
                .filter(|_| kind.is_member());
            Ok(Fan {
                voter: row.voter_id.into(),
                name: user_name.unwrap_or(id).clone(),
                kind,
                id: id.clone(),
                tickets: row.tickets.unsigned_abs(),
            })
        })
        .collect()
}

pub(crate) async fn fan_tickets(
    connection: &mut Conn,
    campaign: CampaignId,
    option: OptionNo,
    voter: VoterId,
) -> Result<u64, StoreError> {
    let tickets: Option<i64> = campaign_fans::table
        .filter(campaign_fans::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_fans::option_no.eq(int(option.0)))
        .filter(campaign_fans::voter_id.eq(Key::from(voter)))
        .select(campaign_fans::tickets)
        .first(connection)
        .await
        .optional()?;
    Ok(tickets.unwrap_or_default().unsigned_abs())
}

/// A number of rows.
#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

pub(crate) async fn fans_ahead(
    connection: &mut Conn,
    campaign: CampaignId,
    option: OptionNo,
    tickets: u64,
    most: u32,
) -> Result<u32, StoreError> {
    let count: Count = diesel::sql_query(statements::FANS_AHEAD)
        .bind::<Binary, _>(Key::from(campaign))
        .bind::<Integer, _>(int(option.0))
        .bind::<BigInt, _>(i64::try_from(tickets).unwrap_or(i64::MAX))
        .bind::<BigInt, _>(i64::from(most))
        .get_result(connection)
        .await?;
    Ok(u32::try_from(count.n).unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hour_of_a_range_is_read_once() {
        for from in -30..60 {
            for to in from..100 {
                let mut hours: Vec<i32> = Vec::new();
                for (span, units) in spans(&(Hour(from)..Hour(to))) {
                    match span {
                        Span::Hours => hours.extend(units),
                        Span::Days => hours.extend(units.start * 24..units.end * 24),
                    }
                }
                assert_eq!(hours, (from..to).collect::<Vec<_>>());
            }
        }
    }
}
