//! What must hold of a campaign, told from rows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use vote_domain::campaign::{
    CampaignVote, ChannelNo, Hour, Lot, Mark, OptionNo, Rows, Source, Terms, VoterMark, merge,
};
use vote_domain::{CampaignId, GrantId, LotId, Outcome, RejectReason, Voter, VoterId};

use super::reviews::end_text;
use super::{Check, Findings, LOST, Mend};

/// Why a row that holds a voter's tickets is not mended.
const TOUCHED: &str =
    "the row or the ledger was touched, SQL cannot tell which: compare both with a backup";
/// Why a row of the ledger is not mended.
const LEDGER: &str = "the ledger is never rewritten: compare it, the lots and the voids with a \
                      backup; while the campaign is not drained, a vote can be voided";

/// What counts, by hour (from the Unix epoch), option and channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tallies {
    pub(crate) hours: BTreeMap<(i32, OptionNo, ChannelNo), i64>,
    pub(crate) days: BTreeMap<(i32, OptionNo, ChannelNo), i64>,
    /// Tickets and votes.
    pub(crate) totals: BTreeMap<(OptionNo, ChannelNo), (i64, i64)>,
}

impl Tallies {
    /// Adds a vote that counts.
    pub(crate) fn count(&mut self, option: OptionNo, channel: ChannelNo, hour: Hour, tickets: i64) {
        let day = hour.0.div_euclid(24);
        *self.hours.entry((hour.0, option, channel)).or_default() += tickets;
        *self.days.entry((day, option, channel)).or_default() += tickets;
        let total = self.totals.entry((option, channel)).or_default();
        total.0 += tickets;
        total.1 += 1;
    }

    /// Compares what is `found` in SQL with these; rows that say 0 may be missing.
    pub(crate) fn check(&self, campaign: CampaignId, found: &Self, findings: &mut Findings) {
        findings.look(Check::CampaignHours, found.hours.len());
        findings.look(Check::CampaignDays, found.days.len());
        findings.look(Check::CampaignTotals, found.totals.len());
        for (check, table, unit, due, found) in [
            (
                Check::CampaignHours,
                "campaign_tallies",
                "hour_no",
                &self.hours,
                &found.hours,
            ),
            (
                Check::CampaignDays,
                "campaign_days",
                "day_no",
                &self.days,
                &found.days,
            ),
        ] {
            for ((at, option, channel), due, found) in differing(due, found) {
                let name = format!(
                    "{table} (campaign_id={campaign}, {unit}={at}, option_no={}, channel_no={})",
                    option.0, channel.0
                );
                let text = |tickets: i64| format!("{tickets} tickets");
                findings.find(check, name, text(due), text(found), Mend::Recount);
            }
        }
        for ((option, channel), due, found) in differing(&self.totals, &found.totals) {
            let name = format!(
                "campaign_totals (campaign_id={campaign}, option_no={}, channel_no={})",
                option.0, channel.0
            );
            let text = |total: (i64, i64)| format!("{} tickets in {} votes", total.0, total.1);
            findings.find(
                Check::CampaignTotals,
                name,
                text(due),
                text(found),
                Mend::Recount,
            );
        }
    }
}

/// The keys under which both differ, and what each says.
pub(crate) fn differing<K: Ord + Copy, V: Default + Copy + PartialEq>(
    due: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
) -> Vec<(K, V, V)> {
    let keys: BTreeSet<&K> = due.keys().chain(found.keys()).collect();
    let at = |of: &BTreeMap<K, V>, key: &K| of.get(key).copied().unwrap_or_default();
    keys.into_iter()
        .map(|key| (*key, at(due, key), at(found, key)))
        .filter(|(_, due, found)| due != found)
        .collect()
}

/// A row of the ledger, and what a void made of it since.
pub(crate) struct CampaignRow {
    pub(crate) vote: CampaignVote,
    /// What the ledger keeps of its end.
    pub(crate) outcome: Outcome,
    /// Whether the ledger says that the tickets of a voided vote are lost.
    pub(crate) forfeited: bool,
    /// The same of a vote that was voided after it had counted.
    pub(crate) void: Option<bool>,
}

impl CampaignRow {
    /// Its end, and whether the tickets of a voided vote are lost.
    fn end(&self) -> (Outcome, bool) {
        match (self.outcome, self.void) {
            (Outcome::Counted, Some(forfeited)) => (Outcome::Voided, forfeited),
            (outcome, _) => (outcome, self.forfeited),
        }
    }

    fn counts(&self) -> bool {
        self.outcome == Outcome::Counted && self.void.is_none()
    }
}

/// A lot as SQL has it; numbers may be anything.
pub(crate) struct LotRow {
    pub(crate) lot: Lot,
    pub(crate) tickets: i64,
    pub(crate) spent: i64,
}

/// A grant as SQL has it.
pub(crate) struct GrantRow {
    pub(crate) tickets: i64,
    pub(crate) granted_at: DateTime<Utc>,
}

