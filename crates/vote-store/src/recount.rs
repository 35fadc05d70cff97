//! Counters rebuilt from the ledger, while votes flow.
//!
//! First whatever differs is looked for in snapshots, without a lock. Then each counter is
//! mended in a transaction of its own: its row is locked, its rows are added up, it is set
//! and gets a higher version, so that what Redis keeps gives way. Who settles at that moment
//! waits for the row and adds to what was set; who has committed is in the sum. Only one
//! kind of row is locked at a time, so nobody waits in a circle.
//!
//! Tallies of a campaign are too many votes to add up under a lock. By how much they differ
//! is the same before and after any vote that settles meanwhile, so that difference, seen in
//! one snapshot, is added: under the lock of the campaign's row, whose version says that
//! nobody else mended it in between.
//!
//! Nothing but sums is rebuilt, and what counters remember of rewards that were paid; a reward
//! itself is never touched. What voters hold (what stands for them, what they used and
//! spent), the ledger and frozen results are never written.

use std::collections::BTreeMap;

use vote_domain::campaign::{ChannelNo, OptionNo};
use vote_domain::review::CounterChange;
use vote_domain::{CampaignId, ReviewId, UserId, VoterId};

use crate::key::{Key, Moment};
use crate::run::{read_snapshot, write};
use crate::verify::{Hear, counts_text};
use crate::{Store, StoreError};

/// Whether counters are mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recounting {
    /// They are.
    Mend,
    /// They are not: what would be is told.
    Show,
}

/// A counter that was not, or is not, what its rows add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recounted {
    /// The row: its table and its key.
    pub row: String,
    /// What it said.
    pub before: String,
    /// What it says now, or what it would be made to say.
    pub after: String,
}

/// Where the sums of a campaign differ from its ledger, seen at one moment.
#[derive(Debug, Default)]
pub(crate) struct Drift {
    /// The version of the campaign's row.
    pub(crate) version: i64,
    /// What the ledger has and the table has.
    pub(crate) hours: Cells<(i32, OptionNo, ChannelNo), i64>,
    pub(crate) days: Cells<(i32, OptionNo, ChannelNo), i64>,
    /// Tickets and votes.
    pub(crate) totals: Cells<(OptionNo, ChannelNo), (i64, i64)>,
    pub(crate) fans: Cells<(OptionNo, VoterId), i64>,
}

/// By key, what the ledger has and what the table has.
pub(crate) type Cells<K, V> = Vec<(K, V, V)>;

/// What a row of `review_counters` says. That of a review nobody voted on, which has none, says
/// nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counter {
    pub(crate) counts: CounterChange,
    /// When the author was rewarded.
    pub(crate) reward_sent_at: Option<Moment>,
}

impl Counter {
    fn text(self) -> String {
        let rewarded = self.reward_sent_at.map_or("", |_| ", rewarded");
        format!("{}{rewarded}", counts_text(self.counts))
    }
}

/// What became of adding a drift.
pub(crate) enum Added {
    /// It is added.
    Done,
    /// The campaign's row has another version: the drift may be another, too.
    Moved,
}

/// The most tallies mended in one transaction.
const TALLIES_MAX: usize = 500;
/// How often a campaign is looked at anew, with nothing mended in between, because somebody
/// else changed it.
const LOOKS_MAX: u32 = 20;

impl Store {
    /// Rebuilds every sum: reviews' counters, how many votes stand for voters, ratings, and
    /// of each campaign tallies, totals and fans. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`StoreError`]; what was mended until then is in `recounted`, and stays.
    pub async fn recount(
        &self,
        recounting: Recounting,
        recounted: &mut Vec<Recounted>,
        hear: Hear<'_>,
    ) -> Result<(), StoreError> {
        self.recount_reviews(recounting, recounted, hear).await?;
        let mut after = None;
        while let Some(campaign) = self.next_campaign(after).await? {
            self.recount_campaign(campaign, recounting, recounted, hear)
                .await?;
            after = Some(campaign);
        }
        Ok(())
    }

    /// Rebuilds what follows from votes on reviews and from reviews.
    ///
    /// # Errors
    /// [`StoreError`]; what was mended until then is in `recounted`, and stays.
    pub async fn recount_reviews(
        &self,
        recounting: Recounting,
        recounted: &mut Vec<Recounted>,
        hear: Hear<'_>,
    ) -> Result<(), StoreError> {
        let mut from = Some(Key::FIRST);
        while let Some(begin) = from {
            let (cells, next) = read_snapshot!(self, recount::counters(begin, hear))?;
            for (review, due, found) in cells {
                let mended = match recounting {
                    Recounting::Show => Some((due, found)),
                    Recounting::Mend => self.recount_counter(review, hear).await?,
                };
                let row = format!("review_counters (review_id={review})");
                recounted.extend(mended.map(|(due, found)| told(row, found.text(), due.text())));
            }
            from = next;
        }
        from = Some(Key::FIRST);
        while let Some(begin) = from {
            let (cells, next) = read_snapshot!(self, recount::standings(begin, hear))?;
            for (voter, due, found) in cells {
                let mended = match recounting {
                    Recounting::Show => Some((due, found)),
                    Recounting::Mend => write!(self, recount::mend_standings(voter))?,
                };
                let row = format!("review_voters (voter_id={})", UserId::from(voter));
                let text = |n: i64| format!("n_standings {n}");
                recounted.extend(mended.map(|(due, found)| told(row, text(found), text(due))));
            }
            from = next;
        }
        from = Some(Key::FIRST);
        while let Some(begin) = from {
            let (cells, next) = read_snapshot!(self, recount::ratings(begin, hear))?;
            for (of, due, found) in cells {
                let mended = match recounting {
                    Recounting::Show => Some((due, found)),
                    Recounting::Mend => write!(self, recount::mend_rating(of))?,
                };
                let text = |(n, stars): (i64, i64)| format!("{n} reviews with {stars} stars");
                let row = of.name();
                recounted.extend(mended.map(|(due, found)| told(row, text(found), text(due))));
            }
            from = next;
        }
        Ok(())
    }

