//! What SQL would hold.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, NaiveDate, Utc};

use crate::campaign::{
    Base, CampaignVote, ChannelNo, Hour, Lot, Mark, OptionNo, Posted, PostedEnd, Rows, Settlement,
    Source, Terms, Touched, VoterMark, merge, void,
};
use crate::voter_state::Settled;
use crate::{LotId, Outcome, RejectReason, Seq, VoteId, VoterId};

/// A grant of tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub voter: VoterId,
    /// The lot; its source's grant has the same UUID.
    pub lot_id: LotId,
    /// What was granted.
    pub lot: Lot,
}

/// A void.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Void {
    /// What is voided.
    pub of: Voided,
    /// Whose votes these are.
    pub voter: VoterId,
    /// Its place among all voids, and whether tickets are lost.
    pub mark: Mark,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a void voids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voided {
    /// One vote.
    Vote(VoteId),
    /// The votes of the voter up to this one.
    UpTo(Seq),
}

/// The end of a vote; the same whether a void came before or after settling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It counts.
    Counted,
    /// It was rejected.
    Rejected(RejectReason),
    /// It was voided, and its tickets returned.
    Returned,
    /// It was voided, and its tickets are lost.
    Forfeited,
}

/// A ledger row, and what a void made of it.
#[derive(Clone, Debug)]
struct Line {
    vote: CampaignVote,
    end: End,
    since: DateTime<Utc>,
}

/// The rows of one campaign and all that is derived from them.
#[derive(Clone, Debug)]
pub struct Books {
    /// What settling reads and writes.
    pub rows: Rows,
    /// Tickets by option, channel and hour.
    pub tallies: BTreeMap<(OptionNo, ChannelNo, Hour), i64>,
    /// Tickets by option and voter.
    pub fans: BTreeMap<(OptionNo, VoterId), i64>,
    ledger: BTreeMap<VoteId, Line>,
    versions: BTreeMap<VoterId, u64>,
}

