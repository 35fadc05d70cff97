//! The rows of one campaign, voter by voter, for [`verify`](crate::verify).

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use vote_domain::campaign::{ChannelNo, Hour, Mark, OptionNo, Progress, VoterMark};
use vote_domain::{CampaignId, GrantId, Seq, UserId, Voter, VoterId};

use super::Conn;
use super::campaign_rows::VoteRow;
use crate::StoreError;
use crate::key::{Key, KeyRange, Moment};
use crate::rows::{Value, key_in, key_values};
use crate::schema::{
    campaign_channels, campaign_days, campaign_fans, campaign_grants, campaign_lots,
    campaign_options, campaign_tallies, campaign_totals, campaign_uses, campaign_voids,
    campaign_voter_marks, campaign_voters, campaign_votes, campaigns,
};
use crate::verify::{
    CampaignRow, CampaignRows, CampaignVoterRows, Check, Findings, GrantRow, Hear, LOST, LotRow,
    Mend, Tallies, differing, vote_name,
};

/// Voters in one slice.
const SLICE: u32 = 200;
/// The most fans told that nobody is.
const SURPLUS_MAX: i64 = 1_000;

/// The first campaign behind `after`.
pub(crate) async fn next(
    connection: &mut Conn,
    after: Option<CampaignId>,
) -> Result<Option<CampaignId>, StoreError> {
    let from = match after {
        None => Some(Key::FIRST),
        Some(after) => Key::from(after).next(),
    };
    let Some(from) = from else { return Ok(None) };
    let next: Option<Key> = campaigns::table
        .filter(campaigns::campaign_id.ge(from))
        .order(campaigns::campaign_id)
        .select(campaigns::campaign_id)
        .first(connection)
        .await
        .optional()?;
    Ok(next.map(Into::into))
}

