//! What a voter holds.

use std::sync::Arc;

use vote_domain::Voter;
use vote_domain::campaign::{Facts, Wallet};

use super::Campaigns;
use crate::error::Unavailable;

impl Campaigns {
    /// What `voter` holds now, votes in flight subtracted.
    ///
    /// # Errors
    /// [`Unavailable`] if the voter's state or SQL cannot be asked.
    pub(crate) async fn wallet(
        &self,
        facts: &Arc<Facts>,
        voter: &Voter,
    ) -> Result<Wallet, Unavailable> {
        let known = self.booth(facts).look(voter.voter_id()).await?;
        Ok(known
            .state
            .wallet(&facts.terms, voter.voter_id(), known.now))
    }
}