    /// Mends the counters of `review`: what the ledger says, and what they said; nothing
    /// where they agree by now.
    async fn recount_counter(
        &self,
        review: ReviewId,
        hear: Hear<'_>,
    ) -> Result<Option<(Counter, Counter)>, StoreError> {
        let mended = write!(self, recount::mend_counter(review, hear));
        match mended {
            // The row came into being meanwhile; it is there to be locked now.
            Err(StoreError::Duplicate(_)) => write!(self, recount::mend_counter(review, hear)),
            mended => mended,
        }
    }

    /// Rebuilds the tallies, totals and fans of `campaign`. Its result, once frozen, is not
    /// touched.
    ///
    /// # Errors
    /// [`StoreError`]; what was mended until then is in `recounted`, and stays.
    /// [`StoreError::Contention`] where others kept changing the campaign's row, so that
    /// nothing of it could be mended.
    pub async fn recount_campaign(
        &self,
        campaign: CampaignId,
        recounting: Recounting,
        recounted: &mut Vec<Recounted>,
        hear: Hear<'_>,
    ) -> Result<(), StoreError> {
        let mut n_moved = 0;
        while n_moved < LOOKS_MAX {
            let mut drift = read_snapshot!(self, recount::drift(campaign, hear))?;
            if recounting == Recounting::Show {
                drift.tell(campaign, recounted);
                return Ok(());
            }
            for (fan, _, _) in std::mem::take(&mut drift.fans) {
                let mended = write!(self, recount::mend_fan(campaign, fan))?;
                if let Some((due, found)) = mended {
                    let fans = vec![(fan, due, found)];
                    let fan = Drift {
                        fans,
                        ..Drift::default()
                    };
                    fan.tell(campaign, recounted);
                }
            }
            loop {
                let part = drift.take(TALLIES_MAX);
                if part.is_nothing() {
                    return Ok(());
                }
                match write!(self, recount::add(campaign, &part))? {
                    Added::Done => {
                        part.tell(campaign, recounted);
                        n_moved = 0;
                    }
                    Added::Moved => {
                        n_moved += 1;
                        break;
                    }
                }
            }
        }
        Err(StoreError::Contention(format!(
            "campaign {campaign} kept changing"
        )))
    }
}

fn told(row: String, before: String, after: String) -> Recounted {
    Recounted { row, before, after }
}

/// Takes the first cells out, `n_max` at the most.
fn first<K, V>(cells: &mut Cells<K, V>, n_max: usize) -> Cells<K, V> {
    cells.drain(..n_max.min(cells.len())).collect()
}

impl Drift {
    fn is_nothing(&self) -> bool {
        self.hours.is_empty() && self.days.is_empty() && self.totals.is_empty()
    }

    /// Takes out the first tallies, `n_max` at the most. What is left differs by as much once
    /// they are added, which raises the version of the campaign's row by one.
    fn take(&mut self, n_max: usize) -> Self {
        let version = self.version;
        self.version += 1;
        let totals = first(&mut self.totals, n_max);
        let days = first(&mut self.days, n_max - totals.len());
        let hours = first(&mut self.hours, n_max - totals.len() - days.len());
        Self {
            version,
            hours,
            days,
            totals,
            fans: Vec::new(),
        }
    }

    fn tell(&self, campaign: CampaignId, recounted: &mut Vec<Recounted>) {
        let tickets = |n: i64| format!("{n} tickets");
        let by_time: BTreeMap<_, _> = [
            (("campaign_days", "day_no"), &self.days),
            (("campaign_tallies", "hour_no"), &self.hours),
        ]
        .into();
        for ((option, channel), due, found) in &self.totals {
            let row = format!(
                "campaign_totals (campaign_id={campaign}, option_no={}, channel_no={})",
                option.0, channel.0
            );
            let text = |(n, votes): (i64, i64)| format!("{n} tickets in {votes} votes");
            recounted.push(told(row, text(*found), text(*due)));
        }
        for ((table, unit), cells) in by_time {
            for ((at, option, channel), due, found) in cells {
                let row = format!(
                    "{table} (campaign_id={campaign}, {unit}={at}, option_no={}, channel_no={})",
                    option.0, channel.0
                );
                recounted.push(told(row, tickets(*found), tickets(*due)));
            }
        }
        for ((option, voter), due, found) in &self.fans {
            let row = format!(
                "campaign_fans (campaign_id={campaign}, option_no={}, voter_id={voter})",
                option.0
            );
            recounted.push(told(row, tickets(*found), tickets(*due)));
        }
    }
}

/// What keeps the sums of reviews.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rated {
    /// A restaurant.
    Restaurant(Key),
    /// An item.
    Item(Key),
}

impl Rated {
    fn name(self) -> String {
        match self {
            Self::Restaurant(key) => format!("restaurants (restaurant_id={})", key.0),
            Self::Item(key) => format!("items (item_id={})", key.0),
        }
    }
}
