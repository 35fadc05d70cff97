//! Which campaigns' boxes to serve, and which campaigns to close: looked up every second.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vote_domain::CampaignId;
use vote_domain::campaign::{CLOSE_AFTER, Progress, Terms};
use vote_store::campaigns::CampaignHead;

use crate::close::Closed;
use crate::close::overdue::Overdue;
use crate::retry::jittered;
use crate::worker::Worker;

/// The longest pause between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long before its start a campaign's box is served, by any clock.
const OPEN_AHEAD: TimeDelta = TimeDelta::seconds(30);

/// What this process does about campaigns.
pub(crate) struct Discovery {
    worker: Worker,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// By which each box that is served is let go.
    served: HashMap<CampaignId, CancellationToken>,
    closing: HashMap<CampaignId, Closing>,
    /// Whether the last look failed.
    is_blind: bool,
}

/// A campaign that is over.
struct Closing {
    overdue: Overdue,
    /// The close, while this process tries it.
    task: Option<JoinHandle<Closed>>,
}

impl Discovery {
    /// Whatever it starts runs on `tasks`, and ends with `stop`.
    pub(crate) fn new(worker: Worker, tasks: TaskTracker, stop: CancellationToken) -> Self {
        Self {
            worker,
            tasks,
            stop,
            served: HashMap::new(),
            closing: HashMap::new(),
            is_blind: false,
        }
    }

    /// Looks until it is told to stop.
    pub(crate) async fn run(mut self) {
        let stop = self.stop.clone();
        loop {
            let look_and_wait = async {
                self.look().await;
                tokio::time::sleep(jittered(LOOK_EVERY, &self.worker.ids)).await;
            };
            if stop.run_until_cancelled(look_and_wait).await.is_none() {
                return;
            }
        }
    }

    /// While SQL is away, what runs goes on.
    async fn look(&mut self) {
        let heads = match self.worker.store.unfinished_campaigns().await {
            Ok(heads) => heads,
            Err(error) => {
                if !std::mem::replace(&mut self.is_blind, true) {
                    tracing::warn!(%error, "campaigns not looked up");
                }
                return;
            }
        };
        self.is_blind = false;
        // Only the time of Redis, by which votes are admitted, says that a campaign is over.
        let now = self.worker.cache.now().await.ok();
        let boxes = &self.worker.settings.boxes;
        let heads: Vec<_> = heads
            .into_iter()
            .filter(|head| boxes.has_campaign(head.terms.campaign.0))
            .collect();
        self.serve(&heads, now.unwrap_or_else(|| self.worker.clock.now()));
        if let Some(now) = now {
            self.close(&heads, now).await;
        }
    }

    /// Serves the boxes that may hold votes, and lets go of the others: theirs are the
    /// closer's.
    fn serve(&mut self, heads: &[CampaignHead], now: DateTime<Utc>) {
        let running: HashSet<CampaignId> = heads
            .iter()
            .filter(|head| head.progress == Progress::Running)
            .filter(|head| now >= head.terms.starts_at - OPEN_AHEAD)
            .map(|head| head.terms.campaign)
            .collect();
        self.served.retain(|campaign, release| {
            let stays = running.contains(campaign);
            if !stays {
                tracing::info!(%campaign, "campaign's box let go");
                release.cancel();
            }
            stays
        });
        for campaign in running {
            if self.served.contains_key(&campaign) {
                continue;
            }
            tracing::info!(%campaign, "campaign's box served");
            let release = self.stop.child_token();
            for _ in 0..self.worker.settings.campaign_consumers.max(1) {
                let at_box = self.worker.at_campaign(campaign);
                self.tasks.spawn(at_box.serve(release.clone()));
            }
            self.served.insert(campaign, release);
        }
    }

    /// Tries to close what is over, and tells how long that takes.
    async fn close(&mut self, heads: &[CampaignHead], now: DateTime<Utc>) {
        let over: HashMap<CampaignId, &Terms> = heads
            .iter()
            .filter(|head| {
                head.progress > Progress::Running || now >= head.terms.ends_at + CLOSE_AFTER
            })
            .map(|head| (head.terms.campaign, &head.terms))
            .collect();
        self.closing.retain(|campaign, closing| {
            let is_over = over.contains_key(campaign);
            let is_busy = closing
                .task
                .as_ref()
                .is_some_and(|task| !task.is_finished());
            is_over || is_busy
        });
        for (campaign, terms) in over {
            let closing = self.closing.entry(campaign).or_insert_with(|| Closing {
                overdue: Overdue::new(campaign),
                task: None,
            });
            if closing.task.as_ref().is_some_and(JoinHandle::is_finished)
                && let Some(task) = closing.task.take()
            {
                match task.await {
                    Ok(Closed::HeldBy(holder)) => closing.overdue.held_by(Some(holder)),
                    Ok(Closed::Final | Closed::LeftOff) => closing.overdue.held_by(None),
                    Err(error) => tracing::error!(%campaign, %error, "the close panicked"),
                }
            }
            if closing.task.is_none() {
                let at_box = self.worker.at_campaign(campaign);
                let held = closing.overdue.holder();
                let stop = self.stop.child_token();
                closing.task = Some(self.tasks.spawn(at_box.close(held, stop)));
            }
            closing.overdue.tell(now - terms.ends_at);
        }
    }
}
