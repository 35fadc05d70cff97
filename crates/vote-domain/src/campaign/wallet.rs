//! A voter's tickets in one campaign.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::{CampaignVote, ChannelNo, Lot, Source, Terms};
use crate::review::DayUse;
use crate::voter_state::{self, Settled};
use crate::{LotId, Seq, VoterId};

/// The most granted lots that a voter holds at a time, neither spent nor expired: a base
/// carries them all.
pub const LOTS_MAX: usize = 1_000;

/// What SQL said of a voter in a campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// The voter row's version in SQL: one higher with each transaction that grants,
    /// settles or voids.
    pub version: u64,
    /// When SQL was asked, or a worker last told.
    pub loaded_at: DateTime<Utc>,
    /// The highest sequence number settled.
    pub last_seq: Seq,
    /// The lots in SQL that are not expired, see [`Self::first_granted_at`]: granted ones
    /// that are not spent, and free ones that were drawn on, spent or not.
    pub lots: BTreeMap<LotId, Lot>,
    /// Tickets used by channel and local day, where the channel has a daily limit; the
    /// latest days only.
    pub uses: BTreeMap<(ChannelNo, NaiveDate), DayUse>,
}

impl Base {
    /// Lots granted before this moment are not in a base read at `now`.
    ///
    /// They were expired a day before. A free lot that was spent, was dropped as expired
    /// and is not expired any more once a clock was put back would look untouched.
    #[must_use]
    pub fn first_granted_at(terms: &Terms, now: DateTime<Utc>) -> DateTime<Utc> {
        terms.oldest_unexpired(now - TimeDelta::days(1))
    }

    /// The first day whose use a base read at `now` must carry, wherever days begin.
    #[must_use]
    pub fn first_day(now: DateTime<Utc>) -> NaiveDate {
        (now - TimeDelta::days(2)).date_naive()
    }
}

/// What settling changed of a base, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Lots that were drawn on, granted, or returned to.
    pub lots: Vec<(LotId, Lot)>,
    /// Use of channels with a daily limit.
    pub uses: Vec<((ChannelNo, NaiveDate), DayUse)>,
}

impl voter_state::Base for Base {
    type Vote = CampaignVote;
    type Touched = Touched;

    fn version(&self) -> u64 {
        self.version
    }

    fn last_seq(&self) -> Seq {
        self.last_seq
    }

    fn loaded_at(&self) -> DateTime<Utc> {
        self.loaded_at
    }

    fn set_loaded_at(&mut self, at: DateTime<Utc>) {
        self.loaded_at = at;
    }

    fn take(&mut self, settled: &Settled<Touched>) {
        self.version = settled.version;
        self.last_seq = self.last_seq.max(settled.last_seq);
        self.lots.extend(settled.touched.lots.iter().copied());
        self.uses.extend(settled.touched.uses.iter().copied());
    }

    fn trim(&mut self, now: DateTime<Utc>) {
        // A free lot that was drawn on must be known for as long as its day gives one;
        // when it is expired is the terms' to say, and it goes at the next reading.
        self.lots.retain(|_, lot| match lot.source {
            Source::Grant(_) => lot.remaining() > 0,
            Source::FreeDaily(_) => true,
        });
        let first_day = Self::first_day(now);
        self.uses.retain(|(_, day), _| *day >= first_day);
    }
}

/// All that is known of a voter in a campaign.
pub type VoterState = voter_state::VoterState<Base>;

/// A lot in a wallet: not expired, and with what is left of it, votes in flight
/// subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The lot.
    pub lot_id: LotId,
    /// Where it comes from, and how many tickets it had.
    pub lot: Lot,
    /// How many are left.
    pub remaining: u32,
    /// When they expire.
    pub expires_at: DateTime<Utc>,
}

/// What a voter holds at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// Tickets that can be spent.
    pub balance: u64,
    /// Lots with tickets left, in the order they are spent: soonest expiry first, and
    /// of those that expire together the oldest.
    pub lots: Vec<Holding>,
}

impl VoterState {
    /// What `voter` holds at `now`.
    #[must_use]
    pub fn wallet(&self, terms: &Terms, voter: VoterId, now: DateTime<Utc>) -> Wallet {
        let mut lots: BTreeMap<LotId, Lot> = terms
            .free_days(now)
            .filter_map(|day| Some((terms.free_lot_id(voter, day), terms.free_lot(day)?)))
            .collect();
        lots.extend(self.base.lots.iter().map(|(id, lot)| (*id, *lot)));
        for sent in &self.in_flight {
            for draw in &sent.vote.draws {
                if let Some(lot) = lots.get_mut(&draw.lot) {
                    lot.spent = lot.spent.saturating_add(draw.tickets);
                }
            }
        }
        let mut held: Vec<Holding> = lots
            .into_iter()
            .map(|(lot_id, lot)| Holding {
                lot_id,
                lot,
                remaining: lot.remaining(),
                expires_at: terms.expires_at(lot.granted_at),
            })
            .filter(|held| held.remaining > 0 && held.expires_at > now)
            .collect();
        held.sort_unstable_by_key(|held| (held.expires_at, held.lot.granted_at, held.lot_id));
        Wallet {
            balance: held.iter().map(|held| u64::from(held.remaining)).sum(),
            lots: held,
        }
    }

    /// Tickets used on `channel`, which has a daily limit, on `day`, votes in flight
    /// included.
    #[must_use]
    pub fn used_on(&self, channel: ChannelNo, day: NaiveDate) -> u32 {
        let settled = self
            .base
            .uses
            .get(&(channel, day))
            .map_or(0, |day| day.used);
        let in_flight = self.in_flight.iter().map(|sent| &sent.vote);
        in_flight
            .filter(|vote| vote.day == day && vote.ballot.channel == channel)
            .map(|vote| vote.ballot.tickets)
            .fold(settled, u32::saturating_add)
    }
}