/// Checks everything of `campaign` but its result; answers how far its closing has come.
pub(crate) async fn campaign(
    connection: &mut Conn,
    campaign: CampaignId,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<Progress, StoreError> {
    let mut heads = super::campaigns::heads(connection, &[campaign]).await?;
    let Some(head) = heads.remove(&campaign) else {
        return Err(StoreError::Refused(format!("no campaign {campaign}")));
    };
    let mut rows = CampaignRows {
        terms: head.terms,
        tallies: Tallies::default(),
    };
    let mut from = Some(Key::FIRST);
    while let Some(begin) = from {
        from = voters(connection, begin, &mut rows, findings, hear).await?;
    }
    let found = tallies(connection, campaign).await?;
    rows.tallies.check(campaign, &found, findings);
    check_places(connection, &rows, &found, findings).await?;
    check_surplus_fans(connection, campaign, findings).await?;
    findings.look(Check::CampaignVoids, 1);
    let due = super::voids::due(connection, campaign).await?;
    if head.progress >= Progress::Drained && !matches!(due, crate::voids::Due::Nothing) {
        findings.find(
            Check::CampaignVoids,
            format!("campaign_vote_marks, campaign_voter_marks (campaign_id={campaign})"),
            "every mark applied",
            "a mark with applied_at NULL whose vote is in the ledger",
            Mend::Not("a drained campaign never moves: compare with a backup"),
        );
    }
    Ok(head.progress)
}

/// Checks the next voters from `from` on; answers where the slice behind them begins.
async fn voters(
    connection: &mut Conn,
    from: Key,
    rows: &mut CampaignRows,
    findings: &mut Findings,
    hear: Hear<'_>,
) -> Result<Option<Key>, StoreError> {
    let campaign = rows.terms.campaign;
    let found: Vec<(Key, String, String, i64)> = campaign_voters::table
        .filter(campaign_voters::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_voters::voter_id.ge(from))
        .order(campaign_voters::voter_id)
        .limit(SLICE.into())
        .select((
            campaign_voters::voter_id,
            campaign_voters::voter_kind,
            campaign_voters::voter_name,
            campaign_voters::last_seq,
        ))
        .load(connection)
        .await?;
    let range = KeyRange::of(from, found.last().map(|row| row.0), found.len(), SLICE);
    let mut voters: BTreeMap<VoterId, CampaignVoterRows> = BTreeMap::new();
    for (voter, kind, name, last_seq) in found {
        voters.entry(voter.into()).or_default().row = Some((kind, name, last_seq));
    }
    let n_votes = read_ledger(connection, campaign, range, &mut voters, findings).await?;
    read_books(connection, campaign, &mut voters).await?;
    hear(n_votes);
    let mut due: BTreeMap<(OptionNo, VoterId), i64> = BTreeMap::new();
    for (voter, of_voter) in voters {
        for (option, tickets) in of_voter.check(voter, rows, findings) {
            due.insert((option, voter), tickets);
        }
    }
    check_fans(connection, campaign, &due, findings).await?;
    Ok(range.next())
}

/// Reads the ledger of the voters of `range`, those without a row too.
async fn read_ledger(
    connection: &mut Conn,
    campaign: CampaignId,
    range: KeyRange,
    voters: &mut BTreeMap<VoterId, CampaignVoterRows>,
    findings: &mut Findings,
) -> Result<u64, StoreError> {
    let ledger: Vec<(VoteRow, Option<bool>)> = campaign_votes::table
        .left_join(campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)))
        .filter(campaign_votes::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_votes::voter_id.between(range.from, range.to))
        .select((
            campaign_votes::all_columns,
            campaign_voids::forfeited.nullable(),
        ))
        .load(connection)
        .await?;
    let n_votes = ledger.len() as u64;
    for (row, void) in ledger {
        let voter = VoterId::from(row.voter_id);
        let of_voter = voters.entry(voter).or_default();
        // Of a voter without a name, the key alone matters here.
        let name = of_voter.voter(voter);
        let name = name.unwrap_or_else(|| Voter::member(UserId(voter.0)));
        let (vote_id, forfeited) = (row.vote_id, row.forfeited);
        let read = row.outcome().and_then(|outcome| {
            Ok(CampaignRow {
                outcome,
                forfeited,
                void,
                vote: row.into_vote(name)?,
            })
        });
        match read {
            Ok(row) => of_voter.ledger.push(row),
            Err(error) => findings.find(
                Check::CampaignVotes,
                vote_name(vote_id.into()),
                "draws and an end that can be read",
                error.to_string(),
                Mend::Not("the ledger is never rewritten: restore a backup"),
            ),
        }
    }
    Ok(n_votes)
}

