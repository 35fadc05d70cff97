//! Accounts and sessions, held to one suite on MariaDB and on SQLite.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod backends;

use anyhow::Result;
use backends::{Backend, on_each_backend};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;
use vote_domain::{Role, UserId};
use vote_store::Store;
use vote_store::accounts::{
    AdminSetup, NewRefreshToken, NewUser, RoleChange, Rotation, TokenHash, UserCreation,
};
use vote_store::audit::{Act, AuditActor, AuditFilter};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp_micros(1_800_000_000_123_456).unwrap()
}

fn after(seconds: i64) -> DateTime<Utc> {
    start() + TimeDelta::seconds(seconds)
}

fn new_user(n: u128, name: &str) -> NewUser {
    NewUser {
        user_id: UserId(Uuid::from_u128(n)),
        user_name: name.to_owned(),
        password_hash: format!("hash {n}"),
        role: Role::Member,
        created_at: start(),
    }
}

/// A decision of an admin's, later than the one before.
fn act() -> Act {
    static N_ACTS: AtomicU64 = AtomicU64::new(1);
    let n = N_ACTS.fetch_add(1, Ordering::SeqCst);
    Act {
        audit_id: Uuid::from_u128(0xAC7_0000 + u128::from(n)),
        at: after(i64::try_from(n).unwrap()),
        actor: AuditActor::User(UserId(Uuid::from_u128(99))),
    }
}

fn hash(n: u8) -> TokenHash {
    [n; 32]
}

/// A token that is good for an hour from `at` seconds on.
fn token(n: u8, at: i64) -> NewRefreshToken {
    NewRefreshToken {
        hash: hash(n),
        issued_at: after(at),
        expires_at: after(at + 3_600),
    }
}

const SESSION: Uuid = Uuid::from_u128(77);

/// A store with one member, who holds one session with the token 1.
async fn signed_in(backend: &Backend) -> Result<(&Store, UserId)> {
    let ada = new_user(1, "ada");
    backend.store.create_user(&ada).await?;
    backend
        .store
        .begin_session(SESSION, ada.user_id, token(1, 0))
        .await?;
    Ok((&backend.store, ada.user_id))
}

