//! A campaign that is over and not closed yet, as metrics and logs tell of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use metrics::Gauge;
use tokio::time::Instant;
use uuid::Uuid;
use vote_domain::CampaignId;

/// How long a close may take before somebody should look, and how often that is said.
const PATIENCE: Duration = Duration::from_secs(60);

/// Tells how long a campaign has been closing, and who holds the closing lease.
pub(crate) struct Overdue {
    campaign: CampaignId,
    holder: Holder,
    /// The gauge in use, and the holder it names.
    gauge: Option<(Option<Uuid>, Gauge)>,
    warned_at: Option<Instant>,
}

/// Who holds a closing lease, as far as this process knows. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Holder(Arc<Mutex<Option<Uuid>>>);

impl Holder {
    pub(crate) fn set(&self, holder: Option<Uuid>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = holder;
    }

    fn get(&self) -> Option<Uuid> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Overdue {
    pub(crate) fn new(campaign: CampaignId) -> Self {
        Self {
            campaign,
            holder: Holder::default(),
            gauge: None,
            warned_at: None,
        }
    }

    /// Where a close says that it holds the lease.
    pub(crate) fn holder(&self) -> Holder {
        self.holder.clone()
    }

    /// Notes who holds the lease.
    pub(crate) fn held_by(&self, holder: Option<Uuid>) {
        self.holder.set(holder);
    }

    /// Tells that the campaign ended `ago`.
    pub(crate) fn tell(&mut self, ago: TimeDelta) {
        let holder = self.holder.get();
        let seconds = ago.as_seconds_f64().max(0.0);
        match &self.gauge {
            Some((named, gauge)) if *named == holder => gauge.set(seconds),
            _ => {
                self.quiet();
                let gauge = metrics::gauge!(
                    "tally_campaign_closing_seconds",
                    "campaign" => self.campaign.to_string(),
                    "holder" => name(holder)
                );
                gauge.set(seconds);
                self.gauge = Some((holder, gauge));
            }
        }
        let is_late = seconds > PATIENCE.as_secs_f64();
        let was_said = self.warned_at.is_some_and(|at| at.elapsed() < PATIENCE);
        if is_late && !was_said {
            self.warned_at = Some(Instant::now());
            tracing::warn!(
                campaign = %self.campaign,
                holder = name(holder),
                seconds,
                "the campaign is over and not closed yet"
            );
        }
    }

    fn quiet(&mut self) {
        if let Some((_, gauge)) = self.gauge.take() {
            gauge.set(0.0);
        }
    }
}

impl Drop for Overdue {
    fn drop(&mut self) {
        self.quiet();
    }
}

fn name(holder: Option<Uuid>) -> String {
    holder.map_or_else(|| "nobody".to_owned(), |holder| holder.to_string())
}
