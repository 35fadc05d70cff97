//! Closing a campaign: from its end to its frozen result.
//!
//! ```text
//! running ─▶ closing ─▶ unbind ─▶ drain ─▶ drained ─▶ delete the box ─▶ final
//! ```
//!
//! Every step may be repeated, by another worker too: whoever takes the lease reads from
//! SQL how far the close has come and goes on from there. The box is deleted before the
//! result is frozen, so that a campaign that is final needs nothing more.

mod lease;
pub(crate) mod overdue;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vote_cache::CacheError;
use vote_domain::campaign::Progress;
use vote_queue::{BallotBox, Consumer, TopologyError};
use vote_store::StoreError;
use vote_store::closing::{ClosingError, ClosingLease};
use vote_store::dead_letters::DeadLetter;

use self::overdue::Holder;
use crate::box_worker::BoxWorker;
use crate::campaign::Campaign;
use crate::retry::{Backoff, jittered};
use crate::silence::Silence;

/// How often a box that gives nothing is looked into, at most.
const READ_EVERY: Duration = Duration::from_millis(250);

/// The pause before the broker's dead letters are looked into again.
const SWEEP_AGAIN: Duration = Duration::from_secs(1);

/// How often it is said what a close waits for.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// How a try to close a campaign ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closed {
    /// Its result is frozen, or it is no more.
    Final,
    /// Another worker closes it.
    HeldBy(Uuid),
    /// Not yet: the lease was lost, the end moved, or the worker was told to stop.
    LeftOff,
}

