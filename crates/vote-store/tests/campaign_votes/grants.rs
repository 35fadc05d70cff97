//! Grants.

use uuid::Uuid;
use vote_domain::campaign::{LOTS_MAX, Stage};
use vote_domain::{LotId, PartnerId};
use vote_store::audit::{AuditActor, AuditFilter};
use vote_store::grants::{GrantOutcome, NewGrant};

use crate::backends::on_each_backend;
use crate::world::*;

fn by_partner(grant: NewGrant, n: u128, key: u128) -> NewGrant {
    let granted_by = AuditActor::Partner {
        partner: PartnerId(Uuid::from_u128(n)),
        key_id: Uuid::from_u128(key),
    };
    NewGrant {
        granted_by,
        ..grant
    }
}

on_each_backend! {
    async fn a_grant_key_grants_once_and_the_wallet_shows_it(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let (ann, bob) = (member(1), member(2));
        let grant = new_grant(&ann, 7, "level 1");
        let outcomes = store.grant(CAMPAIGN, &[
            grant.clone(),
            grant.clone(),
            new_grant(&ann, 2, "level 2"),
            new_grant(&bob, 7, "level 1"),
            by_partner(grant.clone(), 1, 1),
            by_partner(grant.clone(), 1, 2),
            by_partner(grant.clone(), 2, 1),
        ], noon(1, 0)).await?;
        let GrantOutcome::Granted { grant_id, settled } = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!(*grant_id, grant.grant_id(CAMPAIGN));
        // One transaction, one version, and all that it changed.
        assert_eq!((settled.0, settled.1.version, settled.1.touched.lots.len()), (ann.voter_id(), 1, 4));
        assert!(matches!(&outcomes[1], GrantOutcome::Repeated { grant_id: id, .. } if id == grant_id));
        assert!(matches!(&outcomes[2], GrantOutcome::Granted { settled: other, .. } if other == settled));
        assert_eq!(outcomes[3], GrantOutcome::KeyReused);
        assert!(matches!(outcomes[4], GrantOutcome::Granted { .. }));
        assert!(matches!(outcomes[5], GrantOutcome::Repeated { .. }));
        assert!(matches!(outcomes[6], GrantOutcome::Granted { .. }));
        // 3 free ones of yesterday and of today, and 7 + 2 + 7 + 7.
        assert_eq!(balance(store, &ann, noon(1, 1)).await?, 29);

        let again = store.grant(CAMPAIGN, &[grant.clone(), new_grant(&ann, 8, "level 1")], noon(1, 2)).await?;
        let GrantOutcome::Repeated { settled, .. } = &again[0] else { panic!("{again:?}") };
        assert_eq!((settled.1.version, settled.1.touched.lots[0].0), (2, LotId(grant_id.0)));
        assert_eq!(again[1], GrantOutcome::KeyReused);
        assert_eq!(balance(store, &ann, noon(1, 3)).await?, 29);
        let rows = store.statement_rows(CAMPAIGN, ann.voter_id()).await?;
        assert_eq!(rows.grant_reasons[grant_id], "for playing");
        let filter = AuditFilter { action: Some("tickets_granted".to_owned()), subject: None };
        let audit = store.audit_records(&filter, None, 100).await?;
        assert_eq!(audit.len(), 4);
        assert_eq!(audit[0].subject, format!("voter:{ann}"));
        Ok(())
    }

    async fn one_key_at_once_grants_once(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let mut requests = tokio::task::JoinSet::new();
        for n in 0..16 {
            let store = store.clone();
            requests.spawn(async move {
                // Every second one for somebody else.
                let grants = [new_grant(&member(1 + n % 2), 5, "the key"), new_grant(&member(3), 1, &format!("{n}"))];
                store.grant(CAMPAIGN, &grants, noon(1, 0)).await
            });
        }
        let mut n_granted = 0;
        while let Some(outcomes) = requests.join_next().await {
            let outcomes = outcomes??;
            n_granted += usize::from(matches!(outcomes[0], GrantOutcome::Granted { .. }));
            assert!(matches!(outcomes[1], GrantOutcome::Granted { .. }));
        }
        assert_eq!(n_granted, 1);
        assert_eq!(store.select_number("SELECT COUNT(*) AS n FROM campaign_lots").await?, 17);
        assert_eq!(balance(store, &member(3), noon(1, 1)).await?, 22);
        Ok(())
    }

    async fn tickets_are_granted_before_the_end_only(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let grant = [new_grant(&member(1), 5, "k"), new_grant(&member(1), 5, "l")];
        assert_eq!(store.grant(CAMPAIGN, &grant, noon(0, 0)).await?, [GrantOutcome::NoSuchCampaign, GrantOutcome::NoSuchCampaign]);
        create(store, CAMPAIGN, &plan()).await?;
        let first = store.grant(CAMPAIGN, &grant[..1], noon(-3, 0)).await?;
        assert!(matches!(first[0], GrantOutcome::Granted { .. }));
        // Granted before the start, they last as if granted at it: two days.
        assert_eq!(balance(store, &member(1), noon(0, 0)).await?, 8);
        assert_eq!(balance(store, &member(1), noon(1, 0)).await?, 11);
        assert_eq!(balance(store, &member(1), noon(2, 0)).await?, 6);
        let late = store.grant(CAMPAIGN, &grant, noon(10, 0)).await?;
        assert!(matches!(late[0], GrantOutcome::Repeated { .. }));
        assert_eq!(late[1], GrantOutcome::NotOpen(Stage::Closing));
        let late = store.grant(CAMPAIGN, &grant[1..], noon(10, 0)).await?;
        assert_eq!(late, [GrantOutcome::NotOpen(Stage::Closing)]);
        Ok(())
    }

    async fn a_voter_holds_so_many_lots_and_no_more(backend: Backend) -> Result<()> {
        let store = &backend.store;
        create(store, CAMPAIGN, &plan()).await?;
        let grants: Vec<_> = (0..=LOTS_MAX).map(|n| new_grant(&member(1), 1, &n.to_string())).collect();
        let outcomes = store.grant(CAMPAIGN, &grants, noon(1, 0)).await?;
        assert_eq!(outcomes[LOTS_MAX], GrantOutcome::TooManyLots);
        assert!(matches!(outcomes[LOTS_MAX - 1], GrantOutcome::Granted { .. }));
        let one_more = &grants[LOTS_MAX..];
        assert_eq!(store.grant(CAMPAIGN, one_more, noon(1, 1)).await?, [GrantOutcome::TooManyLots]);
        // A lot that is spent makes room, and so do those that have expired.
        let lot = LotId(grants[0].grant_id(CAMPAIGN).0);
        settle(store, CAMPAIGN, &[vote(1, &member(1), noon(1, 2), vec![from_lot(lot, 1)])], noon(1, 2)).await;
        assert!(matches!(store.grant(CAMPAIGN, one_more, noon(1, 3)).await?[0], GrantOutcome::Granted { .. }));
        let next = [new_grant(&member(1), 1, "next")];
        assert_eq!(store.grant(CAMPAIGN, &next, noon(1, 4)).await?, [GrantOutcome::TooManyLots]);
        assert!(matches!(store.grant(CAMPAIGN, &next, noon(3, 0)).await?[0], GrantOutcome::Granted { .. }));
        Ok(())
    }
}