/// Reads what belongs to `voters` besides the ledger.
async fn read_books(
    connection: &mut Conn,
    campaign: CampaignId,
    voters: &mut BTreeMap<VoterId, CampaignVoterRows>,
) -> Result<(), StoreError> {
    type LotColumns = (
        Key,
        Key,
        Option<NaiveDate>,
        Option<Key>,
        i32,
        i32,
        Moment,
    );
    let of = Key::from(campaign);
    let ids = key_values(voters.keys().copied());
    for ids in key_in("voter_id", &ids) {
        let lots: Vec<LotColumns> = campaign_lots::table
            .filter(campaign_lots::campaign_id.eq(of))
            .filter(ids)
            .select(super::campaign_rows::LOT)
            .load(connection)
            .await?;
        for row in lots {
            let (tickets, spent) = (row.4.into(), row.5.into());
            let ((voter, lot_id), lot) = super::campaign_rows::lot_of(row)?;
            let of_voter = voters.entry(voter).or_default();
            let row = LotRow {
                lot,
                tickets,
                spent,
            };
            of_voter.lots.insert(lot_id, row);
        }
        let grants: Vec<(Key, Key, i32, Moment)> = campaign_grants::table
            .filter(campaign_grants::campaign_id.eq(of))
            .filter(ids)
            .select((
                campaign_grants::voter_id,
                campaign_grants::grant_id,
                campaign_grants::tickets,
                campaign_grants::granted_at,
            ))
            .load(connection)
            .await?;
        for (voter, grant, tickets, granted_at) in grants {
            let row = GrantRow {
                tickets: tickets.into(),
                granted_at: granted_at.into(),
            };
            let of_voter = voters.entry(voter.into()).or_default();
            of_voter.grants.insert(GrantId::from(grant), row);
        }
        let uses: Vec<(Key, i32, NaiveDate, i32, i32)> = campaign_uses::table
            .filter(campaign_uses::campaign_id.eq(of))
            .filter(ids)
            .select((
                campaign_uses::voter_id,
                campaign_uses::channel_no,
                campaign_uses::day,
                campaign_uses::used,
                campaign_uses::use_limit,
            ))
            .load(connection)
            .await?;
        for (voter, channel, day, used, limit) in uses {
            let place = (ChannelNo(channel.unsigned_abs()), day);
            let of_voter = voters.entry(voter.into()).or_default();
            of_voter.uses.insert(place, (used.into(), limit.into()));
        }
        let marks: Vec<(Key, i64, i64, bool)> = campaign_voter_marks::table
            .filter(campaign_voter_marks::campaign_id.eq(of))
            .filter(ids)
            .filter(campaign_voter_marks::applied_at.is_not_null())
            .select((
                campaign_voter_marks::voter_id,
                campaign_voter_marks::up_to_seq,
                campaign_voter_marks::position,
                campaign_voter_marks::forfeit,
            ))
            .load(connection)
            .await?;
        for (voter, up_to, position, forfeit) in marks {
            let mark = Mark { position, forfeit };
            let up_to = Seq(up_to);
            let of_voter = voters.entry(voter.into()).or_default();
            of_voter.marks.push(VoterMark { up_to, mark });
        }
    }
    Ok(())
}

/// Compares fans with what the ledger of their voters says.
async fn check_fans(
    connection: &mut Conn,
    campaign: CampaignId,
    due: &BTreeMap<(OptionNo, VoterId), i64>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let keys: Vec<_> = due.keys().map(|key| fan_key(campaign, *key)).collect();
    let mut found = BTreeMap::new();
    for keys in key_in("campaign_id, option_no, voter_id", &keys) {
        let rows: Vec<(i32, Key, i64)> = campaign_fans::table
            .filter(keys)
            .select((
                campaign_fans::option_no,
                campaign_fans::voter_id,
                campaign_fans::tickets,
            ))
            .load(connection)
            .await?;
        found.extend(rows.into_iter().map(|(option, voter, tickets)| {
            let key = (OptionNo(option.unsigned_abs()), VoterId::from(voter));
            (key, tickets)
        }));
    }
    findings.look(Check::CampaignFans, due.len());
    for (key, due, found) in differing(due, &found) {
        let text = |tickets: i64| format!("{tickets} tickets");
        let name = fan_name(campaign, key);
        findings.find(
            Check::CampaignFans,
            name,
            text(due),
            text(found),
            Mend::Recount,
        );
    }
    Ok(())
}

/// The key of a fan's row.
pub(crate) fn fan_key(campaign: CampaignId, (option, voter): (OptionNo, VoterId)) -> [Value; 3] {
    [
        Value::Key(campaign.into()),
        Value::Int(option.0.into()),
        Value::Key(voter.into()),
    ]
}

fn fan_name(campaign: CampaignId, (option, voter): (OptionNo, VoterId)) -> String {
    format!(
        "campaign_fans (campaign_id={campaign}, option_no={}, voter_id={voter})",
        option.0
    )
}