/// A voter of a campaign, and all that is theirs.
#[derive(Default)]
pub(crate) struct CampaignVoterRows {
    /// Kind, name and last sequence number.
    pub(crate) row: Option<(String, String, i64)>,
    pub(crate) lots: BTreeMap<LotId, LotRow>,
    pub(crate) grants: BTreeMap<GrantId, GrantRow>,
    /// Tickets used and the limit.
    pub(crate) uses: BTreeMap<(ChannelNo, NaiveDate), (i64, i64)>,
    /// Those that were carried out.
    pub(crate) marks: Vec<VoterMark>,
    pub(crate) ledger: Vec<CampaignRow>,
}

/// What is checked of all voters of a campaign together.
pub(crate) struct CampaignRows {
    pub(crate) terms: Terms,
    pub(crate) tallies: Tallies,
}

impl CampaignVoterRows {
    /// The voter by their own names; none where SQL does not have them.
    pub(crate) fn voter(&self, voter: VoterId) -> Option<Voter> {
        let (kind, name, _) = self.row.as_ref()?;
        let named = Voter::new(kind.parse().ok()?, name).ok()?;
        (named.voter_id() == voter).then_some(named)
    }

    /// Computes everything anew and compares; adds what counts to the campaign's tallies.
    /// Answers what the voter spent on each option that the ledger names for them.
    pub(crate) fn check(
        mut self,
        voter: VoterId,
        campaign: &mut CampaignRows,
        findings: &mut Findings,
    ) -> BTreeMap<OptionNo, i64> {
        findings.look(Check::CampaignVotes, self.ledger.len());
        findings.look(Check::CampaignVoters, 1);
        findings.look(Check::CampaignLots, self.lots.len());
        findings.look(Check::CampaignGrants, self.grants.len());
        findings.look(Check::CampaignUses, self.uses.len());
        let of = campaign.terms.campaign;
        self.check_row(of, voter, findings);
        let mut fans = BTreeMap::new();
        let mut limits: BTreeMap<(ChannelNo, NaiveDate), i64> = BTreeMap::new();
        for row in &self.ledger {
            let (vote, ballot) = (&row.vote, row.vote.ballot);
            let spent = fans.entry(ballot.option).or_default();
            if row.outcome == Outcome::Counted
                && let Some(limit) = vote.limit
            {
                let limit_of_day = limits.entry((ballot.channel, vote.day)).or_default();
                *limit_of_day = i64::from(limit).max(*limit_of_day);
            }
            if row.counts() {
                let tickets = i64::from(ballot.tickets);
                *spent += tickets;
                let tallies = &mut campaign.tallies;
                tallies.count(ballot.option, ballot.channel, vote.hour(), tickets);
            }
        }
        let rows = self.settle_anew(voter, &campaign.terms, findings);
        self.check_lots(voter, &campaign.terms, &rows, findings);
        self.check_grants(of, voter, findings);
        self.check_uses(of, voter, &rows, &limits, findings);
        fans
    }

    fn check_row(&self, campaign: CampaignId, voter: VoterId, findings: &mut Findings) {
        let name = format!("campaign_voters (voter_id={voter}, campaign_id={campaign})");
        let Some((kind, own_name, last_seq)) = &self.row else {
            let due = "a row for the voter of these rows";
            let lost = Mend::Not(LOST);
            findings.find(Check::CampaignVoters, name, due, "no row", lost);
            return;
        };
        if self.voter(voter).is_none() {
            findings.find(
                Check::CampaignVoters,
                name.clone(),
                "kind and name that make this voter_id",
                format!("{kind}/{own_name}"),
                Mend::Not("nobody else knows the name: restore a backup"),
            );
        }
        let seqs = |dropped: bool| {
            let is_dropped = Outcome::Rejected(RejectReason::Dropped);
            let of = self.ledger.iter();
            of.filter(|row| dropped || row.outcome != is_dropped)
                .map(|row| row.vote.seq.0)
                .max()
                .unwrap_or_default()
        };
        // Dropping a dead letter writes the ledger alone.
        let (least, most) = (seqs(false), seqs(true));
        if *last_seq < least || *last_seq > most {
            findings.find(
                Check::CampaignVoters,
                name,
                format!("last_seq {most}, of the ledger's last vote"),
                format!("last_seq {last_seq}"),
                Mend::Not(
                    "a row of the ledger is gone, or this one was changed: compare with a backup",
                ),
            );
        }
    }

