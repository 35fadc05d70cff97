//! Telling a voter's state what was changed in SQL, so that the next wallet shows it.

use vote_domain::VoterId;
use vote_domain::campaign::Touched;
use vote_domain::voter_state::{Fold, Settled};

use super::product::Campaign;
use crate::booth::Booth;
use crate::error::Unavailable;

/// How often a voter's state is brought up to date while others change it too.
const TELL_TRIES: u32 = 20;

impl Booth<Campaign> {
    /// Brings the state of `voter` to what `settled` says, or to what SQL says where an
    /// earlier change was missed or there is no state. One that is missing is written, too:
    /// somebody may be about to keep what SQL said before the change.
    ///
    /// # Errors
    /// [`Unavailable`]: a wallet may show the state of before, until its base is read
    /// again. Safe to repeat.
    pub(super) async fn tell(
        &self,
        voter: VoterId,
        settled: &Settled<Touched>,
    ) -> Result<(), Unavailable> {
        for _ in 0..TELL_TRIES {
            let mut known = self.read(voter).await?;
            if !known.was_there() || known.state.fold(settled, known.now) == Fold::BaseTooOld {
                self.refresh(voter, &mut known).await?;
            }
            if self.write(voter, &known).await? {
                return Ok(());
            }
        }
        Err(vote_cache::StateError::Contended.into())
    }

    /// Tells what was changed of several voters; best effort for each of them.
    pub(super) async fn tell_all(&self, voters: &[(VoterId, Settled<Touched>)]) {
        for (voter, settled) in voters {
            if let Err(error) = self.tell(*voter, settled).await {
                tracing::warn!(%voter, %error, "a voter's state was not told");
            }
        }
    }
}
