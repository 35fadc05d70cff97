//! Calls that no other test of this package makes: services' tests do.

use crate::backends::on_each_backend;
use uuid::Uuid;
use vote_domain::{ReviewId, UserId, VoteId};

on_each_backend! {
    async fn what_is_not_there_is_not_found(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let id = Uuid::from_u128(7);
        assert!(store.ledger_ballots(&[VoteId(id)]).await?.is_empty());
        assert!(store.standing_directions(UserId(id), &[ReviewId(id)]).await?.is_empty());
        assert!(store.review_authors(&[ReviewId(id)]).await?.is_empty());
        Ok(())
    }
}