    /// Settles what was not rejected once more, from lots of which nothing is spent:
    /// nothing may end otherwise.
    fn settle_anew(&mut self, voter: VoterId, terms: &Terms, findings: &mut Findings) -> Rows {
        let mut rows = Rows::new(terms.clone());
        for (lot_id, row) in &self.lots {
            let lot = Lot {
                spent: 0,
                ..row.lot
            };
            rows.lots.insert((voter, *lot_id), lot);
        }
        rows.marks.voters.insert(voter, self.marks.clone());
        let mut ends = HashMap::new();
        let mut votes = Vec::new();
        for row in std::mem::take(&mut self.ledger) {
            let vote_id = row.vote.vote_id;
            let (outcome, forfeit) = row.end();
            match outcome {
                Outcome::Rejected(_) => continue,
                Outcome::Voided => {
                    // The void that was carried out was the first one.
                    let position = i64::MIN;
                    rows.marks.votes.insert(vote_id, Mark { position, forfeit });
                }
                Outcome::Counted => {}
            }
            ends.insert(vote_id, (outcome, forfeit));
            votes.push(row.vote);
        }
        // Sums and limits do not depend on the order if the highest limit comes first.
        votes.sort_by_key(|vote| (Reverse(vote.limit), vote.seq, vote.vote_id));
        for entry in merge(&mut rows, votes).entries {
            let vote_id = entry.vote.vote_id;
            let due = (entry.outcome, entry.forfeited);
            let found = ends.get(&vote_id).copied();
            if found == Some(due) {
                continue;
            }
            let text = |end: Option<(Outcome, bool)>| {
                let lost = match end {
                    Some((_, true)) => ", tickets forfeited",
                    _ => "",
                };
                format!("{}{lost}", end_text(end.map(|end| end.0)))
            };
            findings.find(
                Check::CampaignVotes,
                vote_name(vote_id),
                text(Some(due)),
                text(found),
                Mend::Not(LEDGER),
            );
        }
        rows
    }

    fn check_lots(&self, voter: VoterId, terms: &Terms, due: &Rows, findings: &mut Findings) {
        for (lot_id, row) in &self.lots {
            let name = || {
                format!(
                    "campaign_lots (voter_id={voter}, campaign_id={}, lot_id={lot_id})",
                    terms.campaign
                )
            };
            let drawn = due.lots.get(&(voter, *lot_id)).map_or(0, |lot| lot.spent);
            if row.spent != i64::from(drawn) {
                findings.find(
                    Check::CampaignLots,
                    name(),
                    format!("{drawn} of {} tickets spent", row.tickets),
                    format!("{} of {} tickets spent", row.spent, row.tickets),
                    Mend::Not(TOUCHED),
                );
            }
            if row.spent < 0 || row.spent > row.tickets {
                findings.find(
                    Check::CampaignLots,
                    name(),
                    format!("spent between 0 and {}", row.tickets),
                    format!("spent {}", row.spent),
                    Mend::Not(TOUCHED),
                );
            }
            let text = |tickets: i64, at: DateTime<Utc>| format!("{tickets} tickets of {at}");
            let found = text(row.tickets, row.lot.granted_at);
            match row.lot.source {
                Source::FreeDaily(day) => {
                    let is_named = terms.free_lot_id(voter, day) == *lot_id;
                    let lot = terms.free_lot(day).filter(|_| is_named);
                    let due = match lot {
                        Some(lot) => text(lot.tickets.into(), lot.granted_at),
                        None => format!("no free lot of {day} with this id"),
                    };
                    if due != found {
                        let why = "free lots follow from the campaign's terms: one of both was \
                                   changed, compare with a backup";
                        findings.find(Check::CampaignLots, name(), due, found, Mend::Not(why));
                    }
                }
                Source::Grant(grant) => {
                    let is_named = grant.0 == lot_id.0;
                    let due = match self.grants.get(&grant).filter(|_| is_named) {
                        Some(grant) => text(grant.tickets, grant.granted_at),
                        None => format!("a grant {grant} for this lot"),
                    };
                    if due != found {
                        let why = "the grant or its lot was changed: compare both with a backup, \
                                   and the grant with the audit log";
                        findings.find(Check::CampaignGrants, name(), due, found, Mend::Not(why));
                    }
                }
            }
        }
    }

    fn check_grants(&self, campaign: CampaignId, voter: VoterId, findings: &mut Findings) {
        for (grant, row) in &self.grants {
            if !self.lots.contains_key(&LotId(grant.0)) {
                findings.find(
                    Check::CampaignGrants,
                    format!("campaign_grants (grant_id={grant}, campaign_id={campaign})"),
                    format!("a lot of {} tickets of voter {voter}", row.tickets),
                    "no lot",
                    Mend::Not(LOST),
                );
            }
        }
    }

    fn check_uses(
        &self,
        campaign: CampaignId,
        voter: VoterId,
        due: &Rows,
        limits: &BTreeMap<(ChannelNo, NaiveDate), i64>,
        findings: &mut Findings,
    ) {
        let due: BTreeMap<_, (i64, i64)> = limits
            .iter()
            .map(|(place, limit)| {
                let used = due.uses.get(&(voter, place.0, place.1));
                (*place, (used.map_or(0, |day| day.used.into()), *limit))
            })
            .collect();
        for ((channel, day), due, found) in differing(&due, &self.uses) {
            let text = |(used, limit): (i64, i64)| format!("used {used} of {limit}");
            findings.find(
                Check::CampaignUses,
                format!(
                    "campaign_uses (voter_id={voter}, campaign_id={campaign}, channel_no={}, \
                     day={day})",
                    channel.0
                ),
                text(due),
                text(found),
                Mend::Not(TOUCHED),
            );
        }
    }
}

pub(crate) fn vote_name(vote: vote_domain::VoteId) -> String {
    format!("campaign_votes (vote_id={vote})")
}
