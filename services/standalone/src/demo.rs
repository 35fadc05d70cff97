//! Something to look at: restaurants, members, reviews, and votes that went the whole way.

use anyhow::Result;
use catalog::demo::{campaign, campaign_id, campaign_votes};
use vote_domain::review::Ballot;
use vote_domain::{Clock, Ids};
use vote_gateway::{Cast, CastError, Gateway, IdempotencyKey};
use vote_queue::{BallotBox, Queue};
use vote_store::Store;
use vote_store::audit::{Act, AuditActor};

/// Puts a campaign that is open there, once, where there is none yet.
pub(crate) async fn open_campaign(
    store: &Store,
    queue: &Queue,
    clock: &Clock,
    ids: &Ids,
) -> Result<()> {
    if !store.campaigns(None, None, 1).await?.is_empty() {
        return Ok(());
    }
    queue.declare(&BallotBox::campaign(campaign_id().0)).await?;
    let act = Act {
        audit_id: ids.next(),
        at: clock.now(),
        actor: AuditActor::System,
    };
    let plan = campaign(act.at);
    Ok(store.create_campaign(campaign_id(), &plan, &act).await?)
}

/// Puts the demo there, once; its votes are cast as members cast theirs.
pub(crate) async fn seed(store: &Store, gateway: &Gateway, clock: &Clock, ids: &Ids) -> Result<()> {
    let Some(votes) = catalog::demo::seed(store, clock, ids).await? else {
        return Ok(());
    };
    let mut casting = tokio::task::JoinSet::new();
    for (n, (voter, review, direction)) in votes.into_iter().enumerate() {
        let gateway = gateway.clone();
        let cast = Cast {
            voter,
            ballot: Ballot {
                review,
                direction: Some(direction),
            },
            key: key(n),
            trace_parent: String::new(),
        };
        casting.spawn(async move { gateway.cast(cast).await });
    }
    for cast in casting.join_all().await {
        match cast {
            Ok(_) | Err(CastError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    for (n, (voter, ballot)) in campaign_votes().enumerate() {
        let cast = Cast {
            voter,
            ballot,
            key: key(n),
            trace_parent: String::new(),
        };
        match gateway.cast_in_campaign(campaign_id(), cast).await {
            // The demo's campaign is not there where another one was before.
            Ok(_) | Err(CastError::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// The demo's own name for its `n`th vote.
fn key(n: usize) -> Option<IdempotencyKey> {
    IdempotencyKey::parse(format!("demo-{n}").as_bytes()).ok()
}
