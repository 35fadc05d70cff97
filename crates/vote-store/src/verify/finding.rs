//! What is checked, and what was found.

use std::collections::BTreeMap;

/// The most violations that are kept of each check; the others are counted.
pub const VIOLATIONS_KEPT: usize = 1_000;

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Check {
    /// Each vote on a review ended as the rules say.
    ReviewVotes,
    /// What stands for a voter on a review is the last of their votes that counts.
    ReviewStandings,
    /// What a voter used of a day is what their votes cost, within the stamped limit.
    ReviewDays,
    /// A voter's row has their last sequence number, and how many votes stand.
    ReviewVoters,
    /// A review's counters are what the ledger adds up to.
    ReviewCounters,
    /// Each reward was paid once, to the author; credit is the sum of rewards.
    Rewards,
    /// What restaurants and items keep of their reviews is what these add up to.
    Ratings,
    /// Each vote of a campaign ended as the rules say, within the campaign's window.
    CampaignVotes,
    /// A voter's row of a campaign has their name and their last sequence number.
    CampaignVoters,
    /// What is spent of a lot is what votes drew, and never more than there was.
    CampaignLots,
    /// Each grant has its lot, and each granted lot its grant.
    CampaignGrants,
    /// What is used of a channel's day is what votes spent, within the stamped limit.
    CampaignUses,
    /// What a fan spent on an option is what the ledger adds up to.
    CampaignFans,
    /// Totals by option and channel are what the ledger adds up to.
    CampaignTotals,
    /// Tallies by day are what the ledger adds up to.
    CampaignDays,
    /// Tallies by hour are what the ledger adds up to.
    CampaignHours,
    /// A final campaign's result is what the ledger comes to.
    CampaignResults,
    /// Every void of a campaign that is drained was carried out.
    CampaignVoids,
    /// No row belongs to one that is not there.
    Orphans,
}

impl Check {
    /// Every check, in the order they are told in.
    pub const ALL: [Self; 19] = [
        Self::ReviewVotes,
        Self::ReviewStandings,
        Self::ReviewDays,
        Self::ReviewVoters,
        Self::ReviewCounters,
        Self::Rewards,
        Self::Ratings,
        Self::CampaignVotes,
        Self::CampaignVoters,
        Self::CampaignLots,
        Self::CampaignGrants,
        Self::CampaignUses,
        Self::CampaignFans,
        Self::CampaignTotals,
        Self::CampaignDays,
        Self::CampaignHours,
        Self::CampaignResults,
        Self::CampaignVoids,
        Self::Orphans,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ReviewVotes => "review_votes",
            Self::ReviewStandings => "review_standings",
            Self::ReviewDays => "review_days",
            Self::ReviewVoters => "review_voters",
            Self::ReviewCounters => "review_counters",
            Self::Rewards => "rewards",
            Self::Ratings => "ratings",
            Self::CampaignVotes => "campaign_votes",
            Self::CampaignVoters => "campaign_voters",
            Self::CampaignLots => "campaign_lots",
            Self::CampaignGrants => "campaign_grants",
            Self::CampaignUses => "campaign_uses",
            Self::CampaignFans => "campaign_fans",
            Self::CampaignTotals => "campaign_totals",
            Self::CampaignDays => "campaign_days",
            Self::CampaignHours => "campaign_hours",
            Self::CampaignResults => "campaign_results",
            Self::CampaignVoids => "campaign_voids",
            Self::Orphans => "orphans",
        }
    }

    /// What must hold, as a sentence without its end.
    #[must_use]
    pub fn claim(self) -> &'static str {
        match self {
            Self::ReviewVotes => "each vote on a review ended as the rules say",
            Self::ReviewStandings => "a voter's last vote that counts is the one that stands",
            Self::ReviewDays => "used of a day is what votes cost, within the limit",
            Self::ReviewVoters => "voters' rows have the last vote and how many stand",
            Self::ReviewCounters => "counters of reviews are the ledger's sums",
            Self::Rewards => "rewards are paid once, to authors, and add up to credit",
            Self::Ratings => "restaurants and items have the sums of their reviews",
            Self::CampaignVotes => "each campaign vote ended as the rules say, in the window",
            Self::CampaignVoters => "voters' rows of campaigns have name and last vote",
            Self::CampaignLots => "spent of a lot is what votes drew, never more than granted",
            Self::CampaignGrants => "each grant has its lot, each granted lot its grant",
            Self::CampaignUses => "used of a channel's day is what votes spent, within the limit",
            Self::CampaignFans => "fans have the ledger's sums",
            Self::CampaignTotals => "totals are the ledger's sums",
            Self::CampaignDays => "tallies by day are the ledger's sums",
            Self::CampaignHours => "tallies by hour are the ledger's sums",
            Self::CampaignResults => "results of final campaigns are the ledger's",
            Self::CampaignVoids => "voids of drained campaigns are carried out",
            Self::Orphans => "no row belongs to one that is not there",
        }
    }
}

/// What puts a violation right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// `votectl recount`: the row follows from the ledger.
    Recount,
    /// Nothing that Tally has: why, and what to do instead.
    Not(&'static str),
}

impl std::fmt::Display for Mend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Recount => f.write_str("votectl recount"),
            Self::Not(why) => write!(f, "cannot be mended: {why}"),
        }
    }
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What is broken.
    pub check: Check,
    /// The row: its table and its key.
    pub row: String,
    /// What it should say.
    pub expected: String,
    /// What it says.
    pub found: String,
    /// What puts it right.
    pub mend: Mend,
}

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    looked: BTreeMap<Check, u64>,
    found: BTreeMap<Check, u64>,
    violations: Vec<Violation>,
}

impl Findings {
    /// How many rows `check` looked at.
    #[must_use]
    pub fn looked(&self, check: Check) -> u64 {
        self.looked.get(&check).copied().unwrap_or_default()
    }

    /// How many violations of `check` there are.
    #[must_use]
    pub fn found(&self, check: Check) -> u64 {
        self.found.get(&check).copied().unwrap_or_default()
    }

    /// How many violations there are.
    #[must_use]
    pub fn n_violations(&self) -> u64 {
        self.found.values().sum()
    }

    /// The violations: of each check no more than [`VIOLATIONS_KEPT`].
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    pub(crate) fn look(&mut self, check: Check, n_rows: usize) {
        *self.looked.entry(check).or_default() += n_rows as u64;
    }

    pub(crate) fn find(
        &mut self,
        check: Check,
        row: String,
        expected: impl Into<String>,
        found: impl Into<String>,
        mend: Mend,
    ) {
        let n = self.found.entry(check).or_default();
        *n += 1;
        if *n <= VIOLATIONS_KEPT as u64 {
            self.violations.push(Violation {
                check,
                row,
                expected: expected.into(),
                found: found.into(),
                mend,
            });
        }
    }
}