/// Why a step of the close did not go through.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error(transparent)]
    Closing(#[from] ClosingError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error(transparent)]
    Queue(#[from] TopologyError),
}

impl StepError {
    /// Whether it is no use trying again under this lease.
    fn ends_it(&self) -> bool {
        match self {
            Self::Closing(ClosingError::Store(_) | ClosingError::DeadLetters(_))
            | Self::Closing(ClosingError::OpenVoids | ClosingError::Differs(_))
            | Self::Closing(ClosingError::OtherResult)
            | Self::Store(_)
            | Self::Cache(_)
            | Self::Queue(_) => false,
            Self::Closing(
                ClosingError::NoSuchCampaign
                | ClosingError::NotHeld
                | ClosingError::NotOver
                | ClosingError::TooEarly(_),
            ) => true,
        }
    }
}

/// The close was left off before its end.
struct LeftOff;

impl BoxWorker<Campaign> {
    /// Closes the campaign, which is over, unless another worker does; for as long as it
    /// takes. `held` is told when the lease is this worker's.
    pub(crate) async fn close(self, held: Holder, stop: CancellationToken) -> Closed {
        let campaign = self.product.campaign;
        match self.take_lease().await {
            Ok(ClosingLease::Taken) => {}
            Ok(ClosingLease::HeldBy { holder, .. }) => return Closed::HeldBy(holder),
            Ok(ClosingLease::Final | ClosingLease::NoSuchCampaign) => return Closed::Final,
            Err(error) => {
                tracing::warn!(%campaign, %error, "closing lease not taken");
                return Closed::LeftOff;
            }
        }
        held.set(Some(self.worker.id));
        tracing::info!(%campaign, "closing the campaign");
        // Dropped wherever it stands when the lease is lost.
        let closed = tokio::select! {
            closed = self.carry_through(&stop) => closed,
            () = self.keep_lease() => {
                tracing::warn!(%campaign, "closing lease lost");
                Err(LeftOff)
            }
        };
        self.worker.trouble.forget(&self.ballot_box);
        match closed {
            Ok(()) => Closed::Final,
            Err(LeftOff) => {
                // Others need not wait for it to run out.
                let (store, holder) = (&self.worker.store, self.worker.id);
                if let Err(error) = store.release_closing_lease(campaign, holder).await {
                    tracing::warn!(%campaign, %error, "closing lease not given back");
                }
                Closed::LeftOff
            }
        }
    }

    /// Takes the steps that are still to be taken.
    async fn carry_through(&self, stop: &CancellationToken) -> Result<(), LeftOff> {
        let (store, queue, holder) = (&self.worker.store, &self.worker.queue, self.worker.id);
        let (campaign, ballot_box) = (self.product.campaign, &self.ballot_box);
        self.step("begin", stop, || async move {
            let now = self.time().await?;
            Ok(store.begin_closing(campaign, holder, now).await?)
        })
        .await?;
        let drained = self.step("look", stop, || self.is_drained());
        if !drained.await? {
            // A later publish finds no route: it is returned, and never a `202`.
            self.step("unbind", stop, || async move {
                Ok(queue.unbind(ballot_box).await?)
            })
            .await?;
            let mut consumer = self.consumer();
            let drained = self.bring_in_all(&mut consumer, stop).await;
            consumer.stop().await;
            drained?;
        }
        // Empty, unbound, and every vote of it in the ledger.
        self.step("delete", stop, || async move {
            Ok(queue.delete(ballot_box).await?)
        })
        .await?;
        let result = self.step("freeze", stop, || async move {
            let now = self.time().await?;
            Ok(store.freeze_result(campaign, holder, now).await?)
        });
        let result = result.await?;
        tracing::info!(%campaign, digest = result.digest(), "the campaign is final");
        Ok(())
    }

    async fn is_drained(&self) -> Result<bool, StepError> {
        let campaign = self.product.campaign;
        let mut heads = self.worker.store.campaign_heads(&[campaign]).await?;
        let head = heads.remove(&campaign);
        let head = head.ok_or(ClosingError::NoSuchCampaign)?;
        Ok(head.progress >= Progress::Drained)
    }

    /// Brings every vote of the box into the ledger, and notes that.
    async fn bring_in_all(
        &self,
        consumer: &mut Consumer,
        stop: &CancellationToken,
    ) -> Result<(), LeftOff> {
        let (store, holder) = (&self.worker.store, self.worker.id);
        let (campaign, ballot_box) = (self.product.campaign, self.ballot_box.name());
        let mut said = Said::default();
        let mut said_letter = Said::now_and_then();
        loop {
            self.until_empty(consumer, &mut said, stop).await?;
            // What left the box for the broker's dead letters did so before it was empty
            // for that long.
            while !self.worker.sweep_dead(stop).await {
                said.once_a_while(|| {
                    tracing::warn!(%campaign, "the close waits for the broker's dead letters");
                });
                self.pause(SWEEP_AGAIN, stop).await?;
            }
            if let Some(letter) = self.step("letters", stop, || self.open_letter()).await? {
                said_letter.once_a_while(|| {
                    tracing::warn!(
                        %campaign,
                        dead_letter = %letter.id,
                        reason = letter.reason,
                        "the close waits for a decision on a dead letter"
                    );
                });
                continue;
            }
            // A letter may have been replayed since the box was found empty, and is open no
            // more. Its message came into the box before that was noted: so whoever sees no
            // open letter looks into the box once more.
            if !self.is_still_empty(consumer, stop).await? {
                continue;
            }
            if !self.follow_up(stop).await {
                return Err(LeftOff);
            }
            let noted = self.step("drained", stop, || async move {
                let now = self.time().await?;
                match store.set_drained(campaign, ballot_box, holder, now).await {
                    Err(ClosingError::DeadLetters(_) | ClosingError::OpenVoids) => Ok(false),
                    noted => noted.map(|()| true).map_err(StepError::from),
                }
            });
            if noted.await? {
                tracing::info!(%campaign, "every vote of the campaign is in the ledger");
                return Ok(());
            }
        }
    }

    /// Settles what is in the box, until it is empty and nobody else holds anything of it.
    async fn until_empty(
        &self,
        consumer: &mut Consumer,
        said: &mut Said,
        stop: &CancellationToken,
    ) -> Result<(), LeftOff> {
        let mut silence = Silence::of(self.worker.settings.close_quiet);
        loop {
            let next = timeout(self.read_every(), consumer.recv());
            match stop.run_until_cancelled(next).await.ok_or(LeftOff)? {
                Ok(Some(first)) => {
                    silence.broken();
                    if !self.bring_in(first, consumer, stop).await {
                        return Err(LeftOff);
                    }
                }
                Ok(None) => return Err(LeftOff),
                Err(_) if silence.is_enough() => return Ok(()),
                Err(_) => {
                    let depth = consumer.depth().await;
                    silence.read(&depth, Instant::now());
                    if said.is_time() {
                        // Without a channel of its own, a consumer cannot tell why.
                        let depth = self.worker.queue.depth(&self.ballot_box).await;
                        let campaign = self.product.campaign;
                        tracing::warn!(%campaign, ?depth, "the close waits for the box to be empty");
                    }
                }
            }
        }
    }

    /// Looks into a box that was empty once more; `false` if something was in it, or may be.
    async fn is_still_empty(
        &self,
        consumer: &mut Consumer,
        stop: &CancellationToken,
    ) -> Result<bool, LeftOff> {
        let mut silence = Silence::of(Duration::ZERO);
        let depth = stop.run_until_cancelled(consumer.depth()).await;
        silence.read(&depth.ok_or(LeftOff)?, Instant::now());
        let next = timeout(self.read_every(), consumer.recv());
        match stop.run_until_cancelled(next).await.ok_or(LeftOff)? {
            Ok(Some(first)) => match self.bring_in(first, consumer, stop).await {
                true => Ok(false),
                false => Err(LeftOff),
            },
            Ok(None) => Err(LeftOff),
            Err(_) => Ok(silence.is_enough()),
        }
    }

    /// How often the box is read: so that silence is found soon after it was long enough.
    fn read_every(&self) -> Duration {
        READ_EVERY.min(self.worker.settings.close_quiet / 4)
    }

    /// A dead letter that is, or may be, the box's, and on which nobody has decided.
    async fn open_letter(&self) -> Result<Option<DeadLetter>, StepError> {
        // The second: letters of which the broker did not say where they come from.
        for ballot_box in [&self.ballot_box, &BallotBox::dead()] {
            let store = &self.worker.store;
            let mut letters = store.open_dead_letters(Some(ballot_box.name()), 1).await?;
            if let Some(letter) = letters.pop() {
                return Ok(Some(letter));
            }
        }
        Ok(None)
    }

    /// Takes one step, again and again until it goes through.
    async fn step<T, F: Future<Output = Result<T, StepError>>>(
        &self,
        name: &'static str,
        stop: &CancellationToken,
        work: impl Fn() -> F,
    ) -> Result<T, LeftOff> {
        let campaign = self.product.campaign;
        let mut backoff = Backoff::new(&self.worker.ids);
        let mut said = Said::now_and_then();
        loop {
            let error = match stop.run_until_cancelled(work()).await.ok_or(LeftOff)? {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if error.ends_it() {
                tracing::info!(%campaign, name, %error, "the close is left off");
                return Err(LeftOff);
            }
            said.once_a_while(|| {
                tracing::warn!(%campaign, name, %error, "a step of the close is held up");
            });
            self.pause(backoff.next(), stop).await?;
        }
    }

    async fn pause(&self, pause: Duration, stop: &CancellationToken) -> Result<(), LeftOff> {
        let wait = tokio::time::sleep(jittered(pause, &self.worker.ids));
        stop.run_until_cancelled(wait).await.ok_or(LeftOff)
    }
}

/// Says what is waited for, but not each time.
struct Said {
    next_at: Instant,
}

impl Default for Said {
    /// First after a while.
    fn default() -> Self {
        Self {
            next_at: Instant::now() + SAY_EVERY,
        }
    }
}

impl Said {
    /// At once, then after a while.
    fn now_and_then() -> Self {
        Self {
            next_at: Instant::now(),
        }
    }

    fn once_a_while(&mut self, say: impl FnOnce()) {
        if self.is_time() {
            say();
        }
    }

    /// Whether it is time to say it; then not again for a while.
    fn is_time(&mut self) -> bool {
        let is_time = Instant::now() >= self.next_at;
        if is_time {
            self.next_at = Instant::now() + SAY_EVERY;
        }
        is_time
    }
}
