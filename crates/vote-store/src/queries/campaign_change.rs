//! What settling and voids change of a campaign's lots, uses, fans and tallies, written
//! down in one order.

use std::collections::BTreeMap;

use vote_domain::campaign::{
    CampaignVote, ChannelNo, Hour, Lot, OptionNo, Rows, Settlement, Source,
};
use vote_domain::{CampaignId, LotId, Outcome, VoterId};

use super::Conn;
use super::campaign_rows::write;
use crate::StoreError;
use crate::rows::{OnDuplicate, Value, Write};

const LOTS: Write = Write {
    table: "campaign_lots",
    upsert_key: "voter_id, campaign_id, lot_id",
    columns: &[
        ("voter_id", OnDuplicate::Keep),
        ("campaign_id", OnDuplicate::Keep),
        ("lot_id", OnDuplicate::Keep),
        ("free_day", OnDuplicate::Keep),
        ("grant_id", OnDuplicate::Keep),
        ("tickets", OnDuplicate::Keep),
        ("spent", OnDuplicate::Replace),
        ("granted_at", OnDuplicate::Keep),
    ],
};

const USES: Write = Write {
    table: "campaign_uses",
    upsert_key: "voter_id, campaign_id, channel_no, day",
    columns: &[
        ("voter_id", OnDuplicate::Keep),
        ("campaign_id", OnDuplicate::Keep),
        ("channel_no", OnDuplicate::Keep),
        ("day", OnDuplicate::Keep),
        ("used", OnDuplicate::Replace),
        ("use_limit", OnDuplicate::Replace),
    ],
};

pub(crate) const FANS: Write = Write {
    table: "campaign_fans",
    upsert_key: "campaign_id, option_no, voter_id",
    columns: &[
        ("campaign_id", OnDuplicate::Keep),
        ("option_no", OnDuplicate::Keep),
        ("voter_id", OnDuplicate::Keep),
        ("tickets", OnDuplicate::Add),
    ],
};

pub(crate) const TOTALS: Write = Write {
    table: "campaign_totals",
    upsert_key: "campaign_id, option_no, channel_no",
    columns: &[
        ("campaign_id", OnDuplicate::Keep),
        ("option_no", OnDuplicate::Keep),
        ("channel_no", OnDuplicate::Keep),
        ("tickets", OnDuplicate::Add),
        ("n_votes", OnDuplicate::Add),
    ],
};

pub(crate) const DAYS: Write = Write {
    table: "campaign_days",
    upsert_key: "campaign_id, day_no, option_no, channel_no",
    columns: &[
        ("campaign_id", OnDuplicate::Keep),
        ("day_no", OnDuplicate::Keep),
        ("option_no", OnDuplicate::Keep),
        ("channel_no", OnDuplicate::Keep),
        ("tickets", OnDuplicate::Add),
    ],
};

pub(crate) const HOURS: Write = Write {
    table: "campaign_tallies",
    upsert_key: "campaign_id, hour_no, option_no, channel_no",
    columns: &[
        ("campaign_id", OnDuplicate::Keep),
        ("hour_no", OnDuplicate::Keep),
        ("option_no", OnDuplicate::Keep),
        ("channel_no", OnDuplicate::Keep),
        ("tickets", OnDuplicate::Add),
    ],
};

/// What a batch or some voids change, besides the ledger.
#[derive(Default)]
pub(crate) struct Change {
    settlement: Settlement,
    n_votes: BTreeMap<(OptionNo, ChannelNo), i64>,
}

impl Change {
    /// What settling changes.
    pub(crate) fn of_settling(settlement: Settlement) -> Self {
        let mut change = Self::default();
        for entry in &settlement.entries {
            if entry.outcome == Outcome::Counted {
                change.count(&entry.vote, 1);
            }
        }
        change.settlement = settlement;
        change
    }

