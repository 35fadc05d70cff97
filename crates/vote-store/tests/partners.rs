//! Partners, their keys and the record of both, held to one suite on MariaDB and on SQLite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backends;

use anyhow::Result;
use backends::on_each_backend;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;
use vote_domain::{PartnerId, UserId};
use vote_store::Store;
use vote_store::audit::{Act, AuditActor, AuditFilter, AuditRecord};
use vote_store::partners::{
    KEYS_MAX, KeyAddition, KeyRevocation, NewPartner, NewPartnerKey, PartnerCreation,
};

const ADMIN: UserId = UserId(Uuid::from_u128(99));

fn after(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap() + TimeDelta::seconds(seconds)
}

fn act(n: u8) -> Act {
    Act {
        audit_id: Uuid::from_u128(0xAC7_0000 + u128::from(n)),
        at: after(n.into()),
        actor: AuditActor::User(ADMIN),
    }
}

fn partner(n: u8, kind: &str) -> NewPartner {
    NewPartner {
        partner_id: PartnerId(Uuid::from_u128(n.into())),
        name: format!("Partner {n}"),
        voter_kind: kind.parse().unwrap(),
        created_at: after(n.into()),
    }
}

fn key(n: u8, partner: &NewPartner) -> NewPartnerKey {
    NewPartnerKey {
        key_id: Uuid::from_u128(1_000 + u128::from(n)),
        partner_id: partner.partner_id,
        sealed: vec![n, 0, 0xff, n],
        created_at: after(n.into()),
    }
}

async fn records(store: &Store) -> Result<Vec<AuditRecord>> {
    Ok(store
        .audit_records(&AuditFilter::default(), None, 100)
        .await?)
}

