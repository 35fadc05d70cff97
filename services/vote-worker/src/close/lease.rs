//! The closing lease: one worker at a time closes a campaign.
//!
//! It keeps workers out of each other's way; that no vote is missed does not rest on it.
//! Should two believe that they hold it, the broker counts two consumers and neither finds
//! the box empty; and SQL takes each step from the holder alone.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::{Instant, sleep, timeout_at};
use vote_store::closing::ClosingLease;

use crate::box_worker::BoxWorker;
use crate::campaign::Campaign;
use crate::close::StepError;

/// How long a lease lasts unless it is extended.
const LASTS: Duration = Duration::from_secs(30);

/// How often it is extended.
const EXTEND_EVERY: Duration = Duration::from_secs(10);

/// The pause before another try to extend it.
const EXTEND_AGAIN: Duration = Duration::from_secs(1);

impl BoxWorker<Campaign> {
    /// Takes the lease, or extends it.
    pub(super) async fn take_lease(&self) -> Result<ClosingLease, StepError> {
        let now = self.time().await?;
        let until = now + TimeDelta::from_std(LASTS).unwrap_or_default();
        let (store, holder) = (&self.worker.store, self.worker.id);
        let campaign = self.product.campaign;
        Ok(store
            .take_closing_lease(campaign, holder, now, until)
            .await?)
    }

    /// Extends a lease just taken; returns when it is lost, or may be.
    pub(super) async fn keep_lease(&self) {
        let mut lasts_until = Instant::now() + LASTS;
        let mut pause = EXTEND_EVERY;
        loop {
            sleep(pause).await;
            let asked_at = Instant::now();
            match timeout_at(lasts_until, self.take_lease()).await {
                Ok(Ok(ClosingLease::Taken)) => {
                    lasts_until = asked_at + LASTS;
                    pause = EXTEND_EVERY;
                }
                Ok(Ok(_)) | Err(_) => return,
                Ok(Err(error)) => {
                    tracing::warn!(%error, campaign = %self.product.campaign, "closing lease not extended");
                    pause = EXTEND_AGAIN;
                }
            }
        }
    }

    /// The time by which votes were admitted, and by which leases last.
    pub(super) async fn time(&self) -> Result<DateTime<Utc>, StepError> {
        Ok(self.worker.cache.now().await?)
    }
}