    /// Adds what voiding `votes` changes.
    pub(crate) fn add_voids<'v>(
        &mut self,
        settlement: Settlement,
        votes: impl IntoIterator<Item = &'v CampaignVote>,
    ) {
        for vote in votes {
            self.count(vote, -1);
        }
        self.settlement.lots.extend(settlement.lots);
        self.settlement.uses.extend(settlement.uses);
        for (key, tickets) in settlement.tallies {
            *self.settlement.tallies.entry(key).or_default() += tickets;
        }
        for (key, tickets) in settlement.fans {
            *self.settlement.fans.entry(key).or_default() += tickets;
        }
    }

    fn count(&mut self, vote: &CampaignVote, by: i64) {
        let place = (vote.ballot.option, vote.ballot.channel);
        *self.n_votes.entry(place).or_default() += by;
    }

    /// Writes it down, `rows` being as they are to be. The tallies come last: everybody
    /// wants those of a hot option.
    pub(crate) async fn write(
        &self,
        connection: &mut Conn,
        campaign: CampaignId,
        rows: &Rows,
    ) -> Result<(), StoreError> {
        let settlement = &self.settlement;
        let of_campaign = Value::Key(campaign.into());
        let changed: Vec<_> = settlement
            .lots
            .iter()
            .filter_map(|key| Some(lot_row(campaign, *key, rows.lots.get(key)?)))
            .collect();
        write(connection, &LOTS, &changed).await?;
        let changed: Vec<_> = settlement
            .uses
            .iter()
            .filter_map(|key| {
                let used = rows.uses.get(key)?;
                Some([
                    Value::Key(key.0.into()),
                    of_campaign.clone(),
                    Value::Int(key.1.0.into()),
                    Value::Day(key.2),
                    Value::Int(used.used.into()),
                    Value::Int(used.limit.into()),
                ])
            })
            .collect();
        write(connection, &USES, &changed).await?;
        let fans: Vec<_> = settlement
            .fans
            .iter()
            .map(|((option, voter), tickets)| {
                [
                    of_campaign.clone(),
                    Value::Int(option.0.into()),
                    Value::Key((*voter).into()),
                    Value::Int(*tickets),
                ]
            })
            .collect();
        write(connection, &FANS, &fans).await?;
        self.write_tallies(connection, &of_campaign).await
    }

    async fn write_tallies(
        &self,
        connection: &mut Conn,
        of_campaign: &Value,
    ) -> Result<(), StoreError> {
        let hours = &self.settlement.tallies;
        let mut totals: BTreeMap<(OptionNo, ChannelNo), i64> = BTreeMap::new();
        let mut days: BTreeMap<(i32, OptionNo, ChannelNo), i64> = BTreeMap::new();
        let mut by_hour: BTreeMap<(Hour, OptionNo, ChannelNo), i64> = BTreeMap::new();
        for ((option, channel, hour), tickets) in hours {
            *totals.entry((*option, *channel)).or_default() += tickets;
            let day = hour.0.div_euclid(24);
            *days.entry((day, *option, *channel)).or_default() += tickets;
            by_hour.insert((*hour, *option, *channel), *tickets);
        }
        let totals: Vec<_> = totals
            .into_iter()
            .map(|(place, tickets)| {
                [
                    of_campaign.clone(),
                    Value::Int(place.0.0.into()),
                    Value::Int(place.1.0.into()),
                    Value::Int(tickets),
                    Value::Int(self.n_votes.get(&place).copied().unwrap_or_default()),
                ]
            })
            .collect();
        let row = |time: i32, option: OptionNo, channel: ChannelNo, tickets: i64| {
            [
                of_campaign.clone(),
                Value::Int(time.into()),
                Value::Int(option.0.into()),
                Value::Int(channel.0.into()),
                Value::Int(tickets),
            ]
        };
        let days: Vec<_> = days
            .into_iter()
            .map(|((day, option, channel), tickets)| row(day, option, channel, tickets))
            .collect();
        let hours: Vec<_> = by_hour
            .into_iter()
            .map(|((hour, option, channel), tickets)| row(hour.0, option, channel, tickets))
            .collect();
        write(connection, &TOTALS, &totals).await?;
        write(connection, &DAYS, &days).await?;
        write(connection, &HOURS, &hours).await
    }
}

/// A row of `campaign_lots`, to be written.
fn lot_row(campaign: CampaignId, (voter, lot_id): (VoterId, LotId), lot: &Lot) -> [Value; 8] {
    let (free_day, grant) = match lot.source {
        Source::FreeDaily(day) => (Some(day), None),
        Source::Grant(grant) => (None, Some(grant.into())),
    };
    [
        Value::Key(voter.into()),
        Value::Key(campaign.into()),
        Value::Key(lot_id.into()),
        Value::MaybeDay(free_day),
        Value::MaybeKey(grant),
        Value::Int(lot.tickets.into()),
        Value::Int(lot.spent.into()),
        Value::At(lot.granted_at.into()),
    ]
}

/// Writes new lots.
pub(crate) async fn insert_lots(
    connection: &mut Conn,
    campaign: CampaignId,
    lots: &BTreeMap<(VoterId, LotId), Lot>,
) -> Result<(), StoreError> {
    let insert = Write {
        upsert_key: "",
        ..LOTS
    };
    let rows: Vec<_> = lots
        .iter()
        .map(|(key, lot)| lot_row(campaign, *key, lot))
        .collect();
    write(connection, &insert, &rows).await
}