on_each_backend! {
    async fn an_account_is_read_as_it_was_made(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let ada = new_user(1, "Ada");
        assert_eq!(store.create_user(&ada).await?, UserCreation::Created);
        let user = store.user(ada.user_id).await?.unwrap();
        assert_eq!(
            (user.user_name.as_str(), user.role, user.credit, user.created_at),
            ("Ada", Role::Member, 0, start())
        );
        assert_eq!(store.user(UserId(Uuid::nil())).await?, None);
        let names = store.user_names(&[ada.user_id, UserId(Uuid::nil())]).await?;
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [(ada.user_id, "Ada".to_owned())]);
        Ok(())
    }

    async fn a_name_is_taken_however_it_is_spelled(backend: Backend) -> Result<()> {
        let store = &backend.store;
        store.create_user(&new_user(1, "Ada.L")).await?;
        for other in ["Ada.L", "ada.l", "ADA.L"] {
            let creation = store.create_user(&new_user(2, other)).await?;
            assert_eq!(creation, UserCreation::NameTaken, "{other}");
            let found = store.credentials(other).await?.unwrap();
            assert_eq!(found.user_id, new_user(1, "").user_id);
            assert_eq!(found.password_hash, "hash 1");
        }
        assert_eq!(store.credentials("ada_l").await?, None);
        assert_eq!(store.create_user(&new_user(2, "ada_l")).await?, UserCreation::Created);
        Ok(())
    }

    async fn accounts_are_found_by_the_beginning_of_their_names(backend: Backend) -> Result<()> {
        let store = &backend.store;
        for (n, name) in (1..).zip(["ada", "Ada.L", "ada_b", "adaxb", "bob", "ADAM"]) {
            store.create_user(&new_user(n, name)).await?;
        }
        let found = async |begin: &str, after: Option<&str>, limit| -> Result<Vec<String>> {
            let users = store.users(begin, after, limit).await?;
            let mut names: Vec<_> = users.into_iter().map(|user| user.user_name).collect();
            // Where letters and signs stand in the order is the server's affair.
            if after.is_none() && limit > 9 {
                names.sort_unstable();
            }
            Ok(names)
        };
        assert_eq!(found("aDa", None, 10).await?, ["ADAM", "Ada.L", "ada", "ada_b", "adaxb"]);
        assert_eq!(found("ada_", None, 10).await?, ["ada_b"], "`_` is a letter as any other");
        assert_eq!(found("b", None, 10).await?, ["bob"]);
        assert_eq!(found("da", None, 10).await?, [""; 0]);
        let mut paged: Vec<String> = Vec::new();
        loop {
            let after = paged.last().cloned();
            let page = found("", after.as_deref(), 2).await?;
            if page.is_empty() {
                break;
            }
            paged.extend(page);
        }
        paged.sort_unstable();
        assert_eq!(paged, ["ADAM", "Ada.L", "ada", "ada_b", "adaxb", "bob"]);
        Ok(())
    }

    async fn of_many_who_want_one_name_at_once_one_gets_it(backend: Backend) -> Result<()> {
        let tries = (1..=8).map(|n| {
            let store = backend.store.clone();
            tokio::spawn(async move { store.create_user(&new_user(n, "ada")).await })
        });
        let mut n_created = 0;
        for result in futures_of(tries).await {
            n_created += usize::from(result?? == UserCreation::Created);
        }
        assert_eq!(n_created, 1);
        Ok(())
    }

    async fn a_refresh_token_is_spent_once_and_names_its_user(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        let rotation = store.rotate_refresh_token(hash(1), token(2, 60)).await?;
        let Rotation::Rotated { session_id, user } = rotation else {
            panic!("{rotation:?}");
        };
        assert_eq!((session_id, user.user_id), (SESSION, ada));
        let again = store.rotate_refresh_token(hash(2), token(3, 120)).await?;
        assert!(matches!(again, Rotation::Rotated { .. }));
        let unknown = store.rotate_refresh_token(hash(9), token(4, 120)).await?;
        assert_eq!(unknown, Rotation::Refused);
        Ok(())
    }

    async fn a_spent_token_used_again_revokes_its_family(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        store.begin_session(Uuid::from_u128(78), ada, token(100, 0)).await?;
        store.rotate_refresh_token(hash(1), token(2, 60)).await?;
        store.rotate_refresh_token(hash(2), token(3, 90)).await?;
        let reused = store.rotate_refresh_token(hash(1), token(4, 120)).await?;
        assert_eq!(reused, Rotation::Reused { session_id: SESSION });
        for spent in [1, 2, 3, 4] {
            let rotation = store.rotate_refresh_token(hash(spent), token(50 + spent, 130)).await?;
            assert_eq!(rotation, Rotation::Refused, "{spent}");
        }
        assert_eq!(store.acting_role(ada, SESSION).await?, None);
        let other = store.rotate_refresh_token(hash(100), token(101, 130)).await?;
        assert!(matches!(other, Rotation::Rotated { .. }), "another family stays");
        Ok(())
    }

    async fn of_two_that_spend_one_token_at_once_one_wins_and_the_other_revokes(
        backend: Backend
    ) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        for round in 0..5_u8 {
            let session = Uuid::from_u128(1_000 + u128::from(round));
            let first = 10 * (round + 1);
            store.begin_session(session, ada, token(first, 0)).await?;
            let tries = (1..=4).map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    store.rotate_refresh_token(hash(first), token(first + n, 60)).await
                })
            });
            let mut rotations = Vec::new();
            for rotation in futures_of(tries).await {
                rotations.push(rotation??);
            }
            let count = |wanted: fn(&Rotation) -> bool| {
                rotations.iter().filter(|rotation| wanted(rotation)).count()
            };
            assert_eq!(count(|r| matches!(r, Rotation::Rotated { .. })), 1, "{rotations:?}");
            assert_eq!(count(|r| matches!(r, Rotation::Reused { .. })), 1, "{rotations:?}");
            for n in 0..=4 {
                let after = store.rotate_refresh_token(hash(first + n), token(200 + n, 90)).await?;
                assert_eq!(after, Rotation::Refused);
            }
        }
        Ok(())
    }

    async fn an_expired_token_is_refused_and_revokes_nothing(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        let late = store.rotate_refresh_token(hash(1), token(2, 3_600)).await?;
        assert_eq!(late, Rotation::Refused);
        assert_eq!(store.acting_role(ada, SESSION).await?, Some(Role::Member));
        Ok(())
    }

    async fn sessions_are_revoked_one_by_one_or_all_at_once(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        let other = Uuid::from_u128(78);
        store.begin_session(other, ada, token(100, 0)).await?;
        let stranger = UserId(Uuid::from_u128(5));
        store.revoke_session_of_token(stranger, hash(1), after(1)).await?;
        assert_eq!(store.acting_role(ada, SESSION).await?, Some(Role::Member));
        store.revoke_session_of_token(ada, hash(1), after(1)).await?;
        assert_eq!(store.acting_role(ada, SESSION).await?, None);
        assert_eq!(store.acting_role(ada, other).await?, Some(Role::Member));
        assert_eq!(store.acting_role(stranger, other).await?, None);
        store.revoke_sessions(ada, after(2)).await?;
        store.revoke_sessions(ada, after(3)).await?;
        assert_eq!(store.acting_role(ada, other).await?, None);
        let refused = store.rotate_refresh_token(hash(100), token(101, 60)).await?;
        assert_eq!(refused, Rotation::Refused);
        Ok(())
    }

    async fn a_role_holds_at_once(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        for role in [Role::Operator, Role::Admin, Role::Admin] {
            let change = store.give_role(ada, role, &act()).await?;
            assert!(matches!(change, RoleChange::Done(user) if user.role == role));
            assert_eq!(store.acting_role(ada, SESSION).await?, Some(role));
        }
        let nobody = store.give_role(UserId(Uuid::nil()), Role::Admin, &act()).await?;
        assert_eq!(nobody, RoleChange::NotFound);
        Ok(())
    }

    async fn the_last_admin_stays_one(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        store.give_role(ada, Role::Admin, &act()).await?;
        assert_eq!(store.give_role(ada, Role::Member, &act()).await?, RoleChange::LastAdmin);
        for round in 0..5 {
            let bob = new_user(10 + round, &format!("bob-{round}"));
            store.create_user(&bob).await?;
            store.give_role(ada, Role::Admin, &act()).await?;
            store.give_role(bob.user_id, Role::Admin, &act()).await?;
            let changes = futures_of([ada, bob.user_id].map(|admin| {
                let store = store.clone();
                tokio::spawn(async move { store.give_role(admin, Role::Member, &act()).await })
            }))
            .await;
            let mut n_last = 0;
            for change in changes {
                n_last += usize::from(change?? == RoleChange::LastAdmin);
            }
            assert_eq!(n_last, 1, "both admins were demoted at once");
            // For the next round.
            store.give_role(ada, Role::Admin, &act()).await?;
            store.give_role(bob.user_id, Role::Member, &act()).await?;
        }
        Ok(())
    }

    async fn a_role_given_leaves_one_record_of_who_did_it(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        let nobody = UserId(Uuid::nil());
        let acts = [act(), act(), act(), act()];
        store.give_role(ada, Role::Moderator, &acts[0]).await?;
        store.give_role(ada, Role::Moderator, &acts[1]).await?;
        store.give_role(nobody, Role::Moderator, &acts[2]).await?;
        store.give_role(ada, Role::Admin, &acts[3]).await?;
        store.give_role(ada, Role::Member, &act()).await?;
        let records = store.audit_records(&AuditFilter::default(), None, 10).await?;
        let expected = [
            acts[3].record("role_given", format!("user:{ada}"), json!({"from": "moderator", "to": "admin"})),
            acts[0].record("role_given", format!("user:{ada}"), json!({"from": "member", "to": "moderator"})),
        ];
        assert_eq!(records.len(), 2, "{records:?}");
        for (record, expected) in records.into_iter().zip(expected) {
            assert_eq!(
                (record.audit_id, record.at, record.actor, record.action.as_str()),
                (expected.audit_id, expected.at, expected.actor, expected.action)
            );
            assert_eq!((record.subject, record.detail), (expected.subject, expected.detail));
        }
        Ok(())
    }

    async fn the_first_admin_is_made_once(backend: Backend) -> Result<()> {
        let store = &backend.store;
        let root = NewUser { role: Role::Admin, ..new_user(1, "root") };
        assert_eq!(store.ensure_admin(&root).await?, AdminSetup::Created);
        let again = NewUser { role: Role::Admin, ..new_user(2, "Root") };
        assert_eq!(store.ensure_admin(&again).await?, AdminSetup::AlreadyAdmin);
        let found = store.credentials("root").await?.unwrap();
        assert_eq!((found.user_id, found.role), (root.user_id, Role::Admin));
        assert_eq!(found.password_hash, root.password_hash, "a start changes no password");
        let records = store.audit_records(&AuditFilter::default(), None, 10).await?;
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].actor, AuditActor::System);
        Ok(())
    }

    async fn whoever_took_the_admins_name_first_gains_nothing(backend: Backend) -> Result<()> {
        let (store, ada) = signed_in(&backend).await?;
        let admin = NewUser { role: Role::Admin, ..new_user(2, "ada") };
        assert_eq!(store.ensure_admin(&admin).await?, AdminSetup::TakenOver);
        let found = store.credentials("ada").await?.unwrap();
        assert_eq!((found.user_id, found.role), (ada, Role::Admin));
        assert_eq!(found.password_hash, admin.password_hash);
        assert_eq!(store.acting_role(ada, SESSION).await?, None);
        assert_eq!(store.ensure_admin(&admin).await?, AdminSetup::AlreadyAdmin);
        Ok(())
    }
}

/// Waits for all of `tasks`, which run at once.
async fn futures_of<T>(
    tasks: impl IntoIterator<Item = tokio::task::JoinHandle<T>>,
) -> Vec<Result<T, tokio::task::JoinError>> {
    let tasks: Vec<_> = tasks.into_iter().collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await);
    }
    results
}
