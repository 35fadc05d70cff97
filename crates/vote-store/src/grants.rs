//! Granting tickets: once for each grant key.

use chrono::{DateTime, Utc};
use vote_domain::campaign::{Stage, Touched};
use vote_domain::id::named;
use vote_domain::voter_state::Settled;
use vote_domain::{CampaignId, GrantId, Voter, VoterId};

use crate::audit::AuditActor;
use crate::run::write;
use crate::{Store, StoreError};

/// Tickets to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGrant {
    /// To whom.
    pub voter: Voter,
    /// How many, from 1 to [`TICKETS_MAX`](vote_domain::campaign::TICKETS_MAX).
    pub tickets: u32,
    /// Why; at most 200 characters.
    pub reason: String,
    /// Names the grant among those of whoever grants, so that repeating it grants once;
    /// at most 255 characters.
    pub grant_key: String,
    /// Who grants. Operators share their grant keys; each partner has its own.
    pub granted_by: AuditActor,
}

impl NewGrant {
    /// The grant's id: the same for the same campaign, granter and key.
    #[must_use]
    pub fn grant_id(&self, campaign: CampaignId) -> GrantId {
        let mut bytes = campaign.0.as_bytes().to_vec();
        match &self.granted_by {
            AuditActor::Partner { partner, .. } => {
                bytes.push(1);
                bytes.extend(partner.0.as_bytes());
            }
            AuditActor::User(_) | AuditActor::System => bytes.push(0),
        }
        bytes.extend(self.grant_key.as_bytes());
        GrantId(named("grant", &bytes))
    }
}

/// What became of a grant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GrantOutcome {
    /// The tickets are granted now.
    Granted {
        /// The grant; its lot has the same UUID.
        grant_id: GrantId,
        /// The voter as they are now.
        settled: (VoterId, Settled<Touched>),
    },
    /// They were granted before, under the same key.
    Repeated {
        /// The grant; its lot has the same UUID.
        grant_id: GrantId,
        /// The voter as they are now.
        settled: (VoterId, Settled<Touched>),
    },
    /// The key was used for another voter or another number of tickets.
    KeyReused,
    /// The voter has [`LOTS_MAX`](vote_domain::campaign::LOTS_MAX) granted lots that are
    /// neither spent nor expired.
    TooManyLots,
    /// The campaign takes no grants at this stage.
    NotOpen(Stage),
    /// There is no such campaign.
    NoSuchCampaign,
}

impl Store {
    /// Grants tickets at `now` in one transaction, each grant with its audit record: an
    /// outcome for each of `grants`, in their order. Repeating any of them changes nothing
    /// but its voter's version.
    ///
    /// # Errors
    /// Nothing was written, unless [`StoreError::Unavailable`] hides a commit that went
    /// through.
    pub async fn grant(
        &self,
        campaign: CampaignId,
        grants: &[NewGrant],
        now: DateTime<Utc>,
    ) -> Result<Vec<GrantOutcome>, StoreError> {
        let mut n_duplicates = 0;
        loop {
            match write!(self, grants::grant(campaign, grants, now)) {
                // Another was first with one of the keys; now it can be seen.
                Err(StoreError::Duplicate(_)) if n_duplicates < DUPLICATES_MAX => {
                    n_duplicates += 1;
                }
                outcomes => return outcomes,
            }
        }
    }
}

/// How often others may be first with a key before that is taken for an error.
const DUPLICATES_MAX: u32 = 3;
