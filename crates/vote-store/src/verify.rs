//! Whether SQL holds what it must: every invariant, proved from the rows alone.
//!
//! What belongs together is read in one snapshot (some voters, some reviews, one
//! campaign), computed anew from the ledger by the rules that settled it, and compared
//! with what is kept. Nothing is locked and nothing is written, so votes may flow
//! meanwhile. Slices follow the order of keys and divide the keys between them, so that a
//! row without its counterpart is met too.

mod campaigns;
mod finding;
mod reviews;

use uuid::Uuid;
use vote_domain::CampaignId;
use vote_domain::campaign::Progress;

pub use finding::{Check, Findings, Mend, VIOLATIONS_KEPT, Violation};

pub(crate) use campaigns::{
    CampaignRow, CampaignRows, CampaignVoterRows, GrantRow, LotRow, Tallies, differing, vote_name,
};
pub(crate) use reviews::{
    CounterRow, LedgerRow, ReviewSums, VoterRows, check_counters, check_credit, counts_text,
};

use crate::closing::ClosingError;
use crate::key::Key;
use crate::run::{read, read_snapshot};
use crate::{Store, StoreError};

/// Hears of rows as they are looked at: the number of those that are new.
pub type Hear<'h> = &'h (dyn Fn(u64) + Sync);

/// What may be held against authors' rewards beside what the rows say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardsDue {
    /// Nothing: the policy may have changed since.
    Unknown,
    /// Every review that so many members ever voted up must be rewarded.
    From(u32),
}

impl Store {
    /// Checks everything: [`Self::verify_reviews`], [`Self::verify_campaign`] for each
    /// campaign, [`Self::verify_orphans`].
    ///
    /// # Errors
    /// [`StoreError`]; what was found until then is in `findings`.
    pub async fn verify(
        &self,
        rewards: RewardsDue,
        findings: &mut Findings,
        hear: Hear<'_>,
    ) -> Result<(), StoreError> {
        self.verify_reviews(rewards, findings, hear).await?;
        let mut after = None;
        while let Some(campaign) = self.next_campaign(after).await? {
            self.verify_campaign(campaign, findings, hear).await?;
            after = Some(campaign);
        }
        self.verify_orphans(findings, hear).await
    }

    /// Checks votes on reviews: what voters have standing and used, reviews' counters,
    /// authors' rewards, ratings.
    ///
    /// # Errors
    /// [`StoreError`]; what was found until then is in `findings`.
    pub async fn verify_reviews(
        &self,
        rewards: RewardsDue,
        findings: &mut Findings,
        hear: Hear<'_>,
    ) -> Result<(), StoreError> {
        let mut from = Some(Key::FIRST);
        while let Some(begin) = from {
            from = read_snapshot!(self, verify_reviews::voters(begin, findings, hear))?;
        }
        from = Some(Key::FIRST);
        while let Some(begin) = from {
            from = read_snapshot!(
                self,
                verify_reviews::counters(begin, rewards, findings, hear)
            )?;
        }
        from = Some(Key::FIRST);
        while let Some(begin) = from {
            from = read_snapshot!(self, verify_reviews::credits(begin, findings, hear))?;
        }
        from = Some(Key::FIRST);
        while let Some(begin) = from {
            from = read_snapshot!(self, verify_reviews::ratings(begin, findings, hear))?;
        }
        Ok(())
    }

    /// Checks one campaign, in one snapshot: votes' ends, lots, grants, uses of channels,
    /// fans, tallies; and a final one's result.
    ///
    /// # Errors
    /// [`StoreError`]; what was found until then is in `findings`.
    pub async fn verify_campaign(
        &self,
        campaign: CampaignId,
        findings: &mut Findings,
        hear: Hear<'_>,
    ) -> Result<(), StoreError> {
        let progress = read_snapshot!(self, verify_campaigns::campaign(campaign, findings, hear))?;
        let (facts, frozen) = match self.recompute_result(campaign).await {
            Ok(found) => found,
            Err(ClosingError::Store(error)) => return Err(error),
            Err(error) => return Err(StoreError::Refused(error.to_string())),
        };
        findings.look(Check::CampaignResults, 1);
        let row = || format!("campaign_results (campaign_id={campaign})");
        match (progress, frozen) {
            (Progress::Final, None) => findings.find(
                Check::CampaignResults,
                row(),
                "a frozen result",
                "no row",
                Mend::Not(LOST),
            ),
            (Progress::Final, Some(frozen)) => {
                let due = (facts.digest(), facts.n_votes);
                let found = (frozen.digest, frozen.n_votes);
                if due != found || facts.canonical() != frozen.canonical {
                    findings.find(
                        Check::CampaignResults,
                        row(),
                        format!("{} of {} votes", due.0, due.1),
                        format!("{} of {} votes", found.0, found.1),
                        Mend::Not(
                            "a frozen result never moves: `votectl result verify` says where it \
                             and the ledger differ, a backup says which of them was touched",
                        ),
                    );
                }
            }
            // A result may have been frozen since the snapshot.
            (_, _) => {}
        }
        Ok(())
    }

    /// Looks for rows whose counterpart is not there.
    ///
    /// # Errors
    /// [`StoreError`]; what was found until then is in `findings`.
    pub async fn verify_orphans(
        &self,
        findings: &mut Findings,
        hear: Hear<'_>,
    ) -> Result<(), StoreError> {
        for relation in crate::orphans::RELATIONS {
            let mut from = Some(Key::FIRST);
            while let Some(begin) = from {
                from = read_snapshot!(self, orphans::slice(relation, begin, findings, hear))?;
            }
        }
        for table in crate::orphans::OF_CAMPAIGNS {
            read_snapshot!(self, orphans::of_campaigns(table, findings, hear))?;
        }
        Ok(())
    }

    /// The first campaign behind `after`, in the order of ids.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn next_campaign(
        &self,
        after: Option<CampaignId>,
    ) -> Result<Option<CampaignId>, StoreError> {
        read!(self, verify_campaigns::next(after))
    }

    /// About how many rows [`Self::verify`] looks at, for showing how far it has come.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn n_rows_to_verify(&self) -> Result<u64, StoreError> {
        read_snapshot!(self, orphans::n_rows())
    }
}

/// What is said of rows that only a backup brings back.
pub(crate) const LOST: &str = "the row is gone: only a backup brings it back";

/// `id` in a row's name, where SQL has bytes.
pub(crate) fn id(key: impl Into<Uuid>) -> Uuid {
    key.into()
}
