//! Telling a voter's state what was changed in SQL, so that the next request shows it.

use vote_cache::StateError;
use vote_domain::voter_state::{Base, Fold, Settled};
use vote_domain::{Seq, VoterId};

use crate::booth::Booth;
use crate::error::Unavailable;
use crate::product::Product;

/// How often a voter's state is brought up to date while others change it too.
const TELL_TRIES: u32 = 20;

/// What settling, a grant or a void left of one voter.
type SettledOf<P> = Settled<<<P as Product>::Base as Base>::Touched>;

impl<P: Product> Booth<P> {
    /// Brings the state of `voter` to what `settled` says, or to what SQL says where an
    /// earlier change was missed or there is no state. One that is missing is written, too:
    /// somebody may be about to keep what SQL said before the change.
    ///
    /// # Errors
    /// [`Unavailable`]: what is shown may be the state of before, until its base is read
    /// again. Safe to repeat.
    pub(crate) async fn tell(
        &self,
        voter: VoterId,
        settled: &SettledOf<P>,
    ) -> Result<(), Unavailable> {
        self.bring(voter, Some(settled)).await
    }

    /// Tells what was changed of several voters; best effort for each of them.
    pub(crate) async fn tell_all(&self, voters: &[(VoterId, SettledOf<P>)]) {
        for (voter, settled) in voters {
            if let Err(error) = self.tell(*voter, settled).await {
                tracing::warn!(%voter, %error, "a voter's state was not told");
            }
        }
    }

    /// Brings the state of `voter` to what SQL says now. Best effort.
    pub(crate) async fn catch_up(&self, voter: VoterId) {
        if let Err(error) = self.bring(voter, None).await {
            tracing::warn!(%voter, %error, "a voter's state was not told");
        }
    }

    async fn bring(
        &self,
        voter: VoterId,
        settled: Option<&SettledOf<P>>,
    ) -> Result<(), Unavailable> {
        for _ in 0..TELL_TRIES {
            let mut known = self.read(voter).await?;
            let folded = match settled.filter(|_| known.was_there()) {
                Some(settled) => known.state.fold(settled, known.now),
                None => Fold::BaseTooOld,
            };
            if folded == Fold::BaseTooOld {
                self.refresh(voter, &mut known).await?;
            }
            if self.write(voter, &known).await? {
                return Ok(());
            }
        }
        Err(StateError::Contended.into())
    }

    /// The last place among the votes of `voter` that were admitted before now: whatever
    /// is admitted later comes behind it.
    pub(crate) async fn last_cast(&self, voter: VoterId) -> Result<Seq, Unavailable> {
        let known = self.read(voter).await?;
        let before_now = Seq(known.now.timestamp_micros() - 1);
        Ok(known.state.last_seq().max(before_now))
    }
}