impl Books {
    /// Nothing yet.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self {
            rows: Rows::new(terms),
            tallies: BTreeMap::new(),
            fans: BTreeMap::new(),
            ledger: BTreeMap::new(),
            versions: BTreeMap::new(),
        }
    }

    /// Writes a grant down; doing so again changes nothing but the version.
    pub fn grant(&mut self, grant: &Grant) -> Settled<Touched> {
        let key = (grant.voter, grant.lot_id);
        let lot = *self.rows.lots.entry(key).or_insert(grant.lot);
        let touched = Touched {
            lots: vec![(grant.lot_id, lot)],
            uses: Vec::new(),
        };
        self.commit(grant.voter, touched, Vec::new())
    }

    /// Settles a batch at `now`: what each of its voters' states is to be told.
    pub fn settle(
        &mut self,
        votes: &[CampaignVote],
        now: DateTime<Utc>,
    ) -> Vec<(VoterId, Settled<Touched>)> {
        let settlement = merge(&mut self.rows, votes.iter().cloned());
        for entry in &settlement.entries {
            let end = match entry.outcome {
                Outcome::Counted => End::Counted,
                Outcome::Rejected(reason) => End::Rejected(reason),
                Outcome::Voided if entry.forfeited => End::Forfeited,
                Outcome::Voided => End::Returned,
            };
            let line = Line {
                vote: entry.vote.clone(),
                end,
                since: now,
            };
            self.ledger.insert(entry.vote.vote_id, line);
        }
        let voters: BTreeSet<VoterId> = votes.iter().map(|vote| vote.voter.voter_id()).collect();
        self.add(&settlement);
        voters
            .into_iter()
            .map(|voter| {
                let of_voter = votes.iter().filter(|vote| vote.voter.voter_id() == voter);
                let known = of_voter.map(|vote| vote.vote_id).collect();
                let touched = self.touched(&settlement, voter);
                (voter, self.commit(voter, touched, known))
            })
            .collect()
    }

    /// Voids what has settled, and leaves a mark for what has not: what the voter's state
    /// is to be told.
    pub fn void(&mut self, made: &Void) -> Settled<Touched> {
        let marks = &mut self.rows.marks;
        match made.of {
            Voided::Vote(vote) => {
                marks.votes.entry(vote).or_insert(made.mark);
            }
            Voided::UpTo(up_to) => {
                let mark = made.mark;
                let of_voter = marks.voters.entry(made.voter).or_default();
                of_voter.push(VoterMark { up_to, mark });
            }
        }
        let covered = self.ledger.values_mut().filter(|line| {
            line.end == End::Counted
                && match made.of {
                    Voided::Vote(vote) => line.vote.vote_id == vote,
                    Voided::UpTo(up_to) => {
                        line.vote.voter.voter_id() == made.voter && line.vote.seq <= up_to
                    }
                }
        });
        let mut votes = Vec::new();
        for line in covered {
            line.end = match made.mark.forfeit {
                true => End::Forfeited,
                false => End::Returned,
            };
            line.since = made.at;
            votes.push(line.vote.clone());
        }
        let settlement = void(&mut self.rows, &votes, made.mark.forfeit);
        self.add(&settlement);
        let touched = self.touched(&settlement, made.voter);
        self.commit(made.voter, touched, Vec::new())
    }

    /// The base that a voter's state is given at `now`.
    #[must_use]
    pub fn base(&self, voter: VoterId, now: DateTime<Utc>) -> Base {
        let oldest = Base::first_granted_at(&self.rows.terms, now);
        let first_day = Base::first_day(now);
        Base {
            version: self.version(voter),
            loaded_at: now,
            last_seq: self.last_seq(voter),
            lots: self
                .lots(voter)
                .filter(|(_, lot)| lot.granted_at >= oldest)
                .filter(|(_, lot)| {
                    lot.remaining() > 0 || matches!(lot.source, Source::FreeDaily(_))
                })
                .collect(),
            uses: self
                .rows
                .uses
                .iter()
                .filter(|((who, _, day), _)| *who == voter && *day >= first_day)
                .map(|((_, channel, day), used)| ((*channel, *day), *used))
                .collect(),
        }
    }

    /// The lots of `voter`, spent and expired ones included.
    pub fn lots(&self, voter: VoterId) -> impl Iterator<Item = (LotId, Lot)> {
        let of_voter = self
            .rows
            .lots
            .iter()
            .filter(move |((who, _), _)| *who == voter);
        of_voter.map(|((_, id), lot)| (*id, *lot))
    }

    /// The ledger of `voter` as their statement wants it, in no order.
    #[must_use]
    pub fn posted(&self, voter: VoterId) -> Vec<Posted> {
        let of_voter = |line: &&Line| line.vote.voter.voter_id() == voter;
        let post = |line: &Line| Posted {
            vote: line.vote.clone(),
            end: match line.end {
                End::Counted => PostedEnd::Spent,
                End::Rejected(reason) => PostedEnd::Rejected(reason),
                End::Returned => PostedEnd::Returned(line.since),
                End::Forfeited => PostedEnd::Forfeited,
            },
        };
        self.ledger.values().filter(of_voter).map(post).collect()
    }

    /// Every vote in the ledger, and its end.
    pub fn votes(&self) -> impl Iterator<Item = (&CampaignVote, End)> {
        self.ledger.values().map(|line| (&line.vote, line.end))
    }

    /// The end of each vote in the ledger.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<VoteId, End> {
        let end = |(id, line): (&VoteId, &Line)| (*id, line.end);
        self.ledger.iter().map(end).collect()
    }

    /// Tickets spent from each lot that was spent from.
    #[must_use]
    pub fn spent(&self) -> BTreeMap<(VoterId, LotId), u32> {
        let spent = |(key, lot): (&(VoterId, LotId), &Lot)| (*key, lot.spent);
        let lots = self.rows.lots.iter().map(spent);
        lots.filter(|(_, spent)| *spent > 0).collect()
    }

    /// Tickets used by voter, channel and day, where any were.
    #[must_use]
    pub fn used(&self) -> BTreeMap<(VoterId, ChannelNo, NaiveDate), u32> {
        let uses = self.rows.uses.iter().map(|(key, day)| (*key, day.used));
        uses.filter(|(_, used)| *used > 0).collect()
    }

    /// Those of `votes` that the ledger knows.
    #[must_use]
    pub fn known(&self, votes: impl IntoIterator<Item = VoteId>) -> HashSet<VoteId> {
        let known = |id: &VoteId| self.ledger.contains_key(id);
        votes.into_iter().filter(known).collect()
    }

    /// The voter row's version.
    #[must_use]
    pub fn version(&self, voter: VoterId) -> u64 {
        self.versions.get(&voter).copied().unwrap_or_default()
    }

    /// The voter's highest sequence number in the ledger.
    #[must_use]
    pub fn last_seq(&self, voter: VoterId) -> Seq {
        let of_voter = self
            .votes()
            .filter(|(vote, _)| vote.voter.voter_id() == voter);
        of_voter.map(|(vote, _)| vote.seq).max().unwrap_or_default()
    }

    fn add(&mut self, settlement: &Settlement) {
        for (key, tickets) in &settlement.tallies {
            *self.tallies.entry(*key).or_default() += tickets;
        }
        for (key, tickets) in &settlement.fans {
            *self.fans.entry(*key).or_default() += tickets;
        }
        self.tallies.retain(|_, tickets| *tickets != 0);
        self.fans.retain(|_, tickets| *tickets != 0);
    }

    fn touched(&self, settlement: &Settlement, voter: VoterId) -> Touched {
        let lots = settlement.lots.iter().filter(|(who, _)| *who == voter);
        let uses = settlement.uses.iter().filter(|(who, ..)| *who == voter);
        Touched {
            lots: lots
                .filter_map(|key| Some((key.1, *self.rows.lots.get(key)?)))
                .collect(),
            uses: uses
                .filter_map(|key| Some(((key.1, key.2), *self.rows.uses.get(key)?)))
                .collect(),
        }
    }

    fn commit(&mut self, voter: VoterId, touched: Touched, votes: Vec<VoteId>) -> Settled<Touched> {
        let version = self.versions.entry(voter).or_default();
        *version += 1;
        Settled {
            version: *version,
            last_seq: self.last_seq(voter),
            touched,
            votes,
        }
    }
}