/// Fans that have tickets and no vote on the option.
async fn surplus_fans(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Vec<((OptionNo, VoterId), i64)>, StoreError> {
    let surplus: Vec<(i32, Key, i64)> = campaign_fans::table
        .left_join(
            campaign_votes::table.on(campaign_votes::campaign_id
                .eq(campaign_fans::campaign_id)
                .and(campaign_votes::voter_id.eq(campaign_fans::voter_id))
                .and(campaign_votes::option_no.eq(campaign_fans::option_no))),
        )
        .filter(campaign_fans::campaign_id.eq(Key::from(campaign)))
        .filter(campaign_fans::tickets.ne(0))
        .filter(campaign_votes::vote_id.is_null())
        .order((campaign_fans::option_no, campaign_fans::voter_id))
        .limit(SURPLUS_MAX)
        .select((
            campaign_fans::option_no,
            campaign_fans::voter_id,
            campaign_fans::tickets,
        ))
        .load(connection)
        .await?;
    Ok(surplus
        .into_iter()
        .map(|(option, voter, tickets)| {
            ((OptionNo(option.unsigned_abs()), voter.into()), tickets)
        })
        .collect())
}

async fn check_surplus_fans(
    connection: &mut Conn,
    campaign: CampaignId,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    for (key, tickets) in surplus_fans(connection, campaign).await? {
        findings.find(
            Check::CampaignFans,
            fan_name(campaign, key),
            "0 tickets: the ledger has no vote of this voter on it",
            format!("{tickets} tickets"),
            Mend::Recount,
        );
    }
    Ok(())
}

/// What is kept of a campaign's tallies.
pub(crate) async fn tallies(
    connection: &mut Conn,
    campaign: CampaignId,
) -> Result<Tallies, StoreError> {
    let of = Key::from(campaign);
    let place = |option: i32, channel: i32| {
        let (option, channel) = (option.unsigned_abs(), channel.unsigned_abs());
        (OptionNo(option), ChannelNo(channel))
    };
    let hours: Vec<(i32, i32, i32, i64)> = campaign_tallies::table
        .filter(campaign_tallies::campaign_id.eq(of))
        .select((
            campaign_tallies::hour_no,
            campaign_tallies::option_no,
            campaign_tallies::channel_no,
            campaign_tallies::tickets,
        ))
        .load(connection)
        .await?;
    let days: Vec<(i32, i32, i32, i64)> = campaign_days::table
        .filter(campaign_days::campaign_id.eq(of))
        .select((
            campaign_days::day_no,
            campaign_days::option_no,
            campaign_days::channel_no,
            campaign_days::tickets,
        ))
        .load(connection)
        .await?;
    let by_time = |rows: Vec<(i32, i32, i32, i64)>| -> BTreeMap<_, i64> {
        rows.into_iter()
            .map(|(at, option, channel, tickets)| {
                let (option, channel) = place(option, channel);
                ((at, option, channel), tickets)
            })
            .collect()
    };
    let totals: Vec<(i32, i32, i64, i64)> = campaign_totals::table
        .filter(campaign_totals::campaign_id.eq(of))
        .select((
            campaign_totals::option_no,
            campaign_totals::channel_no,
            campaign_totals::tickets,
            campaign_totals::n_votes,
        ))
        .load(connection)
        .await?;
    Ok(Tallies {
        hours: by_time(hours),
        days: by_time(days),
        totals: totals
            .into_iter()
            .map(|(option, channel, tickets, n_votes)| (place(option, channel), (tickets, n_votes)))
            .collect(),
    })
}

/// Adds up what counts in the ledger of `campaign`: the tallies, and what each fan has.
pub(crate) async fn sums(
    connection: &mut Conn,
    campaign: CampaignId,
    hear: Hear<'_>,
) -> Result<(Tallies, HashMap<(OptionNo, VoterId), i64>), StoreError> {
    let mut tallies = Tallies::default();
    let mut fans = HashMap::new();
    let mut from = Some(Key::FIRST);
    while let Some(begin) = from {
        let ids: Vec<Key> = campaign_voters::table
            .filter(campaign_voters::campaign_id.eq(Key::from(campaign)))
            .filter(campaign_voters::voter_id.ge(begin))
            .order(campaign_voters::voter_id)
            .limit(SLICE.into())
            .select(campaign_voters::voter_id)
            .load(connection)
            .await?;
        let range = KeyRange::of(begin, ids.last().copied(), ids.len(), SLICE);
        let counted: Vec<(Key, i32, i32, i32, i64)> = campaign_votes::table
            .left_join(
                campaign_voids::table.on(campaign_voids::vote_id.eq(campaign_votes::vote_id)),
            )
            .filter(campaign_votes::campaign_id.eq(Key::from(campaign)))
            .filter(campaign_votes::voter_id.between(range.from, range.to))
            .filter(campaign_votes::reason.is_null())
            .filter(campaign_voids::vote_id.is_null())
            .select((
                campaign_votes::voter_id,
                campaign_votes::option_no,
                campaign_votes::channel_no,
                campaign_votes::tickets,
                campaign_votes::seq,
            ))
            .load(connection)
            .await?;
        hear(counted.len() as u64);
        for (voter, option, channel, tickets, seq) in counted {
            let ballot = super::campaign_rows::ballot_of(option, channel, tickets);
            let (hour, tickets) = (Hour::of(Seq(seq).at()), i64::from(ballot.tickets));
            tallies.count(ballot.option, ballot.channel, hour, tickets);
            let fan = (ballot.option, VoterId::from(voter));
            *fans.entry(fan).or_default() += tickets;
        }
        from = range.next();
    }
    Ok((tallies, fans))
}

/// Looks for tallies of options and channels that the campaign does not have, and counts
/// those that it has.
async fn check_places(
    connection: &mut Conn,
    rows: &CampaignRows,
    found: &Tallies,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let terms = &rows.terms;
    let campaign = terms.campaign;
    let n_options: i64 = campaign_options::table
        .filter(campaign_options::campaign_id.eq(Key::from(campaign)))
        .count()
        .get_result(connection)
        .await?;
    let n_channels: i64 = campaign_channels::table
        .filter(campaign_channels::campaign_id.eq(Key::from(campaign)))
        .count()
        .get_result(connection)
        .await?;
    let due = (i64::from(terms.n_options), i64::from(terms.n_channels));
    findings.look(Check::Orphans, 1);
    if (n_options, n_channels) != due {
        findings.find(
            Check::Orphans,
            format!("campaign_options, campaign_channels (campaign_id={campaign})"),
            format!("{} options and {} channels", due.0, due.1),
            format!("{n_options} options and {n_channels} channels"),
            Mend::Not(LOST),
        );
    }
    let is_there = |option: OptionNo, channel: ChannelNo| {
        option.0 < terms.n_options && channel.0 < terms.n_channels
    };
    let of = |table: &str, option: OptionNo, channel: ChannelNo| {
        format!(
            "{table} (campaign_id={campaign}, option_no={}, channel_no={})",
            option.0, channel.0
        )
    };
    let by_time = |table: &'static str, rows: &BTreeMap<(i32, OptionNo, ChannelNo), i64>| {
        rows.keys()
            .map(|(_, option, channel)| (table, *option, *channel))
            .collect::<Vec<_>>()
    };
    let mut places = by_time("campaign_tallies", &found.hours);
    places.extend(by_time("campaign_days", &found.days));
    let totals = found.totals.keys();
    places.extend(totals.map(|(option, channel)| ("campaign_totals", *option, *channel)));
    places.dedup();
    for (table, option, channel) in places {
        if !is_there(option, channel) {
            findings.find(
                Check::Orphans,
                of(table, option, channel),
                "an option and a channel of the campaign",
                "none",
                Mend::Not("recount sets it to 0; the row itself does no harm"),
            );
        }
    }
    Ok(())
}
