//! What came of an import, for people and as JSON.

use serde::Serialize;
use uuid::Uuid;

use super::Made;
use super::campaigns::Campaign;
use super::comparison::{Difference, Expected};
use super::grants::Granted;
use super::shown::Shown;

/// How many differences are shown to people.
const SHOWN_MAX: usize = 40;

/// What came of an import.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) run: String,
    pub(super) partners: Made,
    pub(super) campaigns_made: Made,
    pub(super) campaigns: Vec<CampaignSummary>,
    pub(super) granted: Granted,
    /// Accepted in this run; the votes of an earlier one that it went on with included.
    pub(super) votes: usize,
    pub(super) votes_per_second: f64,
    pub(super) differences: Vec<Difference>,
    pub(super) seconds: f64,
}

/// What came of a campaign.
#[derive(Debug, Serialize)]
pub(super) struct CampaignSummary {
    pub(super) campaign: String,
    pub(super) campaign_id: Uuid,
    /// Options that were compared.
    pub(super) options: usize,
    /// Votes that counted.
    pub(super) votes: u64,
    /// Tickets that counted.
    pub(super) tickets: u64,
    pub(super) digest: String,
}

impl CampaignSummary {
    pub(super) fn new(campaign: &Campaign, expected: &Expected<'_>, shown: &Shown) -> Self {
        Self {
            campaign: campaign.label.clone(),
            campaign_id: campaign.id,
            options: expected.options.len(),
            votes: shown.result.n_votes,
            tickets: shown.board.values().map(|line| line.votes).sum(),
            digest: shown.result.digest.clone(),
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            partners,
            campaigns_made: made,
            granted,
            ..
        } = self;
        writeln!(
            f,
            "run {}: {} campaigns, {} of them new; {} partners, {} of them new",
            self.run, made.total, made.created, partners.total, partners.created
        )?;
        writeln!(
            f,
            "{} tickets in {} grants; {} votes accepted, {:.0} a second",
            granted.tickets, granted.grants, self.votes, self.votes_per_second
        )?;
        writeln!(f)?;
        let head = ("campaign", "id", "votes", "tickets", "digest");
        line(f, head.0, head.1, head.2, head.3, head.4)?;
        for campaign in &self.campaigns {
            let (votes, tickets) = (campaign.votes.to_string(), campaign.tickets.to_string());
            let id = campaign.campaign_id.to_string();
            let digest = campaign.digest.get(..16).unwrap_or(&campaign.digest);
            line(f, &campaign.campaign, &id, &votes, &tickets, digest)?;
        }
        writeln!(f)?;
        let n_rows: usize = self.campaigns.iter().map(|campaign| campaign.options).sum();
        if self.differences.is_empty() {
            return writeln!(
                f,
                "boards, channel boards, places and results are right in all {n_rows} rows; {:.0} s",
                self.seconds
            );
        }
        write_differences(f, &self.differences)?;
        writeln!(f, "{} differences in {n_rows} rows", self.differences.len())
    }
}

fn line(
    f: &mut std::fmt::Formatter<'_>,
    campaign: &str,
    id: &str,
    votes: &str,
    tickets: &str,
    digest: &str,
) -> std::fmt::Result {
    writeln!(
        f,
        "{campaign:<12} {id:<36} {votes:>7} {tickets:>8}  {digest}"
    )
}

/// A table of what differs.
fn write_differences(f: &mut std::fmt::Formatter<'_>, list: &[Difference]) -> std::fmt::Result {
    let mut row = |[campaign, option, shown_by, what, expected, found]: [&str; 6]| {
        writeln!(
            f,
            "{campaign:<12} {option:<10} {shown_by:<16} {what:<20} {expected:>10} {found:>10}"
        )
    };
    row([
        "campaign", "option", "shown by", "what", "expected", "found",
    ])?;
    for difference in list.iter().take(SHOWN_MAX) {
        row([
            &difference.campaign,
            difference.option.as_deref().unwrap_or("-"),
            &difference.shown_by,
            difference.what,
            &difference.expected,
            &difference.found,
        ])?;
    }
    if list.len() > SHOWN_MAX {
        writeln!(f, "… and {} more: --json shows all", list.len() - SHOWN_MAX)?;
    }
    Ok(())
}
