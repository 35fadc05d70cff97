//! A voter's own ledger: every ticket that came and went.

use std::collections::HashMap;
use std::sync::Arc;

use vote_domain::campaign::{Entry, Facts, Posted, PostedEnd, Progress, statement};
use vote_domain::{GrantId, Voter};

use super::Campaigns;
use crate::error::Unavailable;

/// A statement, and the votes it tells of.
pub(crate) struct Statement {
    /// Its lines, oldest first.
    pub(crate) entries: Vec<Entry>,
    /// The votes, those in flight included.
    pub(crate) votes: Vec<Posted>,
    /// Why tickets were granted.
    pub(crate) grant_reasons: HashMap<GrantId, String>,
}

impl Campaigns {
    /// The statement of `voter` up to now.
    ///
    /// # Errors
    /// [`Unavailable`] if the voter's state or SQL cannot be asked.
    pub(crate) async fn statement(
        &self,
        facts: &Arc<Facts>,
        voter: &Voter,
    ) -> Result<Statement, Unavailable> {
        let terms = &facts.terms;
        // First what is in flight, then SQL: a vote that settles in between is in both.
        let known = self.booth(facts).look(voter.voter_id()).await?;
        let rows = self
            .store
            .statement_rows(terms.campaign, voter.voter_id())
            .await?;
        let mut votes = rows.votes;
        // Once the campaign is drained, what the ledger lacks was never cast.
        let may_settle = facts.progress < Progress::Drained;
        for sent in known.state.in_flight {
            let is_settled = votes
                .iter()
                .any(|posted| posted.vote.vote_id == sent.vote.vote_id);
            if may_settle && !is_settled {
                votes.push(Posted {
                    vote: sent.vote,
                    end: PostedEnd::Spent,
                });
            }
        }
        Ok(Statement {
            entries: statement(terms, voter.voter_id(), &rows.lots, &votes, known.now),
            votes,
            grant_reasons: rows.grant_reasons,
        })
    }
}