on_each_backend! {
    async fn a_partner_is_there_with_its_key_and_a_record(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let jury = partner(1, "jury");
        let first = key(1, &jury);
        let creation = store.create_partner(&jury, &first, &act(1)).await?;
        assert_eq!(creation, PartnerCreation::Created);
        let standing = store.standing_partner_key(first.key_id).await?.unwrap();
        assert_eq!(
            (standing.partner_id, standing.voter_kind, standing.sealed),
            (jury.partner_id, jury.voter_kind.clone(), first.sealed.clone())
        );
        let found = store.partners(None, 10).await?;
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].created_at), ("Partner 1", after(1)));
        assert_eq!(found[0].keys.len(), 1);
        assert_eq!(found[0].keys[0].revoked_at, None);
        let record = records(store).await?.pop().unwrap();
        assert_eq!(record.audit_id, act(1).audit_id);
        assert_eq!((record.at, record.actor), (after(1), AuditActor::User(ADMIN)));
        assert_eq!(record.action, "partner_created");
        assert_eq!(record.subject, format!("partner:{}", jury.partner_id));
        assert_eq!(
            record.detail,
            json!({"name": "Partner 1", "voter_kind": "jury", "key_id": first.key_id})
        );
        Ok(())
    }

    async fn a_kind_of_voters_belongs_to_one_partner(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let jury = partner(1, "jury");
        store.create_partner(&jury, &key(1, &jury), &act(1)).await?;
        let second = partner(2, "jury");
        let creation = store.create_partner(&second, &key(2, &second), &act(2)).await?;
        assert_eq!(creation, PartnerCreation::VoterKindTaken);
        assert_eq!(store.standing_partner_key(key(2, &second).key_id).await?, None);
        assert_eq!(records(store).await?.len(), 1, "what was not done is not recorded");
        let near = partner(3, "jury-2");
        let creation = store.create_partner(&near, &key(3, &near), &act(3)).await?;
        assert_eq!(creation, PartnerCreation::Created);
        Ok(())
    }

    async fn of_many_who_want_one_kind_at_once_one_gets_it(backend: Backend) -> Result<()> {
        let tries: Vec<_> = (1..=8).map(|n| {
            let store = backend.store.clone();
            tokio::spawn(async move {
                let partner = partner(n, "jury");
                store.create_partner(&partner, &key(n, &partner), &act(n)).await
            })
        }).collect();
        let mut n_created = 0;
        for result in tries {
            n_created += usize::from(result.await?? == PartnerCreation::Created);
        }
        assert_eq!(n_created, 1);
        assert_eq!(backend.store.partners(None, 10).await?.len(), 1);
        assert_eq!(records(&backend.store).await?.len(), 1);
        Ok(())
    }

    async fn a_key_is_rotated_while_both_are_good(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let jury = partner(1, "jury");
        let (old, new) = (key(1, &jury), key(2, &jury));
        store.create_partner(&jury, &old, &act(1)).await?;
        assert_eq!(store.add_partner_key(&new, &act(2)).await?, KeyAddition::Added);
        for key in [&old, &new] {
            let standing = store.standing_partner_key(key.key_id).await?.unwrap();
            assert_eq!(standing.sealed, key.sealed);
        }
        let revocation = store.revoke_partner_key(jury.partner_id, old.key_id, &act(3)).await?;
        assert_eq!(revocation, KeyRevocation::Revoked);
        assert_eq!(store.standing_partner_key(old.key_id).await?, None);
        assert!(store.standing_partner_key(new.key_id).await?.is_some());
        let standing = store.standing_partner_keys(None, 10).await?;
        assert_eq!(standing.iter().map(|key| key.key_id).collect::<Vec<_>>(), [new.key_id]);
        let keys = store.partners(None, 10).await?.pop().unwrap().keys;
        assert_eq!(
            keys.iter().map(|key| (key.key_id, key.revoked_at)).collect::<Vec<_>>(),
            [(old.key_id, Some(after(3))), (new.key_id, None)]
        );
        let actions: Vec<_> = records(store).await?.into_iter().map(|r| r.action).collect();
        assert_eq!(actions, ["partner_key_revoked", "partner_key_created", "partner_created"]);
        Ok(())
    }

    async fn revoking_again_changes_nothing_and_anothers_key_is_not_found(
        backend: Backend
    ) -> Result<()> {
        let store = &backend.store;
        let (jury, public) = (partner(1, "jury"), partner(2, "public"));
        let (of_jury, of_public) = (key(1, &jury), key(2, &public));
        store.create_partner(&jury, &of_jury, &act(1)).await?;
        store.create_partner(&public, &of_public, &act(2)).await?;
        let foreign = store.revoke_partner_key(jury.partner_id, of_public.key_id, &act(3)).await?;
        assert_eq!(foreign, KeyRevocation::NotFound);
        assert!(store.standing_partner_key(of_public.key_id).await?.is_some());
        for n in [4, 5] {
            let again = store.revoke_partner_key(jury.partner_id, of_jury.key_id, &act(n)).await?;
            assert_eq!(again, KeyRevocation::Revoked);
        }
        let keys = store.partners(None, 1).await?.pop().unwrap().keys;
        assert_eq!(keys[0].revoked_at, Some(after(4)));
        assert_eq!(records(store).await?.len(), 3);
        Ok(())
    }

    async fn nobody_gets_a_key_without_a_partner_or_one_too_many(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let jury = partner(1, "jury");
        assert_eq!(store.add_partner_key(&key(1, &jury), &act(1)).await?, KeyAddition::PartnerNotFound);
        store.create_partner(&jury, &key(1, &jury), &act(1)).await?;
        let tries: Vec<_> = (2..=14).map(|n| {
            let (store, jury) = (store.clone(), jury.clone());
            tokio::spawn(async move { store.add_partner_key(&key(n, &jury), &act(n)).await })
        }).collect();
        let mut n_added = 1;
        for result in tries {
            n_added += usize::from(result.await?? == KeyAddition::Added);
        }
        assert_eq!(n_added, KEYS_MAX);
        assert_eq!(records(store).await?.len(), KEYS_MAX);
        store.revoke_partner_key(jury.partner_id, key(1, &jury).key_id, &act(20)).await?;
        assert_eq!(store.add_partner_key(&key(21, &jury), &act(21)).await?, KeyAddition::Added);
        Ok(())
    }

    async fn partners_are_read_a_page_at_a_time(backend: Backend) -> Result<()> {
        let store = &backend.store;
        for (n, kind) in [(1, "c"), (2, "a"), (3, "b")] {
            let partner = partner(n, kind);
            store.create_partner(&partner, &key(n, &partner), &act(n)).await?;
        }
        let first = store.partners(None, 2).await?;
        let kinds: Vec<_> = first.iter().map(|partner| partner.voter_kind.as_str()).collect();
        assert_eq!(kinds, ["a", "b"]);
        let second = store.partners(Some(&first[1].voter_kind), 2).await?;
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].keys[0].key_id, key(1, &partner(1, "c")).key_id);
        Ok(())
    }

    async fn a_secret_is_sealed_anew_unless_somebody_was_quicker(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let jury = partner(1, "jury");
        let first = key(1, &jury);
        store.create_partner(&jury, &first, &act(1)).await?;
        let before = store.standing_partner_key(first.key_id).await?.unwrap();
        store.reseal_partner_key(&before, b"new").await?;
        store.reseal_partner_key(&before, b"late").await?;
        let now = store.standing_partner_key(first.key_id).await?.unwrap();
        assert_eq!(now.sealed, b"new");
        Ok(())
    }

    async fn records_are_read_newest_first_by_page_action_and_subject(
        backend: Backend
    ) -> Result<()> {
        let store = &backend.store;
        let (jury, public) = (partner(1, "jury"), partner(2, "public"));
        store.create_partner(&jury, &key(1, &jury), &act(1)).await?;
        store.create_partner(&public, &key(2, &public), &act(2)).await?;
        // Two records of one moment keep their order, too.
        let of_one_moment = Act { at: after(2), ..act(3) };
        store.add_partner_key(&key(3, &jury), &of_one_moment).await?;
        store.add_partner_key(&key(4, &public), &act(4)).await?;
        let all = records(store).await?;
        assert_eq!(
            all.iter().map(|record| record.audit_id).collect::<Vec<_>>(),
            [4, 3, 2, 1].map(|n| act(n).audit_id)
        );
        for at in 0..4 {
            let behind = Some((all[at].at, all[at].audit_id));
            let page = store.audit_records(&AuditFilter::default(), behind, 10).await?;
            assert_eq!(page, all[at + 1..], "behind {at}");
        }
        let subject = format!("partner:{}", jury.partner_id);
        let filter = AuditFilter { subject: Some(subject), ..AuditFilter::default() };
        let of_jury = store.audit_records(&filter, None, 10).await?;
        assert_eq!(of_jury, [all[1].clone(), all[3].clone()]);
        let filter = AuditFilter { action: Some("partner_created".to_owned()), ..filter };
        assert_eq!(store.audit_records(&filter, None, 10).await?, [all[3].clone()]);
        let filter = AuditFilter { action: Some("nothing".to_owned()), subject: None };
        assert!(store.audit_records(&filter, None, 10).await?.is_empty());
        Ok(())
    }
}
