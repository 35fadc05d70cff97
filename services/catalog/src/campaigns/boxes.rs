//! Ballot boxes, declared again: a broker that is killed within seconds of a declaration
//! may forget it, and a box that is missing when its campaign opens takes no votes.
//!
//! Boxes of campaigns that may be over soon are left alone: once the closer unbinds a box,
//! nobody may bind it again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use vote_domain::campaign::Stage;
use vote_queue::BallotBox;
use vote_store::StoreError;

use super::head::Head;
use crate::catalog::Catalog;

/// How often boxes that matter soon are declared.
const PERIOD: Duration = Duration::from_secs(3);

/// All boxes of campaigns to come are declared each so many periods.
const PERIODS_OF_ALL: u32 = 20;

/// How soon a campaign opens whose box is declared each period.
const SOON: TimeDelta = TimeDelta::seconds(60);

/// How long after its creation a box is declared each period.
const NEW_FOR: TimeDelta = TimeDelta::seconds(30);

/// How far from its end a campaign must be: much longer than a declaration may take.
const FAR_FROM_END: TimeDelta = TimeDelta::seconds(60);

/// Which boxes are declared in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Round {
    /// Those that were created just now or are needed soon.
    Pressing,
    /// All of campaigns to come.
    All,
}

/// Declares the ballot boxes of campaigns to come, for ever. Every process may do so.
pub async fn keep_ballot_boxes(catalog: Catalog) {
    let mut period = tokio::time::interval(PERIOD);
    period.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for n in 0_u32.. {
        period.tick().await;
        let round = match n % PERIODS_OF_ALL {
            0 => Round::All,
            _ => Round::Pressing,
        };
        if let Err(error) = catalog.declare_boxes(round).await {
            tracing::warn!(%error, "ballot boxes of campaigns to come not looked after");
        }
    }
}

impl Catalog {
    async fn declare_boxes(&self, round: Round) -> Result<(), StoreError> {
        let now = self.time().await;
        let campaigns = self.store.campaigns_ending_after(now + FAR_FROM_END);
        for head in campaigns.await?.into_iter().map(Head::from) {
            if !is_due(&head, round, now, self.clock.now()) {
                continue;
            }
            // A declaration takes time, and the campaign's end comes nearer.
            if self.time().await + FAR_FROM_END / 2 > head.terms.ends_at {
                continue;
            }
            let ballot_box = BallotBox::campaign(head.terms.campaign.0);
            if let Err(error) = self.campaigns.queue.declare(&ballot_box).await {
                tracing::warn!(%error, %ballot_box, "ballot box not declared again");
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Whether the box of `head`'s campaign is declared at `now`, which is `local_now` by the
/// clock that creations are stamped with.
fn is_due(head: &Head, round: Round, now: DateTime<Utc>, local_now: DateTime<Utc>) -> bool {
    let is_new = local_now - head.created_at < NEW_FOR;
    match head.stage(now) {
        Stage::Scheduled => is_new || round == Round::All || head.terms.starts_at - now < SOON,
        // One that opened at once may have been forgotten as any other.
        Stage::Open => is_new,
        Stage::Closing | Stage::Drained | Stage::Final => false,
    }
}
