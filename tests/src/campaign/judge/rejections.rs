//! Whether votes that were admitted were rejected for what a loss of Redis explains.

use std::collections::HashMap;

use uuid::Uuid;

use super::{CampaignPromise, Closing, Court, Sums, VoteRow};
use crate::chaos::loss::explains;

impl Court<'_> {
    pub(super) fn judge_rejections(&mut self, closing: Closing) {
        let taken = self.taken();
        for vote in &self.books.votes {
            let Some(reason) = vote.reason.as_deref() else {
                continue;
            };
            let is_due = match reason {
                "insufficient_tickets" => taken.lacks_tickets(vote),
                "channel_limit_reached" => (self.limit_of(vote.channel))
                    .is_some_and(|limit| taken.on_channel(vote) + vote.tickets > limit),
                // Nobody drops or voids votes in these runs.
                reason => {
                    let detail = format!("{vote:?} was rejected as {reason}");
                    self.blame(CampaignPromise::NothingIsLost, detail);
                    continue;
                }
            };
            if !is_due {
                let detail = format!("{vote:?} could have been counted");
                self.blame(CampaignPromise::RejectionsAreDue, detail);
            }
            if !explains(closing.lost_at(), vote.settled_at) {
                let detail = format!("{vote:?} was admitted, and Redis had lost nothing");
                self.blame(CampaignPromise::RejectionsAreDue, detail);
            }
        }
    }

    /// What all counted votes took, those that were voided later among them: what was taken
    /// once may have been the reason then.
    fn taken(&self) -> Taken {
        let lots = self.books.lots.iter();
        let mut taken = Taken {
            granted: lots
                .map(|lot| ((lot.voter, lot.lot_id), lot.tickets))
                .collect(),
            drawn: Sums::new(),
            used: Sums::new(),
        };
        for vote in &self.books.votes {
            if vote.reason.is_none() || vote.forfeited {
                for (lot, n) in &vote.draws {
                    *taken.drawn.entry((vote.voter, *lot)).or_default() += n;
                }
            }
            if vote.reason.is_none() {
                let place = (vote.voter, vote.channel, vote.day.clone());
                *taken.used.entry(place).or_default() += vote.tickets;
            }
        }
        taken
    }
}

/// Tickets that votes took.
struct Taken {
    /// The tickets of each lot, by voter and lot.
    granted: HashMap<(Uuid, Uuid), i64>,
    /// Those that were drawn from it.
    drawn: Sums<(Uuid, Uuid)>,
    /// By voter, channel and day.
    used: Sums<(Uuid, i64, String)>,
}

impl Taken {
    /// Whether one of the lots that `vote` draws on has too little left for it. A lot that is
    /// not there is a free one of which nothing was drawn.
    fn lacks_tickets(&self, vote: &VoteRow) -> bool {
        vote.draws.iter().any(|(lot, n)| {
            let lot = (vote.voter, *lot);
            let drawn = self.drawn.get(&lot).copied().unwrap_or_default();
            let granted = self.granted.get(&lot);
            granted.is_some_and(|granted| drawn + n > *granted)
        })
    }

    /// What the voter of `vote` used on its channel and day.
    fn on_channel(&self, vote: &VoteRow) -> i64 {
        let place = (vote.voter, vote.channel, vote.day.clone());
        self.used.get(&place).copied().unwrap_or_default()
    }
}
